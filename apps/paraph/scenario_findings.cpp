// What `status` says about scenarios.

#include <fmt/core.h>

#include <set>

#include "apps/paraph/finding.h"
#include "apps/paraph/scenario.h"
#include "sys/file_system.h"

namespace paraph::app {
namespace {

constexpr std::string_view kScenarioType = "scenario:";

/// Looks at each file once, whoever uses it.
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
    if (!seen_.insert((*found)->path).second) return;
    const auto problems =
        scenario::Scenario::check(function, {std::move((*found)->text), (*found)->path},
                                  pipeline::library_of(site_, list, domain));
    for (const auto& problem : problems)
      if (problem.fatal) return say(function, problem, problems.size());
    if (!problems.empty()) say(function, problems.front(), problems.size());
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
  void say(const std::string& function, const scenario::Problem& problem, std::size_t count) {
    findings_.push_back(
        {severity(function, problem.fatal), problem.fatal ? "scenario_broken" : "scenario_doubtful",
         fmt::format("{}:{}:{}: {}{}", problem.place.file, problem.place.line, problem.place.column,
                     problem.message, count > 1 ? fmt::format(" (and {} more)", count - 1) : ""),
         "paraph scenario check " + problem.place.file});
  }

  const config::Site& site_;
  Findings& findings_;
  std::set<std::string> seen_;
};

}  // namespace

void check_scenarios(const config::Site& site, Findings& findings) {
  ScenarioCheck scenarios(site, findings);
  const auto each = [&](unsigned scope, const auto& look) {
    for (const auto& row : config::parameter_table())
      if (row.type.starts_with(kScenarioType) && (row.scopes & scope) != 0)
        look(std::string(row.type.substr(kScenarioType.size())), row.name);
  };
  for (const auto& domain : site.domains())
    each(static_cast<unsigned>(config::Scope::domain), [&](const auto& function, auto name) {
      scenarios.check(function, site.get(name, domain), std::nullopt, domain);
    });
  auto lists = site.lists();
  if (!lists) return;  // check_configuration() says so
  for (const auto& list : *lists) {
    auto config = config::ListConfig::load(site, list);
    if (!config) continue;
    each(static_cast<unsigned>(config::Scope::list), [&](const auto& function, auto /*name*/) {
      scenarios.check(function, config->scenario(function), list, list.domain());
    });
  }
}

}  // namespace paraph::app
