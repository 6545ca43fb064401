#include <catch2/catch.hpp>

#include <random>
#include <string>

#include "smime/kit.h"

// Damaged input: opening never fails, never lets a changed text count, and stays quick.
namespace paraph::smime {
namespace {

using testing::Kit;
using testing::open;

const char* const kScripts[] = {
    "text | clear_signed alice | post",
    "text | opaque_signed alice-ec | post",
    "text | clear_signed alice | encrypted aes-256-cbc list | post",
    "text | clear_signed alice | encrypted aes-256-gcm list | clear_signed alice | post",
};

TEST_CASE("a message cut anywhere", "[robustness]") {
  const Kit& kit = Kit::shared();
  const OpenContext context = kit.context();
  for (const char* script : kScripts) {
    const std::string whole = kit.message(script);
    REQUIRE(open(whole, context).protection.smime);
    for (std::size_t size = 0; size < whole.size(); size += 37) {
      const Opened opened = open(whole.substr(0, size), context);
      CHECK((opened.protection.smime || !opened.protection.reasons.empty()));
    }
  }
}

TEST_CASE("octets changed anywhere never turn into another accepted text", "[robustness]") {
  const Kit& kit = Kit::shared();
  const OpenContext context = kit.context();
  const std::string text = kit.message("text");
  std::mt19937 random(20260601);
  for (const char* script : kScripts) {
    const std::string whole = kit.message(script);
    for (int round = 0; round < 250; ++round) {
      std::string changed = whole;
      for (auto flips = 1 + random() % 3; flips > 0; --flips) {
        changed[random() % changed.size()] = static_cast<char>(random());
      }
      const Opened opened = open(changed, context);
      if (opened.protection.smime) {
        REQUIRE(opened.innermost);
        CHECK(mail::canonical_crlf(opened.innermost->reveal().octets()) == text);
        CHECK(opened.protection.from == std::vector<std::string>{"alice@example.org"});
      }
    }
  }
}

TEST_CASE("changed DER inside good base64", "[robustness]") {
  const Kit& kit = Kit::shared();
  const OpenContext context = kit.context();
  const std::string text = kit.message("text");
  const std::string der = kit.message("text | raw_signature alice -nodetach");
  const std::string sealed = kit.message("text | raw_encryption aes-256-gcm list");
  std::mt19937 random(7);
  const std::string header =
      "From: alice@example.org\r\nMIME-Version: 1.0\r\n"
      "Content-Type: application/pkcs7-mime; name=smime.p7m\r\nContent-Transfer-Encoding: "
      "binary\r\n\r\n";
  REQUIRE(open(header + der, context).protection.smime);
  for (int round = 0; round < 1'500; ++round) {
    std::string changed = round % 2 == 0 ? der : sealed;
    changed[random() % changed.size()] ^= static_cast<char>(1U << (random() % 8));
    const Opened opened = open(header + changed, context);
    if (opened.protection.smime || opened.payload) {
      CHECK(opened.innermost->reveal().octets() == text);
    }
  }
}

TEST_CASE("nothing, noise and nonsense", "[robustness]") {
  const OpenContext context = Kit::shared().context();
  CHECK(testing::codes(open("", context).protection.reasons) == "not_signed no_from");
  CHECK(testing::codes(open("\n", context).protection.reasons) == "not_signed no_from");
  for (const char* message : {
           "From: a@example.org\nContent-Type: multipart/signed; "
           "protocol=\"application/pkcs7-signature\"\n\nx\n",
           "From: a@example.org\nContent-Type: multipart/signed; "
           "protocol=\"application/pkcs7-signature\"; boundary=b\n\n--b--\n",
           "From: a@example.org\nContent-Type: application/pkcs7-mime\n\n",
           "From: a@example.org\nContent-Type: application/pkcs7-mime\nContent-Transfer-Encoding: "
           "x-none\n\nMIAG\n",
           "From: a@example.org\nContent-Type: application/octet-stream; name=\".p7m\"\n\n0\x82\n",
       }) {
    INFO(message);
    const Protection found = open(message, context).protection;
    CHECK(testing::codes(found.reasons) == "malformed");
    CHECK(found.signature.status == SignatureStatus::malformed);
  }
}

TEST_CASE("many signed parts below the root cost little", "[robustness]") {
  std::string message = "From: a@example.org\nContent-Type: multipart/mixed; boundary=b\n\n";
  for (int i = 0; i < 20'000; ++i) {
    message +=
        "--b\nContent-Type: application/pkcs7-mime\nContent-Transfer-Encoding: "
        "base64\n\nMIAGCSqGSIb3DQEHAqCA\n";
  }
  const Protection found = open(message + "--b--\n", Kit::shared().context()).protection;
  CHECK_FALSE(found.smime);
  CHECK(found.layers.empty());
}

}  // namespace
}  // namespace paraph::smime
