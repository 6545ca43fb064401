#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mail/raw_message.h"

/// The byte-range MIME scanner: one pass, iterative, never failing. What it cannot make sense of is a
/// leaf with `defects`; limits bound its work whatever the input. RFC 5322 §2, RFC 2045, RFC 2046.
///
/// Lines end with LF or CRLF, each line as it comes; a bare CR is an octet like any other. Once the
/// limit of depth, parts or header is reached, an entity keeps its type and has no children.
namespace paraph::mail {

/// One field of a header section (RFC 5322 §2.2).
struct HeaderField {
  ByteRange name;   ///< octets before the colon, without trailing WSP (obsolete syntax)
  ByteRange body;   ///< after the colon, up to but without the line end of the last folded line
  ByteRange whole;  ///< name to line end inclusive: what an Edit removes
};

/// Oddities, as a mask. None stops the scan; callers decide what each is worth.
enum class Defect : std::uint32_t {
  none = 0,
  field_without_colon = 1U << 0,  ///< a header line that is no field: the section ends there
  bare_cr = 1U << 1,              ///< CR not followed by LF
  nul_octet = 1U << 2,
  long_line = 1U << 3,            ///< more than 998 octets without the line end (RFC 5322 §2.1.1)
  mixed_line_ends = 1U << 4,      ///< both LF and CRLF
  boundary_missing = 1U << 5,     ///< multipart without a usable boundary parameter
  boundary_never_seen = 1U << 6,  ///< multipart whose delimiter does not occur
  boundary_unclosed = 1U << 7,    ///< no close-delimiter
  duplicate_content_field = 1U << 8,  ///< Content-Type or Content-Transfer-Encoding given twice
  bad_content_type = 1U << 9,  ///< Content-Type that does not parse, or is doubtful: boundary
                               ///< named twice, open quote, over 8 KiB or 100 parameters
  limit_depth = 1U << 10,
  limit_parts = 1U << 11,
  limit_header = 1U << 12,  ///< header section or number of fields too large: rest is body
  eight_bit_header = 1U << 13,
  encoded_multipart = 1U << 14,  ///< multipart under base64/quoted-printable (RFC 2045 §6.4)
};
[[nodiscard]] constexpr Defect operator|(Defect a, Defect b) {
  return static_cast<Defect>(static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b));
}
constexpr Defect& operator|=(Defect& a, Defect b) {
  return a = a | b;
}
[[nodiscard]] constexpr bool has(Defect mask, Defect bit) {
  return (static_cast<std::uint32_t>(mask) & static_cast<std::uint32_t>(bit)) != 0;
}
/// "bare_cr,long_line", for logs and --json; empty for none.
[[nodiscard]] std::string to_string(Defect mask);

/// RFC 2045 §5.1. `type` and `subtype` in lower case; parameter names in lower case, values decoded
/// (quoted strings, comments, RFC 2231 continuations and charsets) to UTF-8.
struct ContentType {
  std::string type = "text";
  std::string subtype = "plain";
  struct Parameter {
    std::string name;
    std::string value;
  };
  std::vector<Parameter> parameters;

