#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include <algorithm>

#include "cms/ciphers.h"
#include "cms/openssl.h"
#include "cms/seal.h"

namespace paraph::cms {
namespace {

/// A memory BIO counts in int.
constexpr std::size_t kMaxContent = std::size_t{1} << 30U;

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

/// RFC 5652 §11.3: UTCTime up to 2049, then GeneralizedTime, which ASN1_TIME_set chooses. Set by
/// hand, or OpenSSL would take the machine's time.
bool add_signing_time(CMS_SignerInfo* signer, TimePoint at) {
  const TimePtr time(ASN1_TIME_set(nullptr, static_cast<time_t>(epoch(at))));
  return time && CMS_signed_add1_attr_by_NID(signer, NID_pkcs9_signingTime, time->type, time.get(),
                                             -1) == 1;
}

/// A key whose certificate says id-RSASSA-PSS must sign so, with a salt as long as the digest (RFC
/// 4056 §3): readers refuse OpenSSL's default, and one crashes on it.
bool set_padding(CMS_SignerInfo* signer, EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "RSA-PSS") != 1) return true;
  EVP_PKEY_CTX* const context = CMS_SignerInfo_get0_pkey_ctx(signer);
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) > 0;
}

bool add_chain(CMS_ContentInfo* cms, const KeyPair& signer, const std::vector<Certificate>& chain) {
  std::vector<Certificate> added = {signer.certificate};
  for (const auto& certificate : chain) {
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

}  // namespace

Result<std::string> sign_detached(std::string_view content, const KeyPair& signer,
                                  const std::vector<Certificate>& chain, TimePoint at) {
  const auto failed = [] {
    return Error::never(Errc::engine, drain_errors("cannot sign")).in("sign");
  };
  if (content.size() > kMaxContent) return Error::never(Errc::limit, "sign: more than 1 GiB");
  ERR_clear_error();
  constexpr unsigned kFlags = CMS_PARTIAL | CMS_DETACHED | CMS_BINARY;
  EVP_PKEY* const key = signer.key.impl().key.get();
  const CmsPtr cms(CMS_sign_ex(nullptr, nullptr, nullptr, nullptr, kFlags, library(), nullptr));
  if (!cms) return failed();
  // CMS_NOSMIMECAP: OpenSSL's own list promises Triple-DES.
  CMS_SignerInfo* const info =
      CMS_add1_signer(cms.get(), signer.certificate.impl().x509.get(), key, fetched_sha256(),
                      kFlags | CMS_NOSMIMECAP | CMS_KEY_PARAM);
  if (info == nullptr || !set_padding(info, key) || !add_signing_time(info, at) ||
      !add_capabilities(info) || !add_chain(cms.get(), signer, chain))
    return failed();
  const BioPtr source = reader(content);
  if (CMS_final(cms.get(), source.get(), nullptr, CMS_DETACHED | CMS_BINARY) != 1) return failed();
  std::string out = encoded(cms.get());
  if (out.empty()) return failed();
  return out;
}

}  // namespace paraph::cms
