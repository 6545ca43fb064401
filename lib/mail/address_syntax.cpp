#include "mail/address_syntax.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/utf8.h"
#include "mail/lexer.h"

namespace paraph::mail::detail {
namespace {

constexpr auto npos = std::string_view::npos;

constexpr std::size_t kMaxLabel = 63;    // RFC 1035 §2.3.4; of an A-label
constexpr std::size_t kMaxDomain = 255;  // RFC 5321 §4.5.3.1.2

// Well-formed, and nothing that a reader cannot see: controls, spaces, separators, bidirectional
// marks. (U+200C and U+200D are letters' joiners that IDNA2008 admits.)
bool is_visible_utf8(std::string_view text) {
  struct Span {
    char32_t first, last;
  };
  static constexpr std::array kHidden{
      Span{0x00, 0x1f},     Span{0x7f, 0xa0},     Span{0xad, 0xad},     Span{0x61c, 0x61c},
      Span{0x1680, 0x1680}, Span{0x180e, 0x180e}, Span{0x2000, 0x200b}, Span{0x200e, 0x200f},
      Span{0x2028, 0x202f}, Span{0x205f, 0x206f}, Span{0x3000, 0x3000}, Span{0xfeff, 0xfeff},
      Span{0xfff0, 0xfffb}};
  if (!utf8::valid(text)) return false;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = utf8::next(text, at);
    for (const auto& span : kHidden) {
      if (c < span.first) break;  // they ascend: a letter is past with the first two
      if (c <= span.last) return false;
    }
  }
  return true;
}

bool is_label(std::string_view label) {
  const auto is_ldh = [](char c) {
    return ascii::is_alnum(c) || c == '-' || c == '_' || static_cast<unsigned char>(c) >= 0x80;
  };
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (label.empty() || label.front() == '-' || label.back() == '-') return false;
  if (label.size() > kMaxLabel && std::all_of(label.begin(), label.end(), is_ascii)) return false;
  return std::all_of(label.begin(), label.end(), is_ldh);
}

// Whether every piece between dots satisfies `accepts`; an empty text has one empty piece.
template <class Accepts>
bool all_between_dots(std::string_view text, Accepts accepts) {
  for (;;) {
    const auto dot = text.find('.');
    if (!accepts(text.substr(0, dot))) return false;
    if (dot == npos) return true;
    text.remove_prefix(dot + 1);
  }
}

}  // namespace

bool is_dot_atom(std::string_view text) {
  return is_visible_utf8(text) && all_between_dots(text, [](std::string_view atom) {
           return !atom.empty() && std::all_of(atom.begin(), atom.end(), is_atext);
         });
}

bool is_quotable(std::string_view text) {
  return is_visible_utf8(text);
}

std::string quote(std::string_view content) {
  std::string out = "\"";
  for (const char c : content) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

bool is_dotted_domain(std::string_view text) {
  return text.size() <= kMaxDomain && is_visible_utf8(text) && all_between_dots(text, is_label);
}

bool is_address_literal(std::string_view text) {
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') return false;
  constexpr std::string_view kTag = "IPv6:";
  std::string inner(text.substr(1, text.size() - 2));
  if (inner.find('\0') != npos) return false;
  const bool v6 = ascii::istarts_with(inner, kTag);
  if (v6) inner.erase(0, kTag.size());
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return inet_pton(v6 ? AF_INET6 : AF_INET, inner.c_str(), address.data()) == 1;
}

}  // namespace paraph::mail::detail
