#include <catch2/catch.hpp>

#include "base/ascii.h"
#include "cms/content_info.h"
#include "support/pki.h"

using namespace paraph;
using namespace paraph::cms;
using paraph::testing::Pki;
using paraph::testing::sh;

namespace {

const std::string kText = "Content-Type: text/plain\r\n\r\nHello, \xC3\xA9\r\n";

Certificate load(std::string_view name) {
  return Certificate::from_pem(Pki::shared().cert_pem(name)).value().at(0);
}

SignerInfo only_signer(const SignedReport& report) {
  INFO(report.reason);
  REQUIRE_FALSE(report.malformed);
  REQUIRE(report.signers.size() == 1);
  return report.signers[0];
}

/// `from` replaced by `to` (of the same length) at its only place.
std::string swapped(std::string octets, std::string_view from, std::string_view to) {
  REQUIRE(from.size() == to.size());
  const std::size_t at = octets.find(from);
  REQUIRE(at != std::string::npos);
  return octets.replace(at, from.size(), to);
}

/// DER with the primitive whose content is `from` given the content `to`, the lengths around it mended.
std::string replaced(std::string_view der, std::string_view from, std::string_view to) {
  std::string out;
  while (!der.empty()) {
    const auto first = static_cast<unsigned char>(der[1]);
    std::size_t header = 2, length = first;
    if (first >= 0x80) {
      length = 0;
      for (header = 2; header < 2U + (first & 0x7FU); ++header)
        length = length << 8U | static_cast<unsigned char>(der[header]);
    }
    const std::string_view content = der.substr(header, length);
    const bool constructed = (static_cast<unsigned char>(der[0]) & 0x20U) != 0;
    std::string now(content);
    if (content == from)
      now = to;
    else if (constructed)
      now = replaced(content, from, to);
    if (now == content) {
      out += der.substr(0, header + length);
    } else {
      REQUIRE(now.size() < 0x10000);
      out += der[0];
      if (now.size() >= 0x80) {
        out += '\x82';
        out += static_cast<char>(now.size() >> 8U);
      }
      out += static_cast<char>(now.size() & 0xFFU);
      out += now;
    }
    der.remove_prefix(header + length);
  }
  return out;
}

/// The other signature that verifies: s of P-256 turned over to n - s.
std::string turned_over(std::string_view signature) {
  return sh(R"(python3 -c '
import sys
der = sys.stdin.buffer.read()
n = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
r, s = der[4:4 + der[3]], int.from_bytes(der[6 + der[3]:], "big")
integer = lambda octets: b"\x02" + bytes([len(octets)]) + octets
body = integer(r) + integer((n - s).to_bytes(33, "big").lstrip(b"\0") if (n - s) >> (((n - s).bit_length() + 7) // 8 * 8 - 1) == 0 else b"\0" + (n - s).to_bytes(32, "big").lstrip(b"\0"))
sys.stdout.buffer.write(b"\x30" + bytes([len(body)]) + body)
')",
            signature);
}

}  // namespace

TEST_CASE("security rule 6: an ECDSA signature with s turned over is the same one") {
  const std::string cms = Pki::shared().sign(kText, "carol");
  const SignerInfo before = only_signer(verify_signed(cms, kText));
  REQUIRE(before.crypto == SignerCrypto::good);
  // The signature is the last element of the only SignerInfo: OCTET STRING, SEQUENCE, two INTEGERs.
  std::size_t at = cms.size() - 70;
  while (static_cast<unsigned char>(cms[at]) != 0x04 || cms[at + 2] != 0x30 ||
         at + 2 + static_cast<unsigned char>(cms[at + 1]) != cms.size())
    REQUIRE(--at > cms.size() - 80);
  const std::string signature = cms.substr(at + 2);
  const std::string other = turned_over(signature);
  REQUIRE(other != signature);
  REQUIRE(turned_over(other) == signature);
  const SignerInfo after = only_signer(verify_signed(replaced(cms, signature, other), kText));
  CHECK(after.crypto == SignerCrypto::good);
  // All that the guard's key is made of (pipeline/guard.h).
  CHECK(after.message_digest == before.message_digest);
  CHECK(after.signing_time == before.signing_time);
  CHECK(after.certificate == before.certificate);
}

TEST_CASE("security rule 7: zeros in front of a wrapped RSA key make no other key") {
  const std::string cms = Pki::shared().encrypt(kText, {"list"});
  DecryptKeys keys;
  keys.ours.push_back(
      {load("list"), PrivateKey::from_pem(Pki::shared().key_pem("list"), "").value()});
  const auto before = decrypt_enveloped(cms, keys).report;
  REQUIRE(before.wrapped.size() == 1);
  const std::string octets = before.wrapped.front().octets;
  // As it stands there: 256 octets, or fewer where the first ones are zeros.
  const std::string written = std::string(256 - octets.size(), '\0') + octets;
  for (const std::string& zeros : {std::string(1, '\0'), std::string(3, '\0')}) {
    const std::string other = replaced(cms, written, zeros + written);
    REQUIRE(other.size() >= cms.size() + zeros.size());
    const auto after = decrypt_enveloped(other, keys).report;
    REQUIRE(after.wrapped.size() == 1);
    CHECK(after.wrapped.front().octets == octets);
    CHECK(after.wrapped.front().ours == before.wrapped.front().ours);
  }
}

TEST_CASE("a detached signature: who, how, when, over what") {
  const Pki& pki = Pki::shared();
  const std::string cms = pki.sign(kText, "alice");
  const SignedReport report = verify_signed(cms, kText);
  const SignerInfo signer = only_signer(report);
  CHECK(signer.crypto == SignerCrypto::good);
  CHECK(signer.certificate == load("alice"));
  CHECK(signer.digest == "SHA-256");
  CHECK_FALSE(signer.weak_digest);
  CHECK(signer.message_digest == digest().sha256(kText));
  REQUIRE(signer.signing_time);
  CHECK(signer.signing_time->time_since_epoch() > std::chrono::hours(24) * 365 * 50);
  CHECK(signer.capabilities_der.substr(0, 1) == "\x30");
  CHECK_FALSE(report.has_content);
  CHECK(report.content_is_data);
  CHECK(report.certificates == std::vector<Certificate>{load("alice")});

  CHECK(only_signer(verify_signed(cms, kText + " ")).crypto == SignerCrypto::digest_mismatch);
  CHECK(only_signer(verify_signed(cms, "")).crypto == SignerCrypto::digest_mismatch);
}

TEST_CASE("an opaque signature gives its content") {
  const std::string cms = Pki::shared().sign(kText, "carol", "-nodetach");
  const SignedReport report = verify_signed(cms, std::nullopt);
  CHECK(only_signer(report).crypto == SignerCrypto::good);
  CHECK(report.has_content);
  CHECK(report.content == kText);

  const std::string changed = swapped(cms, "Hello", "Jello");
  CHECK(only_signer(verify_signed(changed, std::nullopt)).crypto == SignerCrypto::digest_mismatch);
}

TEST_CASE("streamed BER with indefinite lengths reads the same") {
  const std::string big(100'000, 'x');
  const std::string cms = Pki::shared().sign(big, "alice", "-nodetach -stream");
  REQUIRE(cms.substr(0, 2) == "\x30\x80");
  const SignedReport report = verify_signed(cms, std::nullopt);
  CHECK(only_signer(report).crypto == SignerCrypto::good);
  CHECK(report.content == big);
}

TEST_CASE("every algorithm of RFC 8551, and the weak ones marked") {
  struct Row {
    const char* signer;
    const char* options;
    const char* digest;
    bool weak;
  };
  const Row rows[] = {
      {"alice", "-md sha256", "SHA-256", false},
      {"alice", "-md sha384", "SHA-384", false},
      {"alice", "-md sha512", "SHA-512", false},
      {"alice", "-md sha224", "SHA-224", true},
      {"alice", "-md sha1", "SHA-1", true},
      {"alice", "-md md5", "MD5", true},
      {"carol", "-md sha256", "SHA-256", false},
      {"carol", "-md sha1", "SHA-1", true},
      {"carol", "-md sha512", "SHA-512", false},
      {"alice", "-keyopt rsa_padding_mode:pss", "SHA-256", false},
      {"alice", "-keyid", "SHA-256", false},
      {"alice", "-md sha3-256", "SHA3-256", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.signer, row.options);
    const std::string cms = Pki::shared().sign(kText, row.signer, row.options);
    const SignerInfo signer = only_signer(verify_signed(cms, kText));
    CHECK(signer.crypto == SignerCrypto::good);
    CHECK(signer.digest == row.digest);
    CHECK(signer.weak_digest == row.weak);
    CHECK(signer.certificate == load(row.signer));
  }
}

TEST_CASE("attack A14: a signature without signed attributes is told apart") {
  const std::string cms = Pki::shared().sign(kText, "alice", "-noattr");
  CHECK(only_signer(verify_signed(cms, kText)).crypto == SignerCrypto::no_signed_attributes);
  CHECK(only_signer(verify_signed(cms, kText + "x")).crypto == SignerCrypto::bad_signature);
}

TEST_CASE("a broken signature is not a changed text") {
  for (const char* who : {"alice", "carol"}) {
    std::string cms = Pki::shared().sign(kText, who);
    cms.back() = static_cast<char>(cms.back() ^ 1);  // the signature value stands last
    CHECK(only_signer(verify_signed(cms, kText)).crypto == SignerCrypto::bad_signature);
    CHECK(only_signer(verify_signed(cms, "other")).crypto == SignerCrypto::digest_mismatch);
  }
}

TEST_CASE(
    "a missing certificate is supplied from the store, by issuer and serial or key identifier") {
  for (const char* options : {"-nocerts", "-nocerts -keyid"}) {
    const std::string cms = Pki::shared().sign(kText, "alice", options);
    CHECK(only_signer(verify_signed(cms, kText)).crypto == SignerCrypto::no_certificate);
    CHECK(only_signer(verify_signed(cms, kText, {load("bob"), load("carol")})).crypto ==
          SignerCrypto::no_certificate);
    const SignedReport report = verify_signed(cms, kText, {load("bob"), load("alice")});
    CHECK(only_signer(report).crypto == SignerCrypto::good);
    CHECK(report.signers[0].certificate == load("alice"));
    CHECK(report.certificates.empty());
  }
}

TEST_CASE("attack A12: each of several signers gets a verdict of his own") {
  const Pki& pki = Pki::shared();
  const std::string both = pki.sign(
      kText, "alice", "-signer " + pki.cert_path("carol") + " -inkey " + pki.key_path("carol"));
  const SignedReport report = verify_signed(both, kText);
  REQUIRE(report.signers.size() == 2);
  CHECK(report.signers[0].crypto == SignerCrypto::good);
  CHECK(report.signers[1].crypto == SignerCrypto::good);
  CHECK_FALSE(report.signers[0].certificate == report.signers[1].certificate);

  std::string one_broken = both;
  one_broken.back() = static_cast<char>(one_broken.back() ^ 1);
  const SignedReport broken = verify_signed(one_broken, kText);
  REQUIRE(broken.signers.size() == 2);
  CHECK(broken.signers[0].crypto == SignerCrypto::good);
  CHECK(broken.signers[1].crypto == SignerCrypto::bad_signature);
}

TEST_CASE("attack A13: certificates alone are no signature") {
  const std::string bag =
      sh("openssl crl2pkcs7 -nocrl -outform DER -certfile " + Pki::shared().cert_path("alice"));
  const SignedReport report = verify_signed(bag, kText);
  CHECK_FALSE(report.malformed);
  CHECK(report.signers.empty());
  CHECK(report.certificates.size() == 1);
}

TEST_CASE("attack A11: content inside a detached signature is reported, and not what is checked") {
  const std::string cms = Pki::shared().sign("inside", "alice", "-nodetach");
  const SignedReport report = verify_signed(cms, kText);
  CHECK(report.has_content);
  CHECK(only_signer(report).crypto == SignerCrypto::digest_mismatch);
}

TEST_CASE("a signature labelled opaque but without content is malformed") {
  const SignedReport report = verify_signed(Pki::shared().sign(kText, "alice"), std::nullopt);
  CHECK(report.malformed);
  CHECK(report.reason == "signatures without content");
}

TEST_CASE("content of another type than id-data is reported") {
  const std::string cms = Pki::shared().sign(kText, "alice", "-nodetach -econtent_type 1.2.3.4");
  const SignedReport report = verify_signed(cms, std::nullopt);
  CHECK(only_signer(report).crypto == SignerCrypto::good);
  CHECK_FALSE(report.content_is_data);
  // RFC 5652 §11.1: the signed content-type must be the eContentType.
  const std::string other("\x06\x03\x2A\x03\x05", 5);
  std::string relabelled = cms;
  const std::size_t at = relabelled.find(std::string("\x06\x03\x2A\x03\x04", 5));
  REQUIRE(at != std::string::npos);
  relabelled.replace(at, 5, other);
  CHECK(only_signer(verify_signed(relabelled, std::nullopt)).crypto == SignerCrypto::malformed);
}

TEST_CASE("a signature algorithm nobody knows is unsupported and not bad") {
  const std::string rsa_encryption = "\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01";
  const std::string unknown = "\x2A\x86\x48\x86\xF7\x0D\x01\x01\x7E";
  std::string changed = Pki::shared().sign(kText, "alice");
  changed.replace(changed.rfind(rsa_encryption), rsa_encryption.size(), unknown);
  const SignerInfo signer = only_signer(verify_signed(changed, kText));
  CHECK(signer.crypto == SignerCrypto::unsupported_algorithm);
  CHECK(signer.certificate == load("alice"));
}

TEST_CASE("certificates that share the signer's key identifier: the one that fits is found") {
  const std::string id = sh("openssl x509 -noout -ext subjectKeyIdentifier -in " +
                            Pki::shared().cert_path("alice") + " | tail -1 | tr -d ' \n'");
  Pki::shared().issue(
      {.name = "same-id-ed", .key = "ed25519", .extensions = "subjectKeyIdentifier=" + id + "\n"});
  Pki::shared().issue({.name = "same-id-rsa", .extensions = "subjectKeyIdentifier=" + id + "\n"});
  const std::string cms = Pki::shared().sign(kText, "alice", "-keyid -nocerts");
  const auto with = [&](const std::vector<Certificate>& stored) {
    return only_signer(verify_signed(cms, kText, stored));
  };
  // Ed25519, which OpenSSL's CMS cannot check, is unsupported and not bad.
  CHECK(with({load("same-id-ed")}).crypto == SignerCrypto::unsupported_algorithm);
  CHECK(with({load("same-id-rsa")}).crypto == SignerCrypto::bad_signature);
  const SignerInfo found = with({load("same-id-ed"), load("same-id-rsa"), load("alice")});
  CHECK(found.crypto == SignerCrypto::good);
  CHECK(found.certificate == load("alice"));
}

TEST_CASE("a damaged certificate beside the signer's does not matter") {
  const Pki& pki = Pki::shared();
  const std::string cms = pki.sign(kText, "alice", "-certfile " + pki.cert_path("bob"));
  const std::string bob = load("bob").der();
  std::string damaged = cms;
  const std::size_t at = damaged.find(bob);
  REQUIRE(at != std::string::npos);
  damaged[at + 4] = '\x04';  // the signed part is no SEQUENCE any more
  const SignedReport report = verify_signed(damaged, kText);
  CHECK(only_signer(report).crypto == SignerCrypto::good);
  CHECK(report.certificates.size() == 1);
}

TEST_CASE("no truncation and no changed octet makes a signature good over another text") {
  const auto key = PrivateKey::from_pem(Pki::shared().key_pem("carol"), "");
  REQUIRE(key);
  const std::string cms = Pki::shared().sign(kText, "carol", "-md sha384");
  for (std::size_t size = 0; size < cms.size(); ++size) {
    CHECK(verify_signed(std::string_view(cms).substr(0, size), kText).malformed);
  }
  for (std::size_t at = 0; at < cms.size(); ++at) {
    std::string changed = cms;
    changed[at] = static_cast<char>(changed[at] ^ (at % 2 == 0 ? 0x01 : 0xff));
    for (const SignerInfo& signer : verify_signed(changed, "other text").signers) {
      CHECK(signer.crypto != SignerCrypto::good);
    }
    const SignedReport report = verify_signed(changed, kText, {load("carol")});
    for (const SignerInfo& signer : report.signers) {
      if (signer.crypto == SignerCrypto::good) {
        CHECK(key->matches(*signer.certificate));
        CHECK(signer.message_digest.size() == 48);
      }
    }
  }
}
