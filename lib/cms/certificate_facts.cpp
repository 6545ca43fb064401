// What a certificate says about itself: names, dates, key, uses.

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <array>

#include <fmt/core.h>

#include "base/ascii.h"
#include "base/encode.h"
#include "cms/certificate.h"
#include "cms/der.h"
#include "cms/openssl.h"
#include "cms/public_key.h"

namespace paraph::cms {
namespace {

using EkuPtr = std::unique_ptr<EXTENDED_KEY_USAGE, Freed<EXTENDED_KEY_USAGE_free>>;
using BignumPtr = std::unique_ptr<BIGNUM, Freed<BN_free>>;

template <class Object, class Encode>
std::string der_of(const Object* object, Encode encode) {
  unsigned char* out = nullptr;
  const int length = encode(object, &out);
  std::string der;
  if (length > 0) {
    der.assign(reinterpret_cast<const char*>(out), static_cast<std::size_t>(length));
    OPENSSL_free(out);
  }
  return der;
}

const EVP_PKEY* public_key(const X509* x509) {
  const EVP_PKEY* key = X509_get0_pubkey(x509);
  ERR_clear_error();  // an algorithm nobody here knows is KeyType::other, not a fault
  return key;
}

struct KeyName {
  const char* openssl;
  KeyType type;
  const char* shown;
};
constexpr std::array kKeyNames{
    KeyName{"RSA", KeyType::rsa, "RSA"},       KeyName{"RSA-PSS", KeyType::rsa_pss, "RSA-PSS"},
    KeyName{"EC", KeyType::ec, "EC"},          KeyName{"ED25519", KeyType::ed25519, "Ed25519"},
    KeyName{"ED448", KeyType::ed448, "Ed448"}, KeyName{"X25519", KeyType::x25519, "X25519"},
    KeyName{"X448", KeyType::x448, "X448"},    KeyName{"DSA", KeyType::dsa, "DSA"},
};

const KeyName* key_name(const X509* x509) {
  const EVP_PKEY* key = public_key(x509);
  for (const KeyName& row : kKeyNames) {
    if (key != nullptr && EVP_PKEY_is_a(key, row.openssl) == 1) {
      return &row;
    }
  }
  return nullptr;
}

/// "P-256", or OpenSSL's name where NIST has none: "brainpoolP256r1".
std::string curve_name(const EVP_PKEY* key) {
  std::array<char, 80> group{};
  std::size_t length = 0;
  if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group.data(), group.size(),
                                     &length) != 1) {
    ERR_clear_error();
    return "of an unknown curve";
  }
  const char* nist = EC_curve_nid2nist(OBJ_sn2nid(group.data()));
  return nist != nullptr ? nist : std::string(group.data(), length);
}

/// Whether the extensions that decide about use could be read at all.
bool extensions_valid(X509* x509) {
  const bool valid = (X509_get_extension_flags(x509) & EXFLAG_INVALID) == 0;
  ERR_clear_error();
  return valid;
}

/// keyUsage as a bit mask; every bit when the extension is absent (RFC 8550 §4.4.2).
std::uint32_t key_usage(X509* x509) {
  return extensions_valid(x509) ? X509_get_key_usage(x509) : 0;
}

}  // namespace

std::string Certificate::pem() const {
  return "-----BEGIN CERTIFICATE-----\n" + base64_encode(impl_->der, 64, "\n") +
         "-----END CERTIFICATE-----\n";
}

std::string Certificate::sha256() const {
  return impl_->sha256.get([this] { return ascii::hex_upper(digest().sha256(impl_->der)); });
}

std::string Certificate::subject() const {
  return print_name(X509_get_subject_name(impl_->x509.get()));
}

std::string Certificate::issuer() const {
  return print_name(X509_get_issuer_name(impl_->x509.get()));
}

