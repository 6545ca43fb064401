#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

/// Writing DER (X.690 §8.1, §10.1), as far as sealing needs it: one-octet tags, definite lengths.
namespace paraph::cms::der {

inline constexpr unsigned char kInteger = 0x02;
inline constexpr unsigned char kBitString = 0x03;
inline constexpr unsigned char kOctetString = 0x04;
inline constexpr unsigned char kSequence = 0x30;
inline constexpr unsigned char kSet = 0x31;
/// Context-specific [n], primitive (an IMPLICIT OCTET STRING) or constructed.
[[nodiscard]] constexpr unsigned char context_primitive(unsigned n) {
  return static_cast<unsigned char>(0x80U | n);
}
[[nodiscard]] constexpr unsigned char context(unsigned n) {
  return static_cast<unsigned char>(0xA0U | n);
}

/// Octets that tag and length take in front of `length` octets of content.
[[nodiscard]] std::size_t header_size(std::size_t length);
void append_header(std::string& out, unsigned char tag, std::size_t length);
/// Tag, length and the parts one after the other.
[[nodiscard]] std::string tlv(unsigned char tag, std::initializer_list<std::string_view> parts);

}  // namespace paraph::cms::der