  [[nodiscard]] bool is(std::string_view t, std::string_view s) const {
    return type == t && subtype == s;
  }
  [[nodiscard]] std::string full() const { return type + "/" + subtype; }
  /// First parameter of that (lower-case) name.
  [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const;
};
/// Parses the body of a Content-Type field (folded or not); nullopt when it is not one. Junk between
/// parameters is skipped; the first 8 KiB and 100 parameters count. Values that are neither UTF-8 nor
/// labelled with a charset we convert stay as octets.
[[nodiscard]] std::optional<ContentType> parse_content_type(std::string_view field_body);

/// RFC 2183; `disposition` in lower case. Of two file names the RFC 2231 one counts.
struct ContentDisposition {
  std::string disposition;
  std::optional<std::string> filename;
};
[[nodiscard]] std::optional<ContentDisposition> parse_content_disposition(
    std::string_view field_body);

/// RFC 2045 §6.1. `other` is a name we do not know: the octets are opaque.
enum class TransferEncoding : std::uint8_t {
  seven_bit,
  eight_bit,
  binary,
  quoted_printable,
  base64,
  other
};

/// One MIME entity as ranges of the message that was scanned. Index 0 is the root; parents come
/// before children; `parent` and `first_child`/`next` link the tree.
struct Entity {
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  ByteRange whole;  ///< header and body; for a part: without the CRLF that belongs to the delimiter
                    ///< (RFC 2046 §5.1.1), i.e. exactly the octets a signature covers
  ByteRange header;  ///< the fields, without the empty line
  ByteRange body;    ///< after the empty line
  std::vector<HeaderField> fields;
  ContentType content_type;       ///< text/plain when absent or broken
  bool has_content_type = false;  ///< a Content-Type field stood there
  TransferEncoding transfer_encoding = TransferEncoding::seven_bit;
  Defect defects = Defect::none;
  std::size_t parent = kNone;
  std::size_t first_child = kNone;
  std::size_t next = kNone;
  std::size_t depth = 0;
};

struct ScanLimits {
  std::size_t depth = 100;
  std::size_t parts = 10'000;
  std::size_t header_octets = 1U << 20;  ///< per header section
  std::size_t fields = 2'000;            ///< per header section
  std::size_t all_fields = 100'000;      ///< in the whole message: three octets can be a field
};

/// The tree of one message.
class MimeTree {
 public:
  [[nodiscard]] const RawMessage& message() const { return message_; }
  [[nodiscard]] const std::vector<Entity>& entities() const { return entities_; }
  [[nodiscard]] const Entity& root() const { return entities_.front(); }
  /// Union of all entities' defects.
  [[nodiscard]] Defect defects() const { return defects_; }
  [[nodiscard]] std::vector<std::size_t> children(std::size_t entity) const;

  /// The header section, by field name (ASCII case-insensitive), in order.
  [[nodiscard]] std::vector<const HeaderField*> find(const Entity& entity,
                                                     std::string_view wanted) const;
  [[nodiscard]] std::string_view name(const HeaderField& field) const {
    return message_.at(field.name);
  }
  /// The field body without folding (RFC 5322 §2.2.3) and outer white space; octets otherwise raw.
  [[nodiscard]] std::string unfolded(const HeaderField& field) const;
  /// First field of that name, unfolded.
  [[nodiscard]] std::optional<std::string> field(const Entity& entity,
                                                 std::string_view wanted) const;

 private:
  friend MimeTree scan(RawMessage message, const ScanLimits& limits);
  RawMessage message_;
  std::vector<Entity> entities_;
  Defect defects_ = Defect::none;
};

/// Scans the whole message. `message/rfc822` and `message/global` bodies are descended into when not
/// transfer-encoded. Parts of a multipart/digest are message/rfc822 unless they say otherwise.
/// Boundary rule: a delimiter stands at a line start, only WSP may follow it, the innermost open
/// boundary is tried first, and an outer one closes everything inside it; a boundary that was closed
/// delimits nothing any more, and a delimiter that is the last line of the message opens no part.
/// A header section may be broken off by a delimiter. An mbox separator ("From …") as the first line
/// of the message is stepped over: the root's header then begins after it, so a field to be put on
/// top goes to `root().header.offset`, not to 0.
[[nodiscard]] MimeTree scan(RawMessage message, const ScanLimits& limits = {});

/// Decodes a body by its transfer encoding. nullopt: `other`, or truncated base64. Quoted-printable
/// is decoded as leniently as RFC 2045 §6.7 allows.
[[nodiscard]] std::optional<std::string> decode_body(std::string_view body,
                                                     TransferEncoding encoding);
[[nodiscard]] TransferEncoding parse_transfer_encoding(std::string_view field_body);
/// RFC 2045 §6.7, lines of at most 76, CRLF line ends; input is text with LF or CRLF. "From " and a
/// lone dot at a line start are escaped too, so that every transport carries the result.
[[nodiscard]] std::string quoted_printable_encode(std::string_view text);

/// Every LF that no CR precedes becomes CRLF; nothing else changes (a bare CR stays). The canonical
/// form that digests and CMS read (RFC 8551 §3.1.1); its output is never written to a spool.
[[nodiscard]] std::string canonical_crlf(std::string_view octets);
/// CRLF becomes LF: what a pipe to sendmail and a Maildir file want.
[[nodiscard]] std::string lf_only(std::string_view octets);

}  // namespace paraph::mail
