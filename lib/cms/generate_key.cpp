#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>

#include "cms/ciphers.h"
#include "cms/keys.h"
#include "cms/openssl.h"

namespace paraph::cms {
namespace {

using RequestPtr = std::unique_ptr<X509_REQ, Freed<X509_REQ_free>>;
using NamePtr = std::unique_ptr<X509_NAME, Freed<X509_NAME_free>>;
using OctetStringPtr = std::unique_ptr<ASN1_OCTET_STRING, Freed<ASN1_OCTET_STRING_free>>;
using BitStringPtr = std::unique_ptr<ASN1_BIT_STRING, Freed<ASN1_BIT_STRING_free>>;
using ConstraintsPtr = std::unique_ptr<BASIC_CONSTRAINTS, Freed<BASIC_CONSTRAINTS_free>>;
using UsagesPtr = std::unique_ptr<EXTENDED_KEY_USAGE, Freed<EXTENDED_KEY_USAGE_free>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>>;

void free_extensions(STACK_OF(X509_EXTENSION) * extensions) {
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
}

/// The extensions of certificate and request, in the order they were added.
class Extensions {
 public:
  bool add(int nid, void* value, bool critical) {
    STACK_OF(X509_EXTENSION)* raw = stack_.release();
    const int done = X509V3_add1_i2d(&raw, nid, value, critical ? 1 : 0, X509V3_ADD_APPEND);
    stack_.reset(raw);
    return value != nullptr && done == 1;
  }
  [[nodiscard]] STACK_OF(X509_EXTENSION) * get() const { return stack_.get(); }

