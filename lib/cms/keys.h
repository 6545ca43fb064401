#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ports.h"
#include "base/result.h"
#include "cms/certificate.h"

namespace paraph::cms {

/// A private key in memory; freed and cleansed with its last copy.
class PrivateKey {
 public:
  /// PKCS#8 (plain or encrypted) or traditional PEM. `passphrase` empty: none; never prompts. Errors are
  /// `later` (an administrator can mend a passphrase): "wrong passphrase, or none given", "no private key found".
  [[nodiscard]] static Result<PrivateKey> from_pem(std::string_view pem,
                                                   std::string_view passphrase);
  [[nodiscard]] bool matches(const Certificate& certificate) const;

  struct Impl;
  [[nodiscard]] const Impl& impl() const { return *impl_; }

 private:
  explicit PrivateKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  friend struct KeyFactory;
  std::shared_ptr<const Impl> impl_;
};

struct KeyPair {
  Certificate certificate;
  PrivateKey key;
};

/// What `paraph key generate` makes (security rule 47).
enum class KeyAlgorithm : std::uint8_t { rsa_3072, ec_p256 };
enum class KeyPurpose : std::uint8_t { both, sign, encrypt };

struct KeyRequest {
  KeyAlgorithm algorithm = KeyAlgorithm::rsa_3072;
  KeyPurpose purpose = KeyPurpose::both;
  std::string common_name;
  std::vector<std::string> emails;  ///< each becomes a SAN rfc822Name
  TimePoint not_before;
  int days = 730;
};
struct GeneratedKey {
  std::string
      private_key_pem;  ///< PKCS#8; encrypted (AES-256-CBC, PBKDF2) when a passphrase was given
  std::string certificate_pem;  ///< self-signed, CA:FALSE, emailProtection
  std::string request_pem;      ///< PKCS#10 for a CA to sign
};
[[nodiscard]] Result<GeneratedKey> generate_key(const KeyRequest& request,
                                                std::string_view passphrase);
/// A request (PKCS#10, PEM) for a key that is there already. Algorithm and dates of `request` say nothing.
[[nodiscard]] Result<std::string> request_for(const PrivateKey& key, const KeyRequest& request);

/// Random and Digest over OpenSSL.
[[nodiscard]] Random& random();
[[nodiscard]] const Digest& digest();

}  // namespace paraph::cms
