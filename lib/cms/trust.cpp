#include "cms/trust.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <chrono>
#include <ctime>

#include <fmt/core.h>

#include "cms/issuer_path.h"
#include "cms/name_constraints.h"
#include "cms/openssl.h"
#include "cms/path_memory.h"
#include "cms/public_key.h"
#include "cms/revocation.h"

namespace paraph::cms {
namespace {

using StorePtr = std::unique_ptr<X509_STORE, Freed<X509_STORE_free>>;
using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, Freed<X509_STORE_CTX_free>>;
struct FreeStack {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }  // not what is in it
};
using StackPtr = std::unique_ptr<STACK_OF(X509), FreeStack>;
using Verdict = TrustAnchors::Verdict;

constexpr std::size_t kPathsKept = 1024;
constexpr std::chrono::minutes kSkew{5};  // security rule 47: on notBefore only
constexpr int kMinCurveBits = 224;        // as strong as RSA-2048
constexpr std::array<std::string_view, 3> kChecks = {"off", "soft", "require"};

}  // namespace

struct TrustAnchors::Impl {
  std::vector<Certificate> anchors;
  std::vector<Certificate> issuers;
  StorePtr store;
  mutable PathMemory memory{kPathsKept};
};

namespace {

struct CodeRow {
  int code;
  ChainStatus status;
};
/// What is not listed is a defect of the chain itself.
constexpr std::array kCodes{
    CodeRow{X509_V_ERR_CERT_HAS_EXPIRED, ChainStatus::expired},
    CodeRow{X509_V_ERR_CERT_NOT_YET_VALID, ChainStatus::not_yet_valid},
    CodeRow{X509_V_ERR_CERT_REVOKED, ChainStatus::revoked},
    CodeRow{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, ChainStatus::untrusted_issuer},
    CodeRow{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, ChainStatus::untrusted_issuer},
    CodeRow{X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, ChainStatus::untrusted_issuer},
    CodeRow{X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, ChainStatus::untrusted_issuer},
    CodeRow{X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, ChainStatus::untrusted_issuer},
    CodeRow{X509_V_ERR_CERT_UNTRUSTED, ChainStatus::untrusted_issuer},
    CodeRow{X509_V_ERR_CERT_REJECTED, ChainStatus::untrusted_issuer},
    CodeRow{X509_V_ERR_NO_EXPLICIT_POLICY, ChainStatus::wrong_policy},
    CodeRow{X509_V_ERR_INVALID_POLICY_EXTENSION, ChainStatus::wrong_policy},
};

ChainStatus status_of(int code) {
  const auto* row = std::find_if(kCodes.begin(), kCodes.end(), [code](const CodeRow& candidate) {
    return candidate.code == code;
  });
  return row != kCodes.end() ? row->status : ChainStatus::bad_chain;
}

std::string name_of(const X509* x509) {
  const std::string name = print_name(X509_get_subject_name(x509));
  return name.empty() ? "no name" : name;
}

/// What the walk up the chain learns besides OpenSSL's yes or no.
struct Walk {
  TimePoint at;
  Verdict dates{ChainStatus::good, {}};
};

/// Faults of dates are noted and stepped over, so that a worse fault further on is found too.
int on_fault(int ok, X509_STORE_CTX* context) {
  if (ok != 0) {
    return ok;
  }
  const int code = X509_STORE_CTX_get_error(context);
  const ChainStatus status = status_of(code);
  if (status != ChainStatus::expired && status != ChainStatus::not_yet_valid) {
    return 0;
  }
  auto* walk = static_cast<Walk*>(X509_STORE_CTX_get_app_data(context));
  X509* x509 = X509_STORE_CTX_get_current_cert(context);
  const std::time_t tolerated = std::chrono::system_clock::to_time_t(walk->at + kSkew);
  const int order = ASN1_TIME_cmp_time_t(X509_get0_notBefore(x509), tolerated);
  if (status == ChainStatus::not_yet_valid && (order == 0 || order == -1)) {
    return 1;
  }
  if (walk->dates.status != ChainStatus::expired) {  // expired outweighs not yet valid
    walk->dates = {status,
                   fmt::format("{}: {}", X509_verify_cert_error_string(code), name_of(x509))};
  }
  return 1;
}

constexpr std::string_view kAnyPolicy = "2.5.29.32.0";

/// RFC 5280 §6.1.1 (c) and (e). False: there is a wish, and nothing in it is an OID. Without a wish of ours any policy will do, and none has to
/// be there; what CAs require of those below them holds all the same (§4.2.1.11, §4.2.1.14).
bool demand(const Policy& policy, X509_VERIFY_PARAM* param) {
  const bool asked = !policy.required_policies.empty();
  const std::vector<std::string> any{std::string(kAnyPolicy)};
  bool can_be_met = false;
  for (const std::string& oid : asked ? policy.required_policies : any) {
    ASN1_OBJECT* object = OBJ_txt2obj(oid.c_str(), 1);
    ERR_clear_error();
    if (object == nullptr) {
      continue;
    }
    X509_VERIFY_PARAM_add0_policy(param, object);
    can_be_met = true;
  }
  X509_VERIFY_PARAM_set_flags(param,
                              X509_V_FLAG_POLICY_CHECK | (asked ? X509_V_FLAG_EXPLICIT_POLICY : 0));
  return can_be_met;
}

StoreContextPtr prepare(X509_STORE* store, X509* leaf, STACK_OF(X509) * untrusted, Walk& walk) {
  StoreContextPtr context(X509_STORE_CTX_new_ex(library(), nullptr));
  if (!context || X509_STORE_CTX_init(context.get(), store, leaf, untrusted) != 1) {
    return nullptr;
  }
  X509_VERIFY_PARAM* param = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(param, std::chrono::system_clock::to_time_t(walk.at));
  X509_VERIFY_PARAM_set_depth(param, kMaxChainDepth);
  // Every certificate of the store was put there by an administrator, so each may end a path, an
  // intermediate or a pinned leaf included.
  X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
  X509_STORE_CTX_set_app_data(context.get(), &walk);
  X509_STORE_CTX_set_verify_cb(context.get(), on_fault);
  return context;
}

/// The chain as Certificates, leaf first.
std::vector<Certificate> chain_of(X509_STORE_CTX* context, const Certificate& leaf,
                                  const std::vector<const std::vector<Certificate>*>& known) {
  std::vector<Certificate> chain{leaf};
  STACK_OF(X509)* built = X509_STORE_CTX_get0_chain(context);
  for (int i = 1; i < sk_X509_num(built); ++i) {
    const X509* wanted = sk_X509_value(built, i);
    for (const auto* set : known) {
      const auto found = std::find_if(set->begin(), set->end(), [wanted](const Certificate& one) {
        return X509_cmp(one.impl().x509.get(), wanted) == 0;
      });
      if (found != set->end()) {
        chain.push_back(*found);
        break;
      }
    }
  }
  // OpenSSL had nothing else to build from.
  assert(chain.size() == static_cast<std::size_t>(sk_X509_num(built)));
  return chain;
}

/// RFC 8550 §4.4: who may do what; security rule 24 for the intersection of extended key usages.
/// OpenSSL's purposes are not used: smime_sign refuses anyExtendedKeyUsage, "any" lets all pass.
Verdict judge_usage(const std::vector<Certificate>& chain, TrustAnchors::Purpose purpose) {
  const Certificate& leaf = chain.front();
  const bool may = purpose == TrustAnchors::Purpose::sign ? leaf.may_sign() : leaf.may_encrypt();
  if (!may) {
    return {ChainStatus::wrong_usage, "keyUsage forbids it: " + leaf.subject()};
  }
  if (purpose == TrustAnchors::Purpose::encrypt && leaf.is_ca()) {
    return {ChainStatus::wrong_usage, "a CA certificate: " + leaf.subject()};
  }
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const bool root = i > 0 && self_signed(chain[i]);
    if (!root && !chain[i].eku_allows_email()) {
      return {ChainStatus::wrong_usage,
              "extendedKeyUsage lacks emailProtection: " + chain[i].subject()};
    }
  }
  return {ChainStatus::good, {}};
}

