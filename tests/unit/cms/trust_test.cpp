#include "cms/trust.h"

#include <catch2/catch.hpp>

#include "cms/issuer_path.h"
#include "cms/keys.h"
#include "cms/recipient.h"
#include "cms/seal.h"
#include "support/pki.h"

using namespace paraph;
using namespace paraph::cms;
using paraph::testing::Pki;
using paraph::testing::Wanted;
using Purpose = TrustAnchors::Purpose;

namespace {

const TimePoint kAt{std::chrono::seconds(testing::kNow)};

Certificate load(std::string_view name) {
  return Certificate::from_pem(Pki::shared().cert_pem(name)).value().at(0);
}

TimePoint time(const char* text) {
  return parse_time(text).value();
}

struct Question {
  std::vector<std::string> anchors{"ca"};
  std::vector<std::string> untrusted = {};
  TimePoint at = kAt;
  Purpose purpose = Purpose::sign;
  Policy policy = {};
};

std::vector<Certificate> load_all(const std::vector<std::string>& names) {
  std::vector<Certificate> all;
  for (const std::string& name : names) {
    all.push_back(load(name));
  }
  return all;
}

ChainStatus judge(std::string_view leaf, const Question& question = {}) {
  const auto verdict = TrustAnchors::from(load_all(question.anchors))
                           .judge(load(leaf), load_all(question.untrusted), question.at,
                                  question.purpose, question.policy);
  INFO(verdict.detail);
  CHECK(verdict.detail.empty() == (verdict.status == ChainStatus::good));
  return verdict.status;
}

/// A chain ca → NAME → NAME-leaf with these extensions on the intermediate.
void issue_chain(const std::string& name, const std::string& ca_extensions,
                 Wanted intermediate = {}) {
  intermediate.name = name;
  intermediate.extensions = ca_extensions;
  Pki::shared().issue(intermediate);
  Pki::shared().issue({.name = name + "-leaf", .emails = {"alice@example.org"}, .issuer = name});
}

constexpr const char* kCa = Wanted::kCaExtensions;

}  // namespace

TEST_CASE("a chain to an anchor is good, to none is untrusted") {
  CHECK(judge("alice") == ChainStatus::good);
  CHECK(judge("carol") == ChainStatus::good);
  CHECK(judge("alice", {.purpose = Purpose::encrypt}) == ChainStatus::good);
  CHECK(judge("alice", {.anchors = {}}) == ChainStatus::untrusted_issuer);
  CHECK(judge("alice", {.anchors = {"bob"}}) == ChainStatus::untrusted_issuer);
  CHECK(judge("mallory") == ChainStatus::untrusted_issuer);
  // The sender's own root in the bag makes nothing trusted.
  CHECK(judge("alice", {.anchors = {"bob"}, .untrusted = {"ca"}}) == ChainStatus::untrusted_issuer);
  CHECK(judge("mallory", {.untrusted = {"mallory"}}) == ChainStatus::untrusted_issuer);
  CHECK(TrustAnchors().size() == 0);
  CHECK(TrustAnchors().judge(load("alice"), {}, kAt, Purpose::sign, {}).status ==
        ChainStatus::untrusted_issuer);
}

TEST_CASE("dates: any certificate of the chain, 5 minutes of skew on notBefore, none on notAfter") {
  CHECK(judge("expired") == ChainStatus::expired);
  CHECK(judge("expired", {.at = time("2026-03-01T00:00:00Z")}) == ChainStatus::good);
  CHECK(judge("expired", {.at = time("2026-06-01T00:00:01Z")}) == ChainStatus::expired);
  CHECK(judge("expired", {.at = time("2026-05-31T23:59:59Z")}) == ChainStatus::good);
  CHECK(judge("alice", {.at = time("2025-12-31T23:55:00Z")}) == ChainStatus::good);
  CHECK(judge("alice", {.at = time("2025-12-31T23:54:59Z")}) == ChainStatus::not_yet_valid);

  issue_chain("old-ca", kCa, {.to = "20260601000000Z"});
  CHECK(judge("old-ca-leaf", {.untrusted = {"old-ca"}}) == ChainStatus::expired);
  CHECK(judge("old-ca-leaf", {.untrusted = {"old-ca"}, .at = time("2026-03-01T00:00:00Z")}) ==
        ChainStatus::good);
}

