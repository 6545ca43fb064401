// The right side of a rule: an action, its argument, its flags.
#include <fmt/core.h>

#include "base/utf8.h"
#include "scenario/parser.h"
#include "scenario/suggest.h"
#include "scenario/words.h"

namespace paraph::scenario {
namespace {

bool fail(Remarks& remarks, std::size_t column, std::string message) {
  remarks.push_back({column, std::move(message)});
  return false;
}

struct Flag {
  std::string_view word;
  bool RuleAction::*member;
};
constexpr Flag kFlags[] = {{"quiet", &RuleAction::quiet}, {"notify", &RuleAction::notify}};
// Ours alone: request_auth,editorkey.
constexpr Flag kThenModerate{"editorkey", &RuleAction::then_moderate};

struct RejectArgument {
  std::string_view word;
  std::string RuleAction::*member;
};
constexpr RejectArgument kRejectArguments[] = {{"reason", &RuleAction::reason},
                                               {"tt2", &RuleAction::tt2}};

// 'x', "x" or x; names of reasons and templates only.
bool take_name(Cursor& cursor, std::string& out, Remarks& remarks) {
  const char quote = cursor.peek() == '\'' || cursor.peek() == '"' ? cursor.peek() : '\0';
  if (quote != '\0') cursor.advance(1);
  const std::size_t start = cursor.column();
  out = std::string(cursor.take_while([](char c) { return is_word(c) || c == '.' || c == '-'; }));
  if (out.empty() || out.front() == '.' || (quote != '\0' && !cursor.take(quote)))
    return fail(remarks, start, "expected a name of letters, digits, _ - and . between quotes");
  return true;
}

// reason='x' | tt2='x' | 'x', which is a tt2
bool parse_reject_argument(Cursor& cursor, RuleAction& action, Remarks& remarks) {
  const std::size_t start = cursor.column();
  const auto word = cursor.take_word();
  cursor.skip_space();
  if (word.empty() || !cursor.take('=')) {
    cursor.back_to(start);
    return take_name(cursor, action.tt2, remarks);
  }
  cursor.skip_space();
  for (const auto& argument : kRejectArguments)
    if (ascii::iequals(word, argument.word))
      return take_name(cursor, action.*argument.member, remarks);
  return fail(remarks, start,
              fmt::format("reject takes reason='...' or tt2='...', not \"{}\"{}",
                          utf8::printable(word, 40), did_you_mean(word, {"reason", "tt2"})));
}

bool close_parenthesis(Cursor& cursor, Remarks& remarks) {
  cursor.skip_space();
  return cursor.take(')') || fail(remarks, cursor.column(), "expected )");
}

bool parse_reject(Cursor& cursor, RuleAction& action, Remarks& remarks) {
  cursor.skip_space();
  if (cursor.take(')')) return true;
  do {
    cursor.skip_space();
    if (!parse_reject_argument(cursor, action, remarks)) return false;
    cursor.skip_space();
  } while (cursor.take(','));
  // Templates are named without the end of their files.
  if (constexpr std::string_view end = ".tt2"; std::string_view(action.tt2).ends_with(end))
    action.tt2.resize(action.tt2.size() - end.size());
  return close_parenthesis(cursor, remarks);
}

// request_auth([email]) asks the person concerned, request_auth alone or with [sender] who asked.
bool parse_request_auth(Cursor& cursor, RuleAction& action, Remarks& remarks) {
  cursor.skip_space();
  const std::size_t start = cursor.column();
  if (cursor.take("[email]")) {
    action.confirm_by_email = true;
  } else if (!cursor.take("[sender]")) {
    return fail(remarks, start, "request_auth takes [email] or [sender]");
  }
  return close_parenthesis(cursor, remarks);
}

bool parse_arguments(Cursor& cursor, RuleAction& action, Remarks& remarks) {
  const std::size_t start = cursor.column();
  if (!cursor.take('(')) return true;
  if (action.action == Action::reject) return parse_reject(cursor, action, remarks);
  if (action.action == Action::request_auth) return parse_request_auth(cursor, action, remarks);
  return fail(remarks, start, fmt::format("{} takes no argument", to_string(action.action)));
}

// What is refused is told to nobody else, and a verdict on spam to nobody at all.
bool heeds(Action action, bool RuleAction::*flag) {
  const bool verdict = action == Action::ham || action == Action::spam || action == Action::unsure;
  return !verdict && (action != Action::reject || flag != &RuleAction::notify);
}

bool parse_flags(Cursor& cursor, RuleAction& action, Remarks& remarks) {
  cursor.skip_space();
  while (cursor.take(',')) {
    cursor.skip_space();
    const std::size_t start = cursor.column();
    const auto word = cursor.take_word();
    bool known = false;
    const auto take = [&](const Flag& flag) {
      if (!ascii::iequals(word, flag.word)) return;
      known = true;
      if (!heeds(action.action, flag.member)) return;
      if (flag.member == &RuleAction::notify && !action.quiet) action.notify_first = true;
      action.*flag.member = true;
    };
    for (const auto& flag : kFlags) take(flag);
    if (action.action == Action::request_auth) take(kThenModerate);
    if (!known)
      return fail(remarks, start,
                  fmt::format("after the action comes ,quiet or ,notify, not \"{}\"{}",
                              utf8::printable(word, 40), did_you_mean(word, {"quiet", "notify"})));
    cursor.skip_space();
  }
  return cursor.at_end() || fail(remarks, cursor.column(),
                                 fmt::format("nothing can follow the action, but here is \"{}\"",
                                             utf8::printable(cursor.rest(), 40)));
}

}  // namespace

std::optional<RuleAction> parse_action(Cursor& cursor, Remarks& remarks) {
  const std::size_t start = cursor.column();
  const auto word = cursor.take_word();
  const auto known = is_lower(word) ? action_from(word) : std::nullopt;
  if (!known) {
    const auto found =
        word.empty() ? utf8::printable(cursor.rest(), 40) : utf8::printable(word, 40);
    fail(remarks, start,
         found.empty()
             ? std::string("no action after \"->\"")
             : fmt::format("unknown action {}{}", found, did_you_mean(word, action_words())));
    return std::nullopt;
  }
  RuleAction action;
  action.action = *known;
  cursor.skip_space();
  if (!parse_arguments(cursor, action, remarks) || !parse_flags(cursor, action, remarks))
    return std::nullopt;
  return action;
}

std::string to_string(const RuleAction& action) {
  std::string text(to_string(action.action));
  if (action.confirm_by_email) text += "([email])";
  std::string arguments;
  for (const auto& argument : kRejectArguments)
    if (const auto& value = action.*argument.member; !value.empty())
      arguments += fmt::format("{}{}='{}'", arguments.empty() ? "" : ",", argument.word, value);
  if (!arguments.empty()) text += fmt::format("({})", arguments);
  if (action.*kThenModerate.member) text += fmt::format(",{}", kThenModerate.word);
  if (action.notify_first) text += ",notify";
  if (action.quiet) text += ",quiet";
  if (action.notify && !action.notify_first) text += ",notify";
  return text;
}

}  // namespace paraph::scenario
