// What `status` and `check` say about scenarios.

#include <fmt/core.h>

#include <filesystem>
#include <set>

#include "apps/paraph/finding.h"
#include "apps/paraph/scenario.h"
#include "sys/file_system.h"

namespace paraph::app {
namespace {

constexpr std::string_view kScenarioType = "scenario:";

/// Whether a scenario may be another one for this list than for its domain, though the file is the same.
bool has_own_files(const config::Site& site, const list::ListAddress& list) {
  std::error_code ignored;
  const auto holds = [&](const char* folder) {
    const auto directory = sys::join(site.list_directory(list), folder);
    return std::filesystem::directory_iterator(directory, ignored) !=
           std::filesystem::directory_iterator();
  };
  return holds("scenari") || holds("search_filters");
}

/// Looks at each file once for all lists of a domain that have no files of their own.
class ScenarioCheck {
 public:
  ScenarioCheck(const config::Site& site, Findings& findings) : site_(site), findings_(findings) {}

  void check(const std::string& function, const std::string& name,
             const std::optional<list::ListAddress>& list, const std::string& domain) {
    const auto whose = list ? list->str() : domain;
    auto found = site_.find_file(list, domain, "scenari", function + "." + name);
    if (!found) return say(function, found.error(), whose);
    if (!*found)
      return say(function,
                 Error::later(Errc::not_found, fmt::format("no scenario {}.{}", function, name)),
                 whose);
    const bool own = list && has_own_files(site_, *list);
    if (!seen_.insert((*found)->path + '\n' + (own ? whose : domain)).second) return;
    const auto problems =
        scenario::Scenario::check(function, {std::move((*found)->text), (*found)->path},
                                  pipeline::library_of(site_, list, domain));
    for (const auto& problem : problems)
      if (problem.fatal) return say(function, problem, problems.size(), whose);
    if (!problems.empty()) say(function, problems.front(), problems.size(), whose);
  }

 private:
  // Mail to a list waits for its send scenario, and for that alone.
  static Severity severity(const std::string& function, bool fatal) {
    return fatal && function == "send" ? Severity::critical : Severity::warning;
  }
  void say(const std::string& function, const Error& error, const std::string& whose) {
    findings_.push_back({severity(function, true), "scenario_missing",
                         fmt::format("{} of {}: {}", function, whose, error.what()),
                         "paraph config show " + whose});
  }
  void say(const std::string& function, const scenario::Problem& problem, std::size_t count,
           const std::string& whose) {
    const auto& place = problem.place;
    // One line a fault, however many use the file.
    if (!told_.insert(fmt::format("{}:{}:{}", place.file, place.line, place.column)).second) return;
    findings_.push_back({severity(function, problem.fatal),
                         problem.fatal ? "scenario_broken" : "scenario_doubtful",
                         fmt::format("{} of {}: {}:{}:{}: {}{}", function, whose, place.file,
                                     place.line, place.column, problem.message,
                                     count > 1 ? fmt::format(" (and {} more)", count - 1) : ""),
                         "paraph scenario check " + place.file});
  }

  const config::Site& site_;
  Findings& findings_;
  std::set<std::string> seen_, told_;
};

}  // namespace

void check_scenarios(const config::Site& site, Findings& findings, const OnlyList& only) {
  ScenarioCheck scenarios(site, findings);
  const auto each = [&](unsigned scope, const auto& look) {
    for (const auto& row : config::parameter_table())
      if (row.type.starts_with(kScenarioType) && (row.scopes & scope) != 0)
        look(std::string(row.type.substr(kScenarioType.size())), row.name);
  };
  for (const auto& domain : only ? std::vector<std::string>{} : site.domains())
    each(static_cast<unsigned>(config::Scope::domain), [&](const auto& function, auto name) {
      scenarios.check(function, site.get(name, domain), std::nullopt, domain);
    });
  for (const auto& list : lists_of(site, only)) {
    auto config = config::ListConfig::load(site, list);
    if (!config) continue;
    each(static_cast<unsigned>(config::Scope::list), [&](const auto& function, auto /*name*/) {
      scenarios.check(function, config->scenario(function), list, list.domain());
    });
  }
}

}  // namespace paraph::app
