#include "smime/seal.h"

#include <fmt/core.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <optional>

#include "base/ascii.h"
#include "mail/entity.h"
#include "support/pki.h"

using namespace paraph;
using namespace paraph::smime;
using namespace paraph::testing;
using cms::ContentCipher;

namespace {

const TimePoint kAt{std::chrono::seconds(kNow)};
constexpr std::string_view kSeed = "0123456789abcdefghij";
constexpr std::string_view kOuter =
    "From: alice@example.org\nSubject: =?utf-8?q?gesch=C3=BCtzt?=\nMessage-ID: <1@example.org>\n";

cms::Certificate certificate(std::string_view name) {
  return cms::Certificate::from_pem(Pki::shared().cert_pem(name)).value().front();
}

cms::KeyPair pair(std::string_view name) {
  return {certificate(name), cms::PrivateKey::from_pem(Pki::shared().key_pem(name), "").value()};
}

std::optional<std::string> opened(std::string_view mail, std::string_view name) {
  const Pki& pki = Pki::shared();
  const TempDir dir;
  spit(dir / "in", mail);
  if (sh_status(fmt::format("openssl cms -decrypt -binary -in {} -recip {} -inkey {} -out {}",
                            dir / "in", pki.cert_path(name), pki.key_path(name), dir / "out")) != 0)
    return std::nullopt;
  return slurp(dir / "out");
}

/// What `openssl cms -verify` says was signed; nullopt when it refuses.
std::optional<std::string> verified(std::string_view mail) {
  const TempDir dir;
  spit(dir / "in", mail);
  if (sh_status(fmt::format("openssl cms -verify -in {} -CAfile {} -attime {} -out {}", dir / "in",
                            Pki::shared().cert_path("ca"), kNow, dir / "out")) != 0)
    return std::nullopt;
  return slurp(dir / "out");
}

Result<SealedPost> prepare(std::string payload, ContentCipher cipher = ContentCipher::aes_256_cbc) {
  return SealedPost::prepare(std::string(kOuter), Sealed(mail::RawMessage(std::move(payload))),
                             cipher);
}

Result<std::string> copy_for(SealedPost& post, std::string_view name) {
  const auto recipient = cms::Recipient::from(certificate(name));
  if (!recipient) return recipient.error();
  const auto copy = post.copy_for(*recipient);
  if (!copy) return copy.error();
  return copy->str();
}

const std::string kPayload =
    "Content-Type: multipart/mixed; boundary=b\nSubject: the protected "
    "canary\n\n--b\n\ncanary\n--b--\n";

}  // namespace

TEST_CASE("a post is sealed once and opens for each recipient alone", "[smime][seal]") {
  for (const auto cipher :
       {ContentCipher::aes_256_cbc, ContentCipher::aes_256_gcm, ContentCipher::aes_128_cbc}) {
    auto post = prepare(kPayload, cipher);
    REQUIRE(post);
    REQUIRE(post->cipher() == cipher);
    for (const std::string name : {"alice", "carol"}) {
      INFO(name << " " << cms::cipher_name(cipher));
      const auto copy = copy_for(*post, name);
      REQUIRE(copy);
      REQUIRE(opened(*copy, name) == crlf(kPayload));
      REQUIRE_FALSE(opened(*copy, "bob"));
      REQUIRE(copy->find('\r') == std::string::npos);
      REQUIRE(copy->find("canary") == std::string::npos);
      REQUIRE(copy->rfind(kOuter, 0) == 0);
    }
  }
}

TEST_CASE("the outer header of a copy names its S/MIME type", "[smime][seal]") {
  const auto type = [](ContentCipher cipher) {
    auto post = prepare(kPayload, cipher).value();
    const auto copy = copy_for(post, "carol").value();
    const auto tree = mail::scan(mail::RawMessage(copy));
    REQUIRE(tree.defects() == mail::Defect::none);
    REQUIRE(tree.root().content_type.is("application", "pkcs7-mime"));
    REQUIRE(tree.root().content_type.parameter("name") == "smime.p7m");
    REQUIRE(tree.root().transfer_encoding == mail::TransferEncoding::base64);
    REQUIRE(tree.field(tree.root(), "Content-Disposition") == "attachment; filename=\"smime.p7m\"");
    REQUIRE(tree.field(tree.root(), "MIME-Version") == "1.0");
    REQUIRE(tree.root().fields.size() == 7);
    return tree.root().content_type.parameter("smime-type");
  };
  REQUIRE(type(ContentCipher::aes_256_cbc) == "enveloped-data");
  REQUIRE(type(ContentCipher::aes_256_gcm) == "authEnveloped-data");
}

