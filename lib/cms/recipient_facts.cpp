#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>

#include <array>
#include <chrono>

#include "cms/public_key.h"
#include "cms/recipient.h"
#include "cms/wrap.h"

namespace paraph::cms {
namespace {

/// Security rule 47: clocks differ, on the start of a certificate only.
constexpr std::chrono::minutes kSkew{5};

constexpr std::array<std::string_view, 13> kNames = {
    "good",        "missing",  "unreadable",        "expired",    "not_yet_valid",
    "wrong_usage", "weak_key", "unsupported_key",   "unsafe_key", "is_ca",
    "untrusted",   "revoked",  "revocation_unknown"};

using BigNumberPtr = std::unique_ptr<BIGNUM, Freed<BN_free>>;

BigNumberPtr big_number(EVP_PKEY* key, const char* parameter) {
  BIGNUM* number = nullptr;
  return BigNumberPtr(EVP_PKEY_get_bn_param(key, parameter, &number) == 1 ? number : nullptr);
}

std::string big_endian(const BIGNUM* number, std::size_t octets) {
  std::string out(octets, '\0');
  return BN_bn2binpad(number, reinterpret_cast<unsigned char*>(out.data()),
                      static_cast<int>(octets)) < 0
             ? std::string()
             : out;
}

std::string big_endian(const BIGNUM* number) {
  return big_endian(number, static_cast<std::size_t>(BN_num_bytes(number)));
}

void read_rsa(EVP_PKEY* key, RecipientFacts& out) {
  out.key = SealFitness::unsafe_key;
  const auto n = big_number(key, OSSL_PKEY_PARAM_RSA_N);
  const auto e = big_number(key, OSSL_PKEY_PARAM_RSA_E);
  // With e = 1 the "encrypted" key would lie open. (Large e: Certificate refuses it.)
  if (!n || !e || BN_is_negative(n.get()) || BN_is_negative(e.get()) || !BN_is_odd(n.get()) ||
      !BN_is_odd(e.get()) || BN_is_one(e.get()))
    return;
  out.public_key = big_endian(n.get());
  out.exponent = big_endian(e.get());
  if (!has_roca_form(out.public_key)) out.key = SealFitness::good;
}

void read_ec(EVP_PKEY* key, RecipientFacts& out) {
  const Curve* const curve = curve_of(key);
  if (curve == nullptr) return;  // unsupported_key, however long
  out.key = SealFitness::unsafe_key;
  // SP 800-56A §5.6.2.3.4: a point off the curve would make the ephemeral key leak. The quick check
  // is the full one here: with cofactor 1 every point of the curve has the right order.
  const KeyContextPtr check(EVP_PKEY_CTX_new_from_pkey(library(), key, nullptr));
  if (!check || EVP_PKEY_public_check_quick(check.get()) <= 0) return;
  const auto x = big_number(key, OSSL_PKEY_PARAM_EC_PUB_X);
  const auto y = big_number(key, OSSL_PKEY_PARAM_EC_PUB_Y);
  if (!x || !y) return;
  out.public_key =
      '\4' + big_endian(x.get(), curve->field_octets) + big_endian(y.get(), curve->field_octets);
  if (out.public_key.size() == 1 + 2 * curve->field_octets) out.key = SealFitness::good;
}

/// Fixed fields, then strings with their length in two octets.
class Writer {
 public:
  void number(std::uint64_t value, unsigned octets) {
    for (unsigned i = octets; i > 0; --i) out_ += static_cast<char>(value >> (8 * (i - 1)));
  }
  void time(TimePoint at) { number(static_cast<std::uint64_t>(at.time_since_epoch().count()), 8); }
  void text(std::string_view octets) {
    number(octets.size(), 2);
    out_ += octets;
  }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

class Reader {
 public:
  explicit Reader(std::string_view octets) : rest_(octets) {}
  [[nodiscard]] std::uint64_t number(unsigned octets) {
    std::uint64_t value = 0;
    for (const char c : take(octets)) value = value << 8U | static_cast<unsigned char>(c);
    return value;
  }
  [[nodiscard]] TimePoint time() {
    return TimePoint(std::chrono::seconds(static_cast<std::int64_t>(number(8))));
  }
  [[nodiscard]] std::string text() { return std::string(take(number(2))); }
  [[nodiscard]] bool complete() const { return whole_ && rest_.empty(); }

