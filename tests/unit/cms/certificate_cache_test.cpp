#include "cms/certificate_cache.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "cms/content_info.h"
#include "cms/der.h"
#include "cms/parts.h"
#include "support/pki.h"

// Whatever was seen before, a signature is judged with the certificates that came with it.

using namespace paraph;
using namespace paraph::cms;
using paraph::testing::Pki;
using paraph::testing::sh;
using paraph::testing::TempDir;

namespace {

const std::string kText = "Content-Type: text/plain\r\n\r\nHello\r\n";

Certificate load(std::string_view name) {
  return Certificate::from_pem(Pki::shared().cert_pem(name)).value().at(0);
}

/// The SignedData with other contents of its CertificateSet.
std::string with_certificates(const std::string& cms,
                              const std::vector<std::string>& certificates) {
  const auto parts = signed_data_parts(cms);
  REQUIRE(parts);
  std::string set;
  for (const auto& one : certificates) set += one;
  return make_content_info(
      parts->type_element,
      {parts->version, der::tlv(der::kSet, {}),
       der::tlv(der::kSequence, {parts->content_type_element}), der::tlv(der::context(0), {set}),
       der::tlv(der::kSet, {parts->signer_infos})});
}

SignerInfo only_signer(const SignedReport& report) {
  INFO(report.reason);
  REQUIRE_FALSE(report.malformed);
  REQUIRE(report.signers.size() == 1);
  return report.signers[0];
}

/// Two certificates of one issuer, serial number and name, with different keys.
struct Twins {
  TempDir dir;
  std::vector<Certificate> certificates;
  std::string signed_by_first;
  Twins() {
    for (const auto* name : {"one", "two"}) {
      sh("cd " + dir.path().string() + " && openssl req -x509 -newkey rsa:2048 -nodes -keyout " +
         name + ".key -out " + name +
         ".pem -days 3650 -subj /CN=twin -set_serial 7 -addext "
         "subjectAltName=email:twin@example.org "
         "2>&1");
      certificates.push_back(
          Certificate::from_pem(testing::slurp(dir / (std::string(name) + ".pem"))).value().at(0));
    }
    signed_by_first =
        sh("cd " + dir.path().string() +
               " && openssl cms -sign -binary -outform DER -md sha256 -signer one.pem "
               "-inkey one.key",
           kText);
  }
};

}  // namespace

TEST_CASE("the same octets give the same certificate, others another") {
  CertificateCache cache(10, 1 << 20);
  const std::string alice = load("alice").der();
  const auto first = cache.get(alice);
  const auto again = cache.get(alice);
  REQUIRE((first && again));
  CHECK(&first->impl() == &again->impl());
  CHECK(*first == load("alice"));
  const auto bob = cache.get(load("bob").der());
  REQUIRE(bob);
  CHECK_FALSE(*bob == *first);
  CHECK(cache.size() == 2);
}

TEST_CASE("what is no certificate is not kept") {
  CertificateCache cache(10, 1 << 20);
  const std::string alice = load("alice").der();
  CHECK_FALSE(cache.get(alice.substr(0, alice.size() - 1)));
  CHECK_FALSE(cache.get(alice + "x"));  // trailing octets
  CHECK_FALSE(cache.get(""));
  CHECK(cache.size() == 0);
  CHECK(cache.get(alice));
}

TEST_CASE("the least recently used certificate leaves, and lives on where it is used") {
  CertificateCache cache(2, 1 << 20);
  const auto alice = cache.get(load("alice").der());
  const auto bob = cache.get(load("bob").der());
  REQUIRE((alice && bob));
  const auto* kept = &cache.get(load("alice").der())->impl();
  CHECK(kept == &alice->impl());
  REQUIRE(cache.get(load("carol").der()));  // bob leaves
  CHECK(cache.size() == 2);
  CHECK(&cache.get(load("alice").der())->impl() == kept);
  CHECK(&cache.get(load("bob").der())->impl() != &bob->impl());
  CHECK(bob->subject() == load("bob").subject());
  CHECK(bob->names("bob@example.org"));
}

TEST_CASE("the octets held are bounded") {
  const std::string alice = load("alice").der();
  CertificateCache cache(10, alice.size());
  REQUIRE(cache.get(alice));
  CHECK(cache.size() == 1);
  REQUIRE(cache.get(load("bob").der()));
  CHECK(cache.size() <= 1);
  CertificateCache none(10, 1);
  REQUIRE(none.get(alice));
  CHECK(none.size() == 0);
}

