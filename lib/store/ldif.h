#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cms/certificate.h"

namespace paraph::store {

/// Certificates of one entry of a directory export, with the addresses that the entry names.
struct LdifEntry {
  std::size_t line = 0;                ///< where it begins, from 1
  std::vector<std::string> addresses;  ///< `mail`, as written; at most kMostValues
  std::vector<cms::Certificate> certificates;
  /// "line 12: not base64": a value that gave nothing; the others of the entry stand.
  std::vector<std::string> problems;
};

inline constexpr std::size_t kLdifMostValues = 100;  ///< of one kind in one entry
inline constexpr std::size_t kLdifLongestLine = std::size_t{1} << 20U;  ///< unfolded

/// Whether the text is LDIF (RFC 2849): it begins with `version:` or `dn:`, comments and a byte order mark aside.
[[nodiscard]] bool is_ldif(std::string_view text);

/// userCertificate and userSMIMECertificate (RFC 4523, RFC 2798), `;binary` or not, in base64; a `:<` URL is never
/// opened. Each entry that holds a certificate or a problem goes to `entry`, whose Error ends the reading and is the
/// answer. Needs memory for one entry, whatever the size of the text.
[[nodiscard]] Result<void> read_ldif(std::string_view text,
                                     const std::function<Result<void>(LdifEntry)>& entry);

}  // namespace paraph::store
