#include "cms/seal.h"

#include <fmt/core.h>

#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <optional>
#include <set>

#include "base/ascii.h"
#include "base/encode.h"
#include "cms/trust.h"
#include "support/pki.h"

using namespace paraph;
using namespace paraph::cms;
using namespace paraph::testing;

namespace {

const TimePoint kAt{std::chrono::seconds(kNow)};

Certificate certificate(std::string_view name) {
  return Certificate::from_pem(Pki::shared().cert_pem(name)).value().front();
}

Certificate issued(const Wanted& wanted) {
  Pki::shared().issue(wanted);
  return certificate(wanted.name);
}

/// A certificate over a public key that cannot sign a request: NAME.pub of the PKI's directory.
Certificate forced(std::string_view name) {
  const Pki& pki = Pki::shared();
  sh(
      fmt::format("cd {1} && printf 'basicConstraints=CA:FALSE\n' >forced.ext && openssl req -new "
                  "-key alice.key -subj /CN={0} "
                  "-out {0}.csr && openssl x509 -req -in {0}.csr -force_pubkey {0}.pub -CA ca.pem "
                  "-CAkey ca.key "
                  "-extfile forced.ext -days 30 -out {0}.pem 2>/dev/null",
                  name, pki.path("")));
  return certificate(name);
}

/// What `openssl cms` makes of a copy with this member's key; nullopt when it refuses.
std::optional<std::string> opened(std::string_view copy, std::string_view name,
                                  std::string_view form = "DER") {
  const Pki& pki = Pki::shared();
  const TempDir dir;
  spit(dir / "in", copy);
  if (sh_status(
          fmt::format("openssl cms -decrypt -binary -inform {} -in {} -recip {} -inkey {} -out {}",
                      form, dir / "in", pki.cert_path(name), pki.key_path(name), dir / "out")) != 0)
    return std::nullopt;
  return slurp(dir / "out");
}

std::string as_mail(std::string_view base64, ContentCipher cipher) {
  return fmt::format(
      "MIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; smime-type={};\r\n "
      "name=\"smime.p7m\"\r\n"
      "Content-Transfer-Encoding: base64\r\n\r\n{}",
      cipher == ContentCipher::aes_256_gcm ? "authEnveloped-data" : "enveloped-data", base64);
}

Result<std::string> copy_for(SealedContent& sealed, const Certificate& member,
                             KeyTransport transport = KeyTransport::pkcs1) {
  const auto recipient = Recipient::from(member, transport);
  if (!recipient) return recipient.error();
  return sealed.for_recipient(*recipient);
}

Result<std::string> base64_for(SealedContent& sealed, const Certificate& member,
                               SealedContent::LineEnd line_end = SealedContent::LineEnd::crlf,
                               KeyTransport transport = KeyTransport::pkcs1) {
  const auto recipient = Recipient::from(member, transport);
  if (!recipient) return recipient.error();
  std::string out = "kept";
  const auto tail = sealed.append_base64(out, *recipient, line_end);
  if (!tail) return tail.error();
  REQUIRE(out.substr(0, 4) == "kept");
  REQUIRE(out.size() < 1'400);
  REQUIRE(out.back() == '\n');  // the tail begins with a line
  return out.substr(4).append(*tail);
}

const std::string kContent = "Content-Type: text/plain\r\n\r\nThe canary sings at noon.\r\n";
constexpr std::array kAllCiphers = {ContentCipher::aes_256_cbc, ContentCipher::aes_256_gcm,
                                    ContentCipher::aes_128_cbc};

}  // namespace

TEST_CASE("ciphers have one name each, read in any case", "[cms][seal]") {
  for (const auto cipher : kAllCiphers) {
    REQUIRE(cipher_from_name(cipher_name(cipher)) == cipher);
    REQUIRE(cipher_from_name(ascii::to_lower(cipher_name(cipher))) == cipher);
  }
  REQUIRE(cipher_name(ContentCipher::aes_256_cbc) == "AES-256-CBC");
  REQUIRE_FALSE(cipher_from_name("DES-EDE3-CBC"));
  REQUIRE_FALSE(cipher_from_name(""));
}

TEST_CASE("every copy opens with its recipient's key and with nobody else's", "[cms][seal]") {
  const std::vector<std::string> names = {"alice", "bob", "strong", "carol", "dave", "erin"};
  issued({.name = "strong", .key = "rsa:4096"});
  issued({.name = "dave", .key = "ec:P-384"});
  issued({.name = "erin", .key = "ec:P-521"});
  std::vector<Certificate> members;
  for (const auto& name : names) members.push_back(certificate(name));

  for (const auto cipher : kAllCiphers) {
    auto sealed = SealedContent::encrypt(kContent, cipher);
    REQUIRE(sealed);
    REQUIRE(sealed->cipher() == cipher);
    for (std::size_t i = 0; i < names.size(); ++i) {
      INFO(names[i] << " " << cipher_name(cipher));
      const auto oaep = copy_for(*sealed, members[i], KeyTransport::oaep);
      REQUIRE(oaep);
      REQUIRE(opened(*oaep, names[i]) == kContent);
      if (members[i].key_type() == KeyType::rsa)
        REQUIRE(sh("openssl cms -cmsout -print -inform DER", *oaep).find("rsaesOaep") !=
                std::string::npos);
      const auto oaep64 =
          base64_for(*sealed, members[i], SealedContent::LineEnd::lf, KeyTransport::oaep);
      REQUIRE(opened(as_mail(*oaep64, cipher), names[i], "SMIME") == kContent);
      const auto der = copy_for(*sealed, members[i]);
      REQUIRE(der);
      REQUIRE(opened(*der, names[i]) == kContent);
      REQUIRE_FALSE(opened(*der, names[(i + 1) % names.size()]));
      const auto printed = sh("openssl cms -cmsout -print -inform DER", *der);
      REQUIRE(printed.find(cipher == ContentCipher::aes_256_gcm
                               ? "authEnvelopedData"
                               : "envelopedData") != std::string::npos);
      // RFC 5652 §6.1, RFC 5083 §2.1
      const bool version2 =
          members[i].key_type() == KeyType::ec && cipher != ContentCipher::aes_256_gcm;
      REQUIRE(printed.find(version2 ? "version: 2" : "version: 0") <
              printed.find("recipientInfos"));
      for (std::size_t other = 0; other < names.size(); ++other) {
        const bool named = der->find(members[other].issuer_and_serial_der()) != std::string::npos;
        REQUIRE(named == (other == i));
      }
      const auto base64 = base64_for(*sealed, members[i]);
      REQUIRE(base64);
      REQUIRE(opened(as_mail(*base64, cipher), names[i], "SMIME") == kContent);
    }
  }
}

TEST_CASE("a flipped bit of an AES-256-GCM copy opens as nothing", "[cms][seal]") {
  auto sealed = SealedContent::encrypt(kContent, ContentCipher::aes_256_gcm);
  const auto der = copy_for(*sealed, certificate("carol")).value();
  REQUIRE(opened(der, "carol") == kContent);
  for (const std::size_t from_end : {1U, 16U, 20U, 40U}) {  // the tag's ends, and ciphertext
    auto broken = der;
    broken[broken.size() - from_end] = static_cast<char>(broken[broken.size() - from_end] ^ 1);
    REQUIRE_FALSE(opened(broken, "carol"));
  }
}

TEST_CASE("the shared base64 tail decodes to the same octets at every alignment", "[cms][seal]") {
  std::set<std::size_t> short_lines;
  // Agreement over one ephemeral key gives the same octets twice, so the two forms can be compared.
  // Names of three lengths move the end of the head through all alignments.
  for (const std::string name : {"a", "bb", "ccc"}) {
    const auto member = issued({.name = name, .key = "ec:P-256", .issuer = "self"});
    for (const auto cipher : kAllCiphers) {
      for (std::size_t length = 0; length < 200; length += length < 34 ? 1 : 23) {
        auto sealed = SealedContent::encrypt(std::string(length, 'x'), cipher);
        const auto der = copy_for(*sealed, member).value();
        for (const auto line_end : {SealedContent::LineEnd::crlf, SealedContent::LineEnd::lf}) {
          const std::string_view eol = line_end == SealedContent::LineEnd::crlf ? "\r\n" : "\n";
          const auto text = base64_for(*sealed, member, line_end).value();
          REQUIRE(base64_decode(text) == der);
          REQUIRE(ascii::iends_with(text, eol));
          const auto lines = ascii::lines(text);
          REQUIRE(text.size() == [&] {
            std::size_t size = 0;
            for (const auto line : lines) size += line.size() + eol.size();
            return size;
          }());
          for (std::size_t i = 0; i < lines.size(); ++i) {
            REQUIRE(!lines[i].empty());
            REQUIRE(lines[i].size() <= 72);
            REQUIRE(lines[i].size() % 4 == 0);
            if (i + 1 < lines.size()) REQUIRE(lines[i].find('=') == std::string_view::npos);
            if (i + 1 < lines.size() && lines[i].size() < 72) short_lines.insert(lines[i].size());
          }
        }
      }
    }
  }
  REQUIRE_FALSE(short_lines.empty());
}

TEST_CASE("python's mail parser reads a copy with a short line in the middle", "[cms][seal]") {
  const TempDir dir;
  const auto carol = certificate("carol");
  auto sealed = SealedContent::encrypt(std::string(5'000, 'x'), ContentCipher::aes_256_cbc);
  spit(dir / "in.eml", as_mail(base64_for(*sealed, carol).value(), ContentCipher::aes_256_cbc));
  sh(fmt::format(
      "cd {} && python3 -c \"import "
      "email,sys;m=email.message_from_binary_file(open('in.eml','rb'));"
      "open('out.der','wb').write(m.get_payload(decode=True));sys.exit(len(m.defects))\"",
      dir.path().string()));
  REQUIRE(slurp(dir / "out.der") == copy_for(*sealed, carol).value());
}

TEST_CASE("one content has one key, another content another", "[cms][seal]") {
  const auto alice = certificate("alice");
  const auto key_of = [&](const std::string& der) {
    const auto at = der.find(std::string_view("\x04\x82\x01\x00", 4));
    REQUIRE(at != std::string::npos);
    return sh("openssl pkeyutl -decrypt -inkey " + Pki::shared().key_path("alice"),
              der.substr(at + 4, 256));
  };
  for (const auto cipher : kAllCiphers) {
    auto first = SealedContent::encrypt(kContent, cipher);
    auto second = SealedContent::encrypt(kContent, cipher);
    const auto copy = copy_for(*first, alice).value();
    const auto key = key_of(copy);
    REQUIRE(key.size() == (cipher == ContentCipher::aes_128_cbc ? 16 : 32));
    REQUIRE(key_of(copy_for(*first, alice).value()) == key);
    const auto other = copy_for(*second, alice).value();
    REQUIRE(key_of(other) != key);
    REQUIRE(other.substr(other.size() - 16) != copy.substr(copy.size() - 16));
    // Neither the key nor the plaintext lies open.
    REQUIRE(copy.find(key) == std::string::npos);
    REQUIRE(copy.find("canary") == std::string::npos);
  }
}

TEST_CASE("the ephemeral key is shared by the copies of one content and never beyond",
          "[cms][seal]") {
  const auto carol = certificate("carol");
  const auto point_of = [](const std::string& der) {
    const auto at = der.find(std::string_view("\x03\x42\x00\x04", 4));
    REQUIRE(at != std::string::npos);
    return der.substr(at + 4, 64);
  };
  auto first = SealedContent::encrypt(kContent, ContentCipher::aes_256_cbc);
  auto second = SealedContent::encrypt(kContent, ContentCipher::aes_256_cbc);
  const auto point = point_of(copy_for(*first, carol).value());
  REQUIRE(point_of(copy_for(*first, carol).value()) == point);
  REQUIRE(point_of(copy_for(*second, carol).value()) != point);
}

TEST_CASE("contents of any size, moved or not", "[cms][seal]") {
  const auto alice = certificate("alice");
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{15}, std::size_t{16},
                                 std::size_t{127}, std::size_t{65'536}, std::size_t{3'000'000}}) {
    for (const auto cipher : kAllCiphers) {
      INFO(size << " " << cipher_name(cipher));
      std::string content(size, '\0');
      for (std::size_t i = 0; i < size; ++i) content[i] = static_cast<char>(i * 7);
      auto sealed = SealedContent::encrypt(content, cipher);
      SealedContent moved = std::move(*sealed);
      REQUIRE((opened(copy_for(moved, alice).value(), "alice") == content));
    }
  }
}

TEST_CASE("hostile keys give an Error, and the content serves the next recipient", "[cms][seal]") {
  const auto alice = certificate("alice");
  const auto carol = certificate("carol");
  std::vector<Certificate> hostile;
  sh(
      fmt::format("cd {} && openssl genpkey -algorithm X25519 -out x.key && openssl pkey -in x.key "
                  "-pubout -out x25519.pub",
                  Pki::shared().path("")));
  hostile.push_back(forced("x25519"));
  hostile.push_back(issued({.name = "ed25519", .key = "ed25519"}));
  hostile.push_back(issued({.name = "pss", .key = "rsa-pss:2048"}));
  hostile.push_back(issued({.name = "koblitz", .key = "ec:secp256k1"}));
  // an even modulus
  auto even = alice.der();
  const auto exponent = even.find(std::string_view("\x02\x03\x01\x00\x01", 5));
  even[exponent - 1] = static_cast<char>(even[exponent - 1] & ~1);
  if (auto parsed = Certificate::from_der(even)) hostile.push_back(*parsed);
  // a point off the curve
  auto off = carol.der();
  const auto point = off.find(std::string_view("\x03\x42\x00\x04", 4));
  REQUIRE(point != std::string::npos);
  off[point + 30] = static_cast<char>(off[point + 30] ^ 1);
  if (auto parsed = Certificate::from_der(off)) hostile.push_back(*parsed);

  auto sealed = SealedContent::encrypt(kContent, ContentCipher::aes_256_cbc);
  for (const auto& key : hostile) {
    INFO(key.key_description() << " " << key.common_name());
    const auto copy = copy_for(*sealed, key);
    REQUIRE_FALSE(copy);
    REQUIRE(copy.error().retry() == Retry::never);
    REQUIRE_FALSE(copy.error().what().empty());
    REQUIRE(fitness(key, kAt, Policy{}) != SealFitness::good);
  }
  REQUIRE(opened(copy_for(*sealed, carol).value(), "carol") == kContent);
}

TEST_CASE("damaged certificates never crash sealing", "[cms][seal]") {
  auto sealed = SealedContent::encrypt(kContent, ContentCipher::aes_256_cbc);
  std::size_t sealable = 0;
  for (const auto& whole : {certificate("alice"), certificate("carol")}) {
    for (std::size_t at = 0; at < whole.der().size(); ++at) {
      for (const int flip : {0x01, 0x80, 0xFF}) {
        auto der = whole.der();
        der[at] = static_cast<char>(der[at] ^ flip);
        const auto parsed = Certificate::from_der(der);
        if (!parsed) continue;
        (void)fitness(*parsed, kAt, Policy{});
        if (copy_for(*sealed, *parsed)) ++sealable;
      }
    }
  }
  REQUIRE(sealable > 0);
}

TEST_CASE("fitness names the first reason against a certificate", "[cms][seal]") {
  struct Row {
    std::string_view expected;
    std::string key;
    std::string extensions;
  };
  const std::string mail = Wanted::kMailExtensions;
  const std::vector<Row> rows = {
      {"good", "rsa:2048", mail},
      {"good", "ec:P-521", mail},
      {"good", "rsa:2048", ""},  // no keyUsage, no EKU, no address: all legal
      {"good", "rsa:2048", "keyUsage=keyEncipherment\n"},
      {"good", "ec:P-384", "keyUsage=keyAgreement\n"},
      {"good", "rsa:2048", "extendedKeyUsage=anyExtendedKeyUsage\n"},
      {"wrong_usage", "rsa:2048", "keyUsage=digitalSignature\n"},
      {"wrong_usage", "rsa:2048", "keyUsage=keyAgreement\n"},
      {"wrong_usage", "ec:P-256", "keyUsage=keyEncipherment\n"},
      {"wrong_usage", "rsa:2048", "extendedKeyUsage=serverAuth\n"},
      {"weak_key", "rsa:1024", "keyUsage=digitalSignature\n"},
      {"weak_key", "rsa:512", mail},
      {"unsupported_key", "ec:secp256k1", mail},  // 256 bits are not too short
      {"unsupported_key", "ec:brainpoolP256r1", mail},
      {"unsupported_key", "ed25519", "keyUsage=digitalSignature\n"},
      {"unsupported_key", "rsa-pss:1024", mail},
      {"is_ca", "ed25519", "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n"},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    INFO(rows[i].key << "\n" << rows[i].extensions);
    const auto member = issued(
        {.name = fmt::format("fit{}", i), .key = rows[i].key, .extensions = rows[i].extensions});
    REQUIRE(to_string(fitness(member, kAt, Policy{})) == rows[i].expected);
  }
  const auto alice = certificate("alice");
  Policy strict;
  strict.min_rsa_bits = 3072;
  REQUIRE(fitness(alice, kAt, strict) == SealFitness::weak_key);
  Policy narrow;
  narrow.max_rsa_bits = 1024;
  REQUIRE(fitness(alice, kAt, narrow) == SealFitness::unsupported_key);
  REQUIRE(fitness(certificate("expired"), kAt, Policy{}) == SealFitness::expired);
}

TEST_CASE("every fitness has its name", "[cms][seal]") {
  REQUIRE(to_string(SealFitness::good) == "good");
  REQUIRE(to_string(SealFitness::missing) == "missing");
  REQUIRE(to_string(SealFitness::unreadable) == "unreadable");
  REQUIRE(to_string(SealFitness::untrusted) == "untrusted");
  REQUIRE(to_string(SealFitness::revoked) == "revoked");
}

TEST_CASE("fitness allows five minutes before a certificate and none after it", "[cms][seal]") {
  using namespace std::chrono_literals;
  KeyRequest request;
  request.algorithm = KeyAlgorithm::ec_p256;
  request.common_name = "Member";
  request.not_before = kAt;
  request.days = 1;
  const auto pem = generate_key(request, "").value().certificate_pem;
  const auto member = Certificate::from_pem(pem).value().front();
  const auto judge = [&](TimePoint at) { return fitness(member, at, Policy{}); };
  REQUIRE(judge(member.not_before() - 5min - 1s) == SealFitness::not_yet_valid);
  REQUIRE(judge(member.not_before() - 5min) == SealFitness::good);
  REQUIRE(judge(member.not_after()) == SealFitness::good);
  REQUIRE(judge(member.not_after() + 1s) == SealFitness::expired);
}

TEST_CASE("gpgsm opens RSA copies", "[cms][seal]") {
  const Pki& pki = Pki::shared();
  // A home of its own, no CRLs, no questions; old PKCS#12 is all that it imports.
  const TempDir home;
  spit(home / "gpgsm.conf", "disable-crl-checks\ndisable-policy-checks\n");
  spit(home / "gpg-agent.conf", "allow-loopback-pinentry\n");
  const auto gpgsm = [&](std::string_view arguments) {
    return sh_status(fmt::format(
               "cd {0} && export GNUPGHOME={0} && printf 'pw\\n' | gpgsm --batch --yes --no-tty "
               "--pinentry-mode loopback --passphrase-fd 0 {1}",
               home.path().string(), arguments)) == 0;
  };
  sh(fmt::format(
      "openssl pkcs12 -export -legacy -descert -passout pass:pw -inkey {} -in {} -out {}",
      pki.key_path("alice"), pki.cert_path("alice"), home / "alice.p12"));
  if (!gpgsm("--import alice.p12")) {
    WARN("SKIPPED: no gpgsm that imports a key");
    return;
  }
  for (const auto cipher : {ContentCipher::aes_256_cbc, ContentCipher::aes_128_cbc}) {
    auto sealed = SealedContent::encrypt(kContent, cipher);
    spit(home / "in.p7m", copy_for(*sealed, certificate("alice")).value());
    REQUIRE(gpgsm("--output plain --decrypt in.p7m"));
    REQUIRE(slurp(home / "plain") == kContent);
    spit(home / "in.b64", base64_for(*sealed, certificate("alice")).value());
    REQUIRE(gpgsm("--output plain64 --assume-base64 --decrypt in.b64"));
    REQUIRE(slurp(home / "plain64") == kContent);
  }
  REQUIRE(sh_status(fmt::format("GNUPGHOME={} gpgconf --kill all", home.path().string())) == 0);
}

TEST_CASE("a recipient made from stored facts seals like one made from the certificate",
          "[cms][seal]") {
  issued({.name = "dave", .key = "ec:P-384"});
  auto sealed = SealedContent::encrypt(kContent, ContentCipher::aes_256_gcm).value();
  for (const std::string name : {"alice", "carol", "dave"}) {
    INFO(name);
    const auto member = certificate(name);
    const auto stored = encode(facts_of(member));
    REQUIRE(stored.size() < 600);
    const auto facts = decode_facts(stored);
    REQUIRE(facts);
    REQUIRE(encode(*facts) == stored);
    REQUIRE(facts->sha256 == member.sha256());
    REQUIRE(facts->name == member.issuer_and_serial_der());
    REQUIRE(facts->not_after == member.not_after());
    REQUIRE(fitness(*facts, kAt, Policy{}) == SealFitness::good);
    for (const auto transport : {KeyTransport::pkcs1, KeyTransport::oaep}) {
      const auto recipient = Recipient::from(*facts, transport);
      REQUIRE(recipient);
      REQUIRE(recipient->footprint() > 2'000);
      for (int copy = 0; copy < 2; ++copy)
        REQUIRE(opened(sealed.for_recipient(*recipient).value(), name) == kContent);
    }
    // Cut or grown octets are no facts.
    for (std::size_t length = 0; length < stored.size(); ++length)
      REQUIRE_FALSE(decode_facts(std::string_view(stored).substr(0, length)));
    REQUIRE_FALSE(decode_facts(stored + "x"));
    REQUIRE_FALSE(decode_facts("\1" + stored.substr(1)));
  }
}

TEST_CASE("facts that were damaged never crash sealing", "[cms][seal]") {
  auto sealed = SealedContent::encrypt(kContent, ContentCipher::aes_256_cbc).value();
  for (const std::string name : {"alice", "carol"}) {
    const auto stored = encode(facts_of(certificate(name)));
    for (std::size_t at = 0; at < stored.size(); ++at) {
      auto broken = stored;
      broken[at] = static_cast<char>(broken[at] ^ 0x55);
      const auto facts = decode_facts(broken);
      const auto recipient =
          facts ? Recipient::from(*facts, KeyTransport::pkcs1) : Error::never(Errc::corrupt, "");
      if (recipient) (void)sealed.for_recipient(*recipient);
    }
  }
}

TEST_CASE("fitness stays the same within its period", "[cms][seal]") {
  using namespace std::chrono_literals;
  const auto facts = facts_of(certificate("alice"));
  const Policy policy;
  for (const auto at : {facts.not_before - 10min, facts.not_before - 5min, kAt, facts.not_after,
                        facts.not_after + 1s}) {
    const auto [since, until] = steady_period(facts, at);
    REQUIRE(since <= at);
    REQUIRE(at < until);
    const auto now = fitness(facts, at, policy);
    if (since > TimePoint::min()) {
      REQUIRE(fitness(facts, since, policy) == now);
      REQUIRE(fitness(facts, since - 1s, policy) != now);
    }
    if (until < TimePoint::max()) {
      REQUIRE(fitness(facts, until - 1s, policy) == now);
      REQUIRE(fitness(facts, until, policy) != now);
    }
  }
}

TEST_CASE("key transports have one word each", "[cms][seal]") {
  for (const auto transport : {KeyTransport::pkcs1, KeyTransport::oaep})
    REQUIRE(key_transport_from(to_string(transport)) == transport);
  REQUIRE_FALSE(key_transport_from("PKCS#1"));
}
