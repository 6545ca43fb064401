#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cms/certificate.h"

namespace paraph::app {

/// Certificates of one entry of a directory export, with the addresses that the entry names.
struct LdifEntry {
  std::vector<std::string> addresses;  ///< `mail`, as written
  std::vector<cms::Certificate> certificates;
};

/// Whether the text is LDIF (RFC 2849): it begins with `version:` or `dn:`, comments aside.
[[nodiscard]] bool is_ldif(std::string_view text);
/// userCertificate and userSMIMECertificate (RFC 4523, RFC 2798), `;binary` or not, in base64. An Error names the line of
/// the first value that is no certificate.
[[nodiscard]] Result<std::vector<LdifEntry>> read_ldif(std::string_view text);

}  // namespace paraph::app
