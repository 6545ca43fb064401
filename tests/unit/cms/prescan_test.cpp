#include <catch2/catch.hpp>

#include "cms/ber.h"
#include "cms/content_info.h"
#include "support/pki.h"

using namespace paraph;
using namespace paraph::cms;
using paraph::testing::Pki;
using paraph::testing::sh;

namespace {

std::string repeated(std::string_view piece, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    out += piece;
  }
  return out;
}

}  // namespace

TEST_CASE("the kind comes from the content type") {
  const Pki& pki = Pki::shared();
  CHECK(prescan(pki.sign("x", "alice")).kind == ContentKind::signed_data);
  CHECK(prescan(pki.sign("x", "alice", "-nodetach -stream")).kind == ContentKind::signed_data);
  CHECK(prescan(pki.encrypt("x", {"alice"})).kind == ContentKind::enveloped_data);
  CHECK(prescan(pki.encrypt("x", {"carol"}, "-aes-128-gcm")).kind ==
        ContentKind::auth_enveloped_data);
  CHECK(prescan(sh("openssl cms -digest_create -binary -outform DER", "x")).kind ==
        ContentKind::other);
  CHECK(prescan(sh("openssl cms -data_create -binary -outform DER", "x")).kind ==
        ContentKind::other);
}

TEST_CASE("what is no CMS says why") {
  CHECK(prescan("").reason == "empty");
  CHECK(prescan("hello").kind == ContentKind::malformed);
  CHECK(prescan(Pki::shared().cert_pem("alice")).kind == ContentKind::malformed);
  CHECK(prescan(std::string_view("\x30\0", 2)).reason == "not a ContentInfo");
  CHECK(prescan(std::string_view("\0\0", 2)).reason == "an end of contents out of place");
  CHECK(prescan("\x30\x03\x02\x05\x01").reason == "a length that does not fit");
  CHECK(prescan("\x04\x80").reason == "a length that does not fit");  // indefinite and primitive
  CHECK(prescan("\x30\x80").reason == "a length that does not fit");  // never closed
  CHECK(prescan("\x30\x88\xff\xff\xff\xff\xff\xff\xff\xff").kind == ContentKind::malformed);
  CHECK(prescan("\x30\x84\xff\xff\xff\xff").kind == ContentKind::malformed);
  CHECK(prescan("\x1f\xff\xff\xff\x01").kind == ContentKind::malformed);
}

TEST_CASE("limits: octets, certificates, signers, recipients, depth") {
  const Pki& pki = Pki::shared();
  const std::string two =
      pki.sign("x", "alice", "-signer " + pki.cert_path("bob") + " -inkey " + pki.key_path("bob"));
  CmsLimits limits;
  limits.signers = 2;
  limits.certificates = 2;
  limits.octets = two.size();
  CHECK(prescan(two, limits).kind == ContentKind::signed_data);
  limits.signers = 1;
  CHECK(prescan(two, limits).reason == "more than 1 signatures");
  limits.certificates = 1;
  CHECK(prescan(two, limits).reason == "more than 1 certificates");
  limits.octets = two.size() - 1;
  CHECK(prescan(two, limits).reason == "larger than the limit");

  const std::string three = pki.encrypt("x", {"alice", "carol", "bob"});
  limits = {};
  limits.recipients = 3;
  CHECK(prescan(three, limits).kind == ContentKind::enveloped_data);
  limits.recipients = 2;
  CHECK(prescan(three, limits).reason == "more than 2 recipients");

  limits = {};
  limits.depth = 12;
  CHECK(prescan(two, limits).kind == ContentKind::signed_data);
  limits.depth = 3;
  CHECK(prescan(two, limits).reason == "nested deeper than 3");
  CHECK(verify_signed(two, "x", {}, limits).reason == "nested deeper than 3");
}

TEST_CASE("attack A28: deep and wide nonsense is refused at once") {
  CHECK(prescan(repeated("\x30\x80", 100'000)).reason == "nested deeper than 40");
  CHECK(prescan(repeated("\x24\x80", 2'000)).reason == "nested deeper than 40");
  std::string wide = "\x30\x80" + repeated(std::string_view("\x05\0", 2), 5'000'000);
  CHECK(prescan(wide).reason == "more elements than any mail needs");
}

TEST_CASE("octets behind the object do not matter") {
  CHECK(prescan(Pki::shared().sign("x", "alice") + "\r\n").kind == ContentKind::signed_data);
}

TEST_CASE("the BER reader: tags, lengths, pieces, identifiers") {
  using namespace ber;
  const auto high = read_head(std::string_view("\xBF\x81\x02\x00", 4));
  REQUIRE(high);
  CHECK(high->is_context(130));
  CHECK(high->size == 4);
  const auto padded = read_head(std::string_view("\x04\x84\0\0\0\x01x", 7));
  REQUIRE(padded);
  CHECK(padded->length == 1);
  CHECK_FALSE(read_head("\x04\x02x"));
  CHECK_FALSE(read_head("\x04"));

  std::string scratch;
  const std::string pieces("\x24\x80\x04\x02hi\x24\x80\x04\x01!\0\0\x04\0\0\0", 17);
  const auto whole = Reader(pieces).next();
  REQUIRE(whole);
  CHECK(whole->whole.size() == pieces.size());
  CHECK(octet_string(*whole, scratch) == "hi!");
  const auto strange = Reader(std::string_view("\x24\x03\x02\x01\x05")).next();
  REQUIRE(strange);
  CHECK_FALSE(octet_string(*strange, scratch));

  CHECK(oid_text("\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02") == "1.2.840.113549.1.7.2");
  CHECK(oid_text("\x88\x37") == "2.999");
  CHECK(oid_text("\x2A\x86").empty());
  CHECK(oid_text("").empty());
  CHECK(oid_text(repeated("\xff", 20) + "\x01").empty());
}
