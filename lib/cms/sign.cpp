#include <openssl/cms.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>

#include "cms/ciphers.h"
#include "cms/der.h"
#include "cms/openssl.h"
#include "cms/public_key.h"
#include "cms/seal.h"

namespace paraph::cms {
namespace {

/// A memory BIO counts in int.
constexpr std::size_t kMaxContent = std::size_t{1} << 30U;

using AttributePtr = std::unique_ptr<X509_ATTRIBUTE, Freed<X509_ATTRIBUTE_free>>;
using TimePtr = std::unique_ptr<ASN1_TIME, Freed<ASN1_TIME_free>>;

void free_algorithms(STACK_OF(X509_ALGOR) * algorithms) {
  sk_X509_ALGOR_pop_free(algorithms, X509_ALGOR_free);
}

/// RFC 8551 §2.5.2: what answers to the signer may be encrypted with, best first.
bool add_capabilities(CMS_SignerInfo* signer) {
  STACK_OF(X509_ALGOR)* raw = nullptr;
  bool ok = true;
  for (const int nid : {NID_aes_256_gcm, NID_aes_256_cbc, NID_aes_128_cbc})
    ok = ok && CMS_add_simple_smimecap(&raw, nid, -1) == 1;
  const std::unique_ptr<STACK_OF(X509_ALGOR), Freed<free_algorithms>> algorithms(raw);
  return ok && CMS_add_smimecap(signer, algorithms.get()) == 1;
}

/// RFC 8551 §2.5.3: SMIMEEncryptionKeyPreference, by issuerAndSerialNumber [0].
bool add_key_preference(CMS_SignerInfo* signer, const std::optional<Certificate>& encrypt_to) {
  if (!encrypt_to) return true;
  std::string value = encrypt_to->issuer_and_serial_der();
  if (value.empty()) return false;
  value.front() = '\xA0';  // IMPLICIT: the tag in place of SEQUENCE's
  constexpr std::string_view kType = "\x06\x0B\x2A\x86\x48\x86\xF7\x0D\x01\x09\x10\x02\x0B";
  const std::string whole = der::tlv(der::kSequence, {kType, der::tlv(der::kSet, {value})});
  const auto* at = reinterpret_cast<const unsigned char*>(whole.data());
  const AttributePtr attribute(d2i_X509_ATTRIBUTE(nullptr, &at, static_cast<long>(whole.size())));
  return attribute && CMS_signed_add1_attr(signer, attribute.get()) == 1;
}

/// RFC 5652 §11.3: UTCTime up to 2049, then GeneralizedTime, which ASN1_TIME_set chooses. Set by
/// hand, or OpenSSL would take the machine's time.
bool add_signing_time(CMS_SignerInfo* signer, TimePoint at) {
  const TimePtr time(ASN1_TIME_set(nullptr, static_cast<time_t>(epoch(at))));
  return time && CMS_signed_add1_attr_by_NID(signer, NID_pkcs9_signingTime, time->type, time.get(),
                                             -1) == 1;
}

/// A key whose certificate says id-RSASSA-PSS must sign so, with a salt as long as the digest (RFC
/// 4056 §3): readers refuse OpenSSL's default, and one crashes on it. Longer where the key's own
/// parameters want it so.
bool set_padding(CMS_SignerInfo* signer, EVP_PKEY* key, const EVP_MD* digest) {
  if (EVP_PKEY_is_a(key, "RSA-PSS") != 1) return true;
  int least = 0;
  if (EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_RSA_PSS_SALTLEN, &least) != 1) least = 0;
  EVP_PKEY_CTX* const context = CMS_SignerInfo_get0_pkey_ctx(signer);
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, std::max(least, EVP_MD_get_size(digest))) > 0;
}

bool add_chain(CMS_ContentInfo* cms, const Signer& signer) {
  std::vector<Certificate> added = {signer.pair.certificate};
  std::vector<Certificate> wanted = signer.chain;
  if (signer.encrypt_to) wanted.push_back(*signer.encrypt_to);
  for (const auto& certificate : wanted) {
    if (std::find(added.begin(), added.end(), certificate) != added.end()) continue;
    if (CMS_add1_cert(cms, certificate.impl().x509.get()) != 1) return false;
    added.push_back(certificate);
  }
  return true;
}

std::string encoded(CMS_ContentInfo* cms) {
  unsigned char* raw = nullptr;
  const int length = i2d_CMS_ContentInfo(cms, &raw);
  if (length <= 0) return {};
  std::string out(reinterpret_cast<const char*>(raw), static_cast<std::size_t>(length));
  OPENSSL_free(raw);
  return out;
}

struct DigestRow {
  std::string_view micalg;  ///< RFC 8551 §3.5.3.2
  const char* name;         ///< OpenSSL's
};
constexpr std::array kDigests{DigestRow{"sha-256", "SHA256"}, DigestRow{"sha-384", "SHA384"},
                              DigestRow{"sha-512", "SHA512"}};

using DigestPtr = std::unique_ptr<EVP_MD, Freed<EVP_MD_free>>;

