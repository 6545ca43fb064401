#pragma once

// For this module only: RecipientInfos (RFC 5652 §6.2) as our own DER.

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "cms/ciphers.h"
#include "cms/openssl.h"
#include "cms/recipient.h"

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
[[nodiscard]] const Curve* curve_of(std::size_t field_octets);

struct Recipient::Impl {
  std::string head;  ///< ktri: RecipientInfo before the wrapped key; kari: IssuerAndSerialNumber
  KeyContextPtr encrypt;  ///< RSA: initialised, padding set
  KeyPtr peer;            ///< EC: public point, validated
  const Curve* curve = nullptr;
  std::size_t wrapped_octets = 0;  ///< RSA: size of the modulus
};

/// The content key, and one ephemeral key per curve that is made when first needed (RFC 5753
/// §3.1.1): what one kari with many recipients would share, shared by the copies of one content and
/// never beyond.
class KeyWrapper {
 public:
  /// Draws the content key; an Error when there is no randomness.
  [[nodiscard]] Result<void> generate(std::size_t octets);
  [[nodiscard]] const unsigned char* key() const { return key_.data(); }

  /// The recipient's RecipientInfo behind `out`, which is unchanged on an Error.
  [[nodiscard]] Result<void> append(std::string& out, const Recipient::Impl& recipient);

 private:
  struct Agreement {
    KeyContextPtr derive;    ///< holds the ephemeral key
    std::string originator;  ///< originator [0], DER
  };
  using Wrapped = std::array<unsigned char, kMaxKeyOctets + 8>;
  [[nodiscard]] Result<void> key_transport(std::string& out,
                                           const Recipient::Impl& recipient) const;
  [[nodiscard]] Result<void> key_agreement(std::string& out, const Recipient::Impl& recipient);
  [[nodiscard]] Result<const Agreement*> agreement(const Curve& curve);
  [[nodiscard]] Result<void> wrap(const unsigned char* kek, Wrapped& out);

  Secret<kMaxKeyOctets> key_;
  std::size_t octets_ = 0;
  std::array<Agreement, kCurves> agreements_;
  CipherContextPtr wrap_;
  DigestContextPtr kdf_;
};

}  // namespace paraph::cms
