#include "cms/certificate.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "base/ascii.h"
#include "cms/keys.h"
#include "support/pki.h"

using namespace paraph;
using namespace paraph::cms;
using paraph::testing::Pki;
using paraph::testing::sh;

namespace {

Certificate load(std::string_view name) {
  return Certificate::from_pem(Pki::shared().cert_pem(name)).value().at(0);
}

std::string openssl_says(std::string_view name, const std::string& what) {
  std::string text = sh("openssl x509 -noout " + what + " -in " + Pki::shared().cert_path(name));
  return text.substr(text.find('=') + 1, text.find('\n') - text.find('=') - 1);
}

std::string without_colons(std::string text) {
  text.erase(std::remove(text.begin(), text.end(), ':'), text.end());
  return text;
}

}  // namespace

TEST_CASE("a certificate tells what openssl x509 tells") {
  const Certificate alice = load("alice");
  CHECK(alice.sha256() == without_colons(openssl_says("alice", "-fingerprint -sha256")));
  CHECK(alice.serial() == openssl_says("alice", "-serial"));
  CHECK(alice.subject() == openssl_says("alice", "-subject -nameopt RFC2253"));
  CHECK(alice.issuer() == "CN=Paraph test root,O=Paraph test");
  CHECK(alice.common_name() == "alice");
  CHECK(iso8601(alice.not_before()) == "2026-01-01T00:00:00Z");
  CHECK(iso8601(alice.not_after()) == "2036-01-01T00:00:00Z");
  CHECK(alice.key_type() == KeyType::rsa);
  CHECK(alice.key_bits() == 2048);
  CHECK(alice.key_description() == "RSA 2048");
  CHECK(load("carol").key_description() == "EC P-256");
  CHECK(alice.pem() == Pki::shared().cert_pem("alice"));
  CHECK(alice.spki_sha256() ==
        ascii::hex_upper(digest().sha256(sh("openssl x509 -noout -pubkey -in " +
                                            Pki::shared().cert_path("alice") +
                                            " | openssl pkey -pubin -outform DER"))));
}

TEST_CASE("issuerAndSerialNumber is what openssl puts into a RecipientInfo") {
  const std::string sealed = Pki::shared().encrypt("x", {"alice"});
  const std::string named = load("alice").issuer_and_serial_der();
  CHECK(named.size() > 20);
  CHECK(sealed.find(named) != std::string::npos);
}

TEST_CASE("one certificate has one fingerprint, however its frame is encoded") {
  const std::string der = load("alice").der();
  REQUIRE(der.substr(0, 2) == "\x30\x82");
  const std::string longer = std::string("\x30\x83\0", 3) + der.substr(2);
  const auto again = Certificate::from_der(longer);
  REQUIRE(again);
  CHECK(again->sha256() == load("alice").sha256());
}

TEST_CASE("certificates are read from PEM, DER, PKCS#7, and text around the blocks is ignored") {
  const Pki& pki = Pki::shared();
  const std::string both = "Bag Attributes\n" + pki.cert_pem("alice") + "some text\n" +
                           pki.key_pem("alice") + testing::crlf(pki.cert_pem("bob"));
  const auto found = Certificate::from_pem(both);
  REQUIRE(found);
  REQUIRE(found->size() == 2);
  CHECK(found->at(1) == load("bob"));

  CHECK(Certificate::from_any(load("alice").der()).value().at(0) == load("alice"));
  const std::string bag = "openssl crl2pkcs7 -nocrl -certfile " + pki.cert_path("alice") +
                          " -certfile " + pki.cert_path("carol");
  for (const std::string form : {"PEM", "DER"}) {
    const auto inside = Certificate::from_any(sh(bag + " -outform " + form));
    REQUIRE(inside);
    CHECK(inside->size() == 2);
  }
  const auto trusted = Certificate::from_pem(
      sh("openssl x509 -trustout -addtrust emailProtection -in " + pki.cert_path("alice")));
  REQUIRE(trusted);
  CHECK(trusted->at(0) == load("alice"));

  const std::string mark = "\xEF\xBB\xBF";  // as some editors begin a file
  CHECK(Certificate::from_pem(mark + pki.cert_pem("alice")).value().at(0) == load("alice"));
  CHECK(Certificate::from_any(mark + pki.cert_pem("alice")).value().at(0) == load("alice"));
}

