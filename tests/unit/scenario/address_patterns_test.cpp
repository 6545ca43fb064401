#include <catch2/catch.hpp>

#include "scenario/address_patterns.h"

using namespace paraph::scenario;

TEST_CASE("lines of a search file") {
  const AddressPatterns patterns(
      "# friends\r\n; and others\n  Ann@Example.org  "
      "\n*@example.net\nbob@*\n*.example.com\nx*y@example.org\r"
      "a*@*.test\n\n*@deep.example.net\nplain");
  CHECK(patterns.size() == 8);
  for (const auto* address : {"ann@example.org", "ANN@EXAMPLE.ORG", "anybody@example.net",
                              "@example.net", "bob@anywhere.example", "c@sub.example.com",
                              "xy@example.org", "x123y@example.org", "d@deep.example.net", "plain",
                              // Only the first star is one.
                              "alfa@*.test"})
    CHECK(patterns.matches(address));
  for (const auto* address :
       {"ann@example.orgs", "bann@example.org", "e@sub.example.net", "bobby@x.example",
        "example.com", "xy@example.net.org", "alfa@one.test", "", "# friends", "nobody"})
    CHECK_FALSE(patterns.matches(address));
  CHECK_FALSE(AddressPatterns().matches("ann@example.org"));
  CHECK(AddressPatterns("*").matches("nobody"));
}

TEST_CASE("every line is found, wherever it stands") {
  std::string text;
  for (int i = 0; i < 5000; ++i)
    text += "user" + std::to_string(i) + "@example.org\n*@d" + std::to_string(i) + ".example\n";
  const AddressPatterns patterns(text);
  CHECK(patterns.size() == 10'000);
  for (int i = 0; i < 5000; i += 7) {
    CHECK(patterns.matches("user" + std::to_string(i) + "@example.org"));
    CHECK(patterns.matches("anybody@d" + std::to_string(i) + ".example"));
    CHECK_FALSE(patterns.matches("user" + std::to_string(i) + "@example.orgy"));
  }
}
