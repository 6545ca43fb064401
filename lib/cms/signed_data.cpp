#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <map>

#include "cms/bag.h"
#include "cms/content_info.h"
#include "cms/der.h"
#include "cms/oids.h"
#include "cms/openssl.h"
#include "cms/parts.h"
#include "cms/public_key.h"

// Each SignerInfo is put alone into a SignedData of our own, without content and certificates, and
// only that goes to OpenSSL: one damaged signature cannot spoil the others, no certificate is
// decoded that has not passed our limits, and a digest nobody knows concerns its own signer only.
namespace paraph::cms {
namespace {

struct DigestRow {
  int nid;
  const char* fetch;  ///< OpenSSL's name; nullptr: we do not compute it
  const char* shown;
  bool weak;
};
/// Design §6.4: SHA-256 and up. What is weak is still checked and reported.
constexpr std::array kDigests{
    DigestRow{NID_sha256, "SHA256", "SHA-256", false},
    DigestRow{NID_sha384, "SHA384", "SHA-384", false},
    DigestRow{NID_sha512, "SHA512", "SHA-512", false},
    DigestRow{NID_sha512_256, "SHA512-256", "SHA-512/256", false},
    DigestRow{NID_sha3_256, "SHA3-256", "SHA3-256", false},
    DigestRow{NID_sha3_384, "SHA3-384", "SHA3-384", false},
    DigestRow{NID_sha3_512, "SHA3-512", "SHA3-512", false},
    DigestRow{NID_sha224, "SHA224", "SHA-224", true},
    DigestRow{NID_sha1, "SHA1", "SHA-1", true},
    DigestRow{NID_ripemd160, "RIPEMD160", "RIPEMD-160", true},
    DigestRow{NID_md5, "MD5", "MD5", true},
    DigestRow{NID_md4, nullptr, "MD4", true},
    DigestRow{NID_md2, nullptr, "MD2", true},
};

const DigestRow* digest_row(int nid) {
  const auto* row =
      std::find_if(kDigests.begin(), kDigests.end(),
                   [nid](const DigestRow& candidate) { return candidate.nid == nid; });
  return row != kDigests.end() ? row : nullptr;
}

using MdPtr = std::unique_ptr<EVP_MD, Freed<EVP_MD_free>>;

std::optional<std::string> digest_of(const DigestRow& row, std::string_view text) {
  const MdPtr md(EVP_MD_fetch(library(), row.fetch, nullptr));
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned int length = 0;
  if (!md || EVP_Digest(text.data(), text.size(), out.data(), &length, md.get(), nullptr) != 1) {
    return std::nullopt;
  }
  return std::string(reinterpret_cast<const char*>(out.data()), length);
}

/// Digests of one text, each made once however many signers ask for it (attack A28).
class TextDigests {
 public:
  explicit TextDigests(std::string_view text) : text_(text) {}
  [[nodiscard]] const std::optional<std::string>& of(const DigestRow& row) {
    const auto found = made_.find(row.nid);
    return found != made_.end() ? found->second
                                : made_.emplace(row.nid, digest_of(row, text_)).first->second;
  }
  [[nodiscard]] std::string_view text() const { return text_; }

