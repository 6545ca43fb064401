#include "store/decision_keys.h"

#include <catch2/catch.hpp>

#include "store/store.h"
#include "support/pki.h"

using namespace paraph;
using paraph::testing::TempDir;

TEST_CASE("security rule 16: a key is known by its digest, and says one thing") {
  const TempDir dir;
  auto database = store::Database::open(dir / "paraph.sqlite");
  REQUIRE(database);
  auto& keys = (*database)->decision_keys();
  const store::DecisionKey key{
      "aa",    "item", "list@example.org", "bob@example.org", store::KeyAction::moderate,
      "ADD x", 1000};
  REQUIRE(keys.grant(key));
  const auto found = keys.find("aa");
  REQUIRE((found && *found));
  CHECK((*found)->item == "item");
  CHECK((*found)->list == "list@example.org");
  CHECK((*found)->recipient == "bob@example.org");
  CHECK((*found)->action == store::KeyAction::moderate);
  CHECK((*found)->request == "ADD x");
  CHECK((*found)->expires == 1000);
  CHECK_FALSE(keys.find("ab").value());

  // The same digest again changes nothing: what it said first it says.
  auto other = key;
  other.action = store::KeyAction::confirm;
  REQUIRE(keys.grant(other));
  CHECK(keys.find("aa").value()->action == store::KeyAction::moderate);

  REQUIRE(keys.expire(1000));
  CHECK(keys.find("aa").value());
  REQUIRE(keys.expire(1001));
  CHECK_FALSE(keys.find("aa").value());
}

TEST_CASE("each action has its word") {
  using store::KeyAction;
  for (const auto action :
       {KeyAction::confirm, KeyAction::moderate, KeyAction::request, KeyAction::approve})
    CHECK(store::key_action_from(store::to_string(action)) == action);
  CHECK_FALSE(store::key_action_from("anything"));
}
