#include "scenario/parser.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/utf8.h"
#include "scenario/suggest.h"
#include "scenario/words.h"

namespace paraph::scenario {
namespace {

constexpr std::size_t kMaxOperands = 16;

std::string shown(std::string_view text) {
  return utf8::printable(ascii::trim(text), 40);
}

std::nullopt_t fail(Remarks& remarks, std::size_t column, std::string message) {
  remarks.push_back({column, std::move(message)});
  return std::nullopt;
}

// "/" ... "/", where a backslash takes the next character along and "\/" stands for "/".
std::optional<Operand> parse_regex(Cursor& cursor, Remarks& remarks) {
  const std::size_t start = cursor.column();
  cursor.advance(1);
  Regex regex;
  while (!cursor.at_end() && cursor.peek() != '/') {
    if (cursor.peek() == '\\') {
      if (cursor.peek(1) != '/') regex.source += cursor.peek();
      cursor.advance(1);
      if (cursor.at_end()) break;
    }
    regex.source += cursor.peek();
    cursor.advance(1);
  }
  if (!cursor.take('/')) return fail(remarks, start, "this regex has no closing /");
  if (ascii::is_alpha(cursor.peek()))
    return fail(remarks, cursor.column(), "a regex takes no flags here; it always ignores case");
  return regex;
}

// '[sender]' means [sender]; any other text in brackets, '[announce] hello', means itself.
Operand quoted_operand(std::string_view text) {
  Cursor cursor(text);
  Remarks ignored;
  if (cursor.peek() == '[') {
    auto variable = parse_variable(cursor, ignored);
    if (variable && cursor.at_end() && find_variable(variable->name) != nullptr) return *variable;
  }
  return Literal{std::string(text)};
}

// As far as the last quote before a comma or parenthesis: 'it's' is it's. The arrow of the rule ends every operand.
std::string_view quoted_text(std::string_view rest, char quote) {
  const auto within = rest.substr(0, std::min(rest.find_first_of(",)"), rest.find(" ->")));
  const auto last = within.rfind(quote);
  if (last != std::string_view::npos) return within.substr(0, last);
  return rest.substr(0, rest.find_first_of(",)"));
}

std::optional<Operand> parse_quoted(Cursor& cursor, Remarks& remarks) {
  const std::size_t start = cursor.column();
  const char quote = cursor.peek();
  cursor.advance(1);
  const auto text = quoted_text(cursor.rest(), quote);
  cursor.advance(text.size());
  if (cursor.take(quote)) return quoted_operand(text);
  if (cursor.at_end()) return fail(remarks, start, "this quote is never closed");
  return fail(remarks, cursor.column(),
              fmt::format("no '{}' can stand between quotes", cursor.peek()));
}

bool is_bare(char c) {
  return is_word(c) || c == '.' || c == '-' || c == '+';
}

bool begins_operand(char c) {
  return is_bare(c) || c == '[' || c == '/' || c == '\'' || c == '"';
}

// A variable; one followed by +3d or -1w is a date, kept as text and read when it is evaluated.
std::optional<Operand> parse_bracket(Cursor& cursor, Remarks& remarks) {
  const std::size_t start = cursor.column();
  auto variable = parse_variable(cursor, remarks);
  if (!variable) return std::nullopt;
  if (cursor.peek() != '+' && cursor.peek() != '-') return *variable;
  cursor.take_while(is_bare);
  return Literal{std::string(cursor.since(start))};
}

std::optional<Operand> parse_operand(Cursor& cursor, Remarks& remarks) {
  switch (cursor.peek()) {
    case '[':
      return parse_bracket(cursor, remarks);
    case '/':
      return parse_regex(cursor, remarks);
    case '\'':
    case '"':
      return parse_quoted(cursor, remarks);
    default:
      break;
  }
  const std::size_t start = cursor.column();
  const auto bare = cursor.take_while(is_bare);
  if (bare.empty())
    return fail(remarks, start, "expected a [variable], a word, a 'quoted text' or a /regex/");
  return Literal{std::string(bare)};
}

// Whether another operand follows. To Sympa blanks do for a comma, and a comma before the parenthesis is nothing: its
// files run, with a warning.
bool another_operand(Cursor& cursor, Remarks& remarks) {
  const bool blank = cursor.skip_space();
  const std::size_t column = cursor.column();
  if (cursor.take(',')) {
    cursor.skip_space();
    if (cursor.peek() != ')') return true;
    remarks.push_back({column, "nothing follows this comma", false, "leave it out"});
    return false;
  }
  if (!blank || !begins_operand(cursor.peek()) || cursor.rest().substr(0, 2) == "->") return false;
  remarks.push_back({column, "a comma is missing before this operand", false, "write one"});
  return true;
}

// "(" [operand *("," operand)] ")"
bool parse_operands(Cursor& cursor, ParsedRule& parsed, Remarks& remarks) {
  cursor.skip_space();
  if (cursor.take(')')) return true;
  for (;;) {
    cursor.skip_space();
    if (parsed.operand_columns.size() == kMaxOperands)
      return fail(remarks, cursor.column(), "too many operands"), false;
    parsed.operand_columns.push_back(cursor.column());
    auto operand = parse_operand(cursor, remarks);
    if (!operand) return false;
    parsed.rule.condition.operands.push_back(std::move(*operand));
    if (another_operand(cursor, remarks)) continue;
    if (cursor.take(')')) return true;
    const auto what =
        cursor.at_end() || cursor.rest().substr(0, 2) == "->"
            ? std::string("the condition has no closing )")
            : fmt::format("expected , or ) but found \"{}\"; quote what is not one word",
                          shown(cursor.rest()));
    return fail(remarks, cursor.column(), what), false;
  }
}

bool parse_condition(Cursor& cursor, ParsedRule& parsed, Remarks& remarks) {
  auto& condition = parsed.rule.condition;
  cursor.skip_space();
  condition.negated = cursor.take('!');
  cursor.skip_space();
  parsed.name_column = cursor.column();
  const auto name = cursor.take_while([](char c) { return is_word(c) || c == ':'; });
  if (name.empty()) {
    return fail(remarks, cursor.column(),
                fmt::format(
                    "no rule, title or include: \"{}\"; a rule is CONDITION(...) METHODS -> ACTION",
                    shown(cursor.rest()))),
           false;
  }
  condition.name = ascii::to_lower(name);
  cursor.skip_space();
  if (cursor.take('(')) return parse_operands(cursor, parsed, remarks);
  return fail(remarks, cursor.column(),
              fmt::format("a condition has parentheses, {}(...); found \"{}\"", shown(name),
                          shown(cursor.rest()))),
         false;
}

void note_smtp(std::string_view word, Rule::SmtpWord& seen) {
  using W = Rule::SmtpWord;
  const W now = ascii::iequals(word, "dkim") ? W::dkim : W::smtp;
  seen = seen == W::none || seen == now ? now : W::both;
}

// What stands between two commas. Sympa takes blanks out, so that "smtp md5" is a method that nobody has.
void take_methods(const std::vector<std::string_view>& words, std::size_t column, Rule& rule,
                  Remarks& remarks) {
  if (words.size() > 1)
    remarks.push_back(
        {column,
         fmt::format("without a comma \"{}\" is a method that nobody has", fmt::join(words, " ")),
         false, "write " + fmt::format("{}", fmt::join(words, ","))});
  if (words.size() != 1) return;
  const auto method = *method_from(words.front());
  if (method == AuthMethod::smtp) note_smtp(words.front(), rule.smtp_word);
  if (std::find(rule.methods.begin(), rule.methods.end(), method) == rule.methods.end())
    rule.methods.push_back(method);
}

// Methods between commas; none written means smtp.
bool parse_methods(Cursor& cursor, Rule& rule, Remarks& remarks) {
  std::vector<std::string_view> words;
  std::size_t column = cursor.column();
  bool none = true;
  for (;;) {
    cursor.skip_space();
    const bool ends = cursor.take("->");
    if (ends || cursor.take(',')) {
      take_methods(words, column, rule, remarks);
      words.clear();
      if (ends) break;
      continue;
    }
    const std::size_t start = cursor.column();
    if (words.empty()) column = start;
    const auto word = cursor.take_word();
    const auto method = is_lower(word) ? method_from(word) : std::nullopt;
    if (!method) {
      const auto found = word.empty() ? shown(cursor.rest()) : shown(word);
      const auto message = found.empty() ? std::string("the rule has no \"-> ACTION\"")
                                         : fmt::format("\"{}\" is no method and no \"->\"{}", found,
                                                       did_you_mean(word, method_words()));
      return fail(remarks, start, message), false;
    }
    words.push_back(word);
    none = false;
  }
  if (none) {
    rule.methods.push_back(AuthMethod::smtp);
    rule.smtp_word = Rule::SmtpWord::smtp;
  }
  return true;
}

}  // namespace

std::optional<Variable> parse_variable(Cursor& cursor, Remarks& remarks) {
  const std::size_t start = cursor.column();
  constexpr std::string_view form = "a variable is [name], [name->key] or [name->key][0]";
  cursor.advance(1);
  Variable variable;
  variable.name = std::string(cursor.take_while([](char c) { return is_word(c) || c == '-'; }));
  if (!variable.name.empty() && variable.name.back() == '-' && cursor.peek() == '>') {
    variable.name.pop_back();
    cursor.advance(1);
    variable.key = std::string(cursor.take_while([](char c) { return is_word(c) || c == '-'; }));
    if (variable.key.empty()) return fail(remarks, cursor.column(), std::string(form));
  }
  if (variable.name.empty() || !cursor.take(']'))
    return fail(remarks, cursor.column(), std::string(form));
  if (cursor.peek() == '[') {
    cursor.advance(1);
    cursor.take('+');
    const auto digits = cursor.take_while([](char c) { return ascii::is_digit(c) || c == '-'; });
    int index = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
    if (error != std::errc() || end != digits.data() + digits.size() || !cursor.take(']'))
      return fail(remarks, cursor.column(), std::string(form));
    variable.index = index;
  }
  variable.text = std::string(cursor.since(start));
  return variable;
}

std::optional<ParsedRule> parse_rule(const RuleLine& line, Remarks& remarks) {
  const std::size_t before = remarks.size();
  Cursor cursor(line.text);
  ParsedRule parsed;
  const auto parse = [&] {
    if (!parse_condition(cursor, parsed, remarks)) return false;
    if (!cursor.skip_space())
      return fail(remarks, cursor.column(),
                  "expected white space between the condition and its methods or \"->\""),
             false;
    if (!parse_methods(cursor, parsed.rule, remarks)) return false;
    cursor.skip_space();
    parsed.action_column = cursor.column();
    auto action = parse_action(cursor, remarks);
    if (action) parsed.rule.action = std::move(*action);
    return action.has_value();
  };
  if (!parse()) {
    if (line.comment_cut && remarks.size() > before)
      remarks.back().message +=
          " (a # begins a comment everywhere, in quotes and regexes too; write \\x23 in a regex)";
    return std::nullopt;
  }
  parsed.rule.text = std::string(ascii::trim(line.text));
  return parsed;
}

}  // namespace paraph::scenario
