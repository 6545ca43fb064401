#include "base/ascii.h"
#include "mail/address.h"
#include "mail/lexer.h"

namespace paraph::mail {
namespace {

bool is_plain(char c) {
  return ascii::is_alnum(c) || c == '-' || c == '+' || c == '.' || c == '@';
}

bool historic_escapes(char c) {
  const auto octet = static_cast<unsigned char>(c);
  return (octet >= 0x20 && octet <= 0x2c) || (octet >= 0x3a && octet <= 0x3f) || c == '[' ||
         c == ']' || octet >= 0x80;
}

}  // namespace

std::string filesystem_encode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_plain(text[i])) {
      out += text[i];
    } else {
      out += '_';
      out += ascii::hex_lower(text.substr(i, 1));
    }
  }
  return out;
}

std::optional<std::string> filesystem_decode(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] != '_') {
      out += name[i];
      continue;
    }
    if (name.size() - i < 3) return std::nullopt;
    const int high = detail::hex_value(name[i + 1]);
    const int low = detail::hex_value(name[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::string historic_escape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '/') {
      out += "%a5";
    } else if (historic_escapes(text[i])) {
      out += '%';
      out += ascii::hex_lower(text.substr(i, 1));
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace paraph::mail
