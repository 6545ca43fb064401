#pragma once

#include <string_view>

#include "cms/certificate.h"

namespace paraph::cms {

/// Whether SMIMEEncryptionKeyPreference (RFC 8551 §2.5.3, the DER of the CHOICE) names this certificate: by issuer and
/// serial number, or by its subjectKeyIdentifier.
[[nodiscard]] bool prefers(std::string_view preference_der, const Certificate& certificate);

}  // namespace paraph::cms
