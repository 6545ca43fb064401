#include <catch2/catch.hpp>

#include "list/list.h"

using paraph::list::ListAddress;

TEST_CASE("a list's address is kept in lower case") {
  const auto list = ListAddress::parse("Secure.News", "Lists.Example.ORG");
  REQUIRE(list);
  CHECK(list->str() == "secure.news@lists.example.org");
  CHECK(list->with_suffix("-request") == "secure.news-request@lists.example.org");
}

TEST_CASE("names that a list may have") {
  for (const char* name :
       {"a", "0", "a-b", "a.b", "a+b", "a_b", "request", "my-requests", "owner-x"}) {
    INFO(name);
    CHECK(ListAddress::parse(name, "example.org"));
  }
  CHECK(ListAddress::parse(std::string(50, 'x'), "example.org"));
}

TEST_CASE("names that a list may not have") {
  for (const char* name :
       {"", "-a", ".a", "_a", "a b", "a/b", "..", "a@b", "a,b", "\xC3\xA4", "x-request", "x-OWNER",
        "x-editor", "x-subscribe", "x-unsubscribe", "a\n"}) {
    INFO(name);
    CHECK_FALSE(ListAddress::parse(name, "example.org"));
  }
  CHECK_FALSE(ListAddress::parse(std::string(51, 'x'), "example.org"));
  CHECK_FALSE(ListAddress::parse(std::string_view("a\0b", 3), "example.org"));
}

TEST_CASE("domains that a list may not have") {
  for (const char* domain :
       {"", "org", ".org", "a.", "a..org", "../x.y", "a/b.org", "ex ample.org"}) {
    INFO(domain);
    CHECK_FALSE(ListAddress::parse("a", domain));
  }
  CHECK_FALSE(ListAddress::parse("a", std::string(77, 'd') + ".org"));
  CHECK(ListAddress::parse("a", std::string(76, 'd') + ".org"));
}