 private:
  std::string_view text_;
  std::map<int, std::optional<std::string>> made_;
};

/// A certificate as the signer named it in a signed attribute (RFC 5035 §3, §4).
struct NamedCertificate {
  const DigestRow* digest = nullptr;  ///< nullptr: one that nobody knows
  std::string hash;
};

/// One signer while it is being judged.
struct Candidate {
  CmsPtr cms;
  CMS_SignerInfo* info = nullptr;  ///< owned by cms
  const DigestRow* digest = nullptr;
  bool known_signature = false;
  std::vector<NamedCertificate> named;
};

/// RFC 5652 §5.3: version, sid, digestAlgorithm, … The rest is for OpenSSL.
std::optional<std::string_view> digest_algorithm(const ber::Element& signer) {
  ber::Reader fields(signer.content);
  const auto version = fields.next_if(ber::kInteger);
  const auto sid = fields.next();
  const auto algorithm = fields.next_if(ber::kSequence);
  return version && sid && algorithm ? std::optional(algorithm->whole) : std::nullopt;
}

CmsPtr decode(const std::string& der) {
  CMS_ContentInfo* target = CMS_ContentInfo_new_ex(library(), nullptr);
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  return CmsPtr(d2i_CMS_ContentInfo(&target, &at, static_cast<long>(der.size())));
}

Candidate isolate(const SignedDataParts& parts, const ber::Element& signer) {
  Candidate candidate;
  const auto algorithm = digest_algorithm(signer);
  if (!signer.is(ber::kSequence) || !algorithm) {
    return candidate;
  }
  candidate.cms = decode(
      make_content_info(parts.type_element, {parts.version, der::tlv(der::kSet, {*algorithm}),
                                             der::tlv(der::kSequence, {parts.content_type_element}),
                                             der::tlv(der::kSet, {signer.whole})}));
  STACK_OF(CMS_SignerInfo)* all =
      candidate.cms ? CMS_get0_SignerInfos(candidate.cms.get()) : nullptr;
  if (all != nullptr && sk_CMS_SignerInfo_num(all) == 1) {
    candidate.info = sk_CMS_SignerInfo_value(all, 0);
  }
  return candidate;
}

std::string text_of(const ASN1_OBJECT* object) {
  return ber::oid_text({reinterpret_cast<const char*>(OBJ_get0_data(object)), OBJ_length(object)});
}

/// Fills in which algorithms the signer used.
void read_algorithms(Candidate& candidate, SignerInfo& out) {
  X509_ALGOR* digest = nullptr;
  X509_ALGOR* signature = nullptr;
  CMS_SignerInfo_get0_algs(candidate.info, nullptr, nullptr, &digest, &signature);
  const ASN1_OBJECT* digest_id = nullptr;
  const ASN1_OBJECT* signature_id = nullptr;
  X509_ALGOR_get0(&digest_id, nullptr, nullptr, digest);
  X509_ALGOR_get0(&signature_id, nullptr, nullptr, signature);

  candidate.digest = digest_row(OBJ_obj2nid(digest_id));
  out.digest = candidate.digest != nullptr ? candidate.digest->shown : text_of(digest_id);
  out.weak_digest = candidate.digest != nullptr && candidate.digest->weak;

  const int id = OBJ_obj2nid(signature_id);
  int built_on = NID_undef;
  int key = id;
  if (OBJ_find_sigid_algs(id, &built_on, &key) == 1) {
    const DigestRow* inner = digest_row(built_on);
    out.weak_digest = out.weak_digest || (inner != nullptr && inner->weak);
  }
  // EdDSA (RFC 8419) is not here: OpenSSL 3.0's CMS neither makes nor checks it.
  constexpr std::array kKeys{NID_rsaEncryption, NID_rsassaPss, NID_X9_62_id_ecPublicKey, NID_dsa,
                             NID_rsa};
  candidate.known_signature = std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end();
}

/// The one value of a signed attribute that must be there once (RFC 5652 §11), as `type`.
const ASN1_STRING* attribute(const Candidate& candidate, int nid, int type) {
  return static_cast<const ASN1_STRING*>(
      CMS_signed_get0_data_by_OBJ(candidate.info, OBJ_nid2obj(nid), -3, type));
}

std::string octets(const ASN1_STRING* value) {
  return value == nullptr ? std::string()
                          : std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                                        static_cast<std::size_t>(ASN1_STRING_length(value)));
}

/// The first certificate of SigningCertificate or SigningCertificateV2, which must be the signer's. In the second form
/// the digest is SHA-256 unless it is named.
std::optional<NamedCertificate> named_certificate(const std::string& attribute, bool second_form) {
  const auto whole = ber::Reader(attribute).next_if(ber::kSequence);
  const auto list =
      whole ? ber::Reader(whole->content).next_if(ber::kSequence) : std::optional<ber::Element>();
  const auto first =
      list ? ber::Reader(list->content).next_if(ber::kSequence) : std::optional<ber::Element>();
  if (!first) {
    return std::nullopt;
  }
  ber::Reader fields(first->content);
  NamedCertificate named{digest_row(second_form ? NID_sha256 : NID_sha1), {}};
  if (const auto algorithm =
          second_form ? fields.next_if(ber::kSequence) : std::optional<ber::Element>()) {
    const auto oid = ber::Reader(algorithm->content).next_if(ber::kOid);
    named.digest = oid ? digest_row(OBJ_txt2nid(ber::oid_text(oid->content).c_str())) : nullptr;
  }
  const auto hash = fields.next_if(ber::kOctetString);
  if (!hash) {
    return std::nullopt;
  }
  named.hash = hash->content;
  return named;
}

/// RFC 5035 §3: these attributes, when there, stand once and bind the signature to one certificate.
bool read_named_certificates(Candidate& candidate) {
  for (const int nid : {NID_id_smime_aa_signingCertificate, NID_id_smime_aa_signingCertificateV2}) {
    if (CMS_signed_get_attr_by_NID(candidate.info, nid, -1) < 0) {
      continue;
    }
    auto named = named_certificate(octets(attribute(candidate, nid, V_ASN1_SEQUENCE)),
                                   nid == NID_id_smime_aa_signingCertificateV2);
    if (!named) {
      return false;
    }
    candidate.named.push_back(*std::move(named));
  }
  return true;
}

bool is_the_named(const Candidate& candidate, const Certificate& certificate) {
  return std::all_of(candidate.named.begin(), candidate.named.end(),
                     [&](const NamedCertificate& one) {
                       return one.digest != nullptr && one.digest->fetch != nullptr &&
                              digest_of(*one.digest, certificate.der()) == one.hash;
                     });
}

/// Fills in the attributes we use; false when those that must be there are not, or contradict.
bool read_attributes(Candidate& candidate, const SignedDataParts& parts, SignerInfo& out) {
  const ASN1_STRING* time = attribute(candidate, NID_pkcs9_signingTime, V_ASN1_UTCTIME);
  if (time == nullptr) {
    time = attribute(candidate, NID_pkcs9_signingTime, V_ASN1_GENERALIZEDTIME);
  }
  out.signing_time = to_time_point(time);
  out.capabilities_der = octets(attribute(candidate, NID_SMIMECapabilities, V_ASN1_SEQUENCE));
  out.preference_der = octets(attribute(candidate, NID_id_smime_aa_encrypKeyPref, V_ASN1_OTHER));
  out.message_digest = octets(attribute(candidate, NID_pkcs9_messageDigest, V_ASN1_OCTET_STRING));

  const bool time_named =
      CMS_signed_get_attr_by_NID(candidate.info, NID_pkcs9_signingTime, -1) >= 0;
  const auto* type = static_cast<const ASN1_OBJECT*>(CMS_signed_get0_data_by_OBJ(
      candidate.info, OBJ_nid2obj(NID_pkcs9_contentType), -3, V_ASN1_OBJECT));
  const bool bound = read_named_certificates(candidate);
  ERR_clear_error();
  // RFC 5652 §11.1: the same as eContentType. §11.2: exactly one messageDigest.
  return type != nullptr && text_of(type) == parts.content_type && !out.message_digest.empty() &&
         (!time_named || out.signing_time.has_value()) && bound;
}

/// Whether the signature is this certificate's, over the signed attributes or, without them, over
/// `text` itself.
SignerCrypto check_signature(const Candidate& candidate, const Certificate& certificate,
                             std::string_view text, bool has_attributes) {
  const KeyType type = certificate.key_type();
  if (type != KeyType::rsa && type != KeyType::rsa_pss && type != KeyType::ec &&
      type != KeyType::dsa) {
    return SignerCrypto::unsupported_algorithm;
  }
  CMS_SignerInfo_set1_signer_cert(candidate.info, certificate.impl().x509.get());
  if (has_attributes) {
    const bool good = CMS_SignerInfo_verify(candidate.info) == 1;
    const unsigned long last = ERR_peek_last_error();
    ERR_clear_error();
    const bool shape =
        ERR_GET_LIB(last) == ERR_LIB_CMS && ERR_GET_REASON(last) == CMS_R_ATTRIBUTE_ERROR;
    return good    ? SignerCrypto::good
           : shape ? SignerCrypto::malformed
                   : SignerCrypto::bad_signature;
  }
  const BioPtr source = reader(text);
  BIO* chain = CMS_dataInit(candidate.cms.get(), source.get());
  std::array<char, 8192> buffer{};
  while (chain != nullptr && BIO_read(chain, buffer.data(), static_cast<int>(buffer.size())) > 0) {
  }
  const bool good = chain != nullptr && CMS_SignerInfo_verify_content(candidate.info, chain) == 1;
  // CMS_dataInit put its filters in front of our source: take them off again.
  while (chain != nullptr && chain != source.get()) {
    BIO* next = BIO_pop(chain);
    BIO_free(chain);
    chain = next;
  }
  ERR_clear_error();
  return good ? SignerCrypto::no_signed_attributes : SignerCrypto::bad_signature;
}

/// Tries the certificates that the SignerIdentifier names. There is more than one only when
/// somebody issued two under one serial number, so few are tried (attack A28).
SignerCrypto check_with(const Candidate& candidate,
                        const std::vector<const Certificate*>& certificates, std::string_view text,
                        bool has_attributes, SignerInfo& out) {
  // Without attributes each try digests the whole text, and the signature counts for nothing.
  const int most_tries = has_attributes ? 4 : 1;
  SignerCrypto first = SignerCrypto::no_certificate;
  int tries = 0;
  for (const Certificate* certificate : certificates) {
    if (CMS_SignerInfo_cert_cmp(candidate.info, certificate->impl().x509.get()) != 0) {
      continue;
    }
    SignerCrypto state = check_signature(candidate, *certificate, text, has_attributes);
    if (state == SignerCrypto::good && !is_the_named(candidate, *certificate)) {
      state = SignerCrypto::other_certificate;
    }
    const bool right = state == SignerCrypto::good || state == SignerCrypto::no_signed_attributes;
    if (tries == 0 || right) {
      out.certificate = *certificate;
      first = state;
    }
    if (right || ++tries == most_tries) {
      break;
    }
  }
  return first;
}

SignerCrypto judge(Candidate& candidate, const SignedDataParts& parts,
                   const std::vector<const Certificate*>& certificates, TextDigests& digests,
                   SignerInfo& out) {
  if (candidate.info == nullptr) {
    return SignerCrypto::malformed;
  }
  read_algorithms(candidate, out);
  const bool has_attributes = CMS_signed_get_attr_count(candidate.info) >= 0;
  const bool sound = !has_attributes || read_attributes(candidate, parts, out);
  const bool computable = candidate.digest != nullptr && candidate.digest->fetch != nullptr;
  // Looked up first, so that a report names the signer whatever is wrong with the rest.
  const SignerCrypto signature =
      computable && candidate.known_signature
          ? check_with(candidate, certificates, digests.text(), has_attributes, out)
          : SignerCrypto::unsupported_algorithm;
  if (!sound) {
    return SignerCrypto::malformed;
  }
  if (signature == SignerCrypto::unsupported_algorithm) {
    if (!out.certificate) {
      const auto named =
          std::find_if(certificates.begin(), certificates.end(), [&](const Certificate* one) {
            return CMS_SignerInfo_cert_cmp(candidate.info, one->impl().x509.get()) == 0;
          });
      if (named != certificates.end()) {
        out.certificate = **named;
      }
    }
    return signature;
  }
  // RFC 5652 §5.6: the digest of the content against the signed messageDigest attribute.
  if (has_attributes && digests.of(*candidate.digest) != out.message_digest) {
    return SignerCrypto::digest_mismatch;
  }
  return signature;
}

}  // namespace

