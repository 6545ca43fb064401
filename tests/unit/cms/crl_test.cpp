#include "cms/crl.h"

#include <catch2/catch.hpp>

#include "cms/content_info.h"
#include "cms/trust.h"
#include "support/crl.h"
#include "support/pki.h"

using namespace paraph;
using namespace paraph::cms;
using paraph::testing::make_crl;
using paraph::testing::Pki;
using paraph::testing::Wanted;
using paraph::testing::WantedCrl;

namespace {

const TimePoint kAt{std::chrono::seconds(testing::kNow)};
constexpr const char* kStale = "20261231120000Z";  // before kAt

Certificate load(std::string_view name) {
  return Certificate::from_pem(Pki::shared().cert_pem(name)).value().at(0);
}

Crl crl(const WantedCrl& wanted) {
  return Crl::from_der(make_crl(wanted)).value();
}

struct Question {
  std::vector<Crl> crls = {};
  std::vector<std::string> anchors{"ca"};
  std::vector<std::string> untrusted = {};
  TimePoint at = kAt;
  Policy policy = {};
  CrlCheck check = CrlCheck::soft;
};

TrustAnchors::Verdict ask(std::string_view leaf, const Question& question) {
  std::vector<Certificate> anchors, untrusted;
  for (const auto& name : question.anchors) anchors.push_back(load(name));
  for (const auto& name : question.untrusted) untrusted.push_back(load(name));
  return TrustAnchors::from(anchors).judge(load(leaf), untrusted, question.at,
                                           TrustAnchors::Purpose::sign, question.policy,
                                           {question.check, CrlSet(question.crls), kAt});
}

/// "good", "revoked", "unknown", or "other".
std::string revocation(std::string_view leaf, const Question& question) {
  const auto verdict = ask(leaf, question);
  INFO(verdict.detail);
  CHECK(verdict.detail.empty() == (verdict.status == ChainStatus::good));
  if (verdict.status == ChainStatus::revoked) return "revoked";
  if (verdict.status != ChainStatus::good) return "other";
  return verdict.revocation_unknown.empty() ? "good" : "unknown";
}

/// A CA with the name of `ca` and a key of its own.
void issue_impostor() {
  Pki::shared().issue({.name = "impostor",
                       .issuer = "self",
                       .extensions = Wanted::kCaExtensions,
                       .subject = "/O=Paraph test/CN=Paraph test root"});
}

}  // namespace

TEST_CASE("a CRL's frame: issuer, dates, numbers, scope, entries") {
  const Crl base = crl({.revoked = {"alice", "bob"}, .number = 3});
  CHECK(base.issuer() == load("ca").subject());
  CHECK(base.this_update() == parse_time("2026-12-31T00:00:00Z"));
  CHECK(base.next_update() == parse_time("2027-02-01T00:00:00Z"));
  CHECK(base.number() == "03");
  CHECK_FALSE(base.is_delta());
  CHECK(base.scope().empty());
  CHECK(base.entries() == 2U);
  CHECK(base.key_id().size() == 40);
  CHECK(base.signed_by(load("ca")));
  CHECK_FALSE(base.signed_by(load("bob")));

  const Crl next = crl({.number = 4});
  CHECK(next.identity() == base.identity());
  CHECK(next.newer_than(base));
  CHECK_FALSE(base.newer_than(next));
  const Crl delta = crl({.number = 5, .extensions = "2.5.29.27=critical,DER:020103"});
  CHECK(delta.is_delta());
  CHECK(delta.base_number() == "03");
  CHECK(delta.identity() != base.identity());
  const Crl users =
      crl({.extensions = "issuingDistributionPoint=critical,@idp\n[idp]\nonlyuser=TRUE"});
  CHECK(users.scope() == "user certificates only");
  CHECK(users.identity() != base.identity());
}

TEST_CASE("what is no CRL is refused, cut anywhere or altered in its frame") {
  const std::string der = make_crl({.revoked = {"alice"}});
  CHECK_FALSE(Crl::from_der(""));
  CHECK_FALSE(Crl::from_der(der + "x"));
  for (std::size_t length = 0; length < der.size(); length += 7)
    CHECK_FALSE(Crl::from_der(der.substr(0, length)));
  for (std::size_t at = 0; at < der.size(); ++at) {  // must not crash; a good one may come out
    std::string altered = der;
    altered[at] = static_cast<char>(altered[at] ^ 0x41);
    if (const auto read = Crl::from_der(altered)) (void)read->entries();
  }
  CHECK_FALSE(Crl::from_any(Pki::shared().cert_pem("alice")));
  CHECK(Crl::from_any("-----BEGIN X509 CRL-----\n!\n-----END X509 CRL-----\n").has_value() ==
        false);
  const std::string pem = testing::sh("openssl crl -inform DER", der);
  CHECK(Crl::from_any("text\n" + pem + pem).value().size() == 2);
  CHECK(Crl::from_any("\xEF\xBB\xBF" + pem).value().size() == 1);
  CHECK(Crl::from_any(der).value().size() == 1);
}