TEST_CASE("python reads a sealed copy and finds the CMS object whole", "[smime][seal]") {
  auto post = prepare(std::string(20'000, 'x')).value();
  const auto copy = copy_for(post, "carol").value();
  const TempDir dir;
  spit(dir / "in.eml", copy);
  const auto said = sh(fmt::format(
      "cd {} && python3 -c \"import email;m=email.message_from_binary_file(open('in.eml','rb'));"
      "open('out.der','wb').write(m.get_payload(decode=True));"
      "print(m.get_content_type(),len(m.defects),m['Message-ID'])\"",
      dir.path().string()));
  REQUIRE(said == "application/pkcs7-mime 0 <1@example.org>\n");
  REQUIRE(Pki::shared().decrypt(slurp(dir / "out.der"), "carol") == std::string(20'000, 'x'));
}

TEST_CASE("copies share their tail, with the line ends that were asked for", "[smime][seal]") {
  const auto alice = cms::Recipient::from(certificate("alice")).value();
  const auto bob = cms::Recipient::from(certificate("bob")).value();
  auto post =
      SealedPost::prepare(std::string(kOuter), Sealed(mail::RawMessage(std::string(20'000, 'x'))),
                          ContentCipher::aes_256_cbc, SealedPost::LineEnd::crlf)
          .value();
  const auto first = post.copy_for(alice).value();
  const auto again = post.copy_for(alice).value();
  REQUIRE(first.tail.data() == again.tail.data());
  REQUIRE(again.front.size() < 1'500);
  REQUIRE(first.tail.size() > 26'000);
  REQUIRE(first.tail.substr(first.tail.size() - 2) == "\r\n");
  REQUIRE(opened(again.str(), "alice") == std::string(20'000, 'x'));
  REQUIRE(opened(post.copy_for(bob).value().str(), "bob") == std::string(20'000, 'x'));
}

TEST_CASE("one bad certificate costs that recipient only", "[smime][seal]") {
  Pki::shared().issue({.name = "edward", .key = "ed25519"});
  auto post = prepare(kPayload).value();
  REQUIRE_FALSE(copy_for(post, "edward"));
  REQUIRE(opened(copy_for(post, "alice").value(), "alice") == crlf(kPayload));
}

TEST_CASE("our own mail is signed so that every reader verifies it", "[smime][sign]") {
  const std::string content =
      "Content-Type: text/plain; charset=us-ascii\nContent-Transfer-Encoding: 7bit\n";
  const std::string body =
      "Dear member,\n\n your certificate expires.  \n--=_paraph_ is no boundary\n.\n-- \nThe "
      "list\n";
  const std::string message =
      "From: list@example.org\nMIME-Version: 1.0\nSubject: folded\n subject\n" + content + "\n" +
      body;
  for (const std::string signer : {"list", "carol"}) {
    INFO(signer);
    const auto out = sign_message(message, {pair(signer), {}, {}}, kAt, kSeed);
    REQUIRE(out);
    REQUIRE(out->find('\r') == std::string::npos);
    REQUIRE(verified(*out) == crlf(content + "\n" + body));
    REQUIRE(verified(crlf(*out)) == crlf(content + "\n" + body));
    auto altered = *out;
    altered.replace(altered.find("expires"), 7, "is fine");
    REQUIRE_FALSE(verified(altered));

    const auto tree = mail::scan(mail::RawMessage(*out));
    const auto& root = tree.root();
    REQUIRE(root.content_type.is("multipart", "signed"));
    REQUIRE(root.content_type.parameter("protocol") == "application/pkcs7-signature");
    REQUIRE(root.content_type.parameter("micalg") == "sha-256");
    REQUIRE(tree.field(root, "Subject") == "folded subject");
    REQUIRE(tree.find(root, "MIME-Version").size() == 1);
    REQUIRE(tree.find(root, "Content-Type").size() == 1);
    REQUIRE(tree.find(root, "Content-Transfer-Encoding").empty());
    const auto parts = tree.children(0);
    REQUIRE(parts.size() == 2);
    REQUIRE(tree.message().at(tree.entities()[parts[0]].whole) == content + "\n" + body);
    REQUIRE(tree.entities()[parts[1]].content_type.is("application", "pkcs7-signature"));
  }
}

TEST_CASE("mail without Content fields, without a body or with CRLF is signed too",
          "[smime][sign]") {
  const std::string type = "Content-Type: text/plain; charset=us-ascii\n";
  const auto signs = [](std::string_view message) {
    return verified(sign_message(message, {pair("carol"), {}, {}}, kAt, kSeed).value());
  };
  REQUIRE(signs("From: list@example.org\n\nHello\n") == crlf(type + "\nHello\n"));
  REQUIRE(signs("From: list@example.org\n\nno line end") == crlf(type + "\nno line end"));
  REQUIRE(signs("From: list@example.org\n") == crlf(type + "\n"));
  REQUIRE(signs("From: list@example.org\r\n\r\nHello\r\n") == crlf(type + "\nHello\n"));
}

TEST_CASE("what would not survive transport is not signed", "[smime][sign]") {
  const auto refused = [](std::string_view body) {
    return !sign_message(fmt::format("From: list@example.org\n\n{}\n", body),
                         {pair("carol"), {}, {}}, kAt, kSeed);
  };
  REQUIRE_FALSE(refused("plain"));
  REQUIRE_FALSE(refused(std::string(998, 'x')));
  REQUIRE(refused(std::string(999, 'x')));
  REQUIRE(refused("gr\xc3\xbc\xc3\x9f"));
  REQUIRE(refused("bare\rCR"));
  REQUIRE(refused(std::string_view("N\0L", 3)));
  // A body that knows our boundary
  const auto signed_mail =
      sign_message("From: list@example.org\n\nx\n", {pair("carol"), {}, {}}, kAt, kSeed).value();
  const auto boundary =
      *mail::scan(mail::RawMessage(signed_mail)).root().content_type.parameter("boundary");
  REQUIRE(boundary.size() <= 70);
  REQUIRE(refused("--" + boundary));
  REQUIRE(boundary != *mail::scan(mail::RawMessage(sign_message("From: list@example.org\n\nx\n",
                                                                {pair("carol"), {}, {}}, kAt,
                                                                "9876543210zyxwvutsrq")
                                                       .value()))
                           .root()
                           .content_type.parameter("boundary"));
}

TEST_CASE("our own mail is encrypted, its Content fields with it", "[smime][seal]") {
  const std::string message =
      "From: list@example.org\nMIME-Version: 1.0\nContent-Type: text/html;\n "
      "charset=utf-8\nSubject: news\n"
      "Content-Transfer-Encoding: 8bit\n\n<p>gr\xc3\xbc\xc3\x9f</p>\n";
  for (const std::string name : {"alice", "carol"}) {
    const auto out = encrypt_message(message, certificate(name), ContentCipher::aes_256_cbc);
    REQUIRE(out);
    REQUIRE(opened(*out, name) ==
            "Content-Type: text/html;\r\n charset=utf-8\r\nContent-Transfer-Encoding: "
            "8bit\r\n\r\n<p>gr\xc3\xbc\xc3\x9f</p>\r\n");
    const auto tree = mail::scan(mail::RawMessage(*out));
    REQUIRE(tree.field(tree.root(), "Subject") == "news");
    REQUIRE(tree.find(tree.root(), "MIME-Version").size() == 1);
    REQUIRE(tree.find(tree.root(), "Content-Type").size() == 1);
    REQUIRE(tree.find(tree.root(), "Content-Transfer-Encoding").size() == 1);
  }
  // Signed, then encrypted: what list_sign inside does
  const auto inside =
      sign_message("From: list@example.org\n\nHello\n", {pair("list"), {}, {}}, kAt, kSeed).value();
  const auto both =
      encrypt_message(inside, certificate("alice"), ContentCipher::aes_256_gcm).value();
  const auto plain = opened(both, "alice");
  REQUIRE(plain);
  REQUIRE(verified(*plain) == crlf("Content-Type: text/plain; charset=us-ascii\n\nHello\n"));
}
