#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paraph::mail {

/// `local@domain` of RFC 5322 §3.4.1 / RFC 5321 §4.1.2, at most 254 octets (RFC 5321 §4.5.3.1.3).
/// No comments, no folding: what parsing has removed. Made by parsing only, so a value is valid.
/// Beyond ASCII, well-formed UTF-8 without invisible characters (RFC 6532). Domains are letters,
/// digits, `-` and `_` in labels of at most 63 octets (one label is enough, no dot at the end), or
/// an IPv4 or IPv6 address literal.
class AddrSpec {
 public:
  /// A bare address, perhaps in angle brackets; nothing else may stand beside it.
  [[nodiscard]] static std::optional<AddrSpec> parse(std::string_view text);

  [[nodiscard]] const std::string& local_part() const {
    return local_part_;
  }                                                                    ///< unquoted when a dot-atom
  [[nodiscard]] const std::string& domain() const { return domain_; }  ///< as written
  [[nodiscard]] std::string str() const { return local_part_ + "@" + domain_; }
  /// What Sympa stores and compares: the whole address in ASCII lower case, the domain as A-labels
  /// (IDNA2008, libidn2) where it has U-labels that convert to a domain; else in lower case only.
  [[nodiscard]] std::string canonical() const;

  /// Equal when the canonical forms are.
  friend bool operator==(const AddrSpec& a, const AddrSpec& b) {
    return a.canonical() == b.canonical();
  }

 private:
  AddrSpec(std::string local_part, std::string domain);
  friend class AddressParser;
  std::string local_part_;
  std::string domain_;
};

/// RFC 5322 §3.4: an address with its display name (decoded: quoted strings, encoded words).
struct Mailbox {
  std::string display_name;
  AddrSpec address;
};

struct AddressList {
  std::vector<Mailbox> mailboxes;  ///< members of groups included
  bool had_group = false;
  bool well_formed = true;  ///< false when any part of the text was not an address
};

/// Parses the body of From, To, Cc, Reply-To … (folded or not). Never fails: what is not an address
/// sets `well_formed` to false and is skipped up to the next comma outside quotes, comments and
/// brackets (an open one swallows the rest). At most 10,000 mailboxes. Of the obsolete syntax are read:
/// empty list elements, routes, white space and comments around dots, dots in display names.
/// A display name never becomes an address: `"eve@example.org" <mallory@example.com>` is one
/// mailbox, mallory's.
[[nodiscard]] AddressList parse_address_list(std::string_view field_body);

/// Exactly one mailbox and nothing besides it (comments excepted), or nullopt.
[[nodiscard]] std::optional<Mailbox> parse_mailbox(std::string_view text);

/// The text inside <…> of a Message-ID field, else the trimmed text; empty when there is none.
[[nodiscard]] std::string canonical_message_id(std::string_view field_body);

/// RFC 2047: decodes encoded words of a field body to UTF-8; unknown charsets and broken words stay as
/// they are. Adjacent words are joined (§6.2). Output may hold any character: print it through
/// utf8::printable().
[[nodiscard]] std::string decode_words(std::string_view field_body);
/// RFC 2047 Q or B words in UTF-8 where needed, else the text unchanged; CR, LF, NUL and the other
/// controls become spaces. Words are separated by a space and at most 75 long; folding is the caller's.
[[nodiscard]] std::string encode_words(std::string_view utf8_text);

/// Converts to UTF-8 with iconv; only charsets of an allow-list (UTF-8, ISO-8859-x, windows-125x,
/// ISO-2022-JP, EUC-JP/KR, GB2312/GBK/GB18030, Big5, KOI8-R/U, Shift_JIS, US-ASCII). nullopt
/// otherwise, and when the octets are not of that charset.
[[nodiscard]] std::optional<std::string> to_utf8(std::string_view octets, std::string_view charset);

/// Sympa's file-system safe encoding ("qencode"): every UTF-8 octet but A-Z a-z 0-9 - + . @ becomes
/// `_` and two lower-case hex digits. Reversible.
[[nodiscard]] std::string filesystem_encode(std::string_view text);
/// Accepts upper-case hex; nullopt on a broken escape.
[[nodiscard]] std::optional<std::string> filesystem_decode(std::string_view name);
/// Sympa's historic encoding (≤ 6.2.62, `%` and hex), read only, to find certificates of old sites.
[[nodiscard]] std::string historic_escape(std::string_view text);

}  // namespace paraph::mail
