#include <catch2/catch.hpp>

#include "store/store.h"
#include "support/pki.h"

using namespace paraph;
using store::Sight;

namespace {

struct House {
  testing::TempDir dir;
  std::unique_ptr<store::Database> database = *store::Database::open(dir / "x.sqlite");
  store::Guard& guard = database->guard();

  // Who had the key before, by id and place.
  std::string see(const char* mail_id, const Sight& sight, long long at = 100) {
    auto seen = guard.see(mail_id, {sight}, at);
    REQUIRE(seen);
    REQUIRE(seen->size() == 1);
    std::string out;
    for (const auto& each : seen->front())
      out += (out.empty() ? "" : " ") + each.mail_id + "@" + each.place;
    return out;
  }
};

Sight sight(const char* key, const char* place = "list", long long expires = 1000) {
  return {key, place, std::string("same\0same", 9), expires};
}

}  // namespace

TEST_CASE("security rule 8: only a row with another id is a second sight, however often one asks") {
  House house;
  CHECK(house.see("first", sight("key")).empty());
  CHECK(house.see("first", sight("key")).empty());
  CHECK(house.see("second", sight("key")) == "first@list");
  CHECK(house.see("second", sight("key")) == "first@list");
  CHECK(house.see("first", sight("key")).empty());
  CHECK(house.see("second", sight("other")).empty());

  const auto seen = *house.guard.see("third", {sight("key")}, 105);
  CHECK(seen.front().front().same == std::string("same\0same", 9));
  CHECK(seen.front().front().at == 100);
}

TEST_CASE("security rule 11: a key is seen at every place, in the order in which it was shown") {
  House house;
  CHECK(house.see("a", sight("key", "one")).empty());
  CHECK(house.see("b", sight("key", "two")) == "a@one");
  CHECK(house.see("c", sight("key", "two")) == "a@one b@two");
  CHECK(house.see("d", sight("key", "three")) == "a@one b@two");
  // Whoever was first stays first, though others have come.
  CHECK(house.see("a", sight("key", "one")).empty());
  CHECK(house.see("b", sight("key", "two")) == "a@one");
}

TEST_CASE("security rule 9: a mail judged anew stands where the refused one stood") {
  House house;
  CHECK(house.see("refused", sight("key")).empty());
  CHECK(house.see("again", sight("key")) == "refused@list");
  REQUIRE(house.guard.inherit("refused", "again", {sight("key"), sight("unknown")}));
  CHECK(house.see("again", sight("key")).empty());
  CHECK(house.see("third", sight("key")) == "again@list");
  REQUIRE(house.guard.inherit("refused", "third", {sight("key")}));
  CHECK(house.see("third", sight("key")) == "again@list");
}

TEST_CASE("mails are counted once each, in their order") {
  House house;
  CHECK(*house.guard.count("key", "a", 1, 10) == 1);
  CHECK(*house.guard.count("key", "b", 1, 10) == 2);
  CHECK(*house.guard.count("key", "a", 2, 10) == 1);
  CHECK(*house.guard.count("other", "b", 2, 10) == 1);
  CHECK(*house.guard.count("key", "c", 2, 10) == 3);
}

TEST_CASE("security rule 12: sights expire in portions, those of a key when it is gone") {
  House house;
  for (std::size_t i = 0; i < store::Guard::kExpirePortion + 5; ++i)
    REQUIRE(house.guard.count("many", std::to_string(i), 1, 10));
  house.see("lives", sight("lives", "list", 20));
  house.see("kept", sight("kept", "key of one", Sight::kWithKey));
  house.see("retired", sight("retired", "key of another", Sight::kWithKey));
  CHECK(*house.guard.expire(20) == store::Guard::kExpirePortion);
  CHECK(*house.guard.expire(20) == 5);
  CHECK(*house.guard.expire(20) == 0);
  CHECK(house.see("x", sight("lives")) == "lives@list");

  REQUIRE(house.guard.retire({"key of one"}, 5000));
  CHECK(*house.guard.expire(5000) == 1);  // "lives"; x came second, and has no row
  CHECK(*house.guard.expire(5001) == 1);
  CHECK(house.see("x", sight("kept")) == "kept@key of one");
  CHECK(house.see("x", sight("retired")).empty());
}

TEST_CASE("two workers that see one key at once: one of them is first") {
  House house;
  const auto other = *store::Database::open(house.dir / "x.sqlite");
  CHECK(house.see("a", sight("key")).empty());
  CHECK(other->guard().see("b", {sight("key")}, 1)->front().size() == 1);
  CHECK(other->guard().see("a", {sight("key")}, 1)->front().empty());
}