TEST_CASE("a broken certificate with a known one's name and number does not get its place") {
  CertificateCache& cache = certificate_cache();
  const std::string alice = load("alice").der();
  REQUIRE(cache.get(alice));
  std::string changed = alice;
  changed.back() = static_cast<char>(changed.back() ^ 1);  // the issuer's signature
  const auto other = cache.get(changed);
  REQUIRE(other);
  CHECK_FALSE(*other == load("alice"));
  CHECK(other->der() == changed);
}

TEST_CASE("one serial number and two keys: the certificate that came counts, in any order") {
  const Twins twins;
  const std::string one = twins.certificates[0].der();
  const std::string two = twins.certificates[1].der();
  const auto crypto = [&](const std::vector<std::string>& certificates) {
    return only_signer(
        verify_signed(with_certificates(twins.signed_by_first, certificates), kText));
  };
  for (int round = 0; round < 2; ++round) {  // the second from the cache alone
    CHECK(crypto({one}).crypto == SignerCrypto::good);
    CHECK(crypto({two}).crypto == SignerCrypto::bad_signature);
    CHECK(crypto({}).crypto == SignerCrypto::no_certificate);
    for (const auto& order : {std::vector{one, two}, std::vector{two, one}}) {
      const SignerInfo signer = crypto(order);
      CHECK(signer.crypto == SignerCrypto::good);
      CHECK(signer.certificate == twins.certificates[0]);
    }
  }
}

TEST_CASE("order and repeats of certificates change nothing") {
  const std::string cms = Pki::shared().sign(kText, "alice");
  const std::string alice = load("alice").der(), bob = load("bob").der(), ca = load("ca").der();
  for (const auto& set : {std::vector{alice, bob, ca}, std::vector{ca, bob, alice},
                          std::vector{alice, alice, alice}, std::vector{bob, alice, bob, alice}}) {
    const SignedReport report = verify_signed(with_certificates(cms, set), kText);
    const SignerInfo signer = only_signer(report);
    CHECK(signer.crypto == SignerCrypto::good);
    CHECK(signer.certificate == load("alice"));
    REQUIRE(report.certificates.size() == set.size());
    for (std::size_t i = 0; i < set.size(); ++i) CHECK(report.certificates[i].der() == set[i]);
  }
}

TEST_CASE("sixty-four certificates are read, and limits hold for those that are known, too") {
  const std::string cms = Pki::shared().sign(kText, "alice");
  const std::string alice = load("alice").der();
  const auto many = [&](std::size_t count) {
    return with_certificates(cms, std::vector<std::string>(count, alice));
  };
  const SignedReport report = verify_signed(many(64), kText);
  CHECK(only_signer(report).crypto == SignerCrypto::good);
  CHECK(report.certificates.size() == 64);
  CHECK(verify_signed(many(CmsLimits{}.certificates + 1), kText).malformed);
}

TEST_CASE("a certificate set of indefinite length, and octets behind the object") {
  const std::string cms = Pki::shared().sign(kText, "alice");
  const std::string alice = load("alice").der();
  std::string streamed = with_certificates(cms, {alice});
  const auto parts = signed_data_parts(streamed);
  REQUIRE(parts);
  const std::string set = std::string("\xA0\x80", 2) + alice + std::string(2, '\0');
  const std::string fields = std::string(parts->version) + der::tlv(der::kSet, {}) +
                             der::tlv(der::kSequence, {parts->content_type_element}) + set +
                             der::tlv(der::kSet, {parts->signer_infos});
  streamed = der::tlv(
      der::kSequence,
      {parts->type_element, der::tlv(der::context(0), {der::tlv(der::kSequence, {fields})})});
  const SignedReport report = verify_signed(streamed, kText);
  CHECK(only_signer(report).crypto == SignerCrypto::good);
  CHECK(report.certificates == std::vector<Certificate>{load("alice")});

  // Indefinite inside the certificate: it is decoded, or left out, as without a cache, twice the same.
  const auto outer = ber::Reader(alice).next();
  const std::string loose =
      std::string("\x30\x80", 2) + std::string(outer->content) + std::string(2, '\0');
  const auto plain = Certificate::from_der(loose);
  for (int round = 0; round < 2; ++round) {
    const SignedReport odd = verify_signed(with_certificates(cms, {loose}), kText);
    CHECK(odd.certificates.size() == (plain ? 1 : 0));
    CHECK(only_signer(odd).crypto == (plain ? SignerCrypto::good : SignerCrypto::no_certificate));
  }

  const SignedReport before = verify_signed(cms + "x", kText);
  const SignedReport after = verify_signed(cms + "x", kText);
  CHECK(before.malformed == after.malformed);
}
