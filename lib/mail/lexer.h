#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// The lexical tokens that structured fields share (RFC 5322 §3.2). Internal to `mail`.
namespace paraph::mail::detail {

/// RFC 5322 §2.2.3: line ends before WSP go, the WSP stays.
[[nodiscard]] std::string unfold(std::string_view text);

/// RFC 5322 §3.2.3, with the octets of UTF-8 that RFC 6532 §3.2 adds.
[[nodiscard]] bool is_atext(char c);
/// RFC 2045 §5.1: token characters, ASCII only.
[[nodiscard]] bool is_token_char(char c);

/// 0 to 15, or -1.
[[nodiscard]] int hex_value(char c);

/// A cursor over unfolded text. It never steps beyond the end, and peek() there is NUL.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
  [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[at_]; }
  [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }
  [[nodiscard]] std::size_t position() const { return at_; }
  void seek(std::size_t position) { at_ = position; }
  void advance(std::size_t count) { at_ = count < text_.size() - at_ ? at_ + count : text_.size(); }
  bool take(char c);

  /// WSP, LF and CRLF; a bare CR is no white space.
  void skip_white();
  /// White space and comments. False when a comment has no end or nests deeper than kCommentDepth;
  /// the cursor is then at the end of the text.
  bool skip_cfws();
  /// At a `"`: the content without quotes and backslashes. When the closing quote is missing, all
  /// the rest is content and `closed` is false.
  [[nodiscard]] std::string quoted_string(bool& closed);
  template <class Accepts>
  [[nodiscard]] std::string_view run(Accepts accepts) {
    const std::size_t start = at_;
    while (!at_end() && accepts(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
  }

  static constexpr std::size_t kCommentDepth = 50;

 private:
  bool skip_comment();
  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace paraph::mail::detail
