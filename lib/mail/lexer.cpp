#include "mail/lexer.h"

#include "base/ascii.h"

namespace paraph::mail::detail {

std::string unfold(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t eol = text[at] == '\n' ? 1 : text.substr(at, 2) == "\r\n" ? 2 : 0;
    if (eol != 0 && at + eol < text.size() && ascii::is_wsp(text[at + eol])) {
      at += eol;
    } else {
      out += text[at++];
    }
  }
  return out;
}

bool is_atext(char c) {
  constexpr std::string_view punctuation = "!#$%&'*+-/=?^_`{|}~";
  return ascii::is_alnum(c) || static_cast<unsigned char>(c) >= 0x80 ||
         (c != '\0' && punctuation.find(c) != std::string_view::npos);
}

bool is_token_char(char c) {
  constexpr std::string_view tspecials = "()<>@,;:\\\"/[]?=";
  return c > 0x20 && c < 0x7f && tspecials.find(c) == std::string_view::npos;
}

int hex_value(char c) {
  if (ascii::is_digit(c)) return c - '0';
  const char l = ascii::lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

bool Lexer::take(char c) {
  if (at_end() || text_[at_] != c) return false;
  ++at_;
  return true;
}

void Lexer::skip_white() {
  for (; !at_end(); ++at_) {
    const char c = text_[at_];
    const bool crlf = c == '\r' && text_.substr(at_, 2) == "\r\n";
    if (!ascii::is_wsp(c) && c != '\n' && !crlf) return;
  }
}

bool Lexer::skip_cfws() {
  for (;;) {
    skip_white();
    if (peek() != '(') return true;
    if (!skip_comment()) {
      at_ = text_.size();
      return false;
    }
  }
}

bool Lexer::skip_comment() {
  std::size_t depth = 0;
  for (; !at_end(); ++at_) {
    const char c = text_[at_];
    if (c == '\\') {
      ++at_;
    } else if (c == '(') {
      if (++depth > kCommentDepth) return false;
    } else if (c == ')' && --depth == 0) {
      ++at_;
      return true;
    }
  }
  return false;
}

std::string Lexer::quoted_string(bool& closed) {
  std::string out;
  closed = false;
  for (++at_; !at_end(); ++at_) {
    char c = text_[at_];
    if (c == '"') {
      ++at_;
      closed = true;
      return out;
    }
    if (c == '\\' && at_ + 1 < text_.size()) c = text_[++at_];
    out += c;
  }
  return out;
}

}  // namespace paraph::mail::detail
