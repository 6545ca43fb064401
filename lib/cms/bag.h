#pragma once

// For this module only: the certificates that a SignedData carries (RFC 5652 §10.2.3).

#include <string_view>
#include <vector>

#include "base/result.h"
#include "cms/ber.h"
#include "cms/certificate.h"

namespace paraph::cms {

/// Whether the octets start like a ContentInfo of id-signedData.
[[nodiscard]] bool is_signed_data(std::string_view octets);

/// The certificates of a SignedData (PKCS#7 "certs-only"); an Error when it is none, carries none,
/// or one is broken: this is what an administrator imports.
[[nodiscard]] Result<std::vector<Certificate>> certificates_of(std::string_view signed_data);

/// The certificates in the contents of a CertificateSet; other choices and broken ones are left
/// out: this is what a stranger sends.
[[nodiscard]] std::vector<Certificate> readable_certificates(std::string_view certificate_set);

}  // namespace paraph::cms
