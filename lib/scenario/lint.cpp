#include "scenario/lint.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>

#include "scenario/words.h"

namespace paraph::scenario {
namespace {

constexpr std::size_t kMaxWarnings = 1000;
constexpr std::array kReal{AuthMethod::smtp, AuthMethod::md5, AuthMethod::smime};

bool always_true(const Condition& condition) {
  return !condition.negated && (condition.name == "true" || condition.name == "all");
}

// The name after FUNCTION., without directories: "private_smime".
std::string_view scenario_name(std::string_view path) {
  path.remove_prefix(std::min(path.size(), path.rfind('/') + 1));
  const auto dot = path.find('.');
  return dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
}

bool lists(const Rule& rule, AuthMethod method) {
  return std::find(rule.methods.begin(), rule.methods.end(), method) != rule.methods.end();
}

void lint_promise(const Scenario& scenario, std::vector<Problem>& problems) {
  if (scenario_name(scenario.path()).find("smime") == std::string_view::npos) return;
  for (const auto& rule : scenario.rules())
    if (rule.action.action == Action::do_it && lists(rule, AuthMethod::smtp))
      problems.push_back(
          {rule.place, "the name promises S/MIME, but this rule does it for smtp", false});
}

}  // namespace

void lint_action(std::string_view function, const ParsedRule& parsed, Remarks& remarks) {
  const auto* actions = actions_of(function);
  const Action action = parsed.rule.action.action;
  if (actions != nullptr && std::find(actions->begin(), actions->end(), action) == actions->end())
    remarks.push_back(
        {parsed.action_column,
         fmt::format("{} means nothing in a {} scenario", to_string(action), function), false});
  const auto& condition = parsed.rule.condition;
  if (condition.name != "search" || condition.operands.size() < 2) return;
  const auto* variable = std::get_if<Variable>(&condition.operands[1]);
  if (variable == nullptr || variable->name != "sender")
    remarks.push_back({parsed.operand_columns[1],
                       "search() always looks for [sender], whatever its second operand says",
                       false});
}

void lint(std::string_view function, const Scenario& scenario, std::vector<Problem>& problems) {
  if (function == "include") return;
  std::map<AuthMethod, std::size_t>
      decided;  // method → line of the rule that decides all that is left
  for (const auto& rule : scenario.rules()) {
    const auto closed = [&](AuthMethod method) { return decided.count(method) != 0; };
    if (problems.size() < kMaxWarnings &&
        std::all_of(rule.methods.begin(), rule.methods.end(), closed))
      problems.push_back(
          {rule.place,
           fmt::format("never reached: line {} has decided before", decided[rule.methods.front()]),
           false});
    if (!always_true(rule.condition)) continue;
    for (const auto method : rule.methods) decided.emplace(method, rule.place.line);
  }
  for (const auto method : kReal) {
    if (decided.count(method) != 0) continue;
    problems.push_back(
        {Place{scenario.path(), scenario.rules().empty() ? 1 : scenario.rules().back().place.line,
               1},
         fmt::format(
             "no final true() rule for {}: what no rule matches is rejected (no-rule-match)",
             to_string(method)),
         false});
  }
  lint_promise(scenario, problems);
}

}  // namespace paraph::scenario