std::string Certificate::common_name() const {
  const X509_NAME* subject = X509_get_subject_name(impl_->x509.get());
  int last = -1;
  for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0;) {
    last = at;  // the most specific one stands last
  }
  if (last < 0) {
    return {};
  }
  unsigned char* utf8 = nullptr;
  const int length =
      ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, last)));
  if (length < 0) {
    ERR_clear_error();
    return {};
  }
  std::string name(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(length));
  OPENSSL_free(utf8);
  return name;
}

std::string Certificate::serial() const {
  const BignumPtr number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(impl_->x509.get()), nullptr));
  char* hex = number ? BN_bn2hex(number.get()) : nullptr;
  std::string text = hex != nullptr ? hex : "";
  OPENSSL_free(hex);
  return text;
}

// from_der() has refused dates that cannot be read.
TimePoint Certificate::not_before() const {
  return *to_time_point(X509_get0_notBefore(impl_->x509.get()));
}

TimePoint Certificate::not_after() const {
  return *to_time_point(X509_get0_notAfter(impl_->x509.get()));
}

KeyType Certificate::key_type() const {
  const KeyName* row = key_name(impl_->x509.get());
  return row != nullptr ? row->type : KeyType::other;
}

int Certificate::key_bits() const {
  const EVP_PKEY* key = public_key(impl_->x509.get());
  return key != nullptr ? EVP_PKEY_get_bits(key) : 0;
}

std::string Certificate::key_description() const {
  const KeyName* row = key_name(impl_->x509.get());
  if (row == nullptr) {
    return "unknown key";
  }
  switch (row->type) {
    case KeyType::ec:
      return fmt::format("{} {}", row->shown, curve_name(public_key(impl_->x509.get())));
    case KeyType::rsa:
    case KeyType::rsa_pss:
    case KeyType::dsa:
      return fmt::format("{} {}", row->shown, key_bits());
    default:
      return row->shown;
  }
}

bool Certificate::is_ca() const {
  return (X509_get_extension_flags(impl_->x509.get()) & EXFLAG_CA) != 0;
}

bool Certificate::may_sign() const {
  const KeyType type = key_type();
  if (type == KeyType::x25519 || type == KeyType::x448) {
    return false;
  }
  return (key_usage(impl_->x509.get()) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) != 0;
}

bool Certificate::may_encrypt() const {
  const std::uint32_t usage = key_usage(impl_->x509.get());
  switch (key_type()) {
    case KeyType::rsa:
      return (usage & KU_KEY_ENCIPHERMENT) != 0;
    case KeyType::ec:
    case KeyType::x25519:
    case KeyType::x448:
      return (usage & KU_KEY_AGREEMENT) != 0;
    default:
      return false;
  }
}

bool Certificate::eku_allows_email() const {
  int critical = -1;
  const EkuPtr uses(static_cast<EXTENDED_KEY_USAGE*>(
      X509_get_ext_d2i(impl_->x509.get(), NID_ext_key_usage, &critical, nullptr)));
  ERR_clear_error();
  if (!uses) {
    return critical == -1;  // absent; otherwise damaged or there twice
  }
  for (int i = 0; i < sk_ASN1_OBJECT_num(uses.get()); ++i) {
    const int use = OBJ_obj2nid(sk_ASN1_OBJECT_value(uses.get(), i));
    if (use == NID_email_protect || use == NID_anyExtendedKeyUsage) {
      return true;
    }
  }
  return false;
}

std::string Certificate::issuer_and_serial_der() const {
  const unsigned char* name = nullptr;
  std::size_t length = 0;
  X509_NAME_get0_der(X509_get_issuer_name(impl_->x509.get()), &name, &length);
  const std::string issuer(reinterpret_cast<const char*>(name), length);
  return der::tlv(der::kSequence,
                  {issuer, der_of(X509_get0_serialNumber(impl_->x509.get()), i2d_ASN1_INTEGER)});
}

std::string Certificate::spki_sha256() const {
  return impl_->spki_sha256.get([this] {
    return ascii::hex_upper(
        digest().sha256(der_of(X509_get_X509_PUBKEY(impl_->x509.get()), i2d_X509_PUBKEY)));
  });
}

}  // namespace paraph::cms
