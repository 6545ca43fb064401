#pragma once

// For this module only: which addresses a certificate names (RFC 8550 §3).

#include <string>
#include <vector>

#include "cms/openssl.h"

namespace paraph::cms {

[[nodiscard]] std::vector<std::string> emails_of(const X509* x509);

}  // namespace paraph::cms