TEST_CASE("of two CA certificates with one name and key, the one that is valid now is taken") {
  issue_chain("renewed", kCa, {.to = "20260601000000Z", .subject = "/CN=renewed CA"});
  testing::spit(Pki::shared().key_path("renewed2"), Pki::shared().key_pem("renewed"));
  Pki::shared().issue({.name = "renewed2", .extensions = kCa, .subject = "/CN=renewed CA"});
  CHECK(judge("renewed-leaf", {.untrusted = {"renewed", "renewed2"}}) == ChainStatus::good);
  CHECK(judge("renewed-leaf", {.untrusted = {"renewed2", "renewed"}}) == ChainStatus::good);
  CHECK(judge("renewed-leaf", {.untrusted = {"renewed"}}) == ChainStatus::expired);
}

TEST_CASE("intermediates come from the message; one in the store is an anchor by itself") {
  issue_chain("middle", kCa);
  CHECK(judge("middle-leaf", {.untrusted = {"middle"}}) == ChainStatus::good);
  CHECK(judge("middle-leaf", {.untrusted = {"alice", "middle", "bob"}}) == ChainStatus::good);
  CHECK(judge("middle-leaf") == ChainStatus::untrusted_issuer);
  CHECK(judge("middle-leaf", {.anchors = {"middle"}}) == ChainStatus::good);
  CHECK(judge("alice", {.anchors = {"alice"}}) == ChainStatus::good);  // pinned
}

TEST_CASE("attack A20: path length, name constraints, issuers that are no CAs") {
  issue_chain("len0", "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=keyCertSign\n");
  CHECK(judge("len0-leaf", {.untrusted = {"len0"}}) == ChainStatus::good);
  issue_chain("len0-sub", kCa, {.issuer = "len0"});
  CHECK(judge("len0-sub-leaf", {.untrusted = {"len0", "len0-sub"}}) == ChainStatus::bad_chain);

  issue_chain("nc-other",
              std::string(kCa) + "nameConstraints=critical,permitted;email:example.net\n");
  CHECK(judge("nc-other-leaf", {.untrusted = {"nc-other"}}) == ChainStatus::bad_chain);
  issue_chain("nc-own",
              std::string(kCa) + "nameConstraints=critical,permitted;email:example.org\n");
  CHECK(judge("nc-own-leaf", {.untrusted = {"nc-own"}}) == ChainStatus::good);
  // The address in the subject is bound as well, with a good one in subjectAltName or without.
  Pki::shared().issue({.name = "nc-subject",
                       .issuer = "nc-own",
                       .subject = "/O=Paraph test/CN=x/emailAddress=alice@example.net"});
  CHECK(judge("nc-subject", {.untrusted = {"nc-own"}}) == ChainStatus::bad_chain);
  Pki::shared().issue({.name = "nc-both",
                       .emails = {"alice@example.org"},
                       .issuer = "nc-own",
                       .subject = "/O=Paraph test/CN=x/emailAddress=alice@example.net"});
  CHECK(judge("nc-both", {.untrusted = {"nc-own"}}) == ChainStatus::bad_chain);
  // RFC 9598 §6: a SmtpUTF8Mailbox stands under the constraints of rfc822Name.
  const std::string utf8 = "subjectAltName=otherName:1.3.6.1.5.5.7.8.9;UTF8:j\xC3\xB6rg@example.";
  Pki::shared().issue({.name = "nc-utf8-own",
                       .issuer = "nc-own",
                       .extensions = Wanted::kMailExtensions + utf8 + "org\n"});
  CHECK(judge("nc-utf8-own", {.untrusted = {"nc-own"}}) == ChainStatus::good);
  Pki::shared().issue({.name = "nc-utf8-net",
                       .issuer = "nc-own",
                       .extensions = Wanted::kMailExtensions + utf8 + "net\n"});
  CHECK(judge("nc-utf8-net", {.untrusted = {"nc-own"}}) == ChainStatus::bad_chain);

  Pki::shared().issue({.name = "by-alice", .emails = {"bob@example.org"}, .issuer = "alice"});
  CHECK(judge("by-alice", {.untrusted = {"alice"}}) == ChainStatus::bad_chain);
  issue_chain("no-bc", "keyUsage=keyCertSign\n");  // no basicConstraints
  CHECK(judge("no-bc-leaf", {.untrusted = {"no-bc"}}) == ChainStatus::bad_chain);
}

