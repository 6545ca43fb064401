#include "apps/owner/login_map.h"

#include <catch2/catch.hpp>

using namespace paraph;
using namespace paraph::app;

TEST_CASE("a login map names one address a login") {
  const auto map = parse_login_map(
      "# who\n\nolga\tOlga@Example.ORG\r\n  DOM\\eve   eve@example.net  \n", "owners");
  REQUIRE(map);
  CHECK(map->size() == 2);
  CHECK(map->at("olga") == "olga@example.org");
  CHECK(map->at("DOM\\eve") == "eve@example.net");
  CHECK(parse_login_map("", "owners")->empty());
}

TEST_CASE("one wrong line and no login counts") {
  const std::string good = "ann ann@example.org\n";
  for (const std::string bad :
       {"olga", "olga olga", "olga o@example.org eve@example.org", "ann eve@example.org",
        "olga o@example.org # her", "ol\x01ga o@example.org"}) {
    INFO(bad);
    const auto map = parse_login_map(good + bad + "\n", "owners");
    REQUIRE(!map);
    CHECK(map.error().what().rfind("owners:2: ", 0) == 0);
  }
  CHECK(!parse_login_map(std::string(kMaxLogin + 1, 'a') + " a@example.org", "owners"));
}

TEST_CASE("a login map has limits") {
  std::string text;
  for (std::size_t i = 0; i < kMaxLogins; ++i) text += "u" + std::to_string(i) + " u@example.org\n";
  CHECK(parse_login_map(text, "owners"));
  CHECK(!parse_login_map(text + "more u@example.org\n", "owners"));
}
