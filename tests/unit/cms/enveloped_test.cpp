#include <catch2/catch.hpp>

#include "base/ascii.h"
#include "cms/content_info.h"
#include "support/pki.h"

using namespace paraph;
using namespace paraph::cms;
using paraph::testing::Pki;
using paraph::testing::sh;

namespace {

const std::string kText = "Content-Type: text/plain\r\n\r\nThe canary sings at midnight.\r\n";

Certificate load(std::string_view name) {
  return Certificate::from_pem(Pki::shared().cert_pem(name)).value().at(0);
}

KeyPair pair(std::string_view name) {
  return {load(name), PrivateKey::from_pem(Pki::shared().key_pem(name), "").value()};
}

DecryptKeys keys(const std::vector<std::string>& names) {
  DecryptKeys all;
  for (const std::string& name : names) {
    all.ours.push_back(pair(name));
  }
  return all;
}

EnvelopedReport open(std::string_view cms, const std::vector<std::string>& names = {"list"}) {
  return decrypt_enveloped(cms, keys(names)).report;
}

std::string revealed(const EnvelopedReport& report) {
  return report.content ? report.content->reveal() : "(nothing)";
}

/// A child of `openssl asn1parse` by hand: definite-length TLV around the parts.
std::string tlv(unsigned char tag, const std::string& content) {
  std::string out(1, static_cast<char>(tag));
  if (content.size() < 0x80) {
    out += static_cast<char>(content.size());
  } else {
    out += '\x82';
    out += static_cast<char>(content.size() >> 8U);
    out += static_cast<char>(content.size() & 0xffU);
  }
  return out + content;
}

}  // namespace

TEST_CASE("what openssl seals opens: key types, ciphers, identifiers, streams") {
  struct Row {
    const char* recipient;
    const char* options;
    const char* cipher;
    bool authenticated;
  };
  const Row rows[] = {
      {"alice", "-aes-256-cbc", "AES-256-CBC", false},
      {"alice", "-aes-128-cbc", "AES-128-CBC", false},
      {"alice", "-aes-192-cbc", "AES-192-CBC", false},
      {"alice", "-des3", "DES-EDE3-CBC", false},
      {"alice", "-aes-256-gcm", "AES-256-GCM", true},
      {"alice", "-aes-128-gcm", "AES-128-GCM", true},
      {"alice", "-aes-256-cbc -keyid", "AES-256-CBC", false},
      {"alice", "-aes-256-cbc -stream", "AES-256-CBC", false},
      {"alice", "-aes-256-gcm -stream", "AES-256-GCM", true},
      {"carol", "-aes-256-cbc", "AES-256-CBC", false},
      {"carol", "-aes-128-gcm", "AES-128-GCM", true},
      {"carol", "-aes-256-cbc -keyid -stream", "AES-256-CBC", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.recipient, row.options);
    const EnvelopedReport report =
        open(Pki::shared().encrypt(kText, {row.recipient}, row.options), {row.recipient});
    CHECK(report.status == OpenStatus::opened);
    CHECK(report.cipher == row.cipher);
    CHECK(report.authenticated == row.authenticated);
    CHECK(report.recipients == 1);
    CHECK(report.opened_with == load(row.recipient));
    CHECK(report.matched == 0);
    CHECK(revealed(report) == kText);
  }
}

TEST_CASE("RSA-OAEP and ECDH with SHA-256 open too") {
  const Pki& pki = Pki::shared();
  const std::string oaep =
      sh("openssl cms -encrypt -binary -outform DER -aes-256-cbc -recip " + pki.cert_path("alice") +
             " -keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256",
         kText);
  CHECK(revealed(open(oaep, {"alice"})) == kText);
  const std::string ecdh = sh("openssl cms -encrypt -binary -outform DER -aes-256-cbc -recip " +
                                  pki.cert_path("carol") + " -keyopt ecdh_kdf_md:sha256",
                              kText);
  CHECK(revealed(open(ecdh, {"carol"})) == kText);
}

