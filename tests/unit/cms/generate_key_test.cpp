#include <fmt/core.h>

#include <catch2/catch.hpp>
#include <chrono>

#include "cms/keys.h"
#include "cms/seal.h"
#include "support/pki.h"

using namespace paraph;
using namespace paraph::cms;
using namespace paraph::testing;

namespace {

const TimePoint kAt{std::chrono::seconds(kNow)};

KeyRequest request(KeyAlgorithm algorithm, KeyPurpose purpose) {
  KeyRequest out;
  out.algorithm = algorithm;
  out.purpose = purpose;
  out.common_name = "Böard at example.org";
  out.emails = {"board@example.org", "board-request@example.org"};
  out.not_before = kAt;
  return out;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// Writes cert.pem, key.pem, request.pem.
void lay_out(const TempDir& dir, const GeneratedKey& key) {
  spit(dir / "cert.pem", key.certificate_pem);
  spit(dir / "key.pem", key.private_key_pem);
  spit(dir / "request.pem", key.request_pem);
}

std::string in(const TempDir& dir, const std::string& command) {
  return sh(fmt::format("cd {} && {}", dir.path().string(), command));
}

}  // namespace

TEST_CASE("a generated certificate is what its purpose asks for", "[cms][key]") {
  struct Row {
    KeyAlgorithm algorithm;
    KeyPurpose purpose;
    std::string_view key;
    std::string_view usage;
    bool encrypts;
    bool signs;
  };
  const std::vector<Row> rows = {
      {KeyAlgorithm::rsa_3072, KeyPurpose::both, "(3072 bit)",
       "Digital Signature, Key Encipherment\n", true, true},
      {KeyAlgorithm::rsa_3072, KeyPurpose::encrypt, "(3072 bit)", "Key Encipherment\n", true,
       false},
      {KeyAlgorithm::rsa_3072, KeyPurpose::sign, "(3072 bit)", "Digital Signature\n", false, true},
      {KeyAlgorithm::ec_p256, KeyPurpose::both, "NIST CURVE: P-256",
       "Digital Signature, Key Agreement\n", true, true},
      {KeyAlgorithm::ec_p256, KeyPurpose::encrypt, "NIST CURVE: P-256", "Key Agreement\n", true,
       false},
      {KeyAlgorithm::ec_p256, KeyPurpose::sign, "NIST CURVE: P-256", "Digital Signature\n", false,
       true},
  };
  for (const auto& row : rows) {
    INFO(row.key << " " << row.usage);
    const auto key = generate_key(request(row.algorithm, row.purpose), "");
    REQUIRE(key);
    const TempDir dir;
    lay_out(dir, *key);
    const auto text = in(dir, "openssl x509 -in cert.pem -noout -text");
    const auto to_sign = in(dir, "openssl req -in request.pem -noout -text -verify 2>/dev/null");
    for (const auto& printed : {text, to_sign}) {
      REQUIRE(has(printed, row.key));
      REQUIRE(has(printed, fmt::format("Key Usage: critical\n                {}", row.usage)) !=
              has(printed, fmt::format("Key Usage: critical\n                    {}", row.usage)));
      REQUIRE(has(printed, "Basic Constraints: critical"));
      REQUIRE(has(printed, "CA:FALSE"));
      REQUIRE(has(printed, "E-mail Protection"));
      REQUIRE(has(printed, "email:board@example.org, email:board-request@example.org"));
      REQUIRE(has(printed, "Subject Key Identifier"));
    }
    REQUIRE(has(text, "Version: 3"));
    REQUIRE(has(text, "Not Before: Jan  1 00:00:00 2027 GMT"));
    REQUIRE(has(text, "Not After : Dec 31 00:00:00 2028 GMT"));
    REQUIRE(
        has(text, row.algorithm == KeyAlgorithm::rsa_3072 ? "sha256With" : "ecdsa-with-SHA256"));
    in(dir,
       fmt::format("openssl verify -x509_strict -check_ss_sig -attime {} -CAfile cert.pem cert.pem",
                   kNow));

    const auto certificate = Certificate::from_pem(key->certificate_pem).value().front();
    REQUIRE(certificate.common_name() == "Böard at example.org");
    REQUIRE(certificate.emails() ==
            std::vector<std::string>{"board@example.org", "board-request@example.org"});
    REQUIRE_FALSE(certificate.is_ca());
    REQUIRE(certificate.may_encrypt() == row.encrypts);
    REQUIRE(certificate.may_sign() == row.signs);
    REQUIRE((fitness(certificate, kAt, Policy{}) == SealFitness::good) == row.encrypts);
    REQUIRE(PrivateKey::from_pem(key->private_key_pem, "").value().matches(certificate));
  }
}

TEST_CASE("a generated key encrypts, decrypts, signs and verifies with openssl", "[cms][key]") {
  for (const auto algorithm : {KeyAlgorithm::rsa_3072, KeyAlgorithm::ec_p256}) {
    const auto key = generate_key(request(algorithm, KeyPurpose::both), "").value();
    const TempDir dir;
    lay_out(dir, key);
    spit(dir / "plain", "text\r\n");
    in(dir, "openssl cms -encrypt -binary -aes256 -in plain -out sealed cert.pem");
    REQUIRE(in(dir, "openssl cms -decrypt -binary -in sealed -recip cert.pem -inkey key.pem") ==
            "text\r\n");
    in(dir, "openssl cms -sign -binary -in plain -signer cert.pem -inkey key.pem -out signed");
    in(dir, fmt::format("openssl cms -verify -binary -attime {} -CAfile cert.pem -in signed -out "
                        "out 2>/dev/null",
                        kNow));
    const KeyPair pair{Certificate::from_pem(key.certificate_pem).value().front(),
                       PrivateKey::from_pem(key.private_key_pem, "").value()};
    REQUIRE(sign_detached("text\r\n", {pair, {}, {}}, kAt));
  }
}

TEST_CASE("a passphrase encrypts the private key with PBES2 and AES-256", "[cms][key]") {
  const std::string_view passphrase = "correct horse";
  const auto key =
      generate_key(request(KeyAlgorithm::ec_p256, KeyPurpose::both), passphrase).value();
  REQUIRE(key.private_key_pem.rfind("-----BEGIN ENCRYPTED PRIVATE KEY-----\n", 0) == 0);
  const TempDir dir;
  lay_out(dir, key);
  const auto structure = in(dir, "openssl asn1parse -in key.pem");
  REQUIRE(has(structure, "PBES2"));
  REQUIRE(has(structure, "hmacWithSHA256"));
  REQUIRE(has(structure, "aes-256-cbc"));
  in(dir, "openssl pkey -in key.pem -passin 'pass:correct horse' -noout");
  REQUIRE(sh_status(
              fmt::format("openssl pkey -in {} -passin pass:wrong -noout", dir / "key.pem")) != 0);
  REQUIRE(PrivateKey::from_pem(key.private_key_pem, passphrase));
  REQUIRE_FALSE(PrivateKey::from_pem(key.private_key_pem, "wrong"));
  REQUIRE_FALSE(PrivateKey::from_pem(key.private_key_pem, ""));
  const auto plain = generate_key(request(KeyAlgorithm::ec_p256, KeyPurpose::both), "").value();
  REQUIRE(plain.private_key_pem.rfind("-----BEGIN PRIVATE KEY-----\n", 0) == 0);
}

TEST_CASE("serial numbers are random, positive and 16 octets long", "[cms][key]") {
  const auto serial = [] {
    const auto key = generate_key(request(KeyAlgorithm::ec_p256, KeyPurpose::sign), "").value();
    return Certificate::from_pem(key.certificate_pem).value().front().serial();
  };
  const auto first = serial();
  REQUIRE(first.size() == 32);
  for (int i = 0; i < 20; ++i) {
    const auto next = serial();
    REQUIRE(next.size() == 32);
    REQUIRE(next != first);
    REQUIRE(next.front() >= '4');
    REQUIRE(next.front() <= '7');
  }
}

TEST_CASE("a key without addresses has no SubjectAltName", "[cms][key]") {
  auto wanted = request(KeyAlgorithm::ec_p256, KeyPurpose::both);
  wanted.emails.clear();
  const auto key = generate_key(wanted, "").value();
  const auto text = sh("openssl x509 -noout -text", key.certificate_pem);
  REQUIRE_FALSE(has(text, "Alternative Name"));
}

TEST_CASE("a key request that cannot be met is refused", "[cms][key]") {
  const auto refused = [](auto change) {
    auto wanted = request(KeyAlgorithm::ec_p256, KeyPurpose::both);
    change(wanted);
    return !generate_key(wanted, "");
  };
  REQUIRE_FALSE(refused([](KeyRequest&) {}));
  REQUIRE(refused([](KeyRequest& wanted) { wanted.common_name.clear(); }));
  REQUIRE(refused([](KeyRequest& wanted) {
    wanted.common_name = std::string(65, 'x');
  }));  // RFC 5280 ub-common-name
  REQUIRE(refused([](KeyRequest& wanted) { wanted.common_name = std::string("a\0b", 3); }));
  REQUIRE(refused([](KeyRequest& wanted) { wanted.common_name = "\xff\xfe"; }));
  REQUIRE(refused([](KeyRequest& wanted) { wanted.days = 0; }));
  REQUIRE(refused([](KeyRequest& wanted) { wanted.days = 2'000'000'000; }));
  REQUIRE(refused([](KeyRequest& wanted) { wanted.emails = {"größe@example.org"}; }));
  REQUIRE(refused([](KeyRequest& wanted) { wanted.emails = {"a@example.org\nb@example.org"}; }));
  REQUIRE(refused([](KeyRequest& wanted) { wanted.emails = {""}; }));
  REQUIRE(refused([](KeyRequest& wanted) { wanted.emails = {"no-domain"}; }));
}