bool weak_key(const Certificate& certificate, const Policy& policy) {
  const int bits = certificate.key_bits();
  switch (certificate.key_type()) {
    case KeyType::rsa:
    case KeyType::rsa_pss:
      return bits < policy.min_rsa_bits || bits > policy.max_rsa_bits ||
             has_roca_form(rsa_modulus(certificate.impl().x509.get()));
    case KeyType::ec:
      return bits < kMinCurveBits;
    case KeyType::dsa:
      return true;  // RFC 8551 dropped it
    default:
      return false;
  }
}

bool weak_signature(const Certificate& certificate) {
  int digest_nid = NID_undef;
  X509_get_signature_info(certificate.impl().x509.get(), &digest_nid, nullptr, nullptr, nullptr);
  ERR_clear_error();
  constexpr std::array kWeak{NID_md2,       NID_md4,      NID_md5,   NID_sha1,
                             NID_ripemd160, NID_md5_sha1, NID_sha224};
  return std::find(kWeak.begin(), kWeak.end(), digest_nid) != kWeak.end();
}

/// RFC 8550 §6: a secure mail list server rejects weak keys and digests.
Verdict judge_strength(const std::vector<Certificate>& chain, const Policy& policy) {
  for (const Certificate& certificate : chain) {
    if (weak_key(certificate, policy)) {
      return {ChainStatus::weak_key,
              fmt::format("{}: {}", certificate.key_description(), certificate.subject())};
    }
  }
  // Nothing rests on the signature of the last one: it is trusted for being in the store.
  for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
    if (weak_signature(chain[i])) {
      return {ChainStatus::weak_digest, "signed with MD5 or SHA-1: " + chain[i].subject()};
    }
  }
  return {ChainStatus::good, {}};
}

