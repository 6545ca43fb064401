#include "pipeline/authorize.h"

#include <fmt/core.h>

#include <algorithm>
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

Result<scenario::Scenario> load_scenario(const Question& question, const config::Site& site) {
  std::optional<config::ListConfig> config;
  if (question.list) {
    auto loaded = config::ListConfig::load(site, *question.list);
    if (!loaded) return std::move(loaded).error();
    config = std::move(*loaded);
  }
  const std::string name = question.function + "." + configured_scenario(question, site, config);
  auto found = site.find_file(question.list, question.domain, "scenari", name);
  if (!found) return std::move(found).error();
  if (!*found)
    return Error::later(Errc::not_found,
                        fmt::format("no scenario {} in any scenari/ directory", name))
        .with_hint("paraph config show " +
                   (question.list ? question.list->str() : question.domain));

  const auto include = [&](std::string_view included) -> std::optional<scenario::Scenario::Source> {
    auto file = site.find_file(question.list, question.domain, "scenari",
                               fmt::format("include.{}", included));
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

Result<scenario::Decision> authorize(const Question& question, const Ports& ports) {
  if (question.list && (question.function == "send" || question.function == "visibility")) {
    auto config = config::ListConfig::load(ports.site, *question.list);
    if (!config) return std::move(config).error();
    if (!config->is_open()) return closed_list();
  }
  auto scenario = load_scenario(question, ports.site);
  if (!scenario) return std::move(scenario).error();
  const SiteFacts facts(question, ports);
  auto decision = scenario::evaluate(*scenario, question.method, facts);
  if (facts.machine_failure()) return *facts.machine_failure();
  return decision;
}

}  // namespace paraph::pipeline
