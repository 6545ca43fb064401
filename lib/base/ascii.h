#pragma once

#include <string>
#include <string_view>
#include <vector>

/// Locale-free helpers for the ASCII in which mail protocols are written. No function here looks at
/// the process locale, and none treats octets above 0x7f as letters.
namespace paraph::ascii {

[[nodiscard]] constexpr bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
[[nodiscard]] constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
[[nodiscard]] constexpr bool is_alnum(char c) {
  return is_alpha(c) || is_digit(c);
}
/// WSP of RFC 5234: space and tab only.
[[nodiscard]] constexpr bool is_wsp(char c) {
  return c == ' ' || c == '\t';
}
/// White space as configuration files have it: WSP, CR, LF.
[[nodiscard]] constexpr bool is_space(char c) {
  return is_wsp(c) || c == '\r' || c == '\n';
}
[[nodiscard]] constexpr bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}
[[nodiscard]] constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

[[nodiscard]] std::string to_lower(std::string_view text);
[[nodiscard]] bool iequals(std::string_view a, std::string_view b);
[[nodiscard]] bool istarts_with(std::string_view text, std::string_view prefix);
[[nodiscard]] bool iends_with(std::string_view text, std::string_view suffix);
/// Position of `needle` in `text` whatever the case of ASCII letters, or npos.
[[nodiscard]] std::size_t ifind(std::string_view text, std::string_view needle);
[[nodiscard]] std::string_view trim(std::string_view text);
[[nodiscard]] std::string_view trim_right(std::string_view text);
/// Pieces between separators, trimmed; empty pieces are left out.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text,
                                                  std::string_view separators);
/// Lines without their LF, CRLF or CR; a final line without an end counts.
[[nodiscard]] std::vector<std::string_view> lines(std::string_view text);
/// Upper-case hex of every octet, `separator` between octets when it is not NUL.
[[nodiscard]] std::string hex_upper(std::string_view octets, char separator = '\0');
[[nodiscard]] std::string hex_lower(std::string_view octets);

}  // namespace paraph::ascii
