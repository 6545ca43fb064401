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

  /// The whole ContentInfo for one recipient and nobody else: only his RecipientInfo and the shared tail.
  /// RSA: PKCS#1 v1.5; EC (P-256, P-384, P-521): ephemeral-static ECDH, SHA-256 KDF, AES-256 wrap. An Error for any
  /// key this cannot be done with.
  [[nodiscard]] Result<std::string> for_recipient(const Certificate& recipient);
  /// The same as base64 lines of at most 72 characters with CRLF, sharing the encoded tail between recipients
  /// (a short line in the middle is legal).
  [[nodiscard]] Result<std::string> base64_for_recipient(const Certificate& recipient);
  /// The same put behind what `out` holds, with the line ends that its user wants; `out` is unchanged on an Error.
  enum class LineEnd : std::uint8_t { crlf, lf };
  [[nodiscard]] Result<void> append_base64(std::string& out, const Certificate& recipient,
                                           LineEnd line_end);
  [[nodiscard]] ContentCipher cipher() const;

 private:
  struct Impl;
  explicit SealedContent(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Why a certificate cannot be sealed to; `good` when it can.
enum class SealFitness : std::uint8_t {
  good,
  missing,
  unreadable,
  expired,
  not_yet_valid,
  wrong_usage,
  weak_key,
  unsupported_key,
  is_ca,
  untrusted,
  revoked
};
[[nodiscard]] std::string_view to_string(SealFitness fitness);  ///< "weak_key"
/// Dates, CA flag, keyUsage and EKU, key type and size; no chain (that is TrustAnchors::judge()).
[[nodiscard]] SealFitness fitness(const Certificate& certificate, TimePoint at,
                                  const Policy& policy);

/// A detached SignedData over `content` (canonical CRLF, signed as is): SHA-256, signed attributes, the signer's
/// certificate and `chain` included. RSA PKCS#1 v1.5, RSA-PSS keys with salt = digest length, or ECDSA.
[[nodiscard]] Result<std::string> sign_detached(std::string_view content, const KeyPair& signer,
                                                const std::vector<Certificate>& chain,
                                                TimePoint at);

}  // namespace paraph::cms
