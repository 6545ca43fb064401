#pragma once

// For this module only: limits on public keys, looked at before OpenSSL decodes one.

#include <optional>
#include <string>
#include <string_view>

#include "base/ports.h"
#include "base/result.h"
#include "cms/ber.h"
#include "cms/openssl.h"

namespace paraph::cms {

/// An Error where a certificate's public key must not be used: Errc::denied for a key that we refuse (security rule 26:
/// RSA of at most 8192 bits with an odd e, 3 ≤ e ≤ 2^32, named curves only), Errc::corrupt where the octets are damaged or
/// no certificate. d2i_X509 decodes the key at once, so this works on the DER.
[[nodiscard]] Result<void> check_public_key(std::string_view certificate_der);

/// Whether an RSA modulus (big-endian) has the form that a widespread faulty generator gave it (CVE-2017-15361, "ROCA"):
/// each of its primes, and so the modulus, is a power of 65537 to every small prime. Such keys of 512 to 2048 bits can be
/// factored. Of other keys one in about 2^150 looks so.
[[nodiscard]] bool has_roca_form(std::string_view modulus);
/// Big-endian; empty for a key that is not RSA.
[[nodiscard]] std::string rsa_modulus(X509* certificate);

/// RFC 5480 §2.1.1: the AlgorithmIdentifier of an EC key names its curve; explicit curves can be
/// made to cost or to deceive. True as well for keys that are not EC.
[[nodiscard]] bool names_its_curve(const ber::Element& algorithm_identifier,
                                   bool parameters_may_lack);

/// nullopt for a Time that is not one (d2i does not check the digits).
[[nodiscard]] std::optional<TimePoint> to_time_point(const ASN1_TIME* time);

}  // namespace paraph::cms
