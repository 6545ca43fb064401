#include "base/utf8.h"

#include <fmt/core.h>

#include <array>

namespace paraph::utf8 {
namespace {

constexpr char32_t kInvalid = 0xFFFFFFFF;

// RFC 3629 §4, as a table of first octets rather than a state machine.
char32_t decode(std::string_view octets, std::size_t at, std::size_t& length) {
  const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(octets[at + i]); };
  const unsigned char first = octet(0);
  length = 1;
  if (first < 0x80) return first;
  std::size_t need = 0;
  char32_t code = 0;
  char32_t least = 0;
  if (first >= 0xC2 && first <= 0xDF) {
    need = 1, code = first & 0x1FU, least = 0x80;
  } else if ((first & 0xF0U) == 0xE0) {
    need = 2, code = first & 0x0FU, least = 0x800;
  } else if (first >= 0xF0 && first <= 0xF4) {
    need = 3, code = first & 0x07U, least = 0x10000;
  } else {
    return kInvalid;
  }
  if (octets.size() - at <= need) return kInvalid;
  for (std::size_t i = 1; i <= need; ++i) {
    if ((octet(i) & 0xC0U) != 0x80) return kInvalid;
    code = (code << 6U) | (octet(i) & 0x3FU);
  }
  if (code < least || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return kInvalid;
  length = need + 1;
  return code;
}

bool must_escape(char32_t c) {
  struct Span {
    char32_t first, last;
  };
  // C0, DEL and C1; separators; bidirectional controls (Unicode UAX 9); BOM.
  constexpr std::array spans{Span{0x00, 0x1F},     Span{0x7F, 0x9F},     Span{0x061C, 0x061C},
                             Span{0x200E, 0x200F}, Span{0x2028, 0x202E}, Span{0x2066, 0x2069},
                             Span{0xFEFF, 0xFEFF}};
  for (const auto& span : spans)
    if (c >= span.first && c <= span.last) return true;
  return false;
}

}  // namespace

bool valid(std::string_view octets) {
  for (std::size_t at = 0; at < octets.size();) {
    std::size_t length = 0;
    if (decode(octets, at, length) == kInvalid) return false;
    at += length;
  }
  return true;
}

std::string_view without_mark(std::string_view octets) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  return octets.substr(octets.starts_with(kMark) ? kMark.size() : 0);
}

char32_t next(std::string_view octets, std::size_t& position) {
  std::size_t length = 1;
  const char32_t code = decode(octets, position, length);
  position += length;
  return code == kInvalid ? U'\uFFFD' : code;
}

void append(std::string& out, char32_t c) {
  const auto put = [&](char32_t v) { out += static_cast<char>(static_cast<unsigned char>(v)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | (c >> 6U)), put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | (c >> 12U)), put(0x80 | ((c >> 6U) & 0x3F)), put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | (c >> 18U)), put(0x80 | ((c >> 12U) & 0x3F));
    put(0x80 | ((c >> 6U) & 0x3F)), put(0x80 | (c & 0x3F));
  }
}

std::string printable(std::string_view octets, std::size_t limit) {
  std::string out;
  std::size_t at = 0;
  while (at < octets.size() && at < limit) {
    std::size_t length = 0;
    const char32_t code = decode(octets, at, length);
    if (code == kInvalid) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(octets[at]));
    } else if (must_escape(code)) {
      out += code < 0x100 ? fmt::format("\\x{:02x}", static_cast<unsigned>(code))
                          : fmt::format("\\u{{{:04x}}}", static_cast<unsigned>(code));
    } else {
      out += octets.substr(at, length);
    }
    at += length;
  }
  if (at < octets.size()) out += "…";
  return out;
}

}  // namespace paraph::utf8
