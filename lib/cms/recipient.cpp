#include "cms/recipient.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "cms/der.h"
#include "cms/wrap.h"

namespace paraph::cms {
namespace {

using namespace std::string_view_literals;

struct Transport {
  KeyTransport transport;
  std::string_view word;
  std::string_view algorithm;  ///< AlgorithmIdentifier, DER
};
// rsaEncryption with NULL parameters (RFC 3370 §4.2.1); id-RSAES-OAEP with SHA-256 as hash and in
// MGF1 (RFC 4055 §4.1: receivers accept the hashes with NULL and without).
constexpr std::array<Transport, 2> kTransports = {{
    {KeyTransport::pkcs1, "pkcs1",
     "\x30\x0D\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01\x05\x00"sv},
    {KeyTransport::oaep, "oaep",
     "\x30\x3C\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x07\x30\x2F"
     "\xA0\x0F\x30\x0D\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00"
     "\xA1\x1C\x30\x1A\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x08"
     "\x30\x0D\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00"sv},
}};
const Transport& row(KeyTransport transport) {
  return kTransports.at(static_cast<std::size_t>(transport));
}

// KeyTransRecipientInfo version 0: the recipient is named by IssuerAndSerialNumber (RFC 5652
// §6.2.1).
constexpr auto kKtriVersion = "\x02\x01\x00"sv;

Error engine(const char* what) {
  return Error::never(Errc::engine, drain_errors(what));
}

/// One context for all keys of a kind: making one costs more than the key.
KeyContextPtr key_maker(const char* type) {
  KeyContextPtr context(EVP_PKEY_CTX_new_from_name(library(), type, nullptr));
  if (context && EVP_PKEY_fromdata_init(context.get()) != 1) context.reset();
  return context;
}

KeyPtr public_key(EVP_PKEY_CTX* maker, OSSL_PARAM* parameters) {
  EVP_PKEY* key = nullptr;
  if (maker == nullptr || EVP_PKEY_fromdata(maker, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
    return nullptr;
  return KeyPtr(key);
}

OSSL_PARAM number(const char* name, std::string& big_endian) {
  std::reverse(big_endian.begin(), big_endian.end());  // OpenSSL takes the machine's order
  return OSSL_PARAM_construct_BN(name, reinterpret_cast<unsigned char*>(big_endian.data()),
                                 big_endian.size());
}

KeyPtr rsa_key(const RecipientFacts& facts) {
  thread_local const KeyContextPtr maker = key_maker("RSA");
  std::string n = facts.public_key;
  std::string e = facts.exponent;
  std::array<OSSL_PARAM, 3> parameters = {number(OSSL_PKEY_PARAM_RSA_N, n),
                                          number(OSSL_PKEY_PARAM_RSA_E, e),
                                          OSSL_PARAM_construct_end()};
  return public_key(maker.get(), parameters.data());
}

KeyPtr ec_key(const RecipientFacts& facts, const Curve& curve) {
  thread_local const KeyContextPtr maker = key_maker("EC");
  std::string group = curve.group;
  std::string point = facts.public_key;
  std::array<OSSL_PARAM, 3> parameters = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), group.size()),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
      OSSL_PARAM_construct_end()};
  return public_key(maker.get(), parameters.data());
}

bool set_padding(EVP_PKEY_CTX* context, KeyTransport transport) {
  if (transport == KeyTransport::pkcs1)
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) > 0;
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) > 0 &&
         EVP_PKEY_CTX_set_rsa_oaep_md(context, fetched_sha256()) > 0 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md(context, fetched_sha256()) > 0;
}

Result<std::unique_ptr<Recipient::Impl>> prepare_rsa(const RecipientFacts& facts,
                                                     KeyTransport transport) {
  auto out = std::make_unique<Recipient::Impl>();
  const auto key = rsa_key(facts);
  if (key) out->encrypt.reset(EVP_PKEY_CTX_new_from_pkey(library(), key.get(), nullptr));
  if (!out->encrypt || EVP_PKEY_encrypt_init(out->encrypt.get()) <= 0 ||
      !set_padding(out->encrypt.get(), transport))
    return engine("cannot use the RSA key");
  const auto algorithm = row(transport).algorithm;
  out->wrapped_octets = static_cast<std::size_t>(EVP_PKEY_get_size(key.get()));
  const std::size_t wrapped = der::header_size(out->wrapped_octets) + out->wrapped_octets;
  der::append_header(out->head, der::kSequence,
                     kKtriVersion.size() + facts.name.size() + algorithm.size() + wrapped);
  out->head.append(kKtriVersion).append(facts.name).append(algorithm);
  der::append_header(out->head, der::kOctetString, out->wrapped_octets);
  return out;
}

Result<std::unique_ptr<Recipient::Impl>> prepare_ec(const RecipientFacts& facts) {
  auto out = std::make_unique<Recipient::Impl>();
  out->curve = curve_of(facts.public_key.size() / 2);
  if (out->curve != nullptr) out->peer = ec_key(facts, *out->curve);
  if (!out->peer) return engine("invalid EC public key");
  out->head = facts.name;
  return out;
}

}  // namespace

std::string_view to_string(KeyTransport transport) {
  return row(transport).word;
}

std::optional<KeyTransport> key_transport_from(std::string_view word) {
  for (const auto& transport : kTransports)
    if (ascii::iequals(transport.word, word)) return transport.transport;
  return std::nullopt;
}

Recipient::Recipient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Recipient::Recipient(Recipient&&) noexcept = default;
Recipient& Recipient::operator=(Recipient&&) noexcept = default;
Recipient::~Recipient() = default;

Result<Recipient> Recipient::from(const RecipientFacts& facts, KeyTransport transport) {
  ERR_clear_error();
  const bool rsa = facts.key_type == KeyType::rsa;
  if (!rsa && facts.key_type != KeyType::ec)
    return Error::never(Errc::denied, "cannot encrypt to a key of this type");
  if (facts.key != SealFitness::good)
    return Error::never(
        Errc::denied, rsa ? "RSA key with an unusable modulus or exponent"
                          : "EC key on a curve other than P-256, P-384, P-521, or an invalid one");
  auto impl = rsa ? prepare_rsa(facts, transport) : prepare_ec(facts);
  if (!impl) return std::move(impl).error();
  return Recipient(std::move(*impl));
}

Result<Recipient> Recipient::from(const Certificate& certificate, KeyTransport transport) {
  return from(facts_of(certificate), transport);
}

std::size_t Recipient::footprint() const {
  // Measured: an RSA-2048 key with its context and Montgomery form takes 2.1 KB, a P-256 point the
  // same; both grow with the modulus.
  constexpr std::size_t kKey = 2048;
  return sizeof(Impl) + impl_->head.capacity() + kKey + 4 * impl_->wrapped_octets;
}

}  // namespace paraph::cms
