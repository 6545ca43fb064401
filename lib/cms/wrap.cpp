#include "cms/wrap.h"

#include <openssl/core_names.h>
#include <openssl/rand.h>

#include <array>

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

Error engine(const char* what) {
  return Error::never(Errc::engine, drain_errors(what));
}

unsigned char* octets(std::string& text, std::size_t at) {
  return reinterpret_cast<unsigned char*>(text.data() + at);
}

std::size_t with_header(std::size_t length) {
  return der::header_size(length) + length;
}

}  // namespace

const Curve* curve_of(std::size_t field_octets) {
  for (const auto& curve : kCurveTable)
    if (curve.field_octets == field_octets) return &curve;
  return nullptr;
}

const Curve* curve_of(EVP_PKEY* key) {
  std::array<char, 64> group{};
  std::size_t length = 0;
  if (EVP_PKEY_get_group_name(key, group.data(), group.size(), &length) != 1) return nullptr;
  for (const auto& curve : kCurveTable)
    if (std::string_view(group.data(), length) == curve.group) return &curve;
  return nullptr;
}

Result<void> KeyWrapper::generate(std::size_t octets) {
  octets_ = octets;
  if (RAND_priv_bytes_ex(library(), key_.data(), octets, 0) != 1)
    return Error::later(Errc::engine, drain_errors("no randomness"));
  return {};
}

Result<void> KeyWrapper::append(std::string& out, const Recipient::Impl& recipient) {
  const std::size_t before = out.size();
  auto done =
      recipient.curve == nullptr ? key_transport(out, recipient) : key_agreement(out, recipient);
  if (!done) out.resize(before);
  return done;
}

Result<void> KeyWrapper::key_transport(std::string& out, const Recipient::Impl& recipient) const {
  out += recipient.head;
  const std::size_t at = out.size();
  out.resize(at + recipient.wrapped_octets);
  std::size_t length = recipient.wrapped_octets;
  if (EVP_PKEY_encrypt(recipient.encrypt.get(), octets(out, at), &length, key_.data(), octets_) <=
          0 ||
      length != recipient.wrapped_octets)
    return engine("cannot encrypt to the RSA key");
  return {};
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

Result<void> KeyWrapper::wrap(const unsigned char* kek, Wrapped& out) {
  if (!wrap_) {
    wrap_.reset(EVP_CIPHER_CTX_new());
    if (!wrap_) return engine("no memory");
    EVP_CIPHER_CTX_set_flags(wrap_.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  }
  int length = 0;
  if (EVP_EncryptInit_ex2(wrap_.get(), fetched_aes256_wrap(), kek, nullptr, nullptr) != 1 ||
      EVP_EncryptUpdate(wrap_.get(), out.data(), &length, key_.data(), static_cast<int>(octets_)) !=
          1 ||
      static_cast<std::size_t>(length) != octets_ + kWrapOverhead)
    return engine("cannot wrap the content key");
  return {};
}

Result<void> KeyWrapper::key_agreement(std::string& out, const Recipient::Impl& recipient) {
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
  Wrapped wrapped;
  if (auto done = wrap(kek.data(), wrapped); !done) return done;
  // RecipientEncryptedKeys: only this recipient's. Lengths from inside out, then the octets.
  const std::size_t key_octets = octets_ + kWrapOverhead;
  const std::size_t one = recipient.head.size() + with_header(key_octets);
  const std::size_t all = with_header(one);
  der::append_header(
      out, der::context(1),
      kKariVersion.size() + ours.originator.size() + kKeyAgreement.size() + with_header(all));
  out.append(kKariVersion).append(ours.originator).append(kKeyAgreement);
  der::append_header(out, der::kSequence, all);
  der::append_header(out, der::kSequence, one);
  out += recipient.head;
  der::append_header(out, der::kOctetString, key_octets);
  out.append(reinterpret_cast<const char*>(wrapped.data()), key_octets);
  return {};
}

}  // namespace paraph::cms
