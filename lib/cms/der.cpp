#include "cms/der.h"

namespace paraph::cms::der {
namespace {

/// Octets of the long form's length, without the one that counts them.
std::size_t length_octets(std::size_t length) {
  std::size_t octets = 0;
  for (; length > 0; length >>= 8U) ++octets;
  return octets;
}

}  // namespace

std::size_t header_size(std::size_t length) {
  return length < 0x80 ? 2 : 2 + length_octets(length);
}

void append_header(std::string& out, unsigned char tag, std::size_t length) {
  out += static_cast<char>(tag);
  if (length < 0x80) {
    out += static_cast<char>(length);
    return;
  }
  const std::size_t octets = length_octets(length);
  out += static_cast<char>(0x80U | octets);
  for (std::size_t i = octets; i > 0; --i) out += static_cast<char>(length >> (8U * (i - 1)));
}

std::string tlv(unsigned char tag, std::initializer_list<std::string_view> parts) {
  std::size_t length = 0;
  for (const auto part : parts) length += part.size();
  std::string out;
  out.reserve(header_size(length) + length);
  append_header(out, tag, length);
  for (const auto part : parts) out += part;
  return out;
}

}  // namespace paraph::cms::der
