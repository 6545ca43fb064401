#pragma once

// For this module only: RecipientInfos (RFC 5652 §6.2) as our own DER.

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "cms/certificate.h"
#include "cms/ciphers.h"
#include "cms/openssl.h"

namespace paraph::cms {

/// Curves on which we agree on keys (RFC 5753, FIPS 186-4); all have cofactor 1.
struct Curve {
  const char* group;  ///< OpenSSL's name
  std::size_t field_octets;
  std::size_t slot;  ///< position in the table
};
inline constexpr std::size_t kCurves = 3;
/// The curve of an EC key, or null for any other.
[[nodiscard]] const Curve* curve_of(EVP_PKEY* key);
/// n odd, e odd and at least 3: with e = 1 the "wrapped" key would lie open. (Large e: Certificate
/// refuses it.)
[[nodiscard]] bool sane_rsa(const Certificate& certificate);

/// All that sealing needs of one certificate and that no content changes: checked key, contexts,
/// constant octets. Good for any number of wraps, by one thread at a time.
struct PreparedRecipient {
  std::string head;  ///< ktri: RecipientInfo before the wrapped key; kari: IssuerAndSerialNumber
  KeyContextPtr encrypt;  ///< RSA: initialised, PKCS#1 v1.5
  KeyPtr peer;            ///< EC: public point, validated
  const Curve* curve = nullptr;
  std::size_t wrapped_octets = 0;  ///< RSA: size of the modulus

  [[nodiscard]] static Result<PreparedRecipient> from(const Certificate& certificate);
};

/// The content key, and one ephemeral key per curve that is made when first needed (RFC 5753
/// §3.1.1): what one kari with many recipients would share, shared by the copies of one content and
/// never beyond.
class KeyWrapper {
 public:
  /// Draws the content key; an Error when there is no randomness.
  [[nodiscard]] Result<void> generate(std::size_t octets);
  [[nodiscard]] const unsigned char* key() const { return key_.data(); }

  [[nodiscard]] Result<std::string> recipient_info(const PreparedRecipient& recipient);

 private:
  struct Agreement {
    KeyContextPtr derive;    ///< holds the ephemeral key
    std::string originator;  ///< originator [0], DER
  };
  [[nodiscard]] Result<std::string> key_transport(const PreparedRecipient& recipient) const;
  [[nodiscard]] Result<std::string> key_agreement(const PreparedRecipient& recipient);
  [[nodiscard]] Result<const Agreement*> agreement(const Curve& curve);
  [[nodiscard]] Result<std::string> wrap(const unsigned char* kek);

  Secret<kMaxKeyOctets> key_;
  std::size_t octets_ = 0;
  std::array<Agreement, kCurves> agreements_;
  CipherContextPtr wrap_;
  DigestContextPtr kdf_;
};

}  // namespace paraph::cms