TEST_CASE("what is no certificate says so") {
  CHECK(Certificate::from_pem("").error().what() == "no certificate found");
  CHECK(Certificate::from_pem("hello").error().what() == "no certificate found");
  CHECK(Certificate::from_any("").error().what() == "no certificate found");
  CHECK_FALSE(Certificate::from_any("hello"));
  CHECK(Certificate::from_pem(Pki::shared().key_pem("alice")).error().what() ==
        "no certificate found");
  CHECK(Certificate::from_der(std::string(70'000, '0')).error().what() == "larger than 64 KiB");

  const std::string pem = Pki::shared().cert_pem("alice");
  const auto cut =
      Certificate::from_pem(Pki::shared().cert_pem("bob") + pem.substr(0, pem.size() / 2));
  REQUIRE_FALSE(cut);
  CHECK(cut.error().what().rfind("certificate 2: ", 0) == 0);
  CHECK(cut.error().retry() == Retry::never);
}

TEST_CASE("no truncation and no changed octet of a certificate does harm") {
  const std::string der = load("carol").der();
  for (std::size_t size = 0; size < der.size(); ++size) {
    CHECK_FALSE(Certificate::from_der(std::string_view(der).substr(0, size)));
  }
  for (std::size_t at = 0; at < der.size(); ++at) {
    for (const char flip : {'\x01', '\x80', '\x7f'}) {
      std::string changed = der;
      changed[at] = static_cast<char>(changed[at] ^ flip);
      if (const auto read = Certificate::from_der(changed)) {
        // Whatever it says now, it can be asked.
        CHECK_FALSE((read->subject() + read->serial() + read->key_description()).empty());
        (void)read->may_sign();
        (void)read->may_encrypt();
        (void)read->eku_allows_email();
        (void)read->issuer_and_serial_der();
      }
    }
  }
}

TEST_CASE("addresses: the alternative name first, the subject only without one") {
  const Pki& pki = Pki::shared();
  CHECK(load("list").emails() ==
        std::vector<std::string>{"list@example.org", "list-request@example.org"});
  CHECK(load("ca").emails().empty());

  pki.issue({.name = "dn-only", .subject = "/CN=Dn/emailAddress=Dn.Only@Example.ORG"});
  CHECK(load("dn-only").emails() == std::vector<std::string>{"Dn.Only@Example.ORG"});
  CHECK(load("dn-only").names("dn.only@example.org"));
  CHECK_FALSE(load("dn-only").names("n.only@example.org"));

  pki.issue({.name = "both",
             .emails = {"san@example.org"},
             .subject = "/CN=Both/emailAddress=dn@example.org"});
  CHECK(load("both").emails() == std::vector<std::string>{"san@example.org"});
  CHECK_FALSE(load("both").names("dn@example.org"));
}

TEST_CASE("SmtpUTF8Mailbox is read; other names are not taken for addresses") {
  const std::string base = testing::Wanted::kMailExtensions;
  Pki::shared().issue(
      {.name = "utf8",
       .extensions = base +
                     "subjectAltName=@san\n[san]\n"
                     "otherName.1=1.3.6.1.5.5.7.8.9;FORMAT:UTF8,UTF8:j\xC3\xB8rgen@example.org\n"
                     "otherName.2=1.2.3.4;UTF8:evil@example.org\n"
                     "DNS.1=example.org\nURI.1=mailto:uri@example.org\n"});
  CHECK(load("utf8").emails() == std::vector<std::string>{"j\xC3\xB8rgen@example.org"});
}

TEST_CASE("attack A22: names with NUL, controls or foreign octets are no addresses") {
  const std::string base = testing::Wanted::kMailExtensions;
  // SEQUENCE { [1] "alice@example.org\0.evil" }, { [1] "a\r\nb@example.org" }, { [1]
  // "é@example.org" } and a good one
  const auto name = [](const std::string& text) {
    return std::string("\x81") + static_cast<char>(text.size()) + text;
  };
  const std::string names = name(std::string("alice@example.org\0.evil", 23)) +
                            name("a\r\nb@example.org") + name("\xC3\xA9@example.org") +
                            name("no-at-sign") + name("good@example.org");
  const std::string der = std::string("\x30") + static_cast<char>(names.size()) + names;
  Pki::shared().issue(
      {.name = "nul",
       .extensions = base + "subjectAltName=DER:" + ascii::hex_upper(der, ':') + "\n",
       .subject = "/CN=Nul/emailAddress=dn@example.org"});
  CHECK(load("nul").emails() == std::vector<std::string>{"good@example.org"});
  CHECK_FALSE(load("nul").names("alice@example.org"));

  const std::string only = name(std::string("alice@example.org\0", 18));
  Pki::shared().issue(
      {.name = "nul-only",
       .extensions =
           base + "subjectAltName=DER:" +
           ascii::hex_upper("\x30" + std::string(1, static_cast<char>(only.size())) + only, ':') +
           "\n",
       .subject = "/CN=Nul/emailAddress=dn@example.org"});
  CHECK(load("nul-only")
            .emails()
            .empty());  // the subject does not step in for a bad alternative name
}

TEST_CASE("uses: keyUsage, extendedKeyUsage, key type (RFC 8550 §4.4)") {
  struct Row {
    const char* name;
    const char* key;
    const char* extensions;
    bool sign, encrypt, mail, ca;
  };
  const Row rows[] = {
      {"use-none", "rsa:2048", "", true, true, true, false},
      {"use-sign", "rsa:2048", "keyUsage=digitalSignature\n", true, false, true, false},
      {"use-nonrep", "rsa:2048", "keyUsage=nonRepudiation\n", true, false, true, false},
      {"use-enc", "rsa:2048", "keyUsage=keyEncipherment\n", false, true, true, false},
      {"use-rsa-agree", "rsa:2048", "keyUsage=keyAgreement\n", false, false, true, false},
      {"use-ec-agree", "ec:P-256", "keyUsage=keyAgreement\n", false, true, true, false},
      {"use-ec-enc", "ec:P-256", "keyUsage=keyEncipherment\n", false, false, true, false},
      {"use-ec-none", "ec:P-384", "", true, true, true, false},
      {"use-ed", "ed25519", "", true, false, true, false},
      {"use-pss", "rsa-pss:2048", "", true, false, true, false},
      {"use-server", "rsa:2048", "extendedKeyUsage=serverAuth\n", true, true, false, false},
      {"use-any", "rsa:2048", "extendedKeyUsage=serverAuth,anyExtendedKeyUsage\n", true, true, true,
       false},
      {"use-mail", "rsa:2048", "extendedKeyUsage=emailProtection,clientAuth\n", true, true, true,
       false},
      {"use-ca", "rsa:2048", "basicConstraints=CA:TRUE\nkeyUsage=keyCertSign\n", false, false, true,
       true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Pki::shared().issue({.name = row.name, .key = row.key, .extensions = row.extensions});
    const Certificate certificate = load(row.name);
    CHECK(certificate.may_sign() == row.sign);
    CHECK(certificate.may_encrypt() == row.encrypt);
    CHECK(certificate.eku_allows_email() == row.mail);
    CHECK(certificate.is_ca() == row.ca);
  }
  CHECK(load("use-ed").key_description() == "Ed25519");
  CHECK(load("use-pss").key_description() == "RSA-PSS 2048");
  CHECK(load("use-ec-none").key_description() == "EC P-384");
}

TEST_CASE("security rule 26: keys that cost too much are refused before they are decoded") {
  const testing::TempDir dir;
  testing::spit(dir / "cnf", "[req]\ndistinguished_name=dn\n[dn]\n");
  const auto certificate = [&](const std::string& genpkey) {
    sh("openssl genpkey " + genpkey + " -out " + (dir / "k") + " 2>/dev/null");
    return sh("openssl req -x509 -new -config " + (dir / "cnf") + " -subj /CN=x -key " +
              (dir / "k"));
  };
  const auto explicit_curve = Certificate::from_pem(
      certificate("-algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit"));
  REQUIRE_FALSE(explicit_curve);
  CHECK(explicit_curve.error().what() == "certificate 1: explicit curve parameters");
  const auto exponent = Certificate::from_pem(certificate(
      "-algorithm RSA -pkeyopt rsa_keygen_bits:1024 -pkeyopt rsa_keygen_pubexp:4294967297"));
  REQUIRE_FALSE(exponent);
  CHECK(exponent.error().what() == "certificate 1: RSA exponent above 2^32");
  CHECK(exponent.error().code() == Errc::denied);  // refused, and not damaged
  CHECK(explicit_curve.error().code() == Errc::denied);
  CHECK(Certificate::from_der("rubbish").error().code() == Errc::corrupt);
  CHECK(Certificate::from_pem(
      certificate("-algorithm RSA -pkeyopt rsa_keygen_bits:1024 -pkeyopt rsa_keygen_pubexp:3")));
}

// With e = 1 whoever wrote the certificate needs no private key to sign. The DER is built by hand: no program makes such.
TEST_CASE("attack A18: an RSA exponent that is even or below 3 is no key") {
  const std::string der = load("alice").der();
  const auto at = der.find(std::string_view("\x02\x03\x01\x00\x01", 5));
  REQUIRE(at != std::string::npos);
  const auto with = [&](std::string_view exponent) {
    std::string made = der;
    return Certificate::from_der(made.replace(at + 2, 3, exponent));
  };
  using namespace std::string_view_literals;
  for (const auto bad : {"\0\0\0"sv, "\0\0\1"sv, "\0\0\2"sv, "\1\0\2"sv}) {
    const auto certificate = with(bad);
    REQUIRE_FALSE(certificate);
    CHECK_THAT(certificate.error().what(), Catch::Contains("even or below 3"));
  }
  CHECK(with("\0\0\3"sv));
  CHECK(with("\1\0\1"sv));
}

TEST_CASE("private keys: plain, encrypted, traditional; never a prompt") {
  const Pki& pki = Pki::shared();
  const auto plain = PrivateKey::from_pem(pki.key_pem("alice"), "");
  REQUIRE(plain);
  CHECK(plain->matches(load("alice")));
  CHECK_FALSE(plain->matches(load("bob")));
  CHECK_FALSE(plain->matches(load("carol")));
  CHECK(PrivateKey::from_pem(pki.key_pem("carol"), "").value().matches(load("carol")));
  CHECK(PrivateKey::from_pem("\xEF\xBB\xBF" + pki.key_pem("carol"), "").has_value());

  const std::string in = " -in " + pki.key_path("alice");
  for (const std::string command : {"openssl pkcs8 -topk8 -v2 aes-256-cbc -passout pass:secret",
                                    "openssl rsa -traditional -aes256 -passout pass:secret"}) {
    CAPTURE(command);
    const std::string locked = sh(command + in + " 2>/dev/null");
    CHECK(PrivateKey::from_pem(locked, "secret").value().matches(load("alice")));
    for (const char* wrong : {"", "Secret"}) {
      const auto refused = PrivateKey::from_pem(locked, wrong);
      REQUIRE_FALSE(refused);
      CHECK(refused.error().what() == "wrong passphrase, or none given");
      CHECK(refused.error().retry() == Retry::later);
    }
  }
  CHECK(PrivateKey::from_pem("", "").error().what() == "no private key found");
  CHECK(PrivateKey::from_pem(pki.cert_pem("alice"), "x").error().what() == "no private key found");
  CHECK(PrivateKey::from_pem(pki.key_pem("alice").substr(0, 300), "").error().retry() ==
        Retry::later);
}

TEST_CASE("digests are those of FIPS 180-4 and RFC 4231") {
  CHECK(ascii::hex_lower(digest().sha256("abc")) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(ascii::hex_lower(digest().sha256({})) ==
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(ascii::hex_lower(digest().hmac_sha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(ascii::hex_lower(digest().hmac_sha256({}, {})) ==
        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
  CHECK(cms::random().octets(32) != cms::random().octets(32));
  CHECK(cms::random().octets(0).empty());
}
