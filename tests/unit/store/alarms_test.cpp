#include <catch2/catch.hpp>

#include "store/store.h"
#include "support/pki.h"

using namespace paraph;

namespace {

constexpr long long kGap = 3600;

store::Alarm alarm(const char* subject, long long at) {
  return {0, at, "quarantined", subject, "ainp6pqab2vdxl5zq7tm", "worker died"};
}

}  // namespace

TEST_CASE("an alarm is kept until it was told, once, and comes back when it happens again") {
  const testing::TempDir dir;
  const auto database = *store::Database::open(dir / "x.sqlite");
  auto& alarms = database->alarms();
  REQUIRE(alarms.raise(alarm("a@example.org", 100)));
  REQUIRE(alarms.raise(alarm("b@example.org", 101)));
  REQUIRE(alarms.raise(alarm("a@example.org", 102)));
  const auto first = alarms.take(1, 1000, kGap);
  REQUIRE(first);
  REQUIRE(first->size() == 1);
  CHECK(first->front().subject == "a@example.org");
  CHECK(first->front().at == 100);

  REQUIRE(alarms.told(first->front().number, 1000));
  const auto second = alarms.take(10, 1000 + kGap, kGap);
  REQUIRE(second);
  REQUIRE(second->size() == 1);
  CHECK(second->front().subject == "b@example.org");
  REQUIRE(alarms.told(second->front().number, 1000 + kGap));
  REQUIRE(alarms.raise(alarm("a@example.org", 300)));
  CHECK(alarms.take(10, 1000 + 2 * kGap, kGap)->size() == 1);
}

TEST_CASE("nobody is told within the gap, except after the clock was put back") {
  const testing::TempDir dir;
  const auto database = *store::Database::open(dir / "x.sqlite");
  auto& alarms = database->alarms();
  REQUIRE(alarms.raise(alarm("a@example.org", 1)));
  REQUIRE(alarms.told(alarms.take(10, 100'000, kGap)->back().number, 100'000));
  REQUIRE(alarms.raise(alarm("b@example.org", 2)));
  CHECK(alarms.take(10, 100'000 + kGap - 1, kGap)->empty());
  CHECK(alarms.take(10, 99'999, kGap)->size() == 1);
}

TEST_CASE("of two workers one takes the alarms, and its death loses none") {
  const testing::TempDir dir;
  const auto one = *store::Database::open(dir / "x.sqlite");
  const auto other = *store::Database::open(dir / "x.sqlite");
  constexpr long long kNow = 100'000;
  REQUIRE(one->alarms().raise(alarm("a@example.org", 1)));
  const auto taken = one->alarms().take(10, kNow, kGap);
  REQUIRE(taken);
  REQUIRE(taken->size() == 1);
  REQUIRE(other->alarms().raise(alarm("a@example.org", 2)));  // is about to be told
  REQUIRE(other->alarms().raise(alarm("b@example.org", 2)));
  CHECK(other->alarms().take(10, kNow, kGap)->empty());

  SECTION("it died") {
    CHECK(other->alarms().take(10, kNow + store::Alarms::kTakenFor - 1, kGap)->empty());
    CHECK(other->alarms().take(10, kNow + store::Alarms::kTakenFor, kGap)->size() == 2);
    CHECK(one->alarms().take(10, kNow + store::Alarms::kTakenFor, kGap)->empty());
  }
  SECTION("it could not tell") {
    REQUIRE(one->alarms().give_back(taken->back().number));
    CHECK(other->alarms().take(10, kNow, kGap)->size() == 2);
  }
  SECTION("it has told of what it took, and of no more") {
    REQUIRE(one->alarms().told(taken->back().number, kNow));
    const auto rest = other->alarms().take(10, kNow + kGap, kGap);
    REQUIRE(rest);
    REQUIRE(rest->size() == 1);
    CHECK(rest->front().subject == "b@example.org");
  }
}

TEST_CASE("alarms told a month ago are forgotten, untold ones never") {
  const testing::TempDir dir;
  const auto database = *store::Database::open(dir / "x.sqlite");
  auto& alarms = database->alarms();
  REQUIRE(alarms.raise(alarm("old@example.org", 1)));
  REQUIRE(alarms.told(alarms.take(1, 1000, kGap)->front().number, 1000));
  REQUIRE(alarms.raise(alarm("waiting@example.org", 2)));
  constexpr long long kLater = 1000 + 31 * 24 * 3600;
  REQUIRE(alarms.told(0, kLater));
  CHECK(alarms.take(10, 500, kGap)->size() == 1);
  const auto again = alarms.take(10, kLater, kGap);
  REQUIRE(again);
  REQUIRE(again->size() == 1);
  CHECK(again->front().subject == "waiting@example.org");
}
