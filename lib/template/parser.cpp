#include "template/parser.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "base/utf8.h"
#include "template/expression.h"

namespace paraph::tt2 {
namespace {

constexpr int kMaxBlocks = 32;

/// Statements; expressions are the base's.
class Parser : private ExpressionParser {
 public:
  Parser(std::vector<Token> tokens, const std::string& path)
      : ExpressionParser(std::move(tokens), path) {}

  Result<Template> run();

 private:
  Block block();
  void statement(Block& out);
  Node directive();
  Node branch(bool negated);
  Node loop();
  Node assignments_of(Node::Kind kind);
  Node file(Node::Kind kind);
  Node define();
  Node attempt();
  Node filtered();
  Node expression_or_assignment();
  Node assignment(Node::Kind kind, Expr target);
  void more_assignments(Block& out, Node::Kind kind);
  void postfix(Node& node);
  std::vector<Filter> filters();
  Filter filter();
  Block body_until_end(std::string_view what, std::size_t line);
  bool at_block_end() const;

  Node make(Node::Kind kind) const {
    Node node;
    node.kind = kind;
    node.line = peek().line;
    return node;
  }
  int depth_ = 0;
};

Result<Template> Parser::run() {
  Template out;
  out.path = path();
  out.body = block();
  if (!failed() && peek().kind != TokenKind::finish)
    fail(fmt::format("{} without the block that it belongs to", peek().text));
  if (failed()) return std::move(*error());
  return out;
}

bool Parser::at_block_end() const {
  const auto& token = peek();
  if (token.kind == TokenKind::finish) return true;
  return token.kind == TokenKind::keyword && (token.text == "END" || token.text == "ELSE" ||
                                              token.text == "ELSIF" || token.text == "CATCH");
}

Block Parser::block() {
  Block out;
  if (++depth_ > kMaxBlocks) fail("blocks nest too deeply");
  while (!at_block_end()) {
    if (peek().kind == TokenKind::separator) {
      next();
    } else {
      statement(out);
    }
  }
  --depth_;
  return out;
}

void Parser::statement(Block& out) {
  if (peek().kind == TokenKind::text) {
    Node node = make(Node::Kind::text);
    node.text = next().text;
    out.push_back(std::move(node));
    return;
  }
  if (take_keyword("SET")) return more_assignments(out, Node::Kind::set);
  if (take_keyword("DEFAULT")) return more_assignments(out, Node::Kind::fallback);
  Node node = directive();
  const bool assigned = node.kind == Node::Kind::set || node.kind == Node::Kind::capture;
  postfix(node);
  out.push_back(std::move(node));
  // "a = 1 b = 2": assignments may follow one another without a separator.
  while (assigned && !failed() && (peek().kind == TokenKind::name || is_op(","))) {
    if (take_op(",")) continue;
    out.push_back(assignment(Node::Kind::set, path_expression()));
  }
  const auto kind = peek().kind;
  if (kind != TokenKind::separator && kind != TokenKind::text && !at_block_end())
    fail(fmt::format("unexpected \"{}\"", utf8::printable(peek().text, 40)));
}

void Parser::more_assignments(Block& out, Node::Kind kind) {
  do {
    out.push_back(assignment(kind, path_expression()));
    take_op(",");
  } while (!failed() && peek().kind == TokenKind::name);
}

// STATEMENT IF condition, STATEMENT UNLESS condition, STATEMENT FILTER name, STATEMENT | name
void Parser::postfix(Node& node) {
  if (is_op("|") || is_keyword("FILTER")) {
    Node outer = make(Node::Kind::filtered);
    outer.filters = filters();
    outer.body.push_back(std::move(node));
    node = std::move(outer);
  }
  if (!is_keyword("IF") && !is_keyword("UNLESS")) return;
  Node outer = make(Node::Kind::branch);
  Branch branch;
  branch.negated = next().text == "UNLESS";
  branch.condition = expression();
  branch.body.push_back(std::move(node));
  outer.branches.push_back(std::move(branch));
  node = std::move(outer);
}

Node Parser::directive() {
  if (take_keyword("IF")) return branch(false);
  if (take_keyword("UNLESS")) return branch(true);
  if (take_keyword("FOREACH") || take_keyword("FOR")) return loop();
  if (take_keyword("PROCESS")) return file(Node::Kind::process);
  if (take_keyword("INCLUDE")) return file(Node::Kind::include);
  if (take_keyword("INSERT")) return file(Node::Kind::insert);
  if (take_keyword("BLOCK")) return define();
  if (take_keyword("TRY")) return attempt();
  if (is_op("|") || is_keyword("FILTER")) return filtered();
  if (take_keyword("CALL")) {
    Node node = make(Node::Kind::call);
    node.value = expression();
    return node;
  }
  take_keyword("GET");
  return expression_or_assignment();
}

Block Parser::body_until_end(std::string_view what, std::size_t line) {
  Block body = block();
  if (!failed() && !take_keyword("END")) fail_at(line, fmt::format("this {} has no END", what));
  return body;
}

Node Parser::branch(bool negated) {
  Node node = make(Node::Kind::branch);
  for (bool more = true; more && !failed();) {
    Branch branch;
    branch.negated = negated;
    branch.condition = expression();
    branch.body = block();
    node.branches.push_back(std::move(branch));
    negated = false;
    more = take_keyword("ELSIF");
  }
  if (take_keyword("ELSE")) {
    Branch last;
    last.always = true;
    last.body = block();
    node.branches.push_back(std::move(last));
  }
  if (!failed() && !take_keyword("END")) fail_at(node.line, "this IF has no END");
  return node;
}

// FOREACH x = list | FOREACH x IN list | FOREACH list
Node Parser::loop() {
  Node node = make(Node::Kind::loop);
  const bool named =
      peek().kind == TokenKind::name && peek(1).kind != TokenKind::finish &&
      (peek(1).text == "=" || (peek(1).kind == TokenKind::keyword && peek(1).text == "IN"));
  if (named) {
    node.text = next().text;
    next();
  }
  node.value = expression();
  node.body = body_until_end("FOREACH", node.line);
  return node;
}

// PROCESS name key = value …; INSERT takes the name alone.
Node Parser::file(Node::Kind kind) {
  Node node = make(kind);
  node.value = expression();
  while (kind != Node::Kind::insert && !failed() &&
         (peek().kind == TokenKind::name || is_op(","))) {
    if (take_op(",")) continue;
    node.body.push_back(assignment(Node::Kind::set, path_expression()));
  }
  return node;
}

Node Parser::define() {
  Node node = make(Node::Kind::define);
  if (peek().kind == TokenKind::name || peek().kind == TokenKind::string ||
      peek().kind == TokenKind::quoted) {
    node.text = next().text;
  } else {
    fail("BLOCK wants a name here");
  }
  node.body = body_until_end("BLOCK", node.line);
  return node;
}

Node Parser::attempt() {
  Node node = make(Node::Kind::attempt);
  node.body = block();
  while (!failed() && take_keyword("CATCH")) {
    Branch branch;
    while (peek().kind == TokenKind::name || is_op(".")) branch.condition.text += next().text;
    branch.body = block();
    node.branches.push_back(std::move(branch));
  }
  if (!failed() && !take_keyword("END")) fail_at(node.line, "this TRY has no END");
  return node;
}

Node Parser::filtered() {
  Node node = make(Node::Kind::filtered);
  node.filters = filters();
  node.body = body_until_end("filter block", node.line);
  return node;
}

std::vector<Filter> Parser::filters() {
  std::vector<Filter> out;
  while (!failed() && (take_op("|") || take_keyword("FILTER"))) out.push_back(filter());
  return out;
}

Filter Parser::filter() {
  Filter out;
  out.line = peek().line;
  if (peek().kind != TokenKind::name) {
    fail("a filter's name comes after |");
    return out;
  }
  out.name = next().text;
  if (take_op("(")) out.arguments = arguments();
  return out;
}

Node Parser::expression_or_assignment() {
  if (peek().kind == TokenKind::name || is_op("$") || is_op("${")) {
    const std::size_t start = position();
    Expr target = path_expression();
    if (is_op("=")) return assignment(Node::Kind::set, std::move(target));
    go_back(start);
  }
  Node node = make(Node::Kind::get);
  node.value = expression();
  return node;
}

// "= value", "=> value" or "= BLOCK … END", which captures the text; so do other directives.
Node Parser::assignment(Node::Kind kind, Expr target) {
  Node node = make(kind);
  if (!take_op("=") && !take_op("=>")) {
    fail("an assignment has = here");
    return node;
  }
  node.target = std::move(target);
  const auto& token = peek();
  if (take_keyword("BLOCK")) {
    node.kind = Node::Kind::capture;
    node.body = body_until_end("BLOCK", node.line);
  } else if (token.kind == TokenKind::keyword && token.text != "NOT" && token.text != "not") {
    if (++depth_ > kMaxBlocks) fail("blocks nest too deeply");
    node.kind = Node::Kind::capture;
    node.body.push_back(directive());
    --depth_;
  } else {
    node.value = expression();
  }
  return node;
}

}  // namespace

Result<Template> parse(std::string_view text, const std::string& path) {
  auto tokens = tokenize(text, path);
  if (!tokens) return std::move(tokens).error();
  return Parser(std::move(*tokens), path).run();
}

}  // namespace paraph::tt2
