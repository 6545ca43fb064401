#pragma once

// For this module only: what the content ciphers are made of.

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <string_view>

#include "cms/seal.h"

namespace paraph::cms {

/// Octets that are wiped when they go. Neither copied nor moved: a second place would need wiping
/// too.
template <std::size_t N>
class Secret {
 public:
  Secret() = default;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { OPENSSL_cleanse(octets_.data(), octets_.size()); }
  [[nodiscard]] unsigned char* data() { return octets_.data(); }
  [[nodiscard]] const unsigned char* data() const { return octets_.data(); }

 private:
  std::array<unsigned char, N> octets_{};
};

struct CipherRow {
  ContentCipher cipher;
  std::string_view name;  ///< as people and OpenSSL write it
  std::string_view oid;   ///< the whole OBJECT IDENTIFIER, DER
  std::size_t key_octets;
  std::size_t iv_octets;
  bool authenticated;  ///< AuthEnvelopedData (RFC 5083), with a tag
};
[[nodiscard]] const CipherRow& cipher_row(ContentCipher cipher);

inline constexpr std::size_t kMaxKeyOctets = 32;
inline constexpr std::size_t kTagOctets = 16;

/// Fetched once from library(): an implicit fetch per use would cost more than the use. Null when
/// the provider lacks it, which every EVP call answers with an error.
[[nodiscard]] const EVP_CIPHER* fetched(ContentCipher cipher);
[[nodiscard]] const EVP_CIPHER* fetched_aes256_wrap();
[[nodiscard]] const EVP_MD* fetched_sha256();

}  // namespace paraph::cms
