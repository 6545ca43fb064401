#pragma once

// For this module only: a chain that was found good, against the CRLs at hand.

#include <string>

#include "cms/openssl.h"
#include "cms/trust.h"

namespace paraph::cms {

constexpr int kMaxChainDepth = 10;

/// Lets a store find the CRLs of the Revocation that check_revocation() was called with.
void serve_crls(X509_STORE* store);

/// RevocationFinding::unknown when none is at hand.
[[nodiscard]] std::string no_crl_for(const X509* certificate);

struct RevocationFinding {
  std::string revoked;  ///< which certificate, and since when; empty: none is
  std::string
      unknown;  ///< of the first certificate without a current CRL: what is wrong; empty: nothing
};
/// RFC 5280 §6.3 for every certificate of the path from `leaf`, by OpenSSL: scopes, indirect CRLs whose issuer's
/// certificate is among `untrusted` and leads to the same anchor. A CRL that is stale still revokes; one whose
/// signature or issuer is wrong counts for nothing, and the next one of that issuer is asked. An anchor needs no CRL.
[[nodiscard]] RevocationFinding check_revocation(X509_STORE* store, X509* leaf,
                                                 STACK_OF(X509) * untrusted,
                                                 const Revocation& revocation);

}  // namespace paraph::cms
