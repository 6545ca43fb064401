#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cms/certificate.h"
#include "cms/keys.h"
#include "cms/recipient.h"
#include "cms/trust.h"

/// Sealing: the content is encrypted once, each recipient costs one key wrap. RecipientInfos and the
/// containers are our own DER over EVP_PKEY_encrypt/derive (RFC 5652 §6.2, RFC 5753, RFC 5083).
namespace paraph::cms {

enum class ContentCipher : std::uint8_t { aes_256_cbc, aes_256_gcm, aes_128_cbc };
[[nodiscard]] std::string_view cipher_name(ContentCipher cipher);  ///< "AES-256-CBC"
[[nodiscard]] std::optional<ContentCipher> cipher_from_name(
    std::string_view name);  ///< "aes-256-cbc", any case

/// One content under one fresh key and nonce (security rule 37): move-only, cleansed at the end, used for exactly
/// one encryption. The ephemeral EC key of kari recipients is shared inside it, never beyond. One thread at a time.
/// A failed recipient changes nothing for the next.
class SealedContent {
 public:
  /// Encrypts `content` (canonical CRLF MIME entity).
  [[nodiscard]] static Result<SealedContent> encrypt(std::string_view content,
                                                     ContentCipher cipher);
  SealedContent(SealedContent&&) noexcept;
  SealedContent& operator=(SealedContent&&) noexcept;
  ~SealedContent();

  /// The whole ContentInfo for one recipient and nobody else, DER: only his RecipientInfo and the encrypted content.
  [[nodiscard]] Result<std::string> for_recipient(const Recipient& recipient);
  /// The same as base64 lines of at most 72 characters in two pieces (a short line in the middle is legal): his own
  /// some 600 octets are put behind `out`, which is unchanged on an Error; the rest is returned, one of three texts that
  /// all copies share, made when first needed. It begins and ends with a line and lives as long as this object.
  enum class LineEnd : std::uint8_t { crlf, lf };
  [[nodiscard]] Result<std::string_view> append_base64(std::string& out, const Recipient& recipient,
                                                       LineEnd line_end);
  [[nodiscard]] ContentCipher cipher() const;

 private:
  struct Impl;
  explicit SealedContent(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Why a certificate must not sign mail of ours; `good` when it may.
enum class SignFitness : std::uint8_t {
  good,
  expired,
  not_yet_valid,
  wrong_usage,          ///< keyUsage, EKU, or a CA's certificate
  weak_key,             ///< shorter than the policy wants
  weak_digest,          ///< its issuer signed it with less than SHA-256
  demands_weak_digest,  ///< its RSASSA-PSS parameters allow none of ours, as SHA-1 (RFC 4055 §3.1)
  unsupported_key       ///< neither RSA nor an elliptic curve
};
[[nodiscard]] std::string_view to_string(SignFitness fitness);  ///< "weak_key"
/// The certificate alone; no chain. A self-signed one may be weakly signed: nothing rests on that.
[[nodiscard]] SignFitness sign_fitness(const Certificate& certificate, TimePoint at,
                                       const Policy& policy);

/// Who signs: his key, the certificates that readers need to reach an authority, and, where it is another one, the
/// certificate that answers shall be encrypted to (SMIMEEncryptionKeyPreference, RFC 8551 §2.5.3), which goes along.
struct Signer {
  KeyPair pair;
  std::vector<Certificate> chain;
  std::optional<Certificate> encrypt_to;
};
/// SHA-256; with a curve of more than 256 bits SHA-384 or SHA-512 (RFC 5753 §7), and what an RSA-PSS key demands.
/// "sha-256", as the micalg parameter has it; empty when sign_detached() must refuse the key.
[[nodiscard]] std::string_view signing_digest(const PrivateKey& key);

/// A detached SignedData over `content` (canonical CRLF, signed as is): signed attributes, the signer's
/// certificate and chain included. RSA PKCS#1 v1.5, RSA-PSS keys with salt = digest length, or ECDSA.
[[nodiscard]] Result<std::string> sign_detached(std::string_view content, const Signer& signer,
                                                TimePoint at);

}  // namespace paraph::cms
