#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ports.h"
#include "base/result.h"
#include "cms/certificate.h"

namespace paraph::cms {

/// Why a certificate is or is not to be trusted for S/MIME, at a given time. `good` only when all holds.
enum class ChainStatus : std::uint8_t {
  good,
  expired,
  not_yet_valid,
  revoked,
  untrusted_issuer,
  wrong_usage,
  weak_key,
  weak_digest,
  bad_chain  ///< path length, name constraints, broken signature in the chain
};

struct Policy {
  int min_rsa_bits = 2048;
  int max_rsa_bits = 8192;
};

/// The set of trusted CAs of one site. Immutable and cheap to copy: reloading makes a new one.
/// Each certificate given is an anchor, self-signed or not: an administrator put it there, so an intermediate
/// or a single pinned certificate may end a path.
/// Empty (no trust) is valid: then every chain is `untrusted_issuer`. Never the system's TLS bundle
/// (security rule 19).
class TrustAnchors {
 public:
  TrustAnchors();
  [[nodiscard]] static TrustAnchors from(const std::vector<Certificate>& anchors);
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] const std::vector<Certificate>& certificates() const;

  /// Builds a path from `leaf` over `untrusted` to an anchor and judges it at `at`: dates, CA flags, path
  /// length, name constraints, EKU intersection over every non-root certificate (rule 24), keyUsage of the leaf
  /// for `purpose`, key sizes and signature digests of each link. Depth ≤ 10. No URL is fetched. notBefore has a
  /// tolerance of 5 minutes, notAfter none (rule 47). A CA certificate is no leaf: `wrong_usage`.
  /// Of several faults the first of this order is told: untrusted_issuer, bad_chain, expired, not_yet_valid,
  /// wrong_usage, weak_key, weak_digest. The signature of the anchor itself is not judged.
  enum class Purpose : std::uint8_t { sign, encrypt };
  struct Verdict {
    ChainStatus status = ChainStatus::untrusted_issuer;
    std::string detail;  ///< OpenSSL's words or ours, for administrators
  };
  [[nodiscard]] Verdict judge(const Certificate& leaf, const std::vector<Certificate>& untrusted,
                              TimePoint at, Purpose purpose, const Policy& policy) const;

 private:
  struct Impl;
  explicit TrustAnchors(std::shared_ptr<const Impl> impl);
  std::shared_ptr<const Impl> impl_;
};

}  // namespace paraph::cms