TEST_CASE("security rule 24: emailProtection must survive the whole chain") {
  issue_chain("tls-ca", std::string(kCa) + "extendedKeyUsage=serverAuth,clientAuth\n");
  CHECK(judge("tls-ca-leaf", {.untrusted = {"tls-ca"}}) == ChainStatus::wrong_usage);
  // Listed by an administrator, it is still no root: its extendedKeyUsage counts.
  CHECK(judge("tls-ca-leaf", {.anchors = {"tls-ca"}}) == ChainStatus::wrong_usage);
  issue_chain("any-ca", std::string(kCa) + "extendedKeyUsage=anyExtendedKeyUsage\n");
  CHECK(judge("any-ca-leaf", {.untrusted = {"any-ca"}}) == ChainStatus::good);

  const Pki& pki = Pki::shared();
  pki.issue({.name = "eku-server", .extensions = "extendedKeyUsage=serverAuth\n"});
  pki.issue({.name = "eku-any", .extensions = "extendedKeyUsage=anyExtendedKeyUsage\n"});
  pki.issue({.name = "ku-none", .extensions = ""});
  CHECK(judge("eku-server") == ChainStatus::wrong_usage);
  CHECK(judge("eku-any") == ChainStatus::good);
  CHECK(judge("ku-none") == ChainStatus::good);
}

TEST_CASE("keyUsage of the leaf for the purpose; a CA is no signer of mail") {
  const Pki& pki = Pki::shared();
  pki.issue({.name = "only-sign", .extensions = "keyUsage=digitalSignature\n"});
  pki.issue({.name = "only-enc", .extensions = "keyUsage=keyEncipherment\n"});
  CHECK(judge("only-sign") == ChainStatus::good);
  CHECK(judge("only-sign", {.purpose = Purpose::encrypt}) == ChainStatus::wrong_usage);
  CHECK(judge("only-enc") == ChainStatus::wrong_usage);
  CHECK(judge("only-enc", {.purpose = Purpose::encrypt}) == ChainStatus::good);
  pki.issue({.name = "ca-signer",
             .emails = {"alice@example.org"},
             .extensions = "basicConstraints=CA:TRUE\nkeyUsage=keyCertSign,digitalSignature\n"});
  // RFC 5280 lets it sign; that it names no person is for smime to say.
  CHECK(judge("ca-signer") == ChainStatus::good);
  CHECK(judge("ca-signer", {.purpose = Purpose::encrypt}) == ChainStatus::wrong_usage);
}

TEST_CASE("attack A18: weak keys and digests, in the leaf and above it") {
  const Pki& pki = Pki::shared();
  pki.issue({.name = "rsa1024", .key = "rsa:1024"});
  CHECK(judge("rsa1024") == ChainStatus::weak_key);
  CHECK(judge("rsa1024", {.policy = {1024, 8192}}) == ChainStatus::good);
  CHECK(judge("alice", {.policy = {1024, 1536}}) == ChainStatus::weak_key);
  pki.issue({.name = "p192", .key = "ec:P-192"});
  CHECK(judge("p192") == ChainStatus::weak_key);
  issue_chain("weak-ca", kCa, {.key = "rsa:1024"});
  CHECK(judge("weak-ca-leaf", {.untrusted = {"weak-ca"}}) == ChainStatus::weak_key);

  pki.issue({.name = "sha1", .digest = "sha1"});
  pki.issue({.name = "md5", .digest = "md5"});
  CHECK(judge("sha1") == ChainStatus::weak_digest);
  CHECK(judge("md5") == ChainStatus::weak_digest);
  pki.issue({.name = "sha1-root", .issuer = "self", .extensions = kCa, .digest = "sha1"});
  pki.issue({.name = "under-sha1-root", .issuer = "sha1-root"});
  CHECK(judge("under-sha1-root", {.anchors = {"sha1-root"}}) == ChainStatus::good);
}

// By hand, for no program makes such keys any more: a modulus that is a power of 65537 to every small prime, without factors
// that anybody knows.
constexpr const char* kRocaKey = R"py(
import base64
M = 1
for p in range(2, 168):
    if all(p % q for q in range(2, p)): M *= p
