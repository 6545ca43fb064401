#include "apps/owner/identity.h"

#include <catch2/catch.hpp>

using namespace paraph;
using namespace paraph::app;

namespace {

constexpr const char* kNoMap = "/nonexistent/owners";
using Words = std::vector<std::string>;

Errc refusal(const Start& start) {
  const auto identity = identify(start, kNoMap);
  REQUIRE(!identity);
  return identity.error().code();
}

}  // namespace

TEST_CASE("security rule 1: through sudo nobody says who he is") {
  for (const Words& words : {Words{"--for", "a@example.org", "lists"}, Words{"--for=a@example.org"},
                             Words{"--as", "a@example.org"}, Words{"--for"}}) {
    const auto identity = identify({words, "1000", "olga", std::nullopt}, kNoMap);
    REQUIRE(!identity);
    CHECK(identity.error().code() == Errc::denied);
    CHECK(identity.error().what().find("--for is refused") != std::string::npos);
  }
  CHECK(refusal({{"member"}, "1000", "olga", std::nullopt}) == Errc::denied);  // no map
  for (const char* uid : {"", "0x0", "-1", " 0", "0 ", "99999999999"})
    CHECK(refusal({{"--for", "a@example.org"}, uid, "root", std::nullopt}) == Errc::denied);
  CHECK(refusal({{"--for", "a@example.org"}, std::nullopt, "root", std::nullopt}) == Errc::denied);
}

TEST_CASE("a forced command says who calls, and the words of ssh are his") {
  const auto told = identify({{"--for", "Olga@Example.org"}, {}, {}, "member list 'hers'"}, kNoMap);
  REQUIRE(told);
  CHECK(told->address == "olga@example.org");
  CHECK(told->words == Words{"member", "list", "hers"});
  const auto own =
      identify({{"--as=olga@example.org", "member", "list", "hers"}, {}, {}, "rm -rf"}, kNoMap);
  REQUIRE(own);
  CHECK(own->words == Words{"member", "list", "hers"});
  const auto other =
      identify({{"--for", "olga@example.org"}, {}, {}, "--for eve@example.org help"}, kNoMap);
  REQUIRE(other);
  CHECK(other->address == "olga@example.org");
  CHECK(other->words.front() == "--for");
  CHECK(identify({{"--for", "a@example.org"}, "0", "root", std::nullopt}, kNoMap));
}

TEST_CASE("without sudo and without --for nobody is anybody") {
  CHECK(refusal({{"member", "list", "hers"}, {}, {}, {}}) == Errc::denied);
  CHECK(refusal({{"member", "--for", "a@example.org"}, {}, {}, {}}) == Errc::denied);
  CHECK(refusal({{}, {}, {}, "--for a@example.org member list hers"}) == Errc::denied);
  CHECK(refusal({{"--for", "nobody"}, {}, {}, {}}) == Errc::usage);
  CHECK(refusal({{"--for", "a@example.org"}, {}, {}, "a; b"}) == Errc::denied);
}

TEST_CASE("a login map that somebody else could write is refused") {
  const auto identity = identify({{"member"}, "1000", "olga", std::nullopt}, "/tmp/owners");
  REQUIRE(!identity);
  CHECK(identity.error().code() == Errc::denied);
  CHECK(identity.error().what().find("/tmp: must be a directory of root") == 0);
}
