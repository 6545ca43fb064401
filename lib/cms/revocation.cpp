#include "cms/revocation.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <vector>

#include <fmt/core.h>

#include "cms/crl_impl.h"

namespace paraph::cms {
namespace {

using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, Freed<X509_STORE_CTX_free>>;
struct FreePoints {
  void operator()(CRL_DIST_POINTS* points) const { CRL_DIST_POINTS_free(points); }
};
using PointsPtr = std::unique_ptr<CRL_DIST_POINTS, FreePoints>;

constexpr int kMaxRounds = 8;  // of CRLs found to be unfit, each round leaves some out

/// One walk along the chain: what it may use, and what it meets.
struct CrlWalk {
  const std::vector<Crl>* crls = nullptr;
  std::vector<const X509_CRL*> unfit;  ///< not to be used again
  RevocationFinding found;
};

X509_STORE_CTX* outermost(const X509_STORE_CTX* context) {
  // The path of an indirect CRL's issuer is judged in a context of its own.
  auto* at = const_cast<X509_STORE_CTX*>(context);
  while (X509_STORE_CTX* parent = X509_STORE_CTX_get0_parent_ctx(at)) at = parent;
  return at;
}

CrlWalk* walk_of(const X509_STORE_CTX* context) {
  return static_cast<CrlWalk*>(X509_STORE_CTX_get_app_data(outermost(context)));
}

/// Who may have issued the CRL of a certificate: its issuer, and those its distribution points name (RFC 5280 §4.2.1.13).
/// The names live as long as `points` and the certificate.
std::vector<const X509_NAME*> crl_issuers(const X509_NAME* issuer, const CRL_DIST_POINTS* points) {
  std::vector<const X509_NAME*> names{issuer};
  for (int i = 0; i < sk_DIST_POINT_num(points); ++i) {
    const GENERAL_NAMES* named = sk_DIST_POINT_value(points, i)->CRLissuer;
    for (int j = 0; j < sk_GENERAL_NAME_num(named); ++j) {
      const GENERAL_NAME* name = sk_GENERAL_NAME_value(named, j);
      if (name->type == GEN_DIRNAME) names.push_back(name->d.directoryName);
    }
  }
  return names;
}

STACK_OF(X509_CRL) * look_up(const X509_STORE_CTX* context, const X509_NAME* issuer) {
  const CrlWalk* walk = walk_of(context);
  X509* certificate = X509_STORE_CTX_get_current_cert(context);
  if (walk == nullptr || certificate == nullptr) return nullptr;
  const PointsPtr points(static_cast<CRL_DIST_POINTS*>(
      X509_get_ext_d2i(certificate, NID_crl_distribution_points, nullptr, nullptr)));
  const auto names = crl_issuers(issuer, points.get());
  STACK_OF(X509_CRL)* found = sk_X509_CRL_new_null();
  for (const Crl& crl : *walk->crls) {
    const bool asked = std::any_of(names.begin(), names.end(), [&](const X509_NAME* name) {
      return X509_NAME_cmp(name, crl.impl().issuer.get()) == 0;
    });
    X509_CRL* decoded = asked ? crl.impl().decoded() : nullptr;
    if (decoded == nullptr ||
        std::find(walk->unfit.begin(), walk->unfit.end(), decoded) != walk->unfit.end())
      continue;
    X509_CRL_up_ref(decoded);
    sk_X509_CRL_push(found, decoded);
  }
  ERR_clear_error();
  return found;
}

/// A CRL that must not be believed, whatever it says.
bool makes_unfit(int code) {
  constexpr std::array kCodes{
      X509_V_ERR_CRL_SIGNATURE_FAILURE,     X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE,
      X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER,  X509_V_ERR_KEYUSAGE_NO_CRL_SIGN,
      X509_V_ERR_CRL_PATH_VALIDATION_ERROR, X509_V_ERR_INVALID_EXTENSION};
  return std::find(kCodes.begin(), kCodes.end(), code) != kCodes.end();
}

bool concerns_crls(int code) {
  constexpr std::array kCodes{X509_V_ERR_UNABLE_TO_GET_CRL,
                              X509_V_ERR_CRL_NOT_YET_VALID,
                              X509_V_ERR_CRL_HAS_EXPIRED,
                              X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD,
                              X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD,
                              X509_V_ERR_DIFFERENT_CRL_SCOPE,  // for this certificate
                              X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION};
  return makes_unfit(code) || std::find(kCodes.begin(), kCodes.end(), code) != kCodes.end();
}

std::string describe(int code, const X509* certificate, const X509_CRL* crl) {
  std::string text = fmt::format("{} for {}", X509_verify_cert_error_string(code),
                                 print_name(X509_get_subject_name(certificate)));
  if (code == X509_V_ERR_UNABLE_TO_GET_CRL) return no_crl_for(certificate);
  if (crl != nullptr) text += ": CRL of " + print_name(X509_CRL_get_issuer(crl));
  return text;
}

/// The delta that adds most to this base, of those that the base's issuer has signed.
X509_CRL* newest_delta(const CrlWalk& walk, const X509_CRL* decoded, EVP_PKEY* key) {
  const auto base = std::find_if(walk.crls->begin(), walk.crls->end(),
                                 [&](const Crl& one) { return one.impl().gave(decoded); });
  if (base == walk.crls->end()) return nullptr;
  const Crl* newest = nullptr;
  for (const Crl& one : *walk.crls)
    if (one.adds_to(*base) && (newest == nullptr || one.newer_than(*newest)) &&
        one.impl().decoded() != nullptr && X509_CRL_verify(one.impl().decoded(), key) == 1)
      newest = &one;
  ERR_clear_error();
  return newest == nullptr ? nullptr : newest->impl().decoded();
}

X509_STORE_CTX_cert_crl_fn openssls_own() {
  const StoreContextPtr plain(X509_STORE_CTX_new_ex(library(), nullptr));
  return plain && X509_STORE_CTX_init(plain.get(), nullptr, nullptr, nullptr) == 1
             ? X509_STORE_CTX_get_cert_crl(plain.get())
             : nullptr;
}

/// A delta that a later one has followed may have been taken back: what it revokes stays so, what it removes does not.
bool is_current(X509_STORE_CTX* context, const X509_CRL* crl) {
  std::time_t now = X509_VERIFY_PARAM_get_time(X509_STORE_CTX_get0_param(context));
  const ASN1_TIME* until = X509_CRL_get0_nextUpdate(crl);
  return X509_cmp_time(X509_CRL_get0_lastUpdate(crl), &now) < 0 &&
         (until == nullptr || X509_cmp_time(until, &now) > 0);
}

/// What a list says of a certificate. OpenSSL takes a delta only for a base, or a certificate, that says where deltas are to be
/// had, and the first one that it meets. Here somebody put it at hand, so the newest counts whether or not they do.
int ask_list(X509_STORE_CTX* context, X509_CRL* crl, X509* certificate) {
  static const X509_STORE_CTX_cert_crl_fn ask = openssls_own();
  constexpr int kRemoved = 2;  // removeFromCRL: what the base says holds no more
  const CrlWalk* walk = walk_of(context);
  const X509* issuer = X509_STORE_CTX_get0_current_issuer(context);
  if (ask == nullptr || walk == nullptr) return 0;
  EVP_PKEY* key = issuer == nullptr ? nullptr : X509_get0_pubkey(issuer);
  if (X509_CRL* delta = key == nullptr ? nullptr : newest_delta(*walk, crl, key))
    if (const int said = ask(context, delta, certificate);
        said == 0 || (said == kRemoved && is_current(context, delta)))
      return said == 0 ? 0 : 1;
  return ask(context, crl, certificate);
}

int on_fault(int ok, X509_STORE_CTX* context) {
  if (ok != 0) return ok;
  if (X509_STORE_CTX_get0_parent_ctx(context) != nullptr) return 0;  // the CRL's own path
  CrlWalk* walk = walk_of(context);
  const int code = X509_STORE_CTX_get_error(context);
  const X509* certificate = X509_STORE_CTX_get_current_cert(context);
  const X509_CRL* crl = X509_STORE_CTX_get0_current_crl(context);
  const bool anchor = X509_STORE_CTX_get_error_depth(context) + 1 ==
                      sk_X509_num(X509_STORE_CTX_get0_chain(context));
  const bool unfit =
      crl != nullptr && std::find(walk->unfit.begin(), walk->unfit.end(), crl) != walk->unfit.end();
  if (code == X509_V_ERR_CERT_REVOKED) {
    if (!unfit && walk->found.revoked.empty())
      walk->found.revoked = describe(code, certificate, crl);
    return 1;
  }
  if (!concerns_crls(code)) return 1;  // the chain has been judged already
  if (makes_unfit(code) && crl != nullptr && !unfit) walk->unfit.push_back(crl);
  if (!anchor && walk->found.unknown.empty())
    walk->found.unknown = describe(code, certificate, crl);
  return 1;
}

/// One round; false: the machine had no memory.
bool walk_chain(X509_STORE* store, X509* leaf, STACK_OF(X509) * untrusted, TimePoint now,
                CrlWalk& walk) {
  const StoreContextPtr context(X509_STORE_CTX_new_ex(library(), nullptr));
  if (!context || X509_STORE_CTX_init(context.get(), store, leaf, untrusted) != 1) return false;
  X509_VERIFY_PARAM* param = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(param, std::chrono::system_clock::to_time_t(now));
  X509_VERIFY_PARAM_set_depth(param, kMaxChainDepth);
  X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_CRL_CHECK |
                                         X509_V_FLAG_CRL_CHECK_ALL |
                                         X509_V_FLAG_EXTENDED_CRL_SUPPORT);
  X509_STORE_CTX_set_app_data(context.get(), &walk);
  X509_STORE_CTX_set_verify_cb(context.get(), on_fault);
  const bool walked = X509_verify_cert(context.get()) == 1;
  if (!walked && walk.found.unknown.empty())
    walk.found.unknown = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
  ERR_clear_error();
  return true;
}

}  // namespace

std::string no_crl_for(const X509* certificate) {
  return fmt::format("no revocation list of {} for {}",
                     print_name(X509_get_issuer_name(certificate)),
                     print_name(X509_get_subject_name(certificate)));
}

void serve_crls(X509_STORE* store) {
  X509_STORE_set_lookup_crls(store, look_up);
  X509_STORE_set_cert_crl(store, ask_list);
}

RevocationFinding check_revocation(X509_STORE* store, X509* leaf, STACK_OF(X509) * untrusted,
                                   const Revocation& revocation) {
  CrlWalk walk;
  walk.crls = &revocation.crls.all();
  std::size_t unfit = 0;
  for (int round = 0; round < kMaxRounds; ++round) {
    walk.found = {};
    if (!walk_chain(store, leaf, untrusted, revocation.now, walk)) return {{}, "out of memory"};
    if (walk.unfit.size() == unfit) break;
    unfit = walk.unfit.size();
  }
  return walk.found;
}

}  // namespace paraph::cms