TEST_CASE("large content, in one piece and in many") {
  const std::string big = testing::crlf(std::string(300'000, 'y') + "\n");
  for (const char* options : {"-aes-256-cbc", "-aes-256-cbc -stream", "-aes-256-gcm -stream"}) {
    CHECK(revealed(open(Pki::shared().encrypt(big, {"list"}, options))) == big);
  }
  CHECK(revealed(open(Pki::shared().encrypt("", {"list"}))) == "");
}

TEST_CASE("ours is found among many, whichever generation of our keys it names") {
  const std::string cms = Pki::shared().encrypt(kText, {"alice", "bob", "carol", "list"});
  const EnvelopedReport report = open(cms);
  CHECK(report.recipients == 4);
  CHECK(revealed(report) == kText);

  const EnvelopedReport second =
      open(Pki::shared().encrypt(kText, {"bob", "carol"}), {"list", "alice", "carol"});
  CHECK(second.status == OpenStatus::opened);
  CHECK(second.matched == 2);
  CHECK(second.opened_with == load("carol"));
}

TEST_CASE("not for us, and nothing else is said") {
  const EnvelopedReport report = open(Pki::shared().encrypt(kText, {"alice", "carol"}));
  CHECK(report.status == OpenStatus::not_for_us);
  CHECK_FALSE(report.matched);
  CHECK_FALSE(report.content);
  CHECK(report.cipher == "AES-256-CBC");
  CHECK(report.recipients == 2);
  CHECK(open(Pki::shared().encrypt(kText, {"alice"}), {}).status == OpenStatus::not_for_us);
}

TEST_CASE("ours, but the key is locked away: the mail can wait for it") {
  const std::string cms = Pki::shared().encrypt(kText, {"list", "alice"});
  const Decrypted locked = decrypt_enveloped(cms, {{pair("bob")}, {load("list")}});
  CHECK(locked.report.status == OpenStatus::failed);
  CHECK(locked.locked_matched);
  CHECK_FALSE(locked.report.matched);
  const Decrypted other = decrypt_enveloped(cms, {{pair("alice")}, {load("list")}});
  CHECK(other.report.status == OpenStatus::opened);
  CHECK_FALSE(other.locked_matched);
}

TEST_CASE("every failure of something that is ours looks the same") {
  for (const char* options : {"-aes-256-cbc", "-aes-256-gcm"}) {
    const std::string cms = Pki::shared().encrypt(kText, {"list"}, options);
    std::string content = cms;  // CBC: padding; GCM: tag
    content.back() = static_cast<char>(content.back() ^ 1);
    if (std::string_view(options) == "-aes-256-gcm") {
      CHECK(open(content).status == OpenStatus::failed);
      CHECK_FALSE(open(content).content);
      std::string inside = cms;
      inside[cms.size() - 40] = static_cast<char>(inside[cms.size() - 40] ^ 1);
      CHECK(open(inside).status == OpenStatus::failed);
      CHECK_FALSE(open(inside).content);
    }
    std::string wrapped = cms;  // the wrapped key, somewhere inside
    const std::size_t serial = wrapped.find(load("list").issuer_and_serial_der());
    const std::size_t key = serial + load("list").issuer_and_serial_der().size() + 100;
    wrapped[key] = static_cast<char>(wrapped[key] ^ 1);
    const EnvelopedReport report = open(wrapped);
    // CBC under the random key that OpenSSL substitutes ends in valid padding once in 256 times:
    // then it is garbage, and the caller looks for MIME.
    CHECK((report.status == OpenStatus::failed || revealed(report) != kText));
    CHECK(report.matched == 0);
  }
  // The wrong key beside the right certificate.
  const std::string gcm = Pki::shared().encrypt(kText, {"list"}, "-aes-256-gcm");
  const Decrypted wrong = decrypt_enveloped(gcm, {{{load("list"), pair("bob").key}}, {}});
  CHECK(wrong.report.status == OpenStatus::failed);
}

TEST_CASE("security rule 7: the wrapped key is reported, leading zeros left out") {
  const auto only = [](const std::string& cms, const std::vector<std::string>& keys) {
    const auto wrapped = open(cms, keys).wrapped;
    REQUIRE(wrapped.size() == 1);
    return wrapped.front();
  };
  const std::string cms = Pki::shared().encrypt(kText, {"alice", "list"});
  const WrappedKey key = only(cms, {"list"});
  CHECK(key.ours == load("list").spki_sha256());
  CHECK(key.octets.size() > 240);
  CHECK(key.octets.size() <= 256);
  CHECK(cms.find(key.octets) != std::string::npos);
  CHECK(key.octets != only(cms, {"alice"}).octets);
  CHECK(open(cms, {"bob"}).wrapped.empty());
  // AES-256 wrap of an AES-256 key (RFC 3394): 40 octets.
  const std::string ec = Pki::shared().encrypt(kText, {"carol"});
  CHECK(only(ec, {"carol"}).octets.size() >= 38);
  CHECK(only(ec, {"carol"}).octets.size() <= 40);
}

TEST_CASE(
    "security rule 7: of several generations of ours every wrapped key is reported, opened or "
    "not") {
  const std::string cms = Pki::shared().encrypt(kText, {"alice", "list"});
  CHECK(open(cms, {"list", "alice"}).wrapped.size() == 2);
  std::string broken = cms;
  broken[broken.size() - 3] ^= 1;  // the padding
  CHECK(open(broken, {"list", "alice"}).wrapped.size() == 2);
  const std::string refused = Pki::shared().encrypt(kText, {"list"}, "-des3");
  CHECK(open(refused, {"list"}).wrapped.size() == 1);
}

TEST_CASE("attack A2: a tag cut short is refused, in any combination") {
  const std::string cms = Pki::shared().encrypt(kText, {"list"}, "-aes-256-gcm");
  // … SEQUENCE { nonce(12), INTEGER 16 } … OCTET STRING(16) tag at the end.
  const std::size_t nonce = cms.rfind(std::string("\x30\x11\x04\x0C"));
  REQUIRE(nonce != std::string::npos);
  REQUIRE(cms.substr(nonce + 16, 3) == std::string("\x02\x01\x10"));
  std::string stated = cms;
  stated[nonce + 18] = 4;
  CHECK(open(stated).status == OpenStatus::unsupported);
  std::string twelve = cms;
  twelve[nonce + 18] = 12;
  CHECK(open(twelve).status == OpenStatus::unsupported);
}

TEST_CASE("attack A2: a cipher that does not belong into its container is refused") {
  const std::string aes256("\x60\x86\x48\x01\x65\x03\x04\x01");
  const std::string auth_enveloped("\x2A\x86\x48\x86\xF7\x0D\x01\x09\x10\x01\x17");
  // CBC inside AuthEnvelopedData.
  std::string cms = Pki::shared().encrypt(kText, {"list"}, "-aes-256-gcm");
  REQUIRE(cms.find(auth_enveloped) != std::string::npos);
  std::size_t at = cms.rfind(aes256 + "\x2E");
  REQUIRE(at != std::string::npos);
  cms[at + aes256.size()] = '\x2A';
  CHECK(open(cms).status == OpenStatus::unsupported);
  // GCM inside EnvelopedData.
  cms = Pki::shared().encrypt(kText, {"list"}, "-aes-256-cbc");
  at = cms.rfind(aes256 + "\x2A");
  cms[at + aes256.size()] = '\x2E';
  CHECK(open(cms).status == OpenStatus::unsupported);
  // A cipher nobody knows, by its number.
  cms[at + aes256.size()] = '\x7D';
  const EnvelopedReport report = open(cms);
  CHECK(report.status == OpenStatus::unsupported);
  CHECK(report.cipher == "2.16.840.1.101.3.4.1.125");
}

TEST_CASE("passwords and shared keys are passed over") {
  const Pki& pki = Pki::shared();
  const std::string with_password =
      pki.encrypt(kText, {"list"}, "-aes-256-cbc -pwri_password secret");
  CHECK(revealed(open(with_password)) == kText);
  const std::string with_key =
      pki.encrypt(kText, {"list"},
                  "-aes-256-cbc -secretkey 000102030405060708090A0B0C0D0E0F -secretkeyid C0FEE0");
  CHECK(open(with_key).recipients == 2);
  CHECK(revealed(open(with_key)) == kText);
}

TEST_CASE("an issuer in other string types is the same issuer") {
  std::string cms = Pki::shared().encrypt(kText, {"list"});
  // UTF8String → PrintableString in the CN of the RecipientInfo's issuer.
  const std::size_t at = cms.find("Paraph test root");
  REQUIRE(at != std::string::npos);
  REQUIRE(cms[at - 2] == '\x0C');
  cms[at - 2] = '\x13';
  CHECK(revealed(open(cms)) == kText);
}

TEST_CASE("compressed data: inflated, capped") {
  const auto compressed = [](std::string_view text) {
    const std::string deflated =
        sh("python3 -c 'import sys,zlib; "
           "sys.stdout.buffer.write(zlib.compress(sys.stdin.buffer.read(), 9))'",
           text);
    const std::string data_oid = "\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x01";
    const std::string zlib_oid = "\x06\x0B\x2A\x86\x48\x86\xF7\x0D\x01\x09\x10\x03\x08";
    const std::string type_oid = "\x06\x0B\x2A\x86\x48\x86\xF7\x0D\x01\x09\x10\x01\x09";
    return tlv(
        0x30,
        type_oid + tlv(0xA0, tlv(0x30, std::string("\x02\x01\x00", 3) + tlv(0x30, zlib_oid) +
                                           tlv(0x30, data_oid + tlv(0xA0, tlv(0x04, deflated))))));
  };
  const std::string text = testing::crlf(std::string("line\n") + kText);
  const std::string cms = compressed(text);
  CHECK(prescan(cms).kind == ContentKind::compressed_data);
  CHECK(decompress(cms, 1'000'000) == text);
  CHECK(decompress(cms, text.size()) == text);
  CHECK_FALSE(decompress(cms, text.size() - 1));
  for (std::size_t size = 0; size < cms.size(); ++size) {
    CHECK_FALSE(decompress(std::string_view(cms).substr(0, size), 1'000'000));
  }
  // A bomb: 10 MB of zeros in 10 kB, more than 100 times its size.
  CHECK_FALSE(decompress(compressed(std::string(10'000'000, '\0')), 100'000'000));
}

TEST_CASE("no truncation opens, and no changed octet crashes") {
  for (const char* who : {"list", "carol"}) {
    for (const char* options : {"-aes-256-cbc", "-aes-256-gcm"}) {
      const DecryptKeys ours = keys({who});
      const std::string cms = Pki::shared().encrypt(kText, {who}, options);
      for (std::size_t size = 0; size < cms.size(); ++size) {
        CHECK(decrypt_enveloped(std::string_view(cms).substr(0, size), ours).report.status ==
              OpenStatus::malformed);
      }
      for (std::size_t at = 0; at < cms.size(); ++at) {
        std::string changed = cms;
        changed[at] = static_cast<char>(changed[at] ^ (at % 2 == 0 ? 0x01 : 0xff));
        const EnvelopedReport report = decrypt_enveloped(changed, ours).report;
        CHECK(report.content.has_value() == (report.status == OpenStatus::opened));
        if (report.authenticated && report.content) {
          CHECK(report.content->reveal() == kText);
        }
      }
    }
  }
}
