#include "members.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <array>
#include <thread>

namespace paraph::bench {
namespace {

using Name = std::unique_ptr<X509_NAME, cms::Freed<X509_NAME_free>>;

Name name_of(const char* text) {
  Name name(X509_NAME_new());
  X509_NAME_add_entry_by_NID(name.get(), NID_commonName, MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(text), -1, -1, 0);
  return name;
}

void extend(X509* certificate, int nid, const std::string& value) {
  std::unique_ptr<X509_EXTENSION, cms::Freed<X509_EXTENSION_free>> extension(
      X509V3_EXT_nconf_nid(nullptr, nullptr, nid, value.c_str()));
  must(extension && X509_add_ext(certificate, extension.get(), -1) == 1, "certificate extension");
}

const Name& authority_name() {
  static const Name name = name_of("Paraph benchmark authority, worth nothing");
  return name;
}

EVP_PKEY* authority_key() {
  static const cms::KeyPtr key = p256_key();
  return key.get();
}

// Without subject, serial number, key and extensions.
cms::X509Ptr new_certificate() {
  cms::X509Ptr x509(X509_new_ex(cms::library(), nullptr));
  X509_set_version(x509.get(), 2);
  X509_gmtime_adj(X509_getm_notBefore(x509.get()), -86'400);
  X509_gmtime_adj(X509_getm_notAfter(x509.get()), 86'400);
  X509_set_issuer_name(x509.get(), authority_name().get());
  return x509;
}

std::string signed_pem(X509* x509) {
  must(X509_sign(x509, authority_key(), EVP_sha256()) > 0, "cannot certify");
  const cms::BioPtr out(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(out.get(), x509);
  char* text = nullptr;
  const long length = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(length)};
}

}  // namespace

cms::KeyPtr rsa_key() {
  static const cms::KeyContextPtr maker = [] {
    cms::KeyContextPtr context(EVP_PKEY_CTX_new_from_name(cms::library(), "RSA", nullptr));
    EVP_PKEY_fromdata_init(context.get());
    return context;
  }();
  std::string n(256, '\0');  // little endian
  RAND_bytes(reinterpret_cast<unsigned char*>(n.data()), static_cast<int>(n.size()));
  n.front() = static_cast<char>(n.front() | 1);
  n.back() = static_cast<char>(n.back() | static_cast<char>(0x80));
  std::string e("\1\0\1", 3);
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, reinterpret_cast<unsigned char*>(n.data()),
                              n.size()),
      OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, reinterpret_cast<unsigned char*>(e.data()),
                              e.size()),
      OSSL_PARAM_construct_end()};
  EVP_PKEY* key = nullptr;
  must(EVP_PKEY_fromdata(maker.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters) == 1, "RSA key");
  return cms::KeyPtr(key);
}

cms::KeyPtr p256_key() {
  return cms::KeyPtr(EVP_PKEY_Q_keygen(cms::library(), nullptr, "EC", "P-256"));
}

std::string certificate_pem(EVP_PKEY* key, const std::string& address, std::size_t index) {
  const cms::X509Ptr x509 = new_certificate();
  std::array<unsigned char, 16> serial{};
  const auto octets = static_cast<int>(14 + index % 3);
  RAND_bytes(serial.data(), octets);
  serial[0] = 0x40;
  using Number = std::unique_ptr<BIGNUM, cms::Freed<BN_free>>;
  BN_to_ASN1_INTEGER(Number(BN_bin2bn(serial.data(), octets, nullptr)).get(),
                     X509_get_serialNumber(x509.get()));
  X509_set_subject_name(x509.get(), name_of(address.c_str()).get());
  X509_set_pubkey(x509.get(), key);
  extend(x509.get(), NID_basic_constraints, "critical,CA:FALSE");
  extend(x509.get(), NID_key_usage, "critical,digitalSignature,keyEncipherment,keyAgreement");
  extend(x509.get(), NID_ext_key_usage, "emailProtection");
  extend(x509.get(), NID_subject_alt_name, "email:" + address);
  return signed_pem(x509.get());
}

std::string authority_pem() {
  const cms::X509Ptr x509 = new_certificate();
  ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), 1);
  X509_set_subject_name(x509.get(), authority_name().get());
  X509_set_pubkey(x509.get(), authority_key());
  extend(x509.get(), NID_basic_constraints, "critical,CA:TRUE");
  extend(x509.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  return signed_pem(x509.get());
}

std::vector<Person> make_people(std::size_t count, cms::KeyPtr (*make_key)(),
                                const std::string& directory) {
  std::vector<Person> people;
  people.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    people.push_back({fmt::format("member{:05}@example.org", i), make_key()});
    write_file(directory + "/" + people.back().address,
               certificate_pem(people.back().key.get(), people.back().address, i));
  }
  let_settle();
  return people;
}

void let_settle() {
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

}  // namespace paraph::bench