 private:
  std::unique_ptr<STACK_OF(X509_EXTENSION), Freed<free_extensions>> stack_;
};

// Bits of keyUsage (RFC 5280 §4.2.1.3)
constexpr int kDigitalSignature = 0;
constexpr int kKeyEncipherment = 2;
constexpr int kKeyAgreement = 4;

constexpr int kSerialOctets = 16;
constexpr int kMaxDays = 36'500;
constexpr std::size_t kMaxAddress = 254;

bool plain_address(const std::string& email) {
  return !email.empty() && email.size() <= kMaxAddress && email.find('@') != std::string::npos &&
         std::all_of(email.begin(), email.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

Result<void> check(const KeyRequest& request) {
  const auto refuse = [](std::string what) {
    return Error::never(Errc::config, "key: " + std::move(what));
  };
  if (request.common_name.empty()) return refuse("a common name is needed");
  if (request.common_name.find('\0') != std::string::npos) return refuse("NUL in the common name");
  if (request.days < 1 || request.days > kMaxDays)
    return refuse("validity must be 1 to 36500 days");
  for (const auto& email : request.emails)
    // RFC 5280 §4.2.1.6: rfc822Name is an IA5String
    if (!plain_address(email)) return refuse("not an ASCII address, which a certificate needs");
  return {};
}

KeyPtr make_key(KeyAlgorithm algorithm) {
  return KeyPtr(algorithm == KeyAlgorithm::rsa_3072
                    ? EVP_PKEY_Q_keygen(library(), nullptr, "RSA", std::size_t{3072})
                    : EVP_PKEY_Q_keygen(library(), nullptr, "EC", SN_X9_62_prime256v1));
}

NamePtr make_subject(const std::string& common_name) {
  NamePtr name(X509_NAME_new());
  if (!name ||
      X509_NAME_add_entry_by_NID(name.get(), NID_commonName, MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>(common_name.data()),
                                 static_cast<int>(common_name.size()), -1, 0) != 1)
    return nullptr;
  return name;
}

bool add_key_usage(Extensions& out, const KeyRequest& request, const EVP_PKEY* key) {
  const BitStringPtr bits(ASN1_BIT_STRING_new());
  const int encrypting = EVP_PKEY_is_a(key, "EC") == 1 ? kKeyAgreement : kKeyEncipherment;
  bool ok = bits != nullptr;
  if (request.purpose != KeyPurpose::encrypt)
    ok = ok && ASN1_BIT_STRING_set_bit(bits.get(), kDigitalSignature, 1) == 1;
  if (request.purpose != KeyPurpose::sign)
    ok = ok && ASN1_BIT_STRING_set_bit(bits.get(), encrypting, 1) == 1;
  return ok && out.add(NID_key_usage, bits.get(), true);
}

bool add_alternative_names(Extensions& out, const std::vector<std::string>& emails) {
  if (emails.empty()) return true;  // an empty SubjectAltName is not legal
  const NamesPtr names(GENERAL_NAMES_new());
  if (!names) return false;
  for (const auto& email : emails) {
    GENERAL_NAME* const name = GENERAL_NAME_new();
    ASN1_IA5STRING* const text = ASN1_IA5STRING_new();
    if (name == nullptr || text == nullptr ||
        ASN1_STRING_set(text, email.data(), static_cast<int>(email.size())) != 1 ||
        sk_GENERAL_NAME_push(names.get(), name) <= 0) {
      GENERAL_NAME_free(name);
      ASN1_IA5STRING_free(text);
      return false;
    }
    GENERAL_NAME_set0_value(name, GEN_EMAIL, text);
  }
  return out.add(NID_subject_alt_name, names.get(), false);
}

/// RFC 7093 §2 (1): the left 160 bits of SHA-256 over the public key.
bool add_key_identifier(Extensions& out, EVP_PKEY* key) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  const OctetStringPtr identifier(ASN1_OCTET_STRING_new());
  const X509Ptr holder(X509_new_ex(library(), nullptr));  // what X509_pubkey_digest asks for
  return identifier && holder && X509_set_pubkey(holder.get(), key) == 1 &&
         X509_pubkey_digest(holder.get(), fetched_sha256(), digest.data(), nullptr) == 1 &&
         ASN1_OCTET_STRING_set(identifier.get(), digest.data(), 20) == 1 &&
         out.add(NID_subject_key_identifier, identifier.get(), false);
}

bool add_extensions(Extensions& out, const KeyRequest& request, EVP_PKEY* key) {
  const ConstraintsPtr constraints(BASIC_CONSTRAINTS_new());  // cA is FALSE by default
  const UsagesPtr usages(EXTENDED_KEY_USAGE_new());
  if (!constraints || !usages ||
      sk_ASN1_OBJECT_push(usages.get(), OBJ_nid2obj(NID_email_protect)) <= 0)
    return false;
  return out.add(NID_basic_constraints, constraints.get(), true) &&
         add_key_usage(out, request, key) && out.add(NID_ext_key_usage, usages.get(), false) &&
         add_alternative_names(out, request.emails) && add_key_identifier(out, key);
}

/// Positive, never zero and always 16 octets long (RFC 5280 §4.1.2.2).
bool set_serial(X509* certificate) {
  std::array<unsigned char, kSerialOctets> octets{};
  if (RAND_bytes_ex(library(), octets.data(), octets.size(), 0) != 1) return false;
  octets[0] = static_cast<unsigned char>((octets[0] & 0x7FU) | 0x40U);
  const std::unique_ptr<BIGNUM, Freed<BN_free>> number(
      BN_bin2bn(octets.data(), kSerialOctets, nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_validity(X509* certificate, const KeyRequest& request) {
  const TimePoint end = request.not_before + std::chrono::hours(24) * request.days;
  return ASN1_TIME_set(X509_getm_notBefore(certificate),
                       static_cast<time_t>(epoch(request.not_before))) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), static_cast<time_t>(epoch(end))) != nullptr;
}

X509Ptr make_certificate(const KeyRequest& request, EVP_PKEY* key, X509_NAME* subject,
                         Extensions& extensions) {
  X509Ptr out(X509_new_ex(library(), nullptr));
  if (!out || X509_set_version(out.get(), X509_VERSION_3) != 1 || !set_serial(out.get()) ||
      !set_validity(out.get(), request) || X509_set_subject_name(out.get(), subject) != 1 ||
      X509_set_issuer_name(out.get(), subject) != 1 || X509_set_pubkey(out.get(), key) != 1 ||
      !add_extensions(extensions, request, key))
    return nullptr;
  for (int i = 0; i < sk_X509_EXTENSION_num(extensions.get()); ++i)
    if (X509_add_ext(out.get(), sk_X509_EXTENSION_value(extensions.get(), i), -1) != 1)
      return nullptr;
  if (X509_sign(out.get(), key, fetched_sha256()) <= 0) return nullptr;
  return out;
}

RequestPtr make_request(EVP_PKEY* key, X509_NAME* subject, const Extensions& extensions) {
  RequestPtr out(X509_REQ_new_ex(library(), nullptr));
  if (!out || X509_REQ_set_version(out.get(), X509_REQ_VERSION_1) != 1 ||
      X509_REQ_set_subject_name(out.get(), subject) != 1 ||
      X509_REQ_set_pubkey(out.get(), key) != 1 ||
      X509_REQ_add_extensions(out.get(), extensions.get()) != 1 ||
      X509_REQ_sign(out.get(), key, fetched_sha256()) <= 0)
    return nullptr;
  return out;
}

template <class Write>
std::string pem(Write write) {
  const BioPtr bio(BIO_new(BIO_s_secmem()));  // wiped when it goes
  if (!bio || write(bio.get()) != 1) return {};
  char* data = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(length)};
}

int write_key(BIO* bio, EVP_PKEY* key, std::string_view passphrase) {
  if (passphrase.empty())
    return PEM_write_bio_PKCS8PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  // PBES2 with PBKDF2-HMAC-SHA256 (RFC 8018 §6.2)
  return PEM_write_bio_PKCS8PrivateKey(bio, key, fetched(ContentCipher::aes_256_cbc),
                                       passphrase.data(), static_cast<int>(passphrase.size()),
                                       nullptr, nullptr);
}

Error failed_at(const char* step) {
  return Error::never(Errc::engine, drain_errors("failed")).in(step);
}

}  // namespace

Result<std::string> request_for(const PrivateKey& key, const KeyRequest& request) {
  if (auto checked = check(request); !checked) return std::move(checked).error();
  ERR_clear_error();
  EVP_PKEY* const raw = key.impl().key.get();
  const NamePtr subject = make_subject(request.common_name);
  Extensions extensions;
  if (!subject || !add_extensions(extensions, request, raw)) return failed_at("request");
  const RequestPtr made = make_request(raw, subject.get(), extensions);
  std::string text =
      made ? pem([&](BIO* bio) { return PEM_write_bio_X509_REQ(bio, made.get()); }) : std::string{};
  if (text.empty()) return failed_at("request");
  return text;
}

Result<GeneratedKey> generate_key(const KeyRequest& request, std::string_view passphrase) {
  if (auto checked = check(request); !checked) return std::move(checked).error();
  ERR_clear_error();
  const KeyPtr key = make_key(request.algorithm);
  if (!key) return failed_at("key");
  const NamePtr subject = make_subject(request.common_name);
  if (!subject) return failed_at("common name");
  Extensions extensions;
  const X509Ptr certificate = make_certificate(request, key.get(), subject.get(), extensions);
  if (!certificate) return failed_at("certificate");
  const RequestPtr to_sign = make_request(key.get(), subject.get(), extensions);
  if (!to_sign) return failed_at("request");
  GeneratedKey out;
  out.private_key_pem = pem([&](BIO* bio) { return write_key(bio, key.get(), passphrase); });
  out.certificate_pem = pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); });
  out.request_pem = pem([&](BIO* bio) { return PEM_write_bio_X509_REQ(bio, to_sign.get()); });
  if (out.private_key_pem.empty() || out.certificate_pem.empty() || out.request_pem.empty())
    return failed_at("PEM");
  return out;
}

}  // namespace paraph::cms
