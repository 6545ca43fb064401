#include "pipeline/authorize.h"

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "pipeline/facts.h"

namespace paraph::pipeline {
namespace {

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

Result<scenario::Scenario> compile(const Question& question, const std::string& name,
                                   const config::Site& site, sys::Sightings& seen) {
  auto found = site.find_file(question.list, question.domain, "scenari", name, seen);
  if (!found) return std::move(found).error();
  if (!*found)
    return Error::later(Errc::not_found,
                        fmt::format("no scenario {} in any scenari/ directory", name))
        .with_hint("paraph config show " +
                   (question.list ? question.list->str() : question.domain));

  const auto include = [&](std::string_view included) -> std::optional<scenario::Scenario::Source> {
    auto file = site.find_file(question.list, question.domain, "scenari",
                               fmt::format("include.{}", included), seen);
    if (!file || !*file) return std::nullopt;
    return scenario::Scenario::Source{std::move((*file)->text), std::move((*file)->path)};
  };
  std::vector<scenario::Scenario::Source> prelude;
  if (blocklisted(site, question.function))
    prelude.push_back({std::string(scenario::blocklist_rule()), "use_blocklist"});
  auto compiled = scenario::Scenario::compile(question.function, {(*found)->text, (*found)->path},
                                              include, prelude);
  if (compiled) return compiled;
  // Design §2: a scenario that does not parse makes the mail that needs it wait, and touches
  // nothing else.
  return Error::later(Errc::config, compiled.error().what())
      .with_hint("paraph scenario check " + (*found)->path);
}

Result<CompiledScenario> current_scenario(const Question& question, const std::string& name,
                                          const Ports& ports) {
  const std::string key =
      fmt::format("{} {} {}", question.list ? question.list->str() : "", question.domain, name);
  if (auto kept = ports.cache.scenarios.find(key)) return kept;
  sys::Sightings seen;
  auto compiled = compile(question, name, ports.site, seen);
  if (!compiled) return std::move(compiled).error();
  return ports.cache.scenarios.keep(key, std::move(seen), std::move(*compiled));
}

}  // namespace

Result<scenario::Scenario> load_scenario(const Question& question, const config::Site& site) {
  auto config = config_of(question, site);
  if (!config) return std::move(config).error();
  sys::Sightings unused;
  return compile(question, scenario_name(question, site, *config), site, unused);
}

Result<scenario::Decision> authorize(const Question& question, const Ports& ports) {
  auto config = config_of(question, ports.site);
  if (!config) return std::move(config).error();
  const bool needs_open = question.function == "send" || question.function == "visibility";
  if (*config && needs_open && !(*config)->is_open()) return closed_list();
  auto scenario = current_scenario(question, scenario_name(question, ports.site, *config), ports);
  if (!scenario) return std::move(scenario).error();
  const SiteFacts facts(question, ports);
  auto decision = scenario::evaluate(**scenario, question.method, facts);
  if (facts.machine_failure()) return *facts.machine_failure();
  return decision;
}

}  // namespace paraph::pipeline
