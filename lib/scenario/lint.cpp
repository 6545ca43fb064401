#include "scenario/lint.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <tuple>

#include "base/utf8.h"
#include "scenario/lexer.h"
#include "scenario/suggest.h"
#include "scenario/words.h"

namespace paraph::scenario {
namespace {

constexpr std::size_t kMaxWarnings = 1000;
constexpr std::array kReal{AuthMethod::smtp, AuthMethod::md5, AuthMethod::smime};

std::vector<std::string_view> words_of(const std::vector<Action>& actions) {
  std::vector<std::string_view> words;
  for (const auto action : actions) words.push_back(to_string(action));
  return words;
}

// true(), or with `negated` its contrary, !true().
bool always_true(const Condition& condition, bool negated = false) {
  return condition.negated == negated && (condition.name == "true" || condition.name == "all");
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

void warn(std::vector<Problem>& problems, const Place& place, std::string message,
          std::string hint) {
  problems.push_back({place, std::move(message), false, std::move(hint)});
}

/// What a word in a scenario's name promises, and the methods that do not keep it.
struct Promise {
  bool (*made)(std::string_view name);
  std::string_view what;
  std::vector<AuthMethod> short_of_it;
  std::string_view hint;
  bool for_everybody = false;  ///< only a rule without a condition breaks it
};

// Words for a circle of people; "public", "open" and the like promise none.
bool names_a_circle(std::string_view name) {
  constexpr std::array<std::string_view, 13> words{
      "closed",    "owner",     "editor", "listmaster", "private", "confidential", "newsletter",
      "publickey", "moderated", "signed", "encrypted",  "secret",  "intranet"};
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return ascii::ifind(name, word) != std::string_view::npos;
  });
}

const std::vector<Promise>& promises() {
  static const std::vector<Promise> rows{
      {[](std::string_view name) { return ascii::ifind(name, "smime") != std::string_view::npos; },
       "S/MIME",
       {AuthMethod::smtp, AuthMethod::md5},
       "give the rule the methods smime alone"},
      {[](std::string_view name) {
         // auth, auth_owner, authdkim, ownerauth; an author is no promise.
         const auto rest = name.substr(std::min<std::size_t>(name.size(), 4));
         return ascii::iends_with(name, "auth") ||
                (ascii::istarts_with(name, "auth") &&
                 (!is_word(rest.front()) || rest.front() == '_' || rest.substr(0, 4) == "dkim"));
       },
       "a confirmation",
       {AuthMethod::smtp},
       "give the rule the methods md5,smime, and request_auth for smtp"},
      {names_a_circle,
       "a circle of people",
       {AuthMethod::smtp},
       "give the rule a condition, or another action",
       true}};
  return rows;
}

// Who is on the list already may ask to be, who is not to leave: nothing happens.
bool changes_nothing(std::string_view function, const Condition& condition) {
  return condition.name == "is_subscriber" && condition.negated == (function == "unsubscribe") &&
         (function == "subscribe" || function == "unsubscribe");
}

void lint_promise(std::string_view function, const Scenario& scenario,
                  std::vector<Problem>& problems) {
  const auto name = scenario_name(scenario.path());
  for (const auto& promise : promises()) {
    if (!promise.made(name)) continue;
    for (const auto& rule : scenario.rules()) {
      if (rule.action.action != Action::do_it || changes_nothing(function, rule.condition) ||
          (promise.for_everybody && !always_true(rule.condition)))
        continue;
      for (const auto method : promise.short_of_it) {
        if (!lists(rule, method)) continue;
        warn(problems, rule.place,
             fmt::format("the name promises {}, but this rule does it for {}", promise.what,
                         to_string(method)),
             std::string(promise.hint));
        break;
      }
    }
  }
}

// The condition without its "!", spelled one way.
std::string spelled(const Condition& condition) {
  struct Spell {
    std::string operator()(const Literal& l) const { return "'" + ascii::to_lower(l.text); }
    std::string operator()(const Variable& v) const { return ascii::to_lower(v.text); }
    std::string operator()(const Regex& r) const { return "/" + r.source; }
  };
  std::string text = condition.name;
  for (const auto& operand : condition.operands) text += "\n" + std::visit(Spell(), operand);
  return text;
}

/// Which rules have decided what, by method: everything, or one condition with or without its "!".
class Decided {
 public:
  /// The line that leaves nothing to `rule`, or 0.
  [[nodiscard]] std::size_t before(const Rule& rule, const std::string& condition) const {
    std::size_t line = 0;
    for (const auto method : rule.methods) {
      const auto all = all_.find(method);
      const auto same = same_.find({method, rule.condition.negated, condition});
      if (all == all_.end() && same == same_.end()) return 0;
      line = std::max(line, all != all_.end() ? all->second : same->second);
    }
    return line;
  }
  [[nodiscard]] bool all(AuthMethod method) const { return all_.count(method) != 0; }
  void add(const Rule& rule, const std::string& condition) {
    for (const auto method : rule.methods) {
      same_.emplace(Key{method, rule.condition.negated, condition}, rule.place.line);
      const bool both = same_.count({method, !rule.condition.negated, condition}) != 0;
      if (both || always_true(rule.condition)) all_.emplace(method, rule.place.line);
    }
  }