/// nullptr: the key's own parameters demand one that is none of ours (RFC 4055 §3.1: SHA-1 where they name none).
const DigestRow* digest_for(EVP_PKEY* key) {
  const int bits = EVP_PKEY_get_bits(key);
  if (EVP_PKEY_is_a(key, "EC") == 1) return &kDigests.at(bits <= 256 ? 0 : bits <= 384 ? 1 : 2);
  constexpr int kDemanded = 2;
  std::array<char, 32> name{};
  if (EVP_PKEY_get_default_digest_name(key, name.data(), name.size()) != kDemanded) {
    ERR_clear_error();
    return kDigests.data();
  }
  // Under one of its names: "SHA2-384".
  const DigestPtr digest(EVP_MD_fetch(library(), name.data(), nullptr));
  ERR_clear_error();
  const auto row = std::find_if(kDigests.begin(), kDigests.end(), [&](const DigestRow& one) {
    return digest && EVP_MD_is_a(digest.get(), one.name) == 1;
  });
  return row == kDigests.end() ? nullptr : &*row;
}

// Below SHA-256, as trust.cpp has it for chains.
bool weakly_signed(const Certificate& certificate) {
  int digest = NID_undef;
  X509_get_signature_info(certificate.impl().x509.get(), &digest, nullptr, nullptr, nullptr);
  ERR_clear_error();
  return digest == NID_md5 || digest == NID_sha1 || digest == NID_sha224 || digest == NID_md4 ||
         digest == NID_ripemd160;
}

}  // namespace

std::string_view signing_digest(const PrivateKey& key) {
  const DigestRow* row = digest_for(key.impl().key.get());
  return row == nullptr ? std::string_view() : row->micalg;
}

std::string_view to_string(SignFitness fitness) {
  constexpr std::array<std::string_view, 8> kWords{
      "good",     "expired",     "not_yet_valid",       "wrong_usage",
      "weak_key", "weak_digest", "demands_weak_digest", "unsupported_key"};
  return kWords.at(static_cast<std::size_t>(fitness));
}

SignFitness sign_fitness(const Certificate& certificate, TimePoint at, const Policy& policy) {
  constexpr auto kSkew = std::chrono::minutes(5);  // security rule 47
  const KeyType type = certificate.key_type();
  const bool rsa = type == KeyType::rsa || type == KeyType::rsa_pss;
  if (!rsa && type != KeyType::ec) return SignFitness::unsupported_key;
  if (certificate.not_after() < at) return SignFitness::expired;
  if (certificate.not_before() > at + kSkew) return SignFitness::not_yet_valid;
  if (certificate.is_ca() || !certificate.may_sign() || !certificate.eku_allows_email())
    return SignFitness::wrong_usage;
  if (rsa ? certificate.key_bits() < policy.min_rsa_bits : certificate.key_bits() < 256)
    return SignFitness::weak_key;
  if (rsa && has_roca_form(rsa_modulus(certificate.impl().x509.get())))
    return SignFitness::weak_key;
  if (certificate.subject() != certificate.issuer() && weakly_signed(certificate))
    return SignFitness::weak_digest;
  if (digest_for(X509_get0_pubkey(certificate.impl().x509.get())) == nullptr)
    return SignFitness::demands_weak_digest;
  return SignFitness::good;
}

Result<std::string> sign_detached(std::string_view content, const Signer& signer, TimePoint at) {
  const auto failed = [] {
    return Error::never(Errc::engine, drain_errors("cannot sign")).in("sign");
  };
  if (content.size() > kMaxContent) return Error::never(Errc::limit, "sign: more than 1 GiB");
  ERR_clear_error();
  constexpr unsigned kFlags = CMS_PARTIAL | CMS_DETACHED | CMS_BINARY;
  EVP_PKEY* const key = signer.pair.key.impl().key.get();
  const CmsPtr cms(CMS_sign_ex(nullptr, nullptr, nullptr, nullptr, kFlags, library(), nullptr));
  const DigestRow* row = digest_for(key);
  const DigestPtr digest(row == nullptr ? nullptr : EVP_MD_fetch(library(), row->name, nullptr));
  if (!cms || !digest) return failed();
  // CMS_NOSMIMECAP: OpenSSL's own list promises Triple-DES.
  CMS_SignerInfo* const info =
      CMS_add1_signer(cms.get(), signer.pair.certificate.impl().x509.get(), key, digest.get(),
                      kFlags | CMS_NOSMIMECAP | CMS_KEY_PARAM);
  if (info == nullptr || !set_padding(info, key, digest.get()) || !add_signing_time(info, at) ||
      !add_capabilities(info) || !add_key_preference(info, signer.encrypt_to) ||
      !add_chain(cms.get(), signer))
    return failed();
  const BioPtr source = reader(content);
  if (CMS_final(cms.get(), source.get(), nullptr, CMS_DETACHED | CMS_BINARY) != 1) return failed();
  std::string out = encoded(cms.get());
  if (out.empty()) return failed();
  return out;
}

}  // namespace paraph::cms
