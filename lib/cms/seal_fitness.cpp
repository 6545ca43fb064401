#include <array>
#include <chrono>

#include "cms/seal.h"
#include "cms/trust.h"
#include "cms/wrap.h"

namespace paraph::cms {
namespace {

/// Security rule 47: clocks differ, on the start of a certificate only.
constexpr std::chrono::minutes kSkew{5};

constexpr std::array<std::string_view, 11> kNames = {
    "good",     "missing",         "unreadable", "expired",   "not_yet_valid", "wrong_usage",
    "weak_key", "unsupported_key", "is_ca",      "untrusted", "revoked"};

bool strong_enough(const Certificate& certificate, const Policy& policy) {
  if (certificate.key_type() == KeyType::ec)
    return curve_of(X509_get0_pubkey(certificate.impl().x509.get())) != nullptr;
  const int bits = certificate.key_bits();
  return bits >= policy.min_rsa_bits && bits <= policy.max_rsa_bits && sane_rsa(certificate);
}

}  // namespace

std::string_view to_string(SealFitness fitness) {
  return kNames.at(static_cast<std::size_t>(fitness));
}

SealFitness fitness(const Certificate& certificate, TimePoint at, const Policy& policy) {
  if (certificate.is_ca()) return SealFitness::is_ca;
  const KeyType type = certificate.key_type();
  if (type != KeyType::rsa && type != KeyType::ec) return SealFitness::unsupported_key;
  if (!strong_enough(certificate, policy)) return SealFitness::weak_key;
  if (!certificate.may_encrypt() || !certificate.eku_allows_email())
    return SealFitness::wrong_usage;
  if (certificate.not_before() > at + kSkew) return SealFitness::not_yet_valid;
  if (certificate.not_after() < at) return SealFitness::expired;
  return SealFitness::good;
}

}  // namespace paraph::cms
