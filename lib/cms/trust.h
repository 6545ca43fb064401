#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ports.h"
#include "base/result.h"
#include "cms/certificate.h"
#include "cms/crl.h"

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
  bad_chain,    ///< path length, name constraints, broken signature in the chain
  wrong_policy  ///< certificate policies (RFC 5280 §6.1.3 (d) to (f))
};

struct Policy {
  int min_rsa_bits = 2048;
  int max_rsa_bits = 8192;
  /// Digests that a signature may use, as SignerInfo::digest names them; empty: SHA-256 and better.
  std::vector<std::string> digests = {};
  /// Dotted OIDs, one of which the whole path must assert (RFC 5280 §6.1.1 (c), (e)); "2.5.29.32.0": any. Empty: none has to
  /// be there, and what the CAs of the path require of it holds all the same. What is no OID is asserted by no path.
  std::vector<std::string> required_policies = {};

  friend bool operator==(const Policy&, const Policy&) = default;
};

/// What is asked of revocation lists (security rule 23). `off`: nothing. `soft`: a certificate that a CRL at hand names is
/// `revoked`; that none is at hand is told. `require`: the same, and the caller does not go on without.
enum class CrlCheck : std::uint8_t { off, soft, require };
[[nodiscard]] std::string_view to_string(CrlCheck check);
[[nodiscard]] std::optional<CrlCheck> crl_check_from(std::string_view word);

struct Revocation {
  CrlCheck check = CrlCheck::off;
  CrlSet crls = {};
  TimePoint now{};  ///< today, though the chain be judged as of an earlier time (security rule 18)
};

/// The set of trusted CAs of one site. Immutable and cheap to copy: reloading makes a new one.
/// Each certificate given is an anchor, self-signed or not: an administrator put it there, so an intermediate
/// or a single pinned certificate may end a path.
/// Empty (no trust) is valid: then every chain is `untrusted_issuer`. Never the system's TLS bundle
/// (security rule 19).
class TrustAnchors {
 public:
  TrustAnchors();
  /// `issuers` are CA certificates that may stand in the middle of a path, or sign CRLs, though no message brings them;
  /// they are not trusted.
  [[nodiscard]] static TrustAnchors from(const std::vector<Certificate>& anchors,
                                         const std::vector<Certificate>& issuers = {});
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] const std::vector<Certificate>& certificates() const;
  [[nodiscard]] const std::vector<Certificate>& issuers() const;

  /// Builds a path from `leaf` over `untrusted` to an anchor and judges it at `at`: dates, CA flags, path
  /// length, name constraints, EKU intersection over every non-root certificate (rule 24), keyUsage of the leaf
  /// for `purpose`, key sizes and signature digests of each link. Depth ≤ 10. No URL is fetched. notBefore has a
  /// tolerance of 5 minutes, notAfter none (rule 47). Nobody seals to a CA certificate:
  /// `wrong_usage`; whether one may sign mail is the caller's affair (RFC 5280 lets it).
  /// Of several faults the first of this order is told: untrusted_issuer, bad_chain, wrong_policy, revoked, expired,
  /// not_yet_valid, wrong_usage, weak_key, weak_digest. The signature of the anchor itself is not judged.
  enum class Purpose : std::uint8_t { sign, encrypt };
  struct Verdict {
    ChainStatus status = ChainStatus::untrusted_issuer;
    std::string detail = {};  ///< OpenSSL's words or ours, for administrators
    std::string revocation_unknown =
        {};  ///< why, when `good` but for that; empty: checked, or not asked
  };
  [[nodiscard]] Verdict judge(const Certificate& leaf, const std::vector<Certificate>& untrusted,
                              TimePoint at, Purpose purpose, const Policy& policy,
                              const Revocation& revocation = {}) const;

 private:
  struct Impl;
  explicit TrustAnchors(std::shared_ptr<const Impl> impl);
  std::shared_ptr<const Impl> impl_;
};

}  // namespace paraph::cms
