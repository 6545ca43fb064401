#include <catch2/catch.hpp>

#include <chrono>
#include <string>

#include "base/ascii.h"
#include "smime/kit.h"

namespace paraph::smime {
namespace {

using testing::codes;
using testing::Kit;
using testing::open;

std::string lf(const std::string& text) {
  return mail::lf_only(text);
}

TEST_CASE("the payload is what was encrypted, octet for octet, signature and all", "[open]") {
  const Kit& kit = Kit::shared();
  const std::string post = kit.message(
      "text | clear_signed alice | tee \"$PKI/../payload\" | encrypted aes-256-cbc list | post");
  const Opened opened = open(post, kit.context());
  REQUIRE(opened.payload);
  CHECK(opened.payload->reveal().octets() == testing::slurp(kit.path("payload")));
  REQUIRE(opened.innermost);
  CHECK(opened.innermost->reveal().octets() == kit.message("text"));
  CHECK(opened.protection.smime);
  REQUIRE(opened.protection.layers.size() == 2);
  CHECK(opened.protection.layers[0].opened_with == kit.certificate("list"));
  CHECK_FALSE(opened.protection.layers[0].signature.covers_whole_message);
  CHECK(opened.protection.layers[1].signature.covers_whole_message);
}

TEST_CASE("without encryption there is no payload", "[open]") {
  const Kit& kit = Kit::shared();
  const Opened opened = open(kit.message("text | opaque_signed alice | post"), kit.context());
  CHECK_FALSE(opened.payload);
  REQUIRE(opened.innermost);
  CHECK(opened.innermost->reveal().octets() == kit.message("text"));
  CHECK(opened.protection.fully_opened);
  CHECK_FALSE(opened.protection.encrypted);
}

TEST_CASE(
    "the payload of triple wrapping is what the last decryption gave, the outer signature dropped",
    "[open]") {
  const Kit& kit = Kit::shared();
  const std::string post = kit.message(
      "text | clear_signed alice | tee \"$PKI/../inner\" | encrypted aes-256-gcm list | "
      "clear_signed bob | post");
  const Opened opened = open(post, kit.context());
  REQUIRE(opened.payload);
  CHECK(opened.payload->reveal().octets() == testing::slurp(kit.path("inner")));
  CHECK(opened.protection.signature.signers.front().certificate == kit.certificate("alice"));
  CHECK(opened.protection.layers.front().signature.signers.front().certificate ==
        kit.certificate("bob"));
}

TEST_CASE("a key that cannot be loaded makes the message wait", "[open]") {
  const Kit& kit = Kit::shared();
  OpenContext context = kit.context({"other"});
  context.keys.locked.push_back(kit.certificate("list"));
  const Opened waiting = open(kit.message("text | encrypted aes-256-cbc list | post"), context);
  CHECK(waiting.protection.must_wait);
  CHECK(codes(waiting.protection.reasons) == "key_unavailable");
  CHECK_FALSE(waiting.protection.fully_opened);
  const Opened ours = open(kit.message("text | encrypted aes-256-cbc list other | post"), context);
  CHECK_FALSE(ours.protection.must_wait);
  CHECK(ours.protection.fully_opened);
}

TEST_CASE("security rule 15: keys are fetched for a message that names them, and then once",
          "[open]") {
  const Kit& kit = Kit::shared();
  OpenContext context = kit.context({"other"});
  context.own_certificates = {kit.certificate("list")};
  int fetched = 0;
  cms::DecryptKeys keys{{kit.pair("list")}, {}};
  context.fetch_keys = [&] {
    ++fetched;
    return keys;
  };
  CHECK(open(kit.message("text | clear_signed alice | post"), context).protection.smime);
  CHECK(open(kit.message("text | encrypted aes-256-cbc other | post"), context)
            .protection.fully_opened);
  CHECK(codes(open(kit.message("text | encrypted aes-256-cbc alice | post"), context)
                  .protection.reasons) == "not_for_us");
  CHECK(fetched == 0);
  const std::string ours = kit.message("text | encrypted aes-256-cbc list | post");
  CHECK(open(ours, context).protection.fully_opened);
  CHECK(fetched == 1);
  const std::string twice =
      kit.message("text | encrypted aes-256-cbc list | encrypted aes-128-cbc list | post");
  CHECK(open(twice, context).protection.fully_opened);
  CHECK(fetched == 2);
  keys = {{}, {kit.certificate("list")}};
  CHECK(open(ours, context).protection.must_wait);
  keys = {};  // gone meanwhile
  CHECK(codes(open(ours, context).protection.reasons) == "not_for_us");
}

TEST_CASE("security rule 27: our own addresses and keys never yield smime", "[open]") {
  const Kit& kit = Kit::shared();
  const std::string post = kit.message("text | clear_signed alice | post ALICE@Example.Org");
  OpenContext context = kit.context();
  CHECK(open(post, context).protection.smime);
  context.own_addresses = {"alice@example.org"};
  CHECK(codes(open(post, context).protection.reasons) == "own_address");
  context.own_addresses.clear();
  context.is_own_key = [own = kit.certificate("alice").spki_sha256()](const std::string& key) {
    return key == own;
  };
  const Protection by_key = open(post, context).protection;
  CHECK(codes(by_key.reasons) == "own_address");
  CHECK(by_key.signature.status == SignatureStatus::valid);
  CHECK_FALSE(by_key.smime);
}

TEST_CASE("a stored certificate supplies missing octets, and no trust", "[open]") {
  const Kit& kit = Kit::shared();
  OpenContext context = kit.context();
  context.stored = {kit.certificate("bob"), kit.certificate("alice"),
                    kit.certificate("alice-foreign")};
  CHECK(open(kit.message("text | clear_signed alice -nocerts | post"), context).protection.smime);
  const auto foreign =
      open(kit.message("text | clear_signed alice-foreign -nocerts | post"), context).protection;
  CHECK(codes(foreign.reasons) == "untrusted_issuer");
}

TEST_CASE("no anchors, no trust", "[open]") {
  const Kit& kit = Kit::shared();
  OpenContext context = kit.context();
  context.anchors = cms::TrustAnchors();
  const auto found = open(kit.message("text | clear_signed alice | post"), context).protection;
  CHECK(found.signature.status == SignatureStatus::untrusted);
  CHECK(codes(found.reasons) == "untrusted_issuer");
  CHECK_FALSE(found.signature.signers.front().detail.empty());
}

TEST_CASE("what was found first is the signer's reason, the rest are further reasons", "[open]") {
  const Kit& kit = Kit::shared();
  const auto found =
      open(kit.message("text | clear_signed alice-foreign -md sha1 | post bob@example.org"),
           kit.context())
          .protection;
  CHECK(codes(found.reasons) == "weak_digest untrusted_issuer signer_is_not_sender");
  CHECK(found.signature.signers.front().reason == Reason::weak_digest);
  CHECK(found.signature.signers.front().digest == "SHA-1");
  CHECK(found.signature.status == SignatureStatus::weak);
}

TEST_CASE("min_rsa_bits is the site's", "[open]") {
  const Kit& kit = Kit::shared();
  OpenContext context = kit.context();
  context.policy.min_rsa_bits = 1024;
  CHECK(open(kit.message("text | clear_signed alice-1024 | post"), context).protection.smime);
  context.policy.min_rsa_bits = 3072;
  CHECK(codes(open(kit.message("text | clear_signed alice | post"), context).protection.reasons) ==
        "weak_key");
}

TEST_CASE("a signature over LF octets verifies, for the detached text is tried as it came",
          "[open]") {
  const Kit& kit = Kit::shared();
  const std::string post =
      kit.message(R"(text | lf > "$TMP/part"; raw_signature alice < "$TMP/part" > "$TMP/sig"
signed_multipart "$TMP/part" "$TMP/sig" | post)");
  CHECK(open(post, kit.context()).protection.smime);
  CHECK(codes(open(testing::crlf(post), kit.context()).protection.reasons) == "digest_mismatch");
}

TEST_CASE("line ends of transport change nothing", "[open]") {
  const Kit& kit = Kit::shared();
  for (const char* script :
       {"text | clear_signed alice | post", "text | mixed | opaque_signed alice-ec | post",
        "text | clear_signed alice | encrypted aes-256-cbc list | post"}) {
    const std::string post = kit.message(script);
    CHECK(open(lf(post), kit.context()).protection.smime);
    CHECK(open(testing::crlf(lf(post)), kit.context()).protection.smime);
  }
}

TEST_CASE("the header section around a signature must read one way only", "[open]") {
  const Kit& kit = Kit::shared();
  const std::string post = kit.message("text | clear_signed alice | post");
  CHECK(open(post, kit.context()).protection.smime);
  const std::size_t type = post.find("Content-Type:");
  REQUIRE(type != std::string::npos);
  const std::string doubled =
      post.substr(0, type) + "Content-Type: text/html\n" + post.substr(type);
  CHECK_FALSE(open(doubled, kit.context()).protection.smime);
  const std::string after = post.substr(0, type) + post.substr(type, post.find("\n\n") - type) +
                            "\nContent-Type: text/html" + post.substr(post.find("\n\n"));
  CHECK(codes(open(after, kit.context()).protection.reasons) == "malformed");
  CHECK_FALSE(open("From: mallory@example.com\n" + post, kit.context()).protection.smime);
  CHECK_FALSE(open("from : mallory@example.com\n" + post, kit.context()).protection.smime);
}

TEST_CASE("limits on layers and octets end the walk with a reason", "[open]") {
  const Kit& kit = Kit::shared();
  OpenContext context = kit.context();
  context.max_layers = 1;
  const std::string post =
      kit.message("text | clear_signed alice | encrypted aes-256-cbc list | post");
  CHECK(codes(open(post, context).protection.reasons) == "limit_exceeded");
  context.max_layers = 2;
  CHECK(open(post, context).protection.smime);
  context.max_octets = 100;
  const Opened small = open(post, context);
  CHECK(codes(small.protection.reasons) == "limit_exceeded");
  CHECK_FALSE(small.protection.fully_opened);
  CHECK_FALSE(small.payload);
}

TEST_CASE("the octets that opening yields are counted over all layers", "[open]") {
  const Kit& kit = Kit::shared();
  const std::string post = kit.message(
      "text $(for i in 1 2 3 4 5; do seq -s- 1 60; done | paste -sd-) | compressed | compressed | "
      "post");
  OpenContext context = kit.context();
  const Opened whole = open(post, context);
  REQUIRE(whole.protection.layers.size() == 2);
  REQUIRE(whole.innermost);
  context.max_octets = whole.innermost->size() + 1'000;
  CHECK(open(post, context).innermost);
  context.max_octets = whole.innermost->size() + 100;  // the innermost fits, both levels do not
  CHECK(open(post, context).protection.layers.front().opened);
  CHECK_FALSE(open(post, context).protection.layers.back().opened);
}

TEST_CASE("what is learned: the signer, for the From address, from smime only", "[learnable]") {
  const Kit& kit = Kit::shared();
  OpenContext context = kit.context();
  context.at = std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
  const auto learned =
      learnable(open(kit.message("text | clear_signed alice-two | post ALICE@example.org"), context)
                    .protection);
  REQUIRE(learned);
  CHECK(learned->address == "alice@example.org");
  CHECK(learned->signer == kit.certificate("alice-two"));
  CHECK_FALSE(learned->encryption);
  for (const char* script : {"text | clear_signed alice | post bob@example.org",
                             "text | clear_signed alice-foreign | post",
                             "text | encrypted aes-256-cbc list | clear_signed alice | post",
                             "text | clear_signed alice | mixed | post", "text | post"}) {
    INFO(script);
    CHECK_FALSE(learnable(open(kit.message(script), context).protection));
  }
}

TEST_CASE("security rule 20: a signing time from the future teaches nothing", "[learnable]") {
  const Kit& kit = Kit::shared();
  const std::string post = kit.message("text | clear_signed alice | post");
  OpenContext context = kit.context();
  const auto signed_at = open(post, context).protection.signature.signers.front().signing_time;
  REQUIRE(signed_at);
  for (const auto& [early, learns] :
       {std::pair(std::chrono::seconds(299), true), {std::chrono::seconds(301), false}}) {
    context.at = *signed_at - early;
    const Protection found = open(post, context).protection;
    CHECK(found.smime);
    CHECK(learnable(found).has_value() == learns);
  }
}

TEST_CASE("crl_check: soft remarks, require waits when nothing else speaks against the sender") {
  const Kit& kit = Kit::shared();
  auto context = kit.context();
  context.revocation.now = testing::kJudged;
  const std::string post = kit.message("text | clear_signed alice | post");
  context.revocation.check = cms::CrlCheck::soft;
  auto soft = open(post, context).protection;
  CHECK(soft.smime);
  CHECK(soft.signature.status == SignatureStatus::valid);
  CHECK(codes(soft.reasons) == "revocation_unknown");
  CHECK(soft.missing_crl.empty());

  context.revocation.check = cms::CrlCheck::require;
  const auto strict = open(post, context).protection;
  CHECK_FALSE(strict.smime);
  CHECK(strict.signature.status == SignatureStatus::untrusted);
  CHECK(codes(strict.reasons) == "revocation_unknown waits_for_crl");
  CHECK(strict.missing_crl.find("Vector CA") != std::string::npos);
  // Eve's name under Alice's certificate is refused at once.
  const auto wrong =
      open(kit.message("text | clear_signed alice | post 'bob@example.org'"), context).protection;
  CHECK(wrong.missing_crl.empty());
  CHECK(codes(wrong.reasons) == "revocation_unknown waits_for_crl signer_is_not_sender");

  context.revocation.check = cms::CrlCheck::off;
  CHECK(codes(open(post, context).protection.reasons).empty());
  context.policy.digests = {"SHA-512"};
  CHECK(codes(open(post, context).protection.reasons) == "weak_digest");
  context.policy.digests = {"SHA-512", "SHA-256"};
  CHECK(open(post, context).protection.smime);
}

TEST_CASE("security rule 21: the companion encryption certificate", "[learnable]") {
  const Kit& kit = Kit::shared();
  OpenContext context = kit.context();
  context.at = std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
  const auto encryption = [&](const std::string& script) {
    const auto learned = learnable(open(kit.message(script), context).protection);
    REQUIRE(learned);
    return learned->encryption;
  };
  SECTION("equal issuer, subject and address") {
    CHECK(encryption("text | clear_signed alice-sign -certfile \"$PKI/alice-cipher.pem\" | post") ==
          kit.certificate("alice-cipher"));
  }
  SECTION("a signer who can decrypt needs none") {
    CHECK_FALSE(encryption("text | clear_signed alice -certfile \"$PKI/alice-cipher.pem\" | post"));
  }
  SECTION("another subject, issuer or address does not count") {
    CHECK_FALSE(encryption("text | clear_signed alice-sign -certfile \"$PKI/bob.pem\" | post"));
    CHECK_FALSE(
        encryption("text | clear_signed alice-sign -certfile \"$PKI/alice-foreign.pem\" | post"));
    CHECK_FALSE(
        encryption("text | clear_signed alice-sign -certfile \"$PKI/alice-expired.pem\" | post"));
  }
  SECTION("a forged one with all the right names fails its chain (attack A6)") {
    testing::sh("cd '" + kit.path("pki") +
                "' && openssl req -x509 -newkey rsa:2048 -nodes -keyout fake-ca.key -out "
                "fake-ca.pem -days 3650 -subj '/CN=Vector CA/O=Example' 2>/dev/null && openssl req "
                "-new -newkey "
                "rsa:2048 -nodes -keyout fake.key -out fake.req -subj '/CN=Alice Example' "
                "2>/dev/null && printf "
                "'subjectAltName=email:alice@example.org\\nkeyUsage=keyEncipherment\\n' > fake.ext "
                "&& openssl x509 "
                "-req -in fake.req -CA fake-ca.pem -CAkey fake-ca.key -set_serial 7 -days 900 "
                "-extfile fake.ext -out "
                "fake.pem 2>/dev/null");
    const cms::Certificate fake = kit.certificate("fake");
    CHECK(fake.issuer() == kit.certificate("alice-sign").issuer());
    CHECK(fake.subject() == kit.certificate("alice-sign").subject());
    CHECK_FALSE(encryption("text | clear_signed alice-sign -certfile \"$PKI/fake.pem\" | post"));
  }
}

TEST_CASE("security rule 11: whom the signature says the text was meant for") {
  const auto named = [](const std::string& head, const std::string& type = "; hp=\"clear\"") {
    const std::string script = "{ printf '" + head + "'; text | sed 's/utf-8/utf-8" + type +
                               "/'; } | clear_signed alice | post";
    const auto& kit = Kit::shared();
    const auto found = open(kit.message(script), kit.context()).protection.protected_recipients;
    if (!found) return std::string("nobody says");
    std::string out;
    for (const auto& address : *found) out += (out.empty() ? "" : " ") + address;
    return out;
  };
  CHECK(named("From: alice@example.org\\r\\nTo: A <A@Lists.example.org>, b@example.org\\r\\n"
              "Cc: c@example.org\\r\\n") == "a@lists.example.org b@example.org c@example.org");
  CHECK(named("To: group: a@example.org;\\r\\n", "; protected-headers=\"v1\"") == "a@example.org");
  CHECK(named("From: alice@example.org\\r\\n") == "nobody says");
  CHECK(named("To: undisclosed:;\\r\\n").empty());
  // Fields that nothing marks as protected are only fields.
  CHECK(named("To: a@example.org\\r\\n", "") == "nobody says");
  const auto& kit = Kit::shared();
  const auto wrapped = [&](const char* from) {
    return open(kit.message("{ printf 'Content-Type: message/rfc822\\r\\n\\r\\n'; header " +
                            std::string(from) + "; text; } | clear_signed alice | post"),
                kit.context())
        .protection.protected_recipients;
  };
  CHECK(wrapped("alice@example.org") == std::vector<std::string>{"secure@lists.example.org"});
  CHECK_FALSE(wrapped("bob@example.org"));  // a forward
}

TEST_CASE("security rule 13: ours and failed, whatever is wrong with it") {
  const auto& kit = Kit::shared();
  const auto judged = [&](const std::string& script, const std::vector<std::string>& keys) {
    return open(kit.message(script), kit.context(keys)).protection;
  };
  const auto good =
      judged("text | clear_signed alice | encrypted aes-256-cbc list | post", {"list"});
  CHECK(good.is_ours());
  CHECK_FALSE(good.ours_but_failed());
  const auto garbage =
      judged("head -c 300 /dev/urandom | encrypted aes-256-cbc list | post", {"list"});
  CHECK(garbage.ours_but_failed());
  const auto text = judged("echo words | encrypted aes-256-cbc list | post", {"list"});
  CHECK(text.ours_but_failed());
  const auto inner = judged(
      "echo words | encrypted aes-256-cbc list | encrypted aes-256-cbc list | post", {"list"});
  CHECK(inner.ours_but_failed());
  CHECK(inner.layers.size() == 2);
  const auto foreign = judged("text | encrypted aes-256-cbc alice | post", {"list"});
  CHECK_FALSE(foreign.is_ours());
  CHECK_FALSE(foreign.ours_but_failed());
}

}  // namespace
}  // namespace paraph::smime
