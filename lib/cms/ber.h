#pragma once

// For this module only: a reader of BER (X.690) that copies nothing, recurses never and believes no
// length. It serves the pre-scan and takes CMS objects apart, so that OpenSSL only sees small
// parts.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace paraph::cms::ber {

enum class TagClass : std::uint8_t { universal, application, context, personal };

/// Universal tag numbers that CMS and X.509 use.
inline constexpr std::uint32_t kEndOfContents = 0;
inline constexpr std::uint32_t kInteger = 2;
inline constexpr std::uint32_t kBitString = 3;
inline constexpr std::uint32_t kOctetString = 4;
inline constexpr std::uint32_t kNull = 5;
inline constexpr std::uint32_t kOid = 6;
inline constexpr std::uint32_t kSequence = 16;
inline constexpr std::uint32_t kSet = 17;

/// The identifier and length octets of one element.
struct Head {
  TagClass tag_class = TagClass::universal;
  bool constructed = false;
  std::uint32_t tag = 0;
  std::size_t size = 0;               ///< octets of the head itself
  std::optional<std::size_t> length;  ///< of the contents; nullopt: indefinite

  [[nodiscard]] bool is(std::uint32_t universal_tag) const {
    return tag_class == TagClass::universal && tag == universal_tag;
  }
  [[nodiscard]] bool is_context(std::uint32_t number) const {
    return tag_class == TagClass::context && tag == number;
  }
};
/// nullopt when the octets end too early, a definite length does not fit into them, a primitive
/// element has an indefinite length, or tag or length are longer than any that occurs in mail.
[[nodiscard]] std::optional<Head> read_head(std::string_view octets);

struct Element {
  Head head;
  std::string_view whole;    ///< head, contents and end-of-contents
  std::string_view content;  ///< without end-of-contents

  [[nodiscard]] bool is(std::uint32_t universal_tag) const { return head.is(universal_tag); }
  [[nodiscard]] bool is_context(std::uint32_t number) const { return head.is_context(number); }
};

/// Takes elements off the front of a string of them.
class Reader {
 public:
  explicit Reader(std::string_view octets) : rest_(octets) {}
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  /// The next element, or nullopt at the end or at broken octets: then nothing more comes.
  [[nodiscard]] std::optional<Element> next();
  /// The next element if it is this one; otherwise nullopt, and it stays in front. SEQUENCE and SET
  /// only in their constructed form, the one there is.
  [[nodiscard]] std::optional<Element> next_if(std::uint32_t universal_tag);
  /// The same for a constructed [n].
  [[nodiscard]] std::optional<Element> next_if_context(std::uint32_t number);

 private:
  [[nodiscard]] std::optional<Element> peek() const;
  std::string_view rest_;
};

/// Octets of an OCTET STRING, its constructed pieces joined (X.690 §8.7.3). Also for the IMPLICIT
/// [n] form. `scratch` holds them when they had to be joined; nullopt when a piece is no OCTET
/// STRING.
[[nodiscard]] std::optional<std::string_view> octet_string(const Element& element,
                                                           std::string& scratch);

/// Dotted text of the contents of an OBJECT IDENTIFIER: "1.2.840.113549.1.7.2"; empty when broken.
[[nodiscard]] std::string oid_text(std::string_view content);

}  // namespace paraph::cms::ber
