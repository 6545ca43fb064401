#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "template/ast.h"
#include "template/lexer.h"

namespace paraph::tt2 {

/// Reads expressions from tokens. The first failure is kept, and moves to the last token, so that
/// every loop ends.
class ExpressionParser {
 public:
  ExpressionParser(std::vector<Token> tokens, const std::string& path, int depth = 0)
      : tokens_(std::move(tokens)), path_(path), depth_(depth) {}

  /// condition ["?" a ":" b]
  Expr expression();
  /// a.b(c).$d: what may stand left of "=".
  Expr path_expression();
  /// Up to and with ")"; named ones come last, as one hash.
  std::vector<Expr> arguments();

  [[nodiscard]] bool failed() const { return error_.has_value(); }
  [[nodiscard]] std::optional<Error>& error() { return error_; }
  [[nodiscard]] bool at_end() const { return peek().kind == TokenKind::finish; }

 protected:
  [[nodiscard]] const Token& peek(std::size_t ahead = 0) const {
    return at_ + ahead < tokens_.size() ? tokens_[at_ + ahead] : tokens_.back();
  }
  const Token& next() { return at_ + 1 < tokens_.size() ? tokens_[at_++] : tokens_.back(); }
  [[nodiscard]] std::size_t position() const { return at_; }
  void go_back(std::size_t position) {
    if (!failed()) at_ = position;
  }
  [[nodiscard]] bool is_op(std::string_view op) const {
    return peek().kind == TokenKind::op && peek().text == op;
  }
  [[nodiscard]] bool is_keyword(std::string_view word) const {
    return peek().kind == TokenKind::keyword && peek().text == word;
  }
  bool take_op(std::string_view op) { return is_op(op) && (next(), true); }
  bool take_keyword(std::string_view word) { return is_keyword(word) && (next(), true); }
  void fail(std::string_view what) { fail_at(peek().line, what); }
  void fail_at(std::size_t line, std::string_view what);
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  struct Level;  ///< of precedence
  Expr binary(std::size_t level);
  Expr unary();
  Expr term();
  Expr list();
  Expr hash();
  Expr interpolated(std::string_view raw, std::size_t line);
  Expr key();
  std::size_t placeholder(std::string_view raw, std::size_t at, std::size_t line, Expr& out);
  Expr expression_within(std::string_view text, std::size_t line);
  void step(Expr& path, bool first);
  [[nodiscard]] Expr make(Expr::Kind kind) const;

  std::vector<Token> tokens_;
  const std::string& path_;
  std::size_t at_ = 0;
  int depth_;
  std::optional<Error> error_;
};

}  // namespace paraph::tt2
