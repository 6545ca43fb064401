#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// What may stand in the two halves of an addr-spec. Internal to `mail`.
namespace paraph::mail::detail {

/// RFC 5321 §4.5.3.1.3, without the angle brackets.
inline constexpr std::size_t kMaxAddress = 254;

/// RFC 5322 §3.2.3 dot-atom-text, with RFC 6532's UTF-8.
[[nodiscard]] bool is_dot_atom(std::string_view text);
/// The content of a quoted local part: printable ASCII, space, and visible UTF-8.
[[nodiscard]] bool is_quotable(std::string_view text);
[[nodiscard]] std::string quote(std::string_view content);

/// RFC 5321 §4.1.2 Domain with UTF-8 (RFC 6531 §3.3), and the underscores one meets. One label is
/// enough; a dot at the end is refused.
[[nodiscard]] bool is_dotted_domain(std::string_view text);
/// RFC 5321 §4.1.3: "[192.0.2.1]" or "[IPv6:2001:db8::1]".
[[nodiscard]] bool is_address_literal(std::string_view text);

}  // namespace paraph::mail::detail
