#include <catch2/catch.hpp>

#include "store/store.h"
#include "support/pki.h"

using namespace paraph;

namespace {

store::Alarm alarm(const char* subject, long long at) {
  return {0, at, "quarantined", subject, "ainp6pqab2vdxl5zq7tm", "worker died"};
}

}  // namespace

TEST_CASE("an alarm is kept until it was told, once, and comes back when it happens again") {
  const testing::TempDir dir;
  const auto database = *store::Database::open(dir / "x.sqlite");
  auto& alarms = database->alarms();
  CHECK(*alarms.last_told() == 0);
  REQUIRE(alarms.raise(alarm("a@example.org", 100)));
  REQUIRE(alarms.raise(alarm("b@example.org", 101)));
  REQUIRE(alarms.raise(alarm("a@example.org", 102)));
  auto untold = alarms.untold(10);
  REQUIRE(untold);
  REQUIRE(untold->size() == 2);
  CHECK(untold->front().subject == "a@example.org");
  CHECK(untold->front().at == 100);
  CHECK(alarms.untold(1)->size() == 1);

  REQUIRE(alarms.told(untold->front().number, 200));
  CHECK(*alarms.last_told() == 200);
  REQUIRE(alarms.untold(10)->size() == 1);
  CHECK(alarms.untold(10)->front().subject == "b@example.org");
  REQUIRE(alarms.raise(alarm("a@example.org", 300)));
  CHECK(alarms.untold(10)->size() == 2);
}

TEST_CASE("alarms told a month ago are forgotten, untold ones never") {
  const testing::TempDir dir;
  const auto database = *store::Database::open(dir / "x.sqlite");
  auto& alarms = database->alarms();
  REQUIRE(alarms.raise(alarm("old@example.org", 1)));
  REQUIRE(alarms.told(alarms.untold(1)->front().number, 1000));
  REQUIRE(alarms.raise(alarm("waiting@example.org", 2)));
  constexpr long long kLater = 1000 + 31 * 24 * 3600;
  REQUIRE(alarms.told(0, kLater));
  CHECK(*alarms.last_told() == 0);
  CHECK(alarms.untold(10)->size() == 1);
}
