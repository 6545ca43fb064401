#include "base/encode.h"

#include <array>
#include <cassert>
#include <cstdint>

namespace paraph {
namespace {

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase32 = "abcdefghijklmnopqrstuvwxyz234567";

constexpr std::array<std::int8_t, 256> reverse_base64() {
  std::array<std::int8_t, 256> table{};
  for (auto& value : table) value = -1;
  for (std::size_t i = 0; i < kBase64.size(); ++i)
    table[static_cast<unsigned char>(kBase64[i])] = static_cast<std::int8_t>(i);
  return table;
}

}  // namespace

std::string base64_encode(std::string_view octets, std::size_t columns, std::string_view eol) {
  assert(columns % 4 == 0);
  const std::size_t quads = (octets.size() + 2) / 3;
  const std::size_t per_line = columns == 0 ? quads : columns / 4;
  std::string out;
  out.reserve(quads * 4 + (per_line == 0 ? 0 : quads / per_line + 1) * eol.size());
  const auto octet = [&](std::size_t i) -> std::uint32_t {
    return i < octets.size() ? static_cast<unsigned char>(octets[i]) : 0;
  };
  for (std::size_t quad = 0; quad < quads; ++quad) {
    const std::size_t at = quad * 3;
    const std::uint32_t bits = octet(at) << 16U | octet(at + 1) << 8U | octet(at + 2);
    out += kBase64[bits >> 18U];
    out += kBase64[(bits >> 12U) & 63U];
    out += at + 1 < octets.size() ? kBase64[(bits >> 6U) & 63U] : '=';
    out += at + 2 < octets.size() ? kBase64[bits & 63U] : '=';
    if (columns != 0 && ((quad + 1) % per_line == 0 || quad + 1 == quads)) out += eol;
  }
  return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
  static constexpr auto table = reverse_base64();
  std::string out(text.size() / 4 * 3 + 3, '\0');
  char* end = out.data();
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    if (c == '=') break;
    const auto value = table[static_cast<unsigned char>(c)];
    if (value < 0) continue;
    bits = bits << 6U | static_cast<std::uint32_t>(value);
    if (++count == 4) {
      *end++ = static_cast<char>(bits >> 16U);
      *end++ = static_cast<char>(bits >> 8U);
      *end++ = static_cast<char>(bits);
      bits = 0, count = 0;
    }
  }
  if (count == 1) return std::nullopt;
  if (count >= 2) *end++ = static_cast<char>(bits >> (count == 2 ? 4U : 10U));
  if (count == 3) *end++ = static_cast<char>(bits >> 2U);
  out.resize(static_cast<std::size_t>(end - out.data()));
  return out;
}

std::string base32_encode(std::string_view octets) {
  std::string out;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : octets) {
    bits = bits << 8U | static_cast<unsigned char>(c);
    held += 8;
    while (held >= 5) {
      held -= 5;
      out += kBase32[(bits >> held) & 31U];
    }
    bits &= (1U << held) - 1U;
  }
  if (held > 0) out += kBase32[(bits << (5 - held)) & 31U];
  return out;
}

}  // namespace paraph
