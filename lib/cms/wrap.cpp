#include "cms/wrap.h"

#include <openssl/core_names.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include <array>

#include "cms/ber.h"
#include "cms/der.h"

namespace paraph::cms {
namespace {

using namespace std::string_view_literals;

constexpr std::array<Curve, kCurves> kCurveTable = {{
    {SN_X9_62_prime256v1, 32, 0},
    {SN_secp384r1, 48, 1},
    {SN_secp521r1, 66, 2},
}};
constexpr std::size_t kMaxFieldOctets = 66;
constexpr std::size_t kMaxPointOctets = 2 * kMaxFieldOctets + 1;
constexpr std::size_t kKekOctets = 32;
constexpr std::size_t kWrapOverhead = 8;  // RFC 3394 §2.2.1

// KeyTransRecipientInfo version 0: the recipient is named by IssuerAndSerialNumber (RFC 5652
// §6.2.1).
constexpr auto kKtriVersion = "\x02\x01\x00"sv;
// rsaEncryption with NULL parameters (RFC 3370 §4.2.1)
constexpr auto kRsaEncryption = "\x30\x0D\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01\x05\x00"sv;
// KeyAgreeRecipientInfo version 3 (RFC 5652 §6.2.2)
constexpr auto kKariVersion = "\x02\x01\x03"sv;
// id-ecPublicKey; the parameters stay away, for they are the recipient's (RFC 5753 §7.1.2)
constexpr auto kEcPublicKey = "\x30\x09\x06\x07\x2A\x86\x48\xCE\x3D\x02\x01"sv;
// dhSinglePass-stdDH-sha256kdf-scheme (RFC 5753 §7.1.4) over id-aes256-wrap, which has no
// parameters (RFC 3565 §2.3.2)
constexpr auto kKeyAgreement =
    "\x30\x15\x06\x06\x2B\x81\x04\x01\x0B\x01\x30\x0B\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2D"sv;
// ECC-CMS-SharedInfo (RFC 5753 §7.2): keyInfo id-aes256-wrap, suppPubInfo [2] = 256 bits; no
// entityUInfo
constexpr auto kSharedInfo =
    "\x30\x15\x30\x0B\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2D\xA2\x06\x04\x04\x00\x00\x01\x00"sv;
constexpr auto kCounter = "\x00\x00\x00\x01"sv;  // X9.63 KDF: one block of SHA-256 is the whole KEK

/// An INTEGER of value 1, perhaps with needless zeros in front.
bool is_one(std::string_view integer) {
  return integer.find_first_not_of('\0') == integer.size() - 1 && integer.back() == '\1';
}

Error engine(const char* what) {
  return Error::never(Errc::engine, drain_errors(what));
}

unsigned char* octets(std::string& text, std::size_t at = 0) {
  return reinterpret_cast<unsigned char*>(text.data() + at);
}

Result<PreparedRecipient> prepare_rsa(const Certificate& certificate, EVP_PKEY* key) {
  if (!sane_rsa(certificate))
    return Error::never(Errc::denied, "RSA key with an unusable modulus or exponent");
  PreparedRecipient out;
  out.encrypt.reset(EVP_PKEY_CTX_new_from_pkey(library(), key, nullptr));
  if (!out.encrypt || EVP_PKEY_encrypt_init(out.encrypt.get()) <= 0 ||
      EVP_PKEY_CTX_set_rsa_padding(out.encrypt.get(), RSA_PKCS1_PADDING) <= 0)
    return engine("cannot use the RSA key");
  out.wrapped_octets = static_cast<std::size_t>(EVP_PKEY_get_size(key));
  const std::string name = certificate.issuer_and_serial_der();
  const std::size_t wrapped = der::header_size(out.wrapped_octets) + out.wrapped_octets;
  der::append_header(out.head, der::kSequence,
                     kKtriVersion.size() + name.size() + kRsaEncryption.size() + wrapped);
  out.head.append(kKtriVersion).append(name).append(kRsaEncryption);
  der::append_header(out.head, der::kOctetString, out.wrapped_octets);
  return out;
}

Result<PreparedRecipient> prepare_ec(const Certificate& certificate, EVP_PKEY* key) {
  PreparedRecipient out;
  out.curve = curve_of(key);
  if (out.curve == nullptr)
    return Error::never(Errc::denied, "EC key on a curve other than P-256, P-384, P-521");
  // SP 800-56A §5.6.2.3.4: a point off the curve would make the ephemeral key leak. The quick check
  // is the full one here: with cofactor 1 every point of the curve has the right order.
  const KeyContextPtr check(EVP_PKEY_CTX_new_from_pkey(library(), key, nullptr));
  if (!check || EVP_PKEY_public_check_quick(check.get()) <= 0)
    return engine("invalid EC public key");
  EVP_PKEY_up_ref(key);
  out.peer.reset(key);
  out.head = certificate.issuer_and_serial_der();
  return out;
}

}  // namespace

const Curve* curve_of(EVP_PKEY* key) {
  std::array<char, 64> group{};
  std::size_t length = 0;
  if (EVP_PKEY_get_group_name(key, group.data(), group.size(), &length) != 1) return nullptr;
  for (const auto& curve : kCurveTable)
    if (std::string_view(group.data(), length) == curve.group) return &curve;
  return nullptr;
}

bool sane_rsa(const Certificate& certificate) {
  // RFC 8017 A.1.1, read from the octets: asking OpenSSL for two BIGNUMs takes a fifth of a wrap.
  const ASN1_BIT_STRING* const bits = X509_get0_pubkey_bitstr(certificate.impl().x509.get());
  const auto key = ber::Reader({reinterpret_cast<const char*>(ASN1_STRING_get0_data(bits)),
                                static_cast<std::size_t>(ASN1_STRING_length(bits))})
                       .next_if(ber::kSequence);
  ber::Reader numbers(key ? key->content : std::string_view());
  const auto n = numbers.next_if(ber::kInteger);
  const auto e = numbers.next_if(ber::kInteger);
  const auto odd = [](const auto& integer) {
    return integer && !integer->content.empty() &&
           (static_cast<unsigned char>(integer->content.back()) & 1U) != 0;
  };
  return odd(n) && odd(e) && !is_one(e->content);
}

Result<PreparedRecipient> PreparedRecipient::from(const Certificate& certificate) {
  EVP_PKEY* const key = X509_get0_pubkey(certificate.impl().x509.get());
  if (key == nullptr) return engine("the certificate's key cannot be read");
  switch (certificate.key_type()) {
    case KeyType::rsa:
      return prepare_rsa(certificate, key);
    case KeyType::ec:
      return prepare_ec(certificate, key);
    default:
      return Error::never(Errc::denied,
                          "cannot encrypt to a key of type " + certificate.key_description());
  }
}

Result<void> KeyWrapper::generate(std::size_t octets) {
  octets_ = octets;
  if (RAND_priv_bytes_ex(library(), key_.data(), octets, 0) != 1)
    return Error::later(Errc::engine, drain_errors("no randomness"));
  return {};
}

Result<std::string> KeyWrapper::recipient_info(const PreparedRecipient& recipient) {
  return recipient.encrypt ? key_transport(recipient) : key_agreement(recipient);
}

Result<std::string> KeyWrapper::key_transport(const PreparedRecipient& recipient) const {
  std::string out;
  out.reserve(recipient.head.size() + recipient.wrapped_octets);
  out = recipient.head;
  out.resize(recipient.head.size() + recipient.wrapped_octets);
  std::size_t length = recipient.wrapped_octets;
  if (EVP_PKEY_encrypt(recipient.encrypt.get(), octets(out, recipient.head.size()), &length,
                       key_.data(), octets_) <= 0 ||
      length != recipient.wrapped_octets)
    return engine("cannot encrypt to the RSA key");
  return out;
}

Result<const KeyWrapper::Agreement*> KeyWrapper::agreement(const Curve& curve) {
  Agreement& out = agreements_.at(curve.slot);
  if (out.derive) return &out;
  const KeyPtr key(EVP_PKEY_Q_keygen(library(), nullptr, "EC", curve.group));
  std::array<unsigned char, kMaxPointOctets> point{};
  std::size_t length = 0;
  KeyContextPtr derive(key ? EVP_PKEY_CTX_new_from_pkey(library(), key.get(), nullptr) : nullptr);
  if (!derive || EVP_PKEY_derive_init(derive.get()) <= 0 ||
      EVP_PKEY_get_octet_string_param(key.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                      point.size(), &length) != 1)
    return engine("cannot make an ephemeral key");
  // originator [0] EXPLICIT { originatorKey [1] { algorithm, BIT STRING without unused bits } }
  const std::string_view text(reinterpret_cast<const char*>(point.data()), length);
  out.originator = der::tlv(
      der::context(0),
      {der::tlv(der::context(1), {kEcPublicKey, der::tlv(der::kBitString, {"\0"sv, text})})});
  out.derive = std::move(derive);
  return &out;
}

Result<std::string> KeyWrapper::wrap(const unsigned char* kek) {
  if (!wrap_) {
    wrap_.reset(EVP_CIPHER_CTX_new());
    if (!wrap_) return engine("no memory");
    EVP_CIPHER_CTX_set_flags(wrap_.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  }
  std::string out(octets_ + kWrapOverhead, '\0');
  int length = 0;
  if (EVP_EncryptInit_ex2(wrap_.get(), fetched_aes256_wrap(), kek, nullptr, nullptr) != 1 ||
      EVP_EncryptUpdate(wrap_.get(), octets(out), &length, key_.data(),
                        static_cast<int>(octets_)) != 1 ||
      static_cast<std::size_t>(length) != out.size())
    return engine("cannot wrap the content key");
  return out;
}

Result<std::string> KeyWrapper::key_agreement(const PreparedRecipient& recipient) {
  auto shared = agreement(*recipient.curve);
  if (!shared) return std::move(shared).error();
  const Agreement& ours = **shared;
  Secret<kMaxFieldOctets> z;
  Secret<kKekOctets> kek;
  std::size_t length = kMaxFieldOctets;
  if (!kdf_) kdf_.reset(EVP_MD_CTX_new());
  // The point was validated when the recipient was prepared: set_peer_ex without its check, which
  // would double the cost.
  if (!kdf_ || EVP_PKEY_derive_set_peer_ex(ours.derive.get(), recipient.peer.get(), 0) <= 0 ||
      EVP_PKEY_derive(ours.derive.get(), z.data(), &length) <= 0 ||
      length != recipient.curve->field_octets)
    return engine("cannot agree on a key");
  // RFC 5753 §7.2, SEC 1 §3.6.1: KEK = SHA-256(Z || counter || SharedInfo)
  if (EVP_DigestInit_ex2(kdf_.get(), fetched_sha256(), nullptr) != 1 ||
      EVP_DigestUpdate(kdf_.get(), z.data(), length) != 1 ||
      EVP_DigestUpdate(kdf_.get(), kCounter.data(), kCounter.size()) != 1 ||
      EVP_DigestUpdate(kdf_.get(), kSharedInfo.data(), kSharedInfo.size()) != 1 ||
      EVP_DigestFinal_ex(kdf_.get(), kek.data(), nullptr) != 1)
    return engine("cannot derive a key");
  const auto wrapped = wrap(kek.data());
  if (!wrapped) return wrapped.error();
  // RecipientEncryptedKeys: only this recipient's
  const auto keys = der::tlv(
      der::kSequence,
      {der::tlv(der::kSequence, {recipient.head, der::tlv(der::kOctetString, {*wrapped})})});
  return der::tlv(der::context(1), {kKariVersion, ours.originator, kKeyAgreement, keys});
}

}  // namespace paraph::cms