/// RFC 5280 §4.2.1.9, §4.2.1.10. OpenSSL also accepts issuers that only keyUsage makes a CA.
Verdict judge_issuers(const std::vector<Certificate>& chain) {
  for (std::size_t i = 1; i + 1 < chain.size(); ++i) {
    if (!chain[i].is_ca()) {
      return {ChainStatus::bad_chain,
              "issued by a certificate that is no CA: " + chain[i].subject()};
    }
  }
  if (const std::string email = excluded_address(chain); !email.empty()) {
    return {ChainStatus::bad_chain, "name constraints above exclude the address " + email};
  }
  return {ChainStatus::good, {}};
}

}  // namespace

TrustAnchors::TrustAnchors() : TrustAnchors(from({})) {}

TrustAnchors::TrustAnchors(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

TrustAnchors TrustAnchors::from(const std::vector<Certificate>& anchors,
                                const std::vector<Certificate>& issuers) {
  auto impl = std::make_shared<Impl>();
  impl->anchors = anchors;
  impl->issuers = issuers;
  impl->store.reset(X509_STORE_new());
  serve_crls(impl->store.get());
  for (const Certificate& anchor : anchors) {
    X509_STORE_add_cert(impl->store.get(), anchor.impl().x509.get());
  }
  return TrustAnchors(std::move(impl));
}

std::size_t TrustAnchors::size() const {
  return impl_->anchors.size();
}

const std::vector<Certificate>& TrustAnchors::certificates() const {
  return impl_->anchors;
}

const std::vector<Certificate>& TrustAnchors::issuers() const {
  return impl_->issuers;
}

Verdict TrustAnchors::judge(const Certificate& leaf, const std::vector<Certificate>& untrusted,
                            TimePoint at, Purpose purpose, const Policy& policy,
                            const Revocation& revocation) const {
  const StackPtr others(sk_X509_new_null());
  for (const auto* set : {&untrusted, &impl_->issuers}) {
    for (const Certificate& one : *set) {
      sk_X509_push(others.get(), one.impl().x509.get());
    }
  }
  // The state of revocation may be another each time.
  const auto revocation_of = [&](bool issued) {
    RevocationFinding crls;
    if (revocation.check != CrlCheck::off && revocation.crls.all().empty()) {
      // Known without walking the chain a second time. An anchor needs no CRL.
      if (issued) crls.unknown = no_crl_for(leaf.impl().x509.get());
    } else if (revocation.check != CrlCheck::off) {
      crls = check_revocation(impl_->store.get(), leaf.impl().x509.get(), others.get(), revocation);
    }
    return crls;
  };
  const PathQuestion question{leaf, untrusted, at, purpose, policy};
  if (const auto known = impl_->memory.find(question)) {
    auto crls = revocation_of(known->issued);
    if (!crls.revoked.empty()) return {ChainStatus::revoked, std::move(crls.revoked), {}};
    return {ChainStatus::good, {}, std::move(crls.unknown)};
  }
  Walk walk{at, {ChainStatus::good, {}}};
  const auto context = prepare(impl_->store.get(), leaf.impl().x509.get(), others.get(), walk);
  if (!context) {
    return {ChainStatus::bad_chain, drain_errors("no chain could be built")};
  }
  if (!demand(policy, X509_STORE_CTX_get0_param(context.get()))) {
    return {ChainStatus::wrong_policy, "required_policies names no OID"};
  }
  const bool built = X509_verify_cert(context.get()) == 1;
  ERR_clear_error();
  if (!built) {
    const int code = X509_STORE_CTX_get_error(context.get());
    const X509* where = X509_STORE_CTX_get_current_cert(context.get());
    return {status_of(code),
            fmt::format("{}: {}", X509_verify_cert_error_string(code),
                        where != nullptr ? name_of(where) : leaf.subject()),
            {}};
  }
  const auto chain = chain_of(context.get(), leaf, {&impl_->anchors, &untrusted, &impl_->issuers});
  const GoodPath path{chain.size() > 1};
  const auto crls = revocation_of(path.issued);
  const Verdict revoked{
      crls.revoked.empty() ? ChainStatus::good : ChainStatus::revoked, crls.revoked, {}};
  // From the worst fault to the least: what an administrator should hear about first.
  for (const Verdict& verdict : {judge_issuers(chain), revoked, walk.dates,
                                 judge_usage(chain, purpose), judge_strength(chain, policy)}) {
    if (verdict.status != ChainStatus::good) {
      return verdict;
    }
  }
  impl_->memory.keep(question, impl_->anchors, impl_->issuers, kSkew, path);
  return {ChainStatus::good, {}, crls.unknown};
}

std::string_view to_string(CrlCheck check) {
  return kChecks.at(static_cast<std::size_t>(check));
}

std::optional<CrlCheck> crl_check_from(std::string_view word) {
  const auto* found = std::find(kChecks.begin(), kChecks.end(), word);
  return found == kChecks.end() ? std::nullopt
                                : std::optional(static_cast<CrlCheck>(found - kChecks.begin()));
}

}  // namespace paraph::cms
