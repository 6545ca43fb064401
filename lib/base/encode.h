#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

/// Base64 (RFC 4648 §4) and the lower-case base32 of ingest ids.
namespace paraph {

/// Lines of `columns` characters separated by `eol` with a final `eol`; columns 0: one piece, no eol.
/// `columns` must be a multiple of 4.
[[nodiscard]] std::string base64_encode(std::string_view octets, std::size_t columns = 0,
                                        std::string_view eol = "\r\n");

/// Decodes what RFC 2045 §6.8 allows: characters outside the alphabet are skipped, decoding stops
/// at the padding. nullopt when the number of significant characters leaves a lone sextet: truncated.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);

/// RFC 4648 §6 alphabet in lower case, no padding: 5 octets become 8 characters.
[[nodiscard]] std::string base32_encode(std::string_view octets);

}  // namespace paraph