SignedReport verify_signed(std::string_view cms, std::optional<std::string_view> detached,
                           const std::vector<Certificate>& stored, const CmsLimits& limits) {
  SignedReport report;
  const PreScan scan = prescan(cms, limits);
  const auto parts = scan.kind == ContentKind::signed_data ? signed_data_parts(cms) : std::nullopt;
  report.malformed = !parts;
  if (!parts) {
    report.reason = scan.reason.empty() ? "not a SignedData" : scan.reason;
    return report;
  }
  report.certificates = readable_certificates(parts->certificates);
  report.content_is_data = parts->content_type == oid::kData;
  report.has_content = parts->content.has_value();
  if (parts->content) {
    std::string scratch;
    const auto content = ber::octet_string(*parts->content, scratch);
    report.malformed = !content;
    report.reason = content ? "" : "content in pieces that are no OCTET STRINGs";
    report.content = content.value_or(std::string_view());
  }
  const bool nothing_signed = !detached && !report.has_content && !parts->signer_infos.empty();
  if (report.malformed || nothing_signed) {
    report.malformed = true;
    report.reason = nothing_signed ? "signatures without content" : report.reason;
    return report;
  }
  std::vector<const Certificate*> certificates;
  for (const auto* set : {&std::as_const(report.certificates), &stored}) {
    for (const Certificate& one : *set) {
      certificates.push_back(&one);
    }
  }
  TextDigests digests(detached ? *detached : std::string_view(report.content));
  ber::Reader signers(parts->signer_infos);
  while (const auto signer = signers.next()) {
    SignerInfo& out = report.signers.emplace_back();
    Candidate candidate = isolate(*parts, *signer);
    ERR_clear_error();
    out.crypto = judge(candidate, *parts, certificates, digests, out);
  }
  return report;
}

}  // namespace paraph::cms