 private:
  std::string_view take(std::size_t count) {
    whole_ = whole_ && count <= rest_.size();
    const auto out = whole_ ? rest_.substr(0, count) : std::string_view();
    rest_.remove_prefix(out.size());
    return out;
  }
  std::string_view rest_;
  bool whole_ = true;
};

// 1 knew nothing of has_roca_form(), 2 nothing of why a key is not good.
constexpr std::uint64_t kVersion = 3;
enum Flag : std::uint8_t { kCa = 2, kEncrypts = 4, kEmail = 8 };

std::uint8_t flags_of(const RecipientFacts& facts) {
  return static_cast<std::uint8_t>((facts.is_ca ? kCa : 0) | (facts.may_encrypt ? kEncrypts : 0) |
                                   (facts.eku_allows_email ? kEmail : 0));
}

}  // namespace

std::string_view to_string(SealFitness fitness) {
  return kNames.at(static_cast<std::size_t>(fitness));
}

RecipientFacts facts_of(const Certificate& certificate) {
  RecipientFacts out;
  out.key_type = certificate.key_type();
  out.key_bits = certificate.key_bits();
  out.is_ca = certificate.is_ca();
  out.may_encrypt = certificate.may_encrypt();
  out.eku_allows_email = certificate.eku_allows_email();
  out.not_before = certificate.not_before();
  out.not_after = certificate.not_after();
  out.sha256 = certificate.sha256();
  out.name = certificate.issuer_and_serial_der();
  EVP_PKEY* const key = X509_get0_pubkey(certificate.impl().x509.get());
  if (key != nullptr && out.key_type == KeyType::rsa) read_rsa(key, out);
  if (key != nullptr && out.key_type == KeyType::ec) read_ec(key, out);
  ERR_clear_error();
  return out;
}

std::string encode(const RecipientFacts& facts) {
  Writer out;
  out.number(kVersion, 1);
  out.number(static_cast<std::uint8_t>(facts.key_type), 1);
  out.number(static_cast<std::uint8_t>(facts.key), 1);
  out.number(flags_of(facts), 1);
  out.number(static_cast<std::uint64_t>(facts.key_bits), 4);
  out.time(facts.not_before);
  out.time(facts.not_after);
  for (const auto* text : {&facts.sha256, &facts.name, &facts.public_key, &facts.exponent})
    out.text(*text);
  return out.take();
}

std::optional<RecipientFacts> decode_facts(std::string_view octets) {
  Reader in(octets);
  if (in.number(1) != kVersion) return std::nullopt;
  RecipientFacts out;
  const auto type = in.number(1);
  if (type > static_cast<std::uint8_t>(KeyType::other)) return std::nullopt;
  out.key_type = static_cast<KeyType>(type);
  const auto key = in.number(1);
  if (key >= kNames.size()) return std::nullopt;
  out.key = static_cast<SealFitness>(key);
  const auto flags = in.number(1);
  out.is_ca = (flags & kCa) != 0;
  out.may_encrypt = (flags & kEncrypts) != 0;
  out.eku_allows_email = (flags & kEmail) != 0;
  out.key_bits = static_cast<int>(in.number(4));
  out.not_before = in.time();
  out.not_after = in.time();
  for (auto* text : {&out.sha256, &out.name, &out.public_key, &out.exponent}) *text = in.text();
  return in.complete() ? std::optional(std::move(out)) : std::nullopt;
}

SealFitness fitness(const RecipientFacts& facts, TimePoint at, const Policy& policy) {
  if (facts.is_ca) return SealFitness::is_ca;
  if (facts.key != SealFitness::good) return facts.key;
  if (facts.key_type == KeyType::rsa && facts.key_bits < policy.min_rsa_bits)
    return SealFitness::weak_key;
  if (facts.key_type == KeyType::rsa && facts.key_bits > policy.max_rsa_bits)
    return SealFitness::unsupported_key;
  if (!facts.may_encrypt || !facts.eku_allows_email) return SealFitness::wrong_usage;
  if (facts.not_before > at + kSkew) return SealFitness::not_yet_valid;
  if (facts.not_after < at) return SealFitness::expired;
  return SealFitness::good;
}

SealFitness fitness(const Certificate& certificate, TimePoint at, const Policy& policy) {
  return fitness(facts_of(certificate), at, policy);
}

Period steady_period(const RecipientFacts& facts, TimePoint at) {
  Period out;
  const TimePoint first = facts.not_before - kSkew;
  const TimePoint past = facts.not_after + std::chrono::seconds(1);
  for (const TimePoint change : {first, past}) {
    if (change <= at)
      out.since = std::max(out.since, change);
    else
      out.until = std::min(out.until, change);
  }
  return out;
}

}  // namespace paraph::cms
