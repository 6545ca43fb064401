#include "pipeline/authorize.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "config/names.h"
#include "pipeline/facts.h"
#include "sys/file_system.h"

namespace paraph::pipeline {
namespace {

constexpr std::size_t kMaxScenario = 4U << 20;

std::string configured_scenario(const Question& question, const config::Site& site,
                                const std::optional<config::ListConfig>& config) {
  if (!question.scenario.empty()) return question.scenario;
  return config ? config->scenario(question.function) : site.get(question.function);
}

bool blocklisted(const config::Site& site, const std::string& function) {
  const auto functions = site.get_list("use_blocklist");
  return std::find(functions.begin(), functions.end(), function) != functions.end();
}

scenario::Decision closed_list() {
  scenario::Decision decision;
  decision.action.action = scenario::Action::reject;
  decision.action.reason = "list-no-open";
  return decision;
}

}  // namespace

namespace {

using CompiledScenario = std::shared_ptr<const scenario::Scenario>;

using ConfigOfList = std::optional<config::ListConfig>;

Result<ConfigOfList> config_of(const Question& question, const config::Site& site) {
  if (!question.list) return ConfigOfList();
  auto loaded = config::ListConfig::load(site, *question.list);
  if (!loaded) return std::move(loaded).error();
  return ConfigOfList(std::move(*loaded));
}

// "send.private_smime"
std::string scenario_name(const Question& question, const config::Site& site,
                          const ConfigOfList& config) {
  return question.function + "." + configured_scenario(question, site, config);
}

using Source = scenario::Scenario::Source;

scenario::Scenario::Library library(const Question& question, const config::Site& site,
                                    sys::Sightings& seen) {
  scenario::Scenario::Library known([&](std::string_view included) -> std::optional<Source> {
    const auto name = fmt::format("include.{}", included);
    if (question.source != nullptr)
      if (auto beside = file_beside(question.source->path, name)) return beside;
    auto file = site.find_file(question.list, question.domain, "scenari", name, seen);
    if (!file || !*file) return std::nullopt;
    return Source{std::move((*file)->text), std::move((*file)->path)};
  });
  known.has_list_parameter = is_list_parameter;
  known.has_site_parameter = [](std::string_view name) { return !site_parameter(name).empty(); };
  known.domain = question.domain;
  return known;
}

Result<Source> find_source(const Question& question, const std::string& name,
                           const config::Site& site, sys::Sightings& seen) {
  if (question.source != nullptr) return *question.source;
  auto found = site.find_file(question.list, question.domain, "scenari", name, seen);
  if (!found) return std::move(found).error();
  if (*found) return Source{std::move((*found)->text), std::move((*found)->path)};
  return Error::later(Errc::not_found,
                      fmt::format("no scenario {} in any scenari/ directory", name))
      .with_hint("paraph config show " + (question.list ? question.list->str() : question.domain));
}

Result<scenario::Scenario> compile(const Question& question, const std::string& name,
                                   const config::Site& site, sys::Sightings& seen) {
  auto found = find_source(question, name, site, seen);
  if (!found) return std::move(found).error();
  std::vector<Source> prelude;
  if (blocklisted(site, question.function))
    prelude.push_back({std::string(scenario::blocklist_rule()), "use_blocklist"});
  auto compiled = scenario::Scenario::compile(question.function, *found,
                                              library(question, site, seen), prelude);
  if (compiled) return compiled;
  // Design §2: a scenario that does not parse makes the mail that needs it wait, and touches
  // nothing else.
  return Error::later(Errc::config, compiled.error().what())
      .with_hint("paraph scenario check " + found->path);
}

Result<CompiledScenario> current_scenario(const Question& question, const std::string& name,
                                          const Ports& ports) {
  const std::string key =
      fmt::format("{} {} {}", question.list ? question.list->str() : "", question.domain, name);
  const bool keep = question.source == nullptr;
  if (auto kept = keep ? ports.cache.scenarios.find(key) : nullptr) return kept;
  sys::Sightings seen;
  auto compiled = compile(question, name, ports.site, seen);
  if (!compiled) return std::move(compiled).error();
  if (!keep) return std::make_shared<const scenario::Scenario>(std::move(*compiled));
  return ports.cache.scenarios.keep(key, std::move(seen), std::move(*compiled));
}

}  // namespace

std::optional<std::string_view> list_parameter(std::string_view key) {
  // Parameters of Sympa's lists that say nothing here.
  constexpr std::array<std::string_view, 9> silent{
      "account",         "cookie",           "expire_task",
      "forced_reply_to", "pictures_feature", "spam_protection",
      "reply_to",        "user_data_source", "web_archive_spam_protection"};
  const auto name = config::canonical_name(key);
  if (std::find(silent.begin(), silent.end(), name) != silent.end()) return std::string_view();
  const auto* row = config::find_parameter(name);
  const bool is_one_value = row != nullptr && !row->multiple && row->type != "secret" &&
                            (row->scopes & static_cast<unsigned>(config::Scope::list)) != 0;
  return is_one_value ? std::optional<std::string_view>(row->name) : std::nullopt;
}

bool is_list_parameter(std::string_view key) {
  constexpr std::array<std::string_view, 4> of_the_list{"name", "address", "total", "host"};
  return std::find(of_the_list.begin(), of_the_list.end(), key) != of_the_list.end() ||
         list_parameter(key).has_value();
}

std::string_view site_parameter(std::string_view key) {
  const auto* row = config::find_parameter(key == "host" ? std::string_view("domain") : key);
  return row == nullptr || row->type == "secret" ? std::string_view() : row->name;
}

std::optional<Source> file_beside(const std::string& path, std::string_view name) {
  if (path.find('/') == std::string::npos || name.find('/') != std::string_view::npos)
    return std::nullopt;
  const auto beside = sys::join(sys::directory_of(path), std::string(name));
  auto text = sys::read_file(beside, kMaxScenario);
  return text ? std::optional(Source{std::move(*text), beside}) : std::nullopt;
}

scenario::Scenario::Library library_of(const config::Site& site,
                                       const std::optional<list::ListAddress>& list,
                                       const std::string& domain) {
  scenario::Scenario::Library known(
      [&site, list, domain](std::string_view name) -> std::optional<Source> {
        auto file = site.find_file(list, domain, "scenari", fmt::format("include.{}", name));
        if (!file || !*file) return std::nullopt;
        return Source{std::move((*file)->text), std::move((*file)->path)};
      });
  known.has_list_parameter = is_list_parameter;
  known.has_site_parameter = [](std::string_view name) { return !site_parameter(name).empty(); };
  known.has_template = [&site, list, domain](std::string_view name) {
    const auto found = site.find_file(list, domain, "mail_tt2", fmt::format("{}.tt2", name));
    return !found || found->has_value();
  };
  known.domain = domain;
  known.has_filter = [&site, list, domain](std::string_view file) {
    const auto found = site.find_file(list, domain, "search_filters", file);
    return !found || found->has_value();
  };
  return known;
}

Result<scenario::Scenario> load_scenario(const Question& question, const config::Site& site) {
  auto config = config_of(question, site);
  if (!config) return std::move(config).error();
  sys::Sightings unused;
  return compile(question, scenario_name(question, site, *config), site, unused);
}

Result<bool> only_signed_mail_passes(const Question& question, const Ports& ports) {
  auto config = config_of(question, ports.site);
  if (!config) return std::move(config).error();
  auto scenario = current_scenario(question, scenario_name(question, ports.site, *config), ports);
  if (!scenario) return std::move(scenario).error();
  return only_signed_mail_passes(**scenario);
}

bool only_signed_mail_passes(const scenario::Scenario& scenario) {
  const auto& rules = scenario.rules();
  return std::none_of(rules.begin(), rules.end(), [](const scenario::Rule& rule) {
    return rule.action.action == scenario::Action::do_it &&
           std::any_of(rule.methods.begin(), rule.methods.end(), [](auto method) {
             return method == scenario::AuthMethod::smtp || method == scenario::AuthMethod::md5;
           });
  });
}

bool some_mail_passes(const scenario::Scenario& scenario) {
  const auto& rules = scenario.rules();
  return std::any_of(rules.begin(), rules.end(), [](const scenario::Rule& rule) {
    return rule.action.action == scenario::Action::do_it;
  });
}

Result<scenario::Decision> authorize(const Question& question, const Ports& ports) {
  auto config = config_of(question, ports.site);
  if (!config) return std::move(config).error();
  const bool needs_open = question.function == "send" || question.function == "visibility";
  if (*config && needs_open && !(*config)->is_open()) return closed_list();
  auto scenario = current_scenario(question, scenario_name(question, ports.site, *config), ports);
  if (!scenario) return std::move(scenario).error();
  if (!question.list && (*scenario)->needs_list()) return scenario::no_list();
  const SiteFacts facts(question, ports);
  auto decision = question.supposed != nullptr
                      ? scenario::evaluate(**scenario, question.method,
                                           scenario::SupposedFacts(*question.supposed, facts))
                      : scenario::evaluate(**scenario, question.method, facts);
  if (facts.machine_failure()) return *facts.machine_failure();
  return decision;
}

}  // namespace paraph::pipeline
