#include <fmt/core.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <optional>

#include "base/ascii.h"
#include "cms/content_info.h"
#include "cms/seal.h"
#include "support/pki.h"

using namespace paraph;
using namespace paraph::cms;
using namespace paraph::testing;

namespace {

const TimePoint kAt{std::chrono::seconds(kNow)};
const std::string kContent = "Content-Type: text/plain\r\n\r\nSigned as it stands.\r\n";

Certificate certificate(std::string_view name) {
  return Certificate::from_pem(Pki::shared().cert_pem(name)).value().front();
}

KeyPair pair(std::string_view name) {
  return {certificate(name), PrivateKey::from_pem(Pki::shared().key_pem(name), "").value()};
}

/// Whether `openssl cms` accepts the signature over this content, trusting the PKI's root alone.
bool verifies(std::string_view signature, std::string_view content) {
  const TempDir dir;
  spit(dir / "signature", signature);
  spit(dir / "content", content);
  return sh_status(fmt::format("openssl cms -verify -binary -inform DER -in {} -content {} -CAfile "
                               "{} -attime {} -out {}",
                               dir / "signature", dir / "content", Pki::shared().cert_path("ca"),
                               kNow, dir / "out")) == 0;
}

std::string printed(std::string_view signature) {
  return sh("openssl cms -cmsout -print -inform DER", signature);
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

}  // namespace

TEST_CASE("RSA, RSA-PSS and ECDSA signatures verify, and only over the signed octets",
          "[cms][sign]") {
  const Pki& pki = Pki::shared();
  pki.issue({.name = "p384", .key = "ec:P-384"});
  pki.issue({.name = "pss-signer", .key = "rsa-pss:2048"});
  for (const std::string name : {"alice", "carol", "p384", "pss-signer"}) {
    INFO(name);
    const auto signature = sign_detached(kContent, {pair(name), {}, {}}, kAt);
    REQUIRE(signature);
    REQUIRE(verifies(*signature, kContent));
    REQUIRE_FALSE(verifies(*signature, kContent + " "));
    REQUIRE(signature->find("Signed as it stands") == std::string::npos);  // detached
    const auto text = printed(*signature);
    REQUIRE(count(text, "signingTime") == 1);
    REQUIRE(text.find("Jan  1 00:00:00 2027 GMT") != std::string::npos);
    REQUIRE(count(text, "S/MIME Capabilities") == 1);
    REQUIRE(text.find("des-ede3") == std::string::npos);
    REQUIRE(text.find("sha256") != std::string::npos);
  }
}

TEST_CASE("the salt of an RSA-PSS signature is as long as its digest", "[cms][sign]") {
  Pki::shared().issue({.name = "pss-signer", .key = "rsa-pss:2048"});
  const auto signature = sign_detached(kContent, {pair("pss-signer"), {}, {}}, kAt);
  REQUIRE(signature);
  const auto text = printed(*signature);
  const auto algorithm = text.find("signatureAlgorithm", text.find("signerInfos"));
  REQUIRE(algorithm != std::string::npos);
  REQUIRE(text.find("rsassaPss", algorithm) != std::string::npos);
  // saltLength [2] INTEGER 32
  REQUIRE(signature->find(std::string_view("\xA2\x03\x02\x01\x20", 5)) != std::string::npos);
}

TEST_CASE("an RSA-PSS key that demands a digest or a long salt signs with it", "[cms][sign]") {
  for (const std::string digest : {"sha256", "sha384", "sha512", "sha256:100"}) {
    INFO(digest);
    const std::string name = "pss-" + digest;
    Pki::shared().issue({.name = name, .key = "rsa-pss:2048:" + digest});
    const auto signer = pair(name);
    REQUIRE(signing_digest(signer.key) == "sha-" + digest.substr(3, 3));
    const auto signature = sign_detached(kContent, {signer, {}, {}}, kAt);
    REQUIRE(signature);
    REQUIRE(verifies(*signature, kContent));
  }
  Pki::shared().issue({.name = "pss-sha1", .key = "rsa-pss:2048:sha1"});
  REQUIRE_FALSE(sign_detached(kContent, {pair("pss-sha1"), {}, {}}, kAt));
  CHECK(signing_digest(pair("pss-sha1").key).empty());
}

TEST_CASE("capabilities promise the AES modes that we open, best first", "[cms][sign]") {
  const auto signature = sign_detached(kContent, {pair("alice"), {}, {}}, kAt).value();
  const auto at = signature.find(
      std::string_view("\x2A\x86\x48\x86\xF7\x0D\x01\x09\x0F", 9));  // 1.2.840.113549.1.9.15
  REQUIRE(at != std::string::npos);
  const std::string_view rest = std::string_view(signature).substr(at);
  const auto gcm = rest.find("\x60\x86\x48\x01\x65\x03\x04\x01\x2E");
  const auto cbc = rest.find("\x60\x86\x48\x01\x65\x03\x04\x01\x2A");
  const auto short_cbc = rest.find("\x60\x86\x48\x01\x65\x03\x04\x01\x02");
  REQUIRE(gcm < cbc);
  REQUIRE(cbc < short_cbc);
  REQUIRE(short_cbc < 64);
}

TEST_CASE("the chain travels along, each certificate once", "[cms][sign]") {
  const Pki& pki = Pki::shared();
  pki.issue({.name = "between", .extensions = Wanted::kCaExtensions});
  pki.issue({.name = "leaf", .issuer = "between"});
  const auto alone = sign_detached(kContent, {pair("leaf"), {}, {}}, kAt).value();
  REQUIRE_FALSE(verifies(alone, kContent));
  const auto between = certificate("between");
  const auto whole =
      sign_detached(kContent, {pair("leaf"), {certificate("leaf"), between, between}, {}}, kAt);
  REQUIRE(whole);
  REQUIRE(verifies(*whole, kContent));
  REQUIRE(count(*whole, between.der()) == 1);
  REQUIRE(count(*whole, certificate("leaf").der()) == 1);
}

TEST_CASE("what cannot sign says so", "[cms][sign]") {
  Pki::shared().issue({.name = "edward", .key = "ed25519"});
  const auto edward = sign_detached(kContent, {pair("edward"), {}, {}}, kAt);
  REQUIRE_FALSE(edward);
  REQUIRE_FALSE(edward.error().what().empty());
  // A certificate with somebody else's key
  REQUIRE_FALSE(sign_detached(kContent, {{certificate("alice"), pair("bob").key}, {}, {}}, kAt));
}

TEST_CASE("signatures after 2049 carry a GeneralizedTime, and empty content signs", "[cms][sign]") {
  const TimePoint late{std::chrono::seconds(2'524'608'000)};  // 2050-01-01
  const auto signature = sign_detached({}, {pair("carol"), {}, {}}, late);
  REQUIRE(signature);
  REQUIRE(verifies(*signature, ""));
  REQUIRE(signature->find("20500101000000Z") != std::string::npos);
}

TEST_CASE("the digest grows with the curve (RFC 5753)", "[cms][sign]") {
  for (const auto& [name, key, digest, shown] :
       {std::tuple("p256", "ec:P-256", "sha-256", "SHA-256"),
        std::tuple("p384", "ec:P-384", "sha-384", "SHA-384"),
        std::tuple("p521", "ec:P-521", "sha-512", "SHA-512"),
        std::tuple("rsa", "rsa:2048", "sha-256", "SHA-256")}) {
    Pki::shared().issue({.name = name, .key = key});
    INFO(name);
    CHECK(signing_digest(pair(name).key) == digest);
    const auto signature = sign_detached(kContent, {pair(name), {}, {}}, kAt).value();
    const auto report = verify_signed(signature, kContent);
    REQUIRE(report.signers.size() == 1);
    CHECK(report.signers.front().crypto == SignerCrypto::good);
    CHECK(report.signers.front().digest == shown);
  }
}

TEST_CASE("who encrypts his answer elsewhere says where (RFC 8551 §2.5.3)", "[cms][sign]") {
  const auto plain = sign_detached(kContent, {pair("alice"), {}, {}}, kAt).value();
  const auto bob = certificate("bob");
  const auto told = sign_detached(kContent, {pair("alice"), {}, bob}, kAt).value();
  const std::string_view attribute("\x2A\x86\x48\x86\xF7\x0D\x01\x09\x10\x02\x0B", 11);
  REQUIRE(plain.find(attribute) == std::string::npos);
  REQUIRE(told.find(attribute) != std::string::npos);
  REQUIRE(count(told, bob.der()) == 1);
  REQUIRE(count(told, bob.issuer_and_serial_der().substr(1)) >= 1);
  REQUIRE(verifies(told, kContent));
}

TEST_CASE("what must not sign mail of ours", "[cms][sign]") {
  const Pki& pki = Pki::shared();
  const Policy policy;
  const auto fitness_of = [&](const Wanted& wanted, TimePoint at = kAt) {
    pki.issue(wanted);
    return to_string(sign_fitness(certificate(wanted.name), at, policy));
  };
  CHECK(to_string(sign_fitness(certificate("alice"), kAt, policy)) == "good");
  const auto alice = certificate("alice");
  CHECK(sign_fitness(alice, alice.not_after() + std::chrono::seconds(1), policy) ==
        SignFitness::expired);
  CHECK(sign_fitness(alice, alice.not_before() - std::chrono::minutes(6), policy) ==
        SignFitness::not_yet_valid);
  CHECK(fitness_of({.name = "short", .key = "rsa:1024"}) == "weak_key");
  CHECK(fitness_of({.name = "pss-sha384", .key = "rsa-pss:2048:sha384"}) == "good");
  CHECK(fitness_of({.name = "pss-sha1", .key = "rsa-pss:2048:sha1"}) == "demands_weak_digest");
  CHECK(fitness_of({.name = "edwards", .key = "ed25519"}) == "unsupported_key");
  CHECK(fitness_of({.name = "authority", .extensions = Wanted::kCaExtensions}) == "wrong_usage");
}
