#include "cms/public_key.h"

#include <endian.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <ctime>

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "cms/oids.h"

namespace paraph::cms {
namespace {

constexpr std::size_t kMaxRsaOctets = 8192 / 8;

/// An unsigned INTEGER without its leading zeros.
std::string_view magnitude(std::string_view integer) {
  while (!integer.empty() && integer.front() == '\0') {
    integer.remove_prefix(1);
  }
  return integer;
}

Error damaged(const char* what) {
  return Error::never(Errc::corrupt, what);
}
Error refused(const char* what) {
  return Error::never(Errc::denied, what);
}

/// RFC 8017 A.1.1: RSAPublicKey inside the BIT STRING.
Result<void> check_rsa(const ber::Element& bit_string) {
  ber::Reader bits(bit_string.content.substr(bit_string.content.empty() ? 0 : 1));
  const auto key = bits.next_if(ber::kSequence);
  ber::Reader fields(key ? key->content : std::string_view());
  const auto modulus = fields.next_if(ber::kInteger);
  const auto exponent = fields.next_if(ber::kInteger);
  if (!modulus || !exponent) {
    return damaged("damaged RSA key");
  }
  if (magnitude(modulus->content).size() > kMaxRsaOctets) {
    return refused("RSA key of more than 8192 bits");
  }
  // e ≤ 2^32: a full-size exponent costs a hundred times as much to verify with.
  const std::string_view e = magnitude(exponent->content);
  if (e.size() > 5 || (e.size() == 5 && e != std::string_view("\1\0\0\0\0", 5))) {
    return refused("RSA exponent above 2^32");
  }
  // With e = 1 a signature is the padded digest itself, which anybody can write; an even e is no RSA key (RFC 8017 §3.1).
  if (e.empty() || (e.back() & 1) == 0 || e == std::string_view("\1", 1)) {
    return refused("RSA exponent that is even or below 3");
  }
  return {};
}

Result<void> check_spki(const ber::Element& spki) {
  ber::Reader fields(spki.content);
  const auto algorithm = fields.next_if(ber::kSequence);
  const auto key = fields.next_if(ber::kBitString);
  if (!algorithm || !key) {
    return damaged("damaged public key");
  }
  const auto id = ber::Reader(algorithm->content).next_if(ber::kOid);
  const std::string name = id ? ber::oid_text(id->content) : std::string();
  if (name == oid::kRsaEncryption || name == oid::kRsaPss || name == oid::kRsaOaep) {
    return check_rsa(*key);
  }
  if (!names_its_curve(*algorithm, false)) return refused("explicit curve parameters");
  return {};
}

// Four octets at a step: each certificate of each signed mail comes by here.
std::uint32_t remainder(std::string_view number, std::uint32_t divisor) {
  std::uint64_t rest = 0;
  std::size_t at = 0;
  for (; at < number.size() % 4; ++at)
    rest = (rest << 8U | static_cast<unsigned char>(number[at])) % divisor;
  for (std::uint32_t word = 0; at < number.size(); at += sizeof word) {
    std::memcpy(&word, number.data() + at, sizeof word);
    rest = (rest << 32U | be32toh(word)) % divisor;
  }
  return static_cast<std::uint32_t>(rest);
}

bool is_power_of_65537(std::uint32_t rest, std::uint32_t prime) {
  std::uint32_t power = 1;
  do {
    if (power == rest) return true;
    power = power * (65537U % prime) % prime;
  } while (power != 1);
  return false;
}

}  // namespace

bool has_roca_form(std::string_view modulus) {
  // Those of the smallest keys that the generator made; larger ones have these among theirs. First those of which 65537
  // has the fewest powers: 97 alone tells all but one in sixteen of the others apart.
  constexpr std::array<std::uint32_t, 38> kPrimes{
      97, 37, 79, 11, 61, 73, 127, 151, 13, 17, 19, 53,  71,  103, 107, 109, 157, 3,   5,
      7,  23, 29, 31, 41, 43, 47,  59,  67, 83, 89, 101, 113, 131, 137, 139, 149, 163, 167};
  for (const auto prime : kPrimes)
    if (!is_power_of_65537(remainder(modulus, prime), prime)) return false;
  return !modulus.empty();
}

std::string rsa_modulus(X509* certificate) {
  EVP_PKEY* const key = X509_get0_pubkey(certificate);
  BIGNUM* number = nullptr;
  if (key == nullptr || EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &number) != 1) return {};
  const std::unique_ptr<BIGNUM, Freed<BN_free>> modulus(number);
  std::string out(static_cast<std::size_t>(BN_num_bytes(number)), '\0');
  BN_bn2bin(number, reinterpret_cast<unsigned char*>(out.data()));
  return out;
}

bool names_its_curve(const ber::Element& algorithm_identifier, bool parameters_may_lack) {
  ber::Reader fields(algorithm_identifier.content);
  const auto id = fields.next_if(ber::kOid);
  if (!id || ber::oid_text(id->content) != oid::kEcPublicKey) {
    return true;
  }
  const auto parameters = fields.next();
  if (!parameters || parameters->is(ber::kNull)) {
    return parameters_may_lack;
  }
  return parameters->is(ber::kOid);
}

Result<void> check_public_key(std::string_view certificate_der) {
  constexpr const char* kNone = "not an X.509 certificate";
  const auto certificate = ber::Reader(certificate_der).next_if(ber::kSequence);
  const auto tbs =
      certificate ? ber::Reader(certificate->content).next_if(ber::kSequence) : std::nullopt;
  if (!tbs) {
    return damaged(kNone);
  }
  // RFC 5280 §4.1: version, serialNumber, signature, issuer, validity, subject,
  // subjectPublicKeyInfo.
  ber::Reader fields(tbs->content);
  (void)fields.next_if_context(0);
  const bool serial = fields.next_if(ber::kInteger).has_value();
  std::optional<ber::Element> sequence;
  for (int i = 0; i < 5; ++i) {
    sequence = fields.next_if(ber::kSequence);
  }
  return serial && sequence ? check_spki(*sequence) : Result<void>(damaged(kNone));
}

std::optional<TimePoint> to_time_point(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) {
    return std::nullopt;
  }
  const std::chrono::year_month_day day{std::chrono::year(parts.tm_year + 1900),
                                        std::chrono::month(static_cast<unsigned>(parts.tm_mon + 1)),
                                        std::chrono::day(static_cast<unsigned>(parts.tm_mday))};
  return std::chrono::sys_days(day) + std::chrono::hours(parts.tm_hour) +
         std::chrono::minutes(parts.tm_min) + std::chrono::seconds(parts.tm_sec);
}

}  // namespace paraph::cms
