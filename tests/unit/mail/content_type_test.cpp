#include <catch2/catch.hpp>

#include "mail/entity.h"

using namespace paraph::mail;

namespace {
std::string parameter(std::string_view body, std::string_view name) {
  const auto type = parse_content_type(body);
  REQUIRE(type);
  return type->parameter(name).value_or("(none)");
}
}  // namespace

TEST_CASE("type and parameter names come in lower case, values as written") {
  const auto type = parse_content_type(" Multipart/SIGNED; Boundary=AbC; MICALG=sha-256");
  REQUIRE(type);
  CHECK(type->is("multipart", "signed"));
  CHECK(type->full() == "multipart/signed");
  CHECK(type->parameter("boundary") == "AbC");
  CHECK(type->parameter("micalg") == "sha-256");
  CHECK_FALSE(type->parameter("protocol"));
}

TEST_CASE("what is no content type") {
  for (const auto* body : {"", "text", "/plain", "text/", "text plain", "(comment)",
                           "(open text/plain", "\"text\"/plain"})
    CHECK_FALSE(parse_content_type(body));
}

TEST_CASE("comments, folding and quoted strings") {
  CHECK(parameter("(a (nested) c) text / (x) plain (y) ; (z) charset (1) = (2) utf-8 (3)",
                  "charset") == "utf-8");
  CHECK(parameter("multipart/mixed;\r\n\tboundary=\"a;b\\\"c\\\\d\"; x=y", "boundary") ==
        "a;b\"c\\d");
  CHECK(parameter("multipart/mixed;\n boundary=\"two\r\n words\"", "boundary") == "two words");
  CHECK(parameter("multipart/mixed; boundary=\"b\" (a \\) comment)", "boundary") == "b");
  CHECK(parameter("multipart/mixed; boundary=----=_Part/1:2?3", "boundary") == "----=_Part/1:2?3");
}

TEST_CASE("junk between parameters is stepped over") {
  const std::string_view body = "text/plain junk; ; =x; novalue; empty=; a=1 \"; a=2\" more; b=2;";
  CHECK(parameter(body, "a") == "1");
  CHECK(parameter(body, "b") == "2");
  CHECK(parameter(body, "empty") == "(none)");
  CHECK(parameter("text/plain; name=\"open", "name") == "open");
  CHECK(parameter("text/plain; a=1; a=2", "a") == "1");
}

TEST_CASE("RFC 2231: sections, charsets, escapes") {
  CHECK(parameter("message/external-body; url*0=\"ftp://\"; url*1=\"example.org/x\"", "url") ==
        "ftp://example.org/x");
  CHECK(parameter("x/y; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A", "title") ==
        "This is ***fun***");
  CHECK(parameter("x/y; t*0*=us-ascii'en'This%20is%20even%20more%20; "
                  "t*1*=%2A%2A%2Afun%2A%2A%2A%20; t*2=\"isn't it!\"",
                  "t") == "This is even more ***fun*** isn't it!");
  CHECK(parameter("x/y; n*=iso-8859-1''J%F6rg", "n") == "Jörg");
  CHECK(parameter("x/y; n*1=b; n*0=a; n*3=d", "n") == "ab");       // any order, up to a gap
  CHECK(parameter("x/y; n*0*=utf-8''%C3; n*1*=%B6", "n") == "ö");  // a character cut in two
  CHECK(parameter("x/y; n*=utf-8''50%; m=1", "n") == "50%");       // a broken escape stays
  CHECK(parameter("x/y; n*1=b", "n").empty());                     // no section 0
  CHECK(parameter("x/y; n*x=b", "n*x") == "b");
  CHECK(parameter("x/y; n*=nowhere-8''%FF", "n") == "\xFF");  // an unknown charset stays
}

TEST_CASE("limits of a content type") {
  std::string many = "text/plain";
  for (int i = 0; i < 150; ++i) many += "; p" + std::to_string(i) + "=1";
  REQUIRE(parse_content_type(many));
  CHECK(parse_content_type(many)->parameters.size() == 100);

  const auto large = parse_content_type("text/plain; a=1; b=" + std::string(9000, 'x') + "; c=3");
  REQUIRE(large);
  CHECK(large->parameter("a") == "1");
  CHECK_FALSE(large->parameter("b"));  // not half of it
  CHECK_FALSE(large->parameter("c"));
}

TEST_CASE("content disposition") {
  const auto plain = parse_content_disposition(" ATTACHMENT; filename=\"smime.p7m\"; size=12");
  REQUIRE(plain);
  CHECK(plain->disposition == "attachment");
  CHECK(plain->filename == "smime.p7m");
  // The plain name is the fallback for old readers, wherever it stands.
  CHECK(parse_content_disposition("attachment; filename=a.txt; filename*=utf-8''%c3%a4.txt")
            ->filename == "ä.txt");
  CHECK(parse_content_disposition("attachment; filename*=utf-8''%c3%a4.txt; filename=a.txt")
            ->filename == "ä.txt");
  CHECK_FALSE(parse_content_disposition("inline")->filename);
  CHECK_FALSE(parse_content_disposition("; filename=x"));
}

TEST_CASE("transfer encodings by name") {
  CHECK(parse_transfer_encoding(" Base64 ") == TransferEncoding::base64);
  CHECK(parse_transfer_encoding("(c) quoted-PRINTABLE (d)") == TransferEncoding::quoted_printable);
  CHECK(parse_transfer_encoding("7bit") == TransferEncoding::seven_bit);
  CHECK(parse_transfer_encoding("8BIT") == TransferEncoding::eight_bit);
  CHECK(parse_transfer_encoding("binary\r\n") == TransferEncoding::binary);
  CHECK(parse_transfer_encoding("") == TransferEncoding::seven_bit);
  CHECK(parse_transfer_encoding("7-bit") == TransferEncoding::other);
  CHECK(parse_transfer_encoding("\"base64\"") == TransferEncoding::other);
}
