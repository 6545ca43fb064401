#include <fmt/core.h>

#include <algorithm>

#include "base/utf8.h"
#include "scenario/conditions.h"
#include "scenario/regex.h"
#include "scenario/scenario.h"

namespace paraph::scenario {
namespace {

// A rule for smtp, md5 and smime is one for everybody, pgp included.
bool applies(const Rule& rule, AuthMethod method) {
  const auto lists = [&](AuthMethod m) {
    return std::find(rule.methods.begin(), rule.methods.end(), m) != rule.methods.end();
  };
  return lists(method) ||
         (lists(AuthMethod::smtp) && lists(AuthMethod::md5) && lists(AuthMethod::smime));
}

RuleAction rejected(std::string_view reason) {
  RuleAction action;
  action.action = Action::reject;
  action.reason = std::string(reason);
  return action;
}

}  // namespace

Decision evaluate(const Scenario& scenario, AuthMethod method, const Facts& facts) {
  Decision decision;
  RegexBudget budget;
  const std::string unlisted = fmt::format("method {} not listed", to_string(method));
  for (const auto& rule : scenario.rules()) {
    auto& step = decision.trace.emplace_back();
    step.rule = scenario.share(rule);
    step.number = decision.trace.size();
    if (!applies(rule, method)) {
      step.result = unlisted;
      continue;
    }
    Asking asking(facts, budget, step);
    const auto verdict = holds(rule.condition, asking);
    if (!verdict) {
      step.result = "error: " + utf8::printable(verdict.error().what());
      decision.action = rejected("error-performing-condition");
      return decision;
    }
    step.result = *verdict ? "yes" : "no";
    if (!*verdict) continue;
    decision.action = rule.action;
    decision.rule = rule;
    return decision;
  }
  decision.action = rejected("no-rule-match");
  return decision;
}

Decision not_compiled() {
  return {rejected("not-compiled"), std::nullopt, {}};
}

Decision no_list() {
  return {rejected("error-performing-condition"), std::nullopt, {}};
}

}  // namespace paraph::scenario
