#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace paraph::utf8 {

/// Whether the octets are well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, ≤ U+10FFFF).
[[nodiscard]] bool valid(std::string_view octets);

/// The one sink for foreign text (security rule 44): what may be shown in a log, on a terminal, in
/// JSON, HTML or a header. Controls, invalid octets, U+2028/9 and bidirectional controls come out
/// as `\xNN` or `\u{NNNN}`; everything else unchanged. Never longer than `limit` octets of input;
/// a cut is marked by "…".
[[nodiscard]] std::string printable(std::string_view octets, std::size_t limit = 400);

/// Without the byte order mark that some editors and exports put before a text (RFC 3629 §6).
[[nodiscard]] std::string_view without_mark(std::string_view octets);

/// Decodes one code point at `position` and advances it; an invalid octet yields U+FFFD and
/// advances by one.
[[nodiscard]] char32_t next(std::string_view octets, std::size_t& position);
void append(std::string& out, char32_t code_point);

}  // namespace paraph::utf8
