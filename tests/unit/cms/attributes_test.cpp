#include <catch2/catch.hpp>

#include "cms/capabilities.h"
#include "cms/certificate.h"
#include "cms/key_preference.h"
#include "support/pki.h"

using namespace paraph;
using testing::Pki;

namespace {

std::string der(unsigned char tag, const std::string& content) {
  std::string out(1, static_cast<char>(tag));
  if (content.size() >= 128) {
    out += '\x82';
    out += static_cast<char>(content.size() >> 8U);
  }
  out += static_cast<char>(content.size() & 0xffU);
  return out + content;
}
std::string capability(const std::string& oid, const std::string& parameters = {}) {
  return der(0x30, der(0x06, oid) + parameters);
}
std::string aes(char number) {
  return std::string("\x60\x86\x48\x01\x65\x03\x04\x01") + number;
}
const std::string kOaep = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x07";
const std::string kSha256 = "\x60\x86\x48\x01\x65\x03\x04\x02\x01";
const std::string kTripleDes = "\x2a\x86\x48\x86\xf7\x0d\x03\x07";

cms::Certificate certificate(const std::string& name) {
  return cms::Certificate::from_pem(Pki::shared().cert_pem(name))->front();
}

}  // namespace

TEST_CASE("security rule 25: capabilities are words of the table, in its order", "[cms]") {
  CHECK(cms::stated_capabilities(
            der(0x30, capability(aes(2)) + capability(aes(42)) + capability(aes(46)))) ==
        "AES-256-GCM AES-256-CBC AES-128-CBC");
  CHECK(cms::stated_capabilities(der(0x30, capability(kTripleDes))).empty());
  CHECK(cms::stated_capabilities(der(0x30, capability(aes(42)) + capability(aes(42)))) ==
        "AES-256-CBC");
}

TEST_CASE("OAEP counts with SHA-256 only", "[cms]") {
  const std::string parameters = der(0x30, der(0xa0, der(0x30, der(0x06, kSha256))));
  CHECK(cms::stated_capabilities(der(0x30, capability(kOaep, parameters))) == "OAEP");
  CHECK(cms::stated_capabilities(der(0x30, capability(kOaep))).empty());
  CHECK(cms::stated_capabilities(der(0x30, capability(kOaep, der(0x30, {})))).empty());
}

TEST_CASE("damaged capabilities state nothing that is not there", "[cms]") {
  const std::string whole = der(0x30, capability(aes(42)) + capability(aes(46)));
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK(cms::stated_capabilities(whole.substr(0, size)).empty());
  CHECK(cms::stated_capabilities("nonsense").empty());
  std::string many;
  for (int i = 0; i < 200; ++i) many += capability(kTripleDes);
  CHECK(cms::stated_capabilities(der(0x30, many + capability(aes(42)))).empty());
}

TEST_CASE("security rule 21: a preference names a certificate by serial or key identifier",
          "[cms]") {
  const auto alice = certificate("alice");
  const auto bob = certificate("bob");
  const std::string name = alice.issuer_and_serial_der();
  std::string by_serial = name;
  by_serial[0] = '\xa0';  // IMPLICIT [0]
  CHECK(cms::prefers(by_serial, alice));
  CHECK_FALSE(cms::prefers(by_serial, bob));
  CHECK_FALSE(cms::prefers(name, alice));  // no CHOICE
  const std::string text =
      testing::sh("openssl x509 -in '" + Pki::shared().cert_path("alice") +
                  "' -noout -ext subjectKeyIdentifier | tail -1 | tr -d ' :\\n'");
  std::string id;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    id += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  REQUIRE(id.size() == 20);
  CHECK(cms::prefers(der(0x82, id), alice));
  CHECK_FALSE(cms::prefers(der(0x82, id), bob));
  CHECK(cms::prefers(der(0xa1, der(0x04, id)), alice));
  CHECK_FALSE(cms::prefers(der(0x82, {}), alice));
  CHECK_FALSE(cms::prefers({}, alice));
}
