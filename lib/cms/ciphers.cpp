#include "cms/ciphers.h"

#include "base/ascii.h"
#include "cms/openssl.h"

namespace paraph::cms {
namespace {

using namespace std::string_view_literals;

// RFC 3565 §4.1, RFC 5084 §3.2: 2.16.840.1.101.3.4.1.x
constexpr std::array<CipherRow, 3> kCiphers = {{
    {ContentCipher::aes_256_cbc, "AES-256-CBC", "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2A"sv,
     32, 16, false},
    {ContentCipher::aes_256_gcm, "AES-256-GCM", "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2E"sv,
     32, 12, true},
    {ContentCipher::aes_128_cbc, "AES-128-CBC", "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x02"sv,
     16, 16, false},
}};

constexpr std::size_t index(ContentCipher cipher) {
  return static_cast<std::size_t>(cipher);
}

}  // namespace

const CipherRow& cipher_row(ContentCipher cipher) {
  return kCiphers.at(index(cipher));
}

std::string_view cipher_name(ContentCipher cipher) {
  return cipher_row(cipher).name;
}

std::optional<ContentCipher> cipher_from_name(std::string_view name) {
  for (const auto& row : kCiphers)
    if (ascii::iequals(row.name, name)) return row.cipher;
  return std::nullopt;
}

const EVP_CIPHER* fetched(ContentCipher cipher) {
  static const auto ciphers = [] {
    std::array<EVP_CIPHER*, kCiphers.size()> all{};
    for (const auto& row : kCiphers)
      all.at(index(row.cipher)) = EVP_CIPHER_fetch(library(), row.name.data(), nullptr);
    return all;
  }();
  return ciphers.at(index(cipher));
}

const EVP_CIPHER* fetched_aes256_wrap() {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(library(), "AES-256-WRAP", nullptr);
  return cipher;
}

const EVP_MD* fetched_sha256() {
  static const EVP_MD* const digest = EVP_MD_fetch(library(), "SHA2-256", nullptr);
  return digest;
}

}  // namespace paraph::cms
