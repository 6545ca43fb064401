#pragma once

// For this module only: object identifiers as dotted text.

#include <string_view>

namespace paraph::cms::oid {

inline constexpr std::string_view kData = "1.2.840.113549.1.7.1";                 // RFC 5652 §4
inline constexpr std::string_view kSignedData = "1.2.840.113549.1.7.2";           // RFC 5652 §5.1
inline constexpr std::string_view kEnvelopedData = "1.2.840.113549.1.7.3";        // RFC 5652 §6.1
inline constexpr std::string_view kCompressedData = "1.2.840.113549.1.9.16.1.9";  // RFC 3274 §1.1
inline constexpr std::string_view kAuthEnvelopedData =
    "1.2.840.113549.1.9.16.1.23";                                           // RFC 5083 §2.1
inline constexpr std::string_view kZlib = "1.2.840.113549.1.9.16.3.8";      // RFC 3274 §2
inline constexpr std::string_view kRsaEncryption = "1.2.840.113549.1.1.1";  // RFC 8017 A.1
inline constexpr std::string_view kRsaOaep = "1.2.840.113549.1.1.7";        // RFC 8017 A.2.1
inline constexpr std::string_view kRsaPss = "1.2.840.113549.1.1.10";        // RFC 8017 A.2.3
inline constexpr std::string_view kEcPublicKey = "1.2.840.10045.2.1";       // RFC 5480 §2.1.1
inline constexpr std::string_view kSmtpUtf8Mailbox = "1.3.6.1.5.5.7.8.9";   // RFC 9598 §3

}  // namespace paraph::cms::oid