n = pow(65537, 12345, M)
n += M * ((0xC1 << 2040) // M)
def der(tag, body):
    size = len(body)
    head = bytes([size]) if size < 128 else (lambda s: bytes([128 + len(s)]) + s)(size.to_bytes((size.bit_length() + 7) // 8, "big"))
    return bytes([tag]) + head + body
def number(v): return der(2, v.to_bytes(v.bit_length() // 8 + 1, "big"))
spki = der(48, der(48, bytes.fromhex("06092a864886f70d0101010500")) + der(3, bytes(1) + der(48, number(n) + number(65537))))
print("-----BEGIN PUBLIC KEY-----"); print(base64.encodebytes(spki).decode(), end=""); print("-----END PUBLIC KEY-----")
)py";

TEST_CASE("attack A18: a key of the form that ROCA's generator made") {
  const Pki& pki = Pki::shared();
  testing::spit(pki.path("roca.pub"), testing::sh("python3 -", kRocaKey));
  testing::spit(pki.path("roca.ext"), Wanted::kMailExtensions);
  testing::sh("openssl x509 -new -force_pubkey " + pki.path("roca.pub") + " -CA " +
              pki.cert_path("ca") + " -CAkey " + pki.key_path("ca") +
              " -subj /CN=roca -days 3650 -extfile " + pki.path("roca.ext") + " -out " +
              pki.cert_path("roca") + " 2>/dev/null");
  const auto at = load("roca").not_before() + std::chrono::hours(24);
  CHECK(judge("roca", {.at = at}) == ChainStatus::weak_key);
  CHECK(judge("alice", {.at = at}) == ChainStatus::good);
  CHECK(fitness(load("roca"), at, {}) == SealFitness::unsafe_key);
  CHECK(sign_fitness(load("roca"), at, {}) == SignFitness::weak_key);
}

TEST_CASE("of several faults the first of the order is told") {
  const Pki& pki = Pki::shared();
  pki.issue({.name = "all-wrong",
             .key = "rsa:1024",
             .extensions = "extendedKeyUsage=serverAuth\n",
             .digest = "sha1",
             .to = "20260601000000Z"});
  CHECK(judge("all-wrong", {.anchors = {}}) == ChainStatus::untrusted_issuer);
  CHECK(judge("all-wrong") == ChainStatus::expired);
  CHECK(judge("all-wrong", {.at = time("2026-03-01T00:00:00Z")}) == ChainStatus::wrong_usage);
}

TEST_CASE("a certificate whose signature is not its issuer's has no good chain") {
  std::string der = load("alice").der();
  der.back() = static_cast<char>(der.back() ^ 1);
  const auto forged = Certificate::from_der(der);
  REQUIRE(forged);
  const auto verdict = TrustAnchors::from({load("ca")}).judge(*forged, {}, kAt, Purpose::sign, {});
  CHECK(verdict.status == ChainStatus::bad_chain);
}

TEST_CASE("what goes along with a signature: every issuer at hand but the root (RFC 8550 §2.3)") {
  const Pki& pki = Pki::shared();
  pki.issue({.name = "upper", .extensions = Wanted::kCaExtensions});
  pki.issue({.name = "lower", .issuer = "upper", .extensions = Wanted::kCaExtensions});
  pki.issue({.name = "below", .emails = {"alice@example.org"}, .issuer = "lower"});
  // Of the same name, and without a key identifier: only the signature tells them apart.
  pki.issue({.name = "impostor",
             .extensions = "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n",
             .subject = "/O=Paraph test/CN=lower"});
  struct Row {
    std::vector<std::string> given, anchors, issuers, path;
    std::string missing;  // whose certificate
  };
  for (const Row& row : std::vector<Row>{
           {{}, {"ca"}, {"upper", "lower"}, {"lower", "upper"}, ""},
           {{"lower"}, {"ca"}, {"upper"}, {"lower", "upper"}, ""},
           {{"lower", "upper", "ca"}, {}, {}, {"lower", "upper", "ca"}, ""},  // as it was given
           {{}, {"upper"}, {"lower"}, {"lower", "upper"}, ""},  // an anchor that is no root
           {{}, {"ca", "impostor"}, {}, {}, "lower"},
           {{"lower"}, {"ca"}, {}, {"lower"}, "upper"},
       }) {
    const auto found =
        issuer_path(load("below"), load_all(row.given),
                    TrustAnchors::from(load_all(row.anchors), load_all(row.issuers)), TimePoint());
    CHECK(found.issuers == load_all(row.path));
    CHECK(found.missing == (row.missing.empty() ? "" : load(row.missing).subject()));
  }
  CHECK(issuer_path(load("ca"), {}, TrustAnchors(), TimePoint()).missing.empty());
}