 private:
  using Key = std::tuple<AuthMethod, bool, std::string>;
  std::map<AuthMethod, std::size_t> all_;
  std::map<Key, std::size_t> same_;
};

void lint_reach(const Rule& rule, Decided& decided, std::vector<Problem>& problems) {
  const auto condition = spelled(rule.condition);
  const auto line = decided.before(rule, condition);
  if (line != 0 && problems.size() < kMaxWarnings)
    warn(problems, rule.place, fmt::format("never reached: line {} has decided before", line),
         "move it up, or leave it out");
  if (always_true(rule.condition, true) && problems.size() < kMaxWarnings)
    warn(problems, rule.place, fmt::format("never holds: !{}()", rule.condition.name),
         "leave it out");
  if (rule.methods.empty() && rule.smtp_word == Rule::SmtpWord::dkim &&
      problems.size() < kMaxWarnings)
    warn(problems, rule.place,
         "never reached: this file tells dkim from smtp, and nobody comes with dkim",
         "give it one of smtp, md5, smime");
  if (rule.methods == std::vector{AuthMethod::pgp} && problems.size() < kMaxWarnings)
    warn(problems, rule.place, "never reached: nobody is authenticated by pgp",
         "give it one of smtp, md5, smime");
  decided.add(rule, condition);
}

// Mail never asks these, so that nobody comes with smtp.
bool web_alone(std::string_view function) {
  return function == "archive_web_access" || function == "d_read" || function == "d_edit";
}

}  // namespace

void lint_action(std::string_view function, const ParsedRule& parsed, Remarks& remarks) {
  const auto* actions = actions_of(function);
  const Action action = parsed.rule.action.action;
  if (actions != nullptr && std::find(actions->begin(), actions->end(), action) == actions->end())
    remarks.push_back(
        {parsed.action_column,
         fmt::format("{} means nothing in a {} scenario", to_string(action), function), false,
         fmt::format("there: {}", fmt::join(words_of(*actions), ", "))});
  const auto& condition = parsed.rule.condition;
  if (condition.name != "search" || condition.operands.size() < 2) return;
  const auto* variable = std::get_if<Variable>(&condition.operands[1]);
  if (variable == nullptr || variable->name != "sender")
    remarks.push_back({parsed.operand_columns[1],
                       "search() always looks for [sender], whatever its second operand says",
                       false, "write search('FILE.txt',[sender])"});
}

void lint(std::string_view function, const Scenario& scenario, std::vector<Problem>& problems) {
  // A broken rule says nothing about what others leave to be decided.
  const auto fatal = [](const Problem& problem) { return problem.fatal; };
  if (function == "include" || std::any_of(problems.begin(), problems.end(), fatal)) return;
  if (actions_of(function) == nullptr)
    warn(problems, {scenario.path(), 1, 1},
         fmt::format("nothing asks for a scenario {}.NAME{}", utf8::printable(function, 40),
                     did_you_mean(function, function_words())),
         "its file is named FUNCTION.NAME");
  Decided decided;
  for (const auto& rule : scenario.rules()) lint_reach(rule, decided, problems);
  const Place end{scenario.path(),
                  scenario.rules().empty() ? 1 : scenario.rules().back().place.line, 1};
  for (const auto method : kReal) {
    if (decided.all(method) || (method == AuthMethod::smtp && web_alone(function))) continue;
    warn(
        problems, end,
        fmt::format("no final true() rule for {}: what no rule matches is rejected (no-rule-match)",
                    to_string(method)),
        "end with: true() smtp,md5,smime -> reject(reason='...')");
  }
  lint_promise(function, scenario, problems);
}

}  // namespace paraph::scenario
