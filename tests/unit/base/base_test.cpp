#include <fmt/core.h>

#include <catch2/catch.hpp>

#include "base/ascii.h"
#include "base/encode.h"
#include "base/ports.h"
#include "base/result.h"
#include "base/sealed.h"
#include "base/utf8.h"

using namespace paraph;

TEST_CASE("an Error says whether later helps and where it happened", "[base]") {
  const auto error =
      Error::later(Errc::io, "No space left on device").in("rename").in("claim 4xkq2");
  REQUIRE(error.what() == "claim 4xkq2: rename: No space left on device");
  REQUIRE(error.retry() == Retry::later);
  Result<int> failed = error;
  REQUIRE_FALSE(failed);
  REQUIRE(*Result<int>(7) == 7);
}

TEST_CASE("a sealed value prints its size and nothing else", "[base]") {
  const Sealed<std::string> sealed("canary");
  REQUIRE(fmt::format("{}", sealed) == "<sealed, 6 octets>");
}

TEST_CASE("printable escapes what could fool a terminal or a log", "[base]") {
  REQUIRE(utf8::printable("plain ü") == "plain ü");
  REQUIRE(utf8::printable("a\nb\x1b[31m") == "a\\x0ab\\x1b[31m");
  REQUIRE(utf8::printable("x\xe2\x80\xaey") == "x\\u{202e}y");
  REQUIRE(utf8::printable("\xff") == "\\xff");
  REQUIRE(utf8::printable("abcdef", 3) == "abc…");
}

TEST_CASE("UTF-8 is checked as RFC 3629 has it", "[base]") {
  REQUIRE(utf8::valid("\xf0\x9f\x92\x8c"));
  REQUIRE_FALSE(utf8::valid("\xc0\xaf"));          // overlong
  REQUIRE_FALSE(utf8::valid("\xed\xa0\x80"));      // surrogate
  REQUIRE_FALSE(utf8::valid("\xf4\x90\x80\x80"));  // above U+10FFFF
  REQUIRE_FALSE(utf8::valid("\xe2\x82"));          // cut
}

TEST_CASE("base64 round trips, skips foreign characters and notices truncation", "[base]") {
  for (const std::string text : {"", "f", "fo", "foo", "foob", "fooba", "foobar"}) {
    REQUIRE(base64_decode(base64_encode(text)) == text);
    REQUIRE(base64_decode(base64_encode(text, 4)) == text);
  }
  REQUIRE(base64_encode("foobar", 4) == "Zm9v\r\nYmFy\r\n");
  REQUIRE(base64_decode("Zm 9v\r\nYg==ignored") == "foob");
  REQUIRE_FALSE(base64_decode("Zm9vY"));
}

TEST_CASE("base32 is RFC 4648's in lower case without padding", "[base]") {
  REQUIRE(base32_encode("foobar") == "mzxw6ytboi");
  REQUIRE(base32_encode("f") == "my");
}

TEST_CASE("times print and parse", "[base]") {
  const auto at = parse_time("2026-11-23T16:30:42Z");
  REQUIRE(at);
  REQUIRE(iso8601(*at) == "2026-11-23T16:30:42Z");
  REQUIRE(rfc5322_date(*at) == "Mon, 23 Nov 2026 16:30:42 +0000");
  REQUIRE(parse_time(std::to_string(epoch(*at))) == at);
  REQUIRE(parse_time("2026-11-23T18:30:42+02:00") == at);
  REQUIRE(parse_time("2026-11-23T11:00:42-0530") == at);
  REQUIRE(parse_time("2026-11-23T16:30:42") == at);
  REQUIRE(iso8601(*parse_time("2026-11-23T16:30Z")) == "2026-11-23T16:30:00Z");
  REQUIRE(iso8601(*parse_time("2026-11-23")) == "2026-11-23T00:00:00Z");
  for (const auto* bad :
       {"2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "yesterday", "", "-5",
        "2026-11-23T24:00:00Z", "2026-11-23T16:30:42+2", "2026-11-23 16:30", "2026-11-23T16"})
    REQUIRE_FALSE(parse_time(bad));
}

TEST_CASE("ascii helpers ignore the locale", "[base]") {
  REQUIRE(ascii::iequals("Content-TYPE", "content-type"));
  REQUIRE_FALSE(ascii::iequals("\xc4", "\xe4"));
  REQUIRE(ascii::ifind("x-LOOP: a", "Loop") == 2);
  REQUIRE(ascii::ifind("abc", "abcd") == std::string_view::npos);
  REQUIRE(ascii::split(" a, b ,,c ", ",") == std::vector<std::string_view>{"a", "b", "c"});
  REQUIRE(ascii::lines("a\r\nb\n\nc\rd") == std::vector<std::string_view>{"a", "b", "", "c", "d"});
  REQUIRE(ascii::hex_upper("\x01\xab", ':') == "01:AB");
}
