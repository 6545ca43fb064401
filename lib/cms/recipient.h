#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/ports.h"
#include "base/result.h"
#include "cms/certificate.h"
#include "cms/trust.h"

/// Whom content is sealed to: the facts of a certificate that sealing needs, and the key made ready once for any number
/// of copies.
namespace paraph::cms {

/// How RSA carries the content key: PKCS#1 v1.5 (RFC 3370 §4.2.1; every reader opens it), or OAEP with SHA-256
/// (RFC 3560, RFC 4055; gpgsm does not). EC keys always agree on one.
enum class KeyTransport : std::uint8_t { pkcs1, oaep };
[[nodiscard]] std::string_view to_string(KeyTransport transport);
[[nodiscard]] std::optional<KeyTransport> key_transport_from(std::string_view word);

/// Why a certificate cannot be sealed to; `good` when it can.
enum class SealFitness : std::uint8_t {
  good,
  missing,
  unreadable,
  expired,
  not_yet_valid,
  wrong_usage,
  weak_key,         ///< too short
  unsupported_key,  ///< of another kind, on another curve, or longer than we take
  unsafe_key,  ///< whatever its length: of a faulty generator (CVE-2017-15361), no point of its curve, e = 1
  is_ca,
  untrusted,
  revoked,
  revocation_unknown  ///< no current CRL, where one is required
};
[[nodiscard]] std::string_view to_string(SealFitness fitness);  ///< "weak_key"

/// A certificate as sealing sees it. Made by facts_of(), which checks the key: RSA with an odd modulus and an odd
/// e ≥ 3, an EC point on P-256, P-384 or P-521 that was validated (SP 800-56A §5.6.2.3.4).
struct RecipientFacts {
  KeyType key_type = KeyType::other;
  int key_bits = 0;
  /// `good`: passed those checks; else there is no key below, and this says why.
  SealFitness key = SealFitness::unsupported_key;
  bool is_ca = false, may_encrypt = false, eku_allows_email = false;
  TimePoint not_before{}, not_after{};
  std::string sha256;      ///< of the certificate, as Certificate::sha256() has it
  std::string name;        ///< IssuerAndSerialNumber, DER
  std::string public_key;  ///< RSA: the modulus, big endian; EC: the point, 04 X Y
  std::string exponent;    ///< RSA, big endian
};
[[nodiscard]] RecipientFacts facts_of(const Certificate& certificate);

/// Facts as octets and back: what may be stored so that no certificate is parsed (150 to 290 µs) when the next process
/// seals. decode() refuses what encode() does not write, but the octets are believed to come from encode(): whoever
/// stores them guards them like the certificates themselves.
[[nodiscard]] std::string encode(const RecipientFacts& facts);
[[nodiscard]] std::optional<RecipientFacts> decode_facts(std::string_view octets);

/// Dates, CA flag, keyUsage and EKU, key type and size; no chain (that is TrustAnchors::judge()).
[[nodiscard]] SealFitness fitness(const RecipientFacts& facts, TimePoint at, const Policy& policy);
[[nodiscard]] SealFitness fitness(const Certificate& certificate, TimePoint at,
                                  const Policy& policy);
/// fitness() is the same for every moment of [since, until): the dates that count lie outside.
struct Period {
  TimePoint since = TimePoint::min(), until = TimePoint::max();
};
[[nodiscard]] Period steady_period(const RecipientFacts& facts, TimePoint at);

/// One recipient made ready: key, contexts and the constant octets of his RecipientInfo. Any number of copies, by one
/// thread at a time.
class Recipient {
 public:
  /// An Error for a key that nothing can be sealed to. Dates and usage are fitness()'s affair.
  [[nodiscard]] static Result<Recipient> from(const RecipientFacts& facts, KeyTransport transport);
  [[nodiscard]] static Result<Recipient> from(const Certificate& certificate,
                                              KeyTransport transport = KeyTransport::pkcs1);
  Recipient(Recipient&&) noexcept;
  Recipient& operator=(Recipient&&) noexcept;
  ~Recipient();
  /// Octets that it takes in memory, OpenSSL's part estimated.
  [[nodiscard]] std::size_t footprint() const;

  struct Impl;  ///< the OpenSSL side, for this module only
  [[nodiscard]] Impl& impl() const { return *impl_; }

 private:
  explicit Recipient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace paraph::cms
