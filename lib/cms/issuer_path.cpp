#include "cms/issuer_path.h"

#include <openssl/err.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "cms/openssl.h"
#include "cms/revocation.h"

namespace paraph::cms {
namespace {

bool has(const std::vector<Certificate>& set, const Certificate& one) {
  return std::find(set.begin(), set.end(), one) != set.end();
}

/// Two CAs may share a name, or one have changed its key: the signature tells whose it is.
bool issued_by(const Certificate& certificate, const Certificate& issuer) {
  X509* const x509 = certificate.impl().x509.get();
  X509* const above = issuer.impl().x509.get();
  const bool issued = X509_check_issued(above, x509) == X509_V_OK &&
                      X509_verify(x509, X509_get0_pubkey(above)) == 1;
  ERR_clear_error();
  return issued;
}

/// A root ends the path, so it goes before a cross-certificate of the same CA, unless the root ended before it; else the one
/// that lasts longest.
bool better(const Certificate& a, const Certificate& b, TimePoint at) {
  const auto rank = [&](const Certificate& one) {
    return std::tuple(one.not_after() >= at, self_signed(one), one.not_after());
  };
  return rank(a) > rank(b);
}

const Certificate* issuer_of(const Certificate& certificate,
                             const std::vector<const std::vector<Certificate>*>& sets,
                             TimePoint at) {
  const Certificate* found = nullptr;
  for (const auto* set : sets)
    for (const Certificate& candidate : *set)
      if (issued_by(certificate, candidate) && (found == nullptr || better(candidate, *found, at)))
        found = &candidate;
  return found;
}

}  // namespace

bool self_signed(const Certificate& certificate) {
  return (X509_get_extension_flags(certificate.impl().x509.get()) & EXFLAG_SS) != 0;
}

IssuerPath issuer_path(const Certificate& leaf, std::vector<Certificate> given,
                       const TrustAnchors& anchors, TimePoint at) {
  IssuerPath out{std::move(given)};
  Certificate top = leaf;
  for (int depth = 0; depth < kMaxChainDepth && !self_signed(top); ++depth) {
    const auto* issuer =
        issuer_of(top, {&out.issuers, &anchors.certificates(), &anchors.issuers()}, at);
    if (issuer == nullptr) {
      if (!has(anchors.certificates(), top)) out.missing = top.issuer();
      break;
    }
    top = *issuer;  // before the vector grows, in which it may lie
    if (!self_signed(top) && !has(out.issuers, top)) out.issuers.push_back(top);
  }
  return out;
}

}  // namespace paraph::cms
