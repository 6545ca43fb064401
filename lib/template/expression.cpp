#include "template/expression.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/utf8.h"

namespace paraph::tt2 {
namespace {

constexpr int kMaxDepth = 32;
bool is_word(char c) {
  return ascii::is_alnum(c) || c == '_';
}

Expr text_expression(std::string text, std::size_t line) {
  Expr out;
  out.text = std::move(text);
  out.line = line;
  return out;
}

// AND, and → &&; OR, or → ||; NOT, not → !
std::string_view operator_of(const Token& token) {
  if (token.kind == TokenKind::op) return token.text;
  if (token.kind != TokenKind::keyword) return {};
  if (ascii::iequals(token.text, "and")) return "&&";
  if (ascii::iequals(token.text, "or")) return "||";
  return ascii::iequals(token.text, "not") ? std::string_view("!") : std::string_view();
}

}  // namespace

/// One level of precedence, loosest first: Perl's, because Template Toolkit compiles to Perl.
struct ExpressionParser::Level {
  Expr::Kind kind;
  std::array<std::string_view, 4> operators;

  [[nodiscard]] bool has(std::string_view op) const {
    return !op.empty() && std::find(operators.begin(), operators.end(), op) != operators.end();
  }
  static const std::array<Level, 5> all;
};
const std::array<ExpressionParser::Level, 5> ExpressionParser::Level::all{
    Level{Expr::Kind::logic, {"||"}}, Level{Expr::Kind::logic, {"&&"}},
    Level{Expr::Kind::compare, {"==", "!="}}, Level{Expr::Kind::compare, {"<", ">", "<=", ">="}},
    Level{Expr::Kind::join, {"_"}}};

void ExpressionParser::fail_at(std::size_t line, std::string_view what) {
  if (!error_) error_ = fault(path_, line, what);
  at_ = tokens_.size() - 1;
}

Expr ExpressionParser::make(Expr::Kind kind) const {
  Expr out;
  out.kind = kind;
  out.line = peek().line;
  return out;
}

Expr ExpressionParser::expression() {
  if (++depth_ > kMaxDepth) fail("expressions nest too deeply");
  Expr condition = failed() ? Expr() : binary(0);
  if (take_op("?")) {
    Expr out = make(Expr::Kind::choose);
    out.parts.push_back(std::move(condition));
    out.parts.push_back(expression());
    if (!take_op(":")) fail("expected : after ?");
    out.parts.push_back(expression());
    condition = std::move(out);
  }
  --depth_;
  return condition;
}

Expr ExpressionParser::binary(std::size_t level) {
  if (level == Level::all.size()) return unary();
  const Level& here = Level::all[level];
  Expr first = binary(level + 1);
  if (!here.has(operator_of(peek()))) return first;
  Expr out = make(here.kind);
  out.parts.push_back(std::move(first));
  while (here.has(operator_of(peek()))) {
    out.ops.emplace_back(operator_of(next()));
    out.parts.push_back(binary(level + 1));
  }
  return out;
}

Expr ExpressionParser::unary() {
  std::size_t count = 0;
  for (; operator_of(peek()) == "!"; next()) ++count;
  Expr out = term();
  // !!!x is !x, and !!x is the truth of x: two suffice.
  for (std::size_t i = 0; i < (count == 0 ? 0 : 2 - count % 2); ++i) {
    Expr negated = make(Expr::Kind::negate);
    negated.parts.push_back(std::move(out));
    out = std::move(negated);
  }
  return out;
}

Expr ExpressionParser::term() {
  const Token& token = peek();
  switch (token.kind) {
    case TokenKind::string:
    case TokenKind::number:
      return text_expression(token.text, next().line);
    case TokenKind::quoted: {
      const Token quoted = next();
      return interpolated(quoted.text, quoted.line);
    }
    case TokenKind::name:
      return path_expression();
    default:
      break;
  }
  if (is_op("$") || is_op("${")) return path_expression();
  if (take_op("[")) return list();
  if (take_op("{")) return hash();
  if (take_op("(")) {
    Expr inner = expression();
    if (!take_op(")")) fail("expected )");
    return inner;
  }
  fail(token.kind == TokenKind::finish || token.kind == TokenKind::separator
           ? std::string("something is missing before the end of the tag")
           : fmt::format("expected a value but found \"{}\"", utf8::printable(token.text, 40)));
  return {};
}

Expr ExpressionParser::path_expression() {
  Expr path = make(Expr::Kind::path);
  step(path, true);
  while (!failed() && take_op(".")) step(path, false);
  return path;
}

// name | number (not first) | $name | ${expression}, then perhaps (arguments)
void ExpressionParser::step(Expr& path, bool first) {
  Step out;
  if (take_op("$")) {
    Expr inner = make(Expr::Kind::path);
    if (peek().kind != TokenKind::name) return fail("a name comes after $");
    inner.steps.push_back(Step{next().text, {}, {}});
    out.computed.push_back(std::move(inner));
  } else if (take_op("${")) {
    out.computed.push_back(expression());
    if (!take_op("}")) return fail("expected }");
  } else if (peek().kind == TokenKind::name || (!first && peek().kind == TokenKind::number)) {
    out.name = next().text;
  } else {
    return fail("expected the name of a variable");
  }
  if (take_op("(")) out.arguments = arguments();
  path.steps.push_back(std::move(out));
}

// A key left of "=" or "=>": a name means itself.
Expr ExpressionParser::key() {
  const Token& token = peek();
  if (token.kind == TokenKind::name || token.kind == TokenKind::keyword ||
      token.kind == TokenKind::string || token.kind == TokenKind::number)
    return text_expression(token.text, next().line);
  return term();
}

std::vector<Expr> ExpressionParser::arguments() {
  std::vector<Expr> out;
  Expr named = make(Expr::Kind::hash);
  while (!failed() && !take_op(")")) {
    if (take_op(",")) continue;
    const auto& after = peek(1);
    if (after.kind == TokenKind::op && (after.text == "=" || after.text == "=>")) {
      named.parts.push_back(key());
      next();
      named.parts.push_back(expression());
    } else {
      out.push_back(expression());
    }
    if (at_end()) fail("expected )");
  }
  if (!named.parts.empty()) out.push_back(std::move(named));
  return out;
}

Expr ExpressionParser::list() {
  Expr out = make(Expr::Kind::list);
  while (!failed() && !take_op("]")) {
    if (take_op(",")) continue;
    out.parts.push_back(expression());
    if (at_end()) fail("expected ]");
  }
  return out;
}

Expr ExpressionParser::hash() {
  Expr out = make(Expr::Kind::hash);
  while (!failed() && !take_op("}")) {
    if (take_op(",")) continue;
    out.parts.push_back(key());
    if (!take_op("=>") && !take_op("=")) fail("expected => in a hash");
    out.parts.push_back(expression());
    if (at_end()) fail("expected }");
  }
  return out;
}

Expr ExpressionParser::expression_within(std::string_view text, std::size_t line) {
  auto tokens = tokenize_expression(text, path_, line);
  if (!tokens) {
    if (!error_) error_ = std::move(tokens).error();
    at_ = tokens_.size() - 1;
    return {};
  }
  ExpressionParser inner(std::move(*tokens), path_, depth_ + 1);
  Expr out = inner.expression();
  if (!inner.failed() && !inner.at_end())
    inner.fail_at(
        line, fmt::format("unexpected \"{}\" in a string", utf8::printable(inner.peek().text, 40)));
  if (inner.failed()) {
    if (!error_) error_ = std::move(inner.error_);
    at_ = tokens_.size() - 1;
  }
  return out;
}

// "$a.b" or "${…}" at `at`; returns where it ends.
std::size_t ExpressionParser::placeholder(std::string_view raw, std::size_t at, std::size_t line,
                                          Expr& out) {
  if (raw[at + 1] == '{') {
    const std::size_t close = raw.find('}', at);
    if (close == std::string_view::npos) return fail_at(line, "this ${ has no }"), raw.size();
    out.parts.push_back(expression_within(raw.substr(at + 2, close - at - 2), line));
    return close + 1;
  }
  std::size_t end = at + 1;
  while (end < raw.size() &&
         (is_word(raw[end]) || (raw[end] == '.' && end + 1 < raw.size() && is_word(raw[end + 1]))))
    ++end;
  out.parts.push_back(expression_within(raw.substr(at + 1, end - at - 1), line));
  return end;
}

Expr ExpressionParser::interpolated(std::string_view raw, std::size_t line) {
  Expr out = make(Expr::Kind::join);
  out.line = line;
  std::string plain;
  const auto flush = [&] {
    if (!plain.empty()) out.parts.push_back(text_expression(std::exchange(plain, {}), line));
  };
  for (std::size_t at = 0; at < raw.size() && !failed();) {
    const char c = raw[at];
    const char after = at + 1 < raw.size() ? raw[at + 1] : '\0';
    if (c == '\\' && at + 1 < raw.size()) {
      plain += after == 'n' ? '\n' : after == 't' ? '\t' : after == 'r' ? '\r' : after;
      at += 2;
    } else if (c == '$' && (after == '{' || is_word(after))) {
      flush();
      at = placeholder(raw, at, line, out);
    } else {
      plain += c;
      ++at;
    }
  }
  flush();
  if (out.parts.size() == 1 && out.parts[0].kind == Expr::Kind::text)
    return std::move(out.parts[0]);
  return out;
}

}  // namespace paraph::tt2