TEST_CASE(
    "security rule 23: none at hand and stale are unknown, revoked is revoked whatever its age") {
  CHECK(revocation("alice", {.check = CrlCheck::off}) == "good");
  CHECK(revocation("alice", {}) == "unknown");
  CHECK(revocation("alice", {.crls = {crl({})}}) == "good");
  CHECK(revocation("alice", {.crls = {crl({.revoked = {"bob"}})}}) == "good");
  CHECK(revocation("bob", {.crls = {crl({.revoked = {"bob"}})}}) == "revoked");
  CHECK(revocation("alice", {.crls = {crl({.to = kStale})}}) == "unknown");
  CHECK(revocation("bob", {.crls = {crl({.revoked = {"bob"}, .to = kStale})}}) == "revoked");
  // Of two, the current one decides, in either order.
  const Crl old = crl({.revoked = {"bob"}, .number = 1, .to = kStale});
  const Crl fresh = crl({.number = 2});
  CHECK(revocation("bob", {.crls = {old, fresh}}) == "good");
  CHECK(revocation("bob", {.crls = {fresh, old}}) == "good");
  // CRLs are today's, though the mail be of yesterday (security rule 18).
  CHECK(revocation("bob", {.crls = {crl({.revoked = {"bob"}})},
                           .at = parse_time("2026-06-15T00:00:00Z").value()}) == "revoked");
  CHECK(revocation("alice", {.crls = {crl({})},
                             .at = parse_time("2026-06-15T00:00:00Z").value()}) == "good");
  CHECK(ask("alice", {}).revocation_unknown.find("Paraph test root") != std::string::npos);
}

TEST_CASE("revocation: every certificate of the path, but an anchor needs no list") {
  Pki::shared().issue({.name = "branch", .extensions = Wanted::kCaExtensions});
  Pki::shared().issue({.name = "branch-leaf", .emails = {"alice@example.org"}, .issuer = "branch"});
  const Crl root = crl({});
  const Crl branch = crl({.issuer = "branch"});
  const std::vector<std::string> path{"branch"};
  CHECK(revocation("branch-leaf", {.crls = {root, branch}, .untrusted = path}) == "good");
  CHECK(revocation("branch-leaf", {.crls = {root}, .untrusted = path}) == "unknown");
  CHECK(revocation("branch-leaf", {.crls = {branch}, .untrusted = path}) == "unknown");
  CHECK(revocation("branch-leaf", {.crls = {crl({.revoked = {"branch"}}), branch},
                                   .untrusted = path}) == "revoked");
  CHECK(revocation("branch-leaf", {.crls = {branch}, .anchors = {"branch"}}) == "good");
}

TEST_CASE("a CRL that somebody else signed counts for nothing and hides no good one") {
  issue_impostor();
  for (const bool key_id : {true, false}) {
    const Crl forged = crl({.issuer = "impostor",
                            .revoked = {"alice"},
                            .number = 9,
                            .key_id = key_id,
                            .from = "20261231120000Z"});
    CHECK(revocation("alice", {.crls = {forged}}) == "unknown");
    CHECK(revocation("alice", {.crls = {forged, crl({})}}) == "good");
    CHECK(revocation("alice", {.crls = {crl({.key_id = key_id}), forged}}) == "good");
    CHECK(revocation("bob", {.crls = {forged, crl({.revoked = {"bob"}})}}) == "revoked");
  }
}

TEST_CASE("delta CRLs and scopes") {
  const Crl base = crl({.number = 1, .extensions = "freshestCRL=URI:http://crl.example.org/d"});
  const Crl delta =
      crl({.revoked = {"bob"}, .number = 2, .extensions = "2.5.29.27=critical,DER:020101"});
  CHECK(revocation("bob", {.crls = {base}}) == "good");
  CHECK(revocation("bob", {.crls = {base, delta}}) == "revoked");
  CHECK(revocation("alice", {.crls = {base, delta}}) == "good");
  CHECK(revocation("alice", {.crls = {delta}}) == "unknown");

  // Whether or not anything says where deltas are to be had, the newest one that the issuer has signed counts.
  const Crl silent = crl({.number = 1});
  const Crl newer = crl(
      {.revoked = {"alice", "bob"}, .number = 3, .extensions = "2.5.29.27=critical,DER:020101"});
  CHECK(delta.adds_to(silent));
  CHECK_FALSE(silent.adds_to(delta));
  CHECK_FALSE(delta.adds_to(crl({.number = 2})));
  CHECK(revocation("bob", {.crls = {silent, delta}}) == "revoked");
  CHECK(revocation("alice", {.crls = {silent, delta}}) == "good");
  CHECK(revocation("alice", {.crls = {silent, delta, newer}}) == "revoked");
  CHECK(revocation("bob", {.crls = {crl({.number = 2}), delta}}) == "good");

  // What a delta takes back it may have revoked again since, once it is stale.
  const Crl held = crl({.revoked = {"bob"}, .number = 1, .reason = "certificateHold"});
  WantedCrl removal{.revoked = {"bob"},
                    .number = 2,
                    .extensions = "2.5.29.27=critical,DER:020101",
                    .reason = "removeFromCRL"};
  CHECK(revocation("bob", {.crls = {held}}) == "revoked");
  CHECK(revocation("bob", {.crls = {held, crl(removal)}}) == "good");
  removal.to = kStale;
  CHECK(revocation("bob", {.crls = {held, crl(removal)}}) == "revoked");

  const auto scoped = [](const std::string& word, std::vector<std::string> revoked) {
    return crl({.revoked = std::move(revoked),
                .extensions = "issuingDistributionPoint=critical,@idp\n[idp]\n" + word + "=TRUE"});
  };
  CHECK(revocation("bob", {.crls = {scoped("onlyuser", {"bob"})}}) == "revoked");
  CHECK(revocation("alice", {.crls = {scoped("onlyuser", {})}}) == "good");
  CHECK(revocation("alice", {.crls = {scoped("onlyCA", {})}}) == "unknown");
}

