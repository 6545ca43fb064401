#pragma once

#include <string>
#include <string_view>

namespace paraph::cms {

/// What of SMIMECapabilities (RFC 8551 §2.5.2, the DER of the SEQUENCE) matters for sealing, as words with spaces between:
/// "AES-256-GCM", "AES-256-CBC", "AES-128-CBC", and "OAEP" where its
/// parameters name SHA-256. In this order, whatever the order stated. Empty for octets that are none, or name none.
[[nodiscard]] std::string stated_capabilities(std::string_view der);

/// The words of `before` that `now` lacks, with spaces between.
[[nodiscard]] std::string capabilities_lost(std::string_view before, std::string_view now);

}  // namespace paraph::cms