TEST_CASE("certificate policies, when they are required") {
  Pki::shared().issue(
      {.name = "policy-leaf",
       .emails = {"alice@example.org"},
       .extensions = std::string(Wanted::kMailExtensions) + "certificatePolicies=1.2.3.4\n"});
  const auto status = [](std::string_view leaf, std::vector<std::string> oids) {
    return ask(leaf, {.policy = {.required_policies = std::move(oids)}, .check = CrlCheck::off})
        .status;
  };
  CHECK(status("policy-leaf", {}) == ChainStatus::good);
  CHECK(status("policy-leaf", {"1.2.3.4"}) == ChainStatus::good);
  CHECK(status("policy-leaf", {"1.2.3.9", "1.2.3.4"}) == ChainStatus::good);
  CHECK(status("policy-leaf", {"2.5.29.32.0"}) == ChainStatus::good);
  CHECK(status("policy-leaf", {"1.2.3.9"}) == ChainStatus::wrong_policy);
  CHECK(status("alice", {"2.5.29.32.0"}) == ChainStatus::wrong_policy);
  CHECK(status("policy-leaf", {"no OID"}) == ChainStatus::wrong_policy);
  CHECK(status("policy-leaf", {"no OID", "1.2.3.4"}) == ChainStatus::good);
  CHECK(status("policy-leaf", {"1.2.3.9", "no OID"}) == ChainStatus::wrong_policy);
}

TEST_CASE("RFC 5280 §6.1: what a CA demands of policies holds though nobody here asks for one") {
  const Pki& pki = Pki::shared();
  const std::string branch =
      std::string(Wanted::kCaExtensions) +
      "certificatePolicies=1.2.3.4\npolicyConstraints=critical,requireExplicitPolicy:0\n";
  pki.issue({.name = "strict", .extensions = branch});
  const auto status = [&](const std::string& name, const std::string& policies,
                          std::vector<std::string> oids) {
    pki.issue({.name = name,
               .emails = {"alice@example.org"},
               .issuer = "strict",
               .extensions = std::string(Wanted::kMailExtensions) + policies});
    return ask(name, {.untrusted = {"strict"},
                      .policy = {.required_policies = std::move(oids)},
                      .check = CrlCheck::off})
        .status;
  };
  CHECK(status("strict-none", "", {}) == ChainStatus::wrong_policy);
  CHECK(status("strict-other", "certificatePolicies=1.2.3.9\n", {}) == ChainStatus::wrong_policy);
  CHECK(status("strict-same", "certificatePolicies=1.2.3.4\n", {}) == ChainStatus::good);
  CHECK(status("strict-same", "", {"1.2.3.9"}) == ChainStatus::wrong_policy);
}

TEST_CASE(
    "RFC 5035: a signature that names its certificate does not count for another of the same key") {
  const Pki& pki = Pki::shared();
  // The same issuer, serial number and key; only the dates differ.
  const std::string twin = pki.path("twin.pem");
  testing::sh("serial=$(openssl x509 -noout -serial -in '" + pki.cert_path("alice") +
              "'); openssl req -new -key '" + pki.key_path("alice") +
              "' -subj /CN=twin | openssl x509 -req -CA '" + pki.cert_path("ca") + "' -CAkey '" +
              pki.key_path("ca") + "' -set_serial 0x${serial#serial=} -days 30 -out '" + twin +
              "' 2>/dev/null");
  const Certificate other = Certificate::from_pem(testing::slurp(twin)).value().at(0);
  const std::string text = "Content-Type: text/plain\r\n\r\nHello\r\n";
  const auto judged = [&](const std::string& options, const std::vector<Certificate>& stored) {
    const auto report = verify_signed(pki.sign(text, "alice", "-nocerts " + options), text, stored);
    REQUIRE(report.signers.size() == 1);
    return report.signers.front();
  };
  CHECK(judged("", {other}).crypto == SignerCrypto::good);
  CHECK(judged("-cades", {load("alice")}).crypto == SignerCrypto::good);
  CHECK(judged("-cades", {other}).crypto == SignerCrypto::other_certificate);
  const auto both = judged("-cades", {other, load("alice")});
  CHECK(both.crypto == SignerCrypto::good);
  CHECK(both.certificate == load("alice"));
}
