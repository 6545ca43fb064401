#include <catch2/catch.hpp>

#include "list/list.h"

using namespace paraph::list;

TEST_CASE("receptions have Sympa's words, both ways") {
  for (int i = 0; i <= static_cast<int>(ReceptionMode::not_me); ++i) {
    const auto mode = static_cast<ReceptionMode>(i);
    INFO(to_string(mode));
    CHECK(reception_from(to_string(mode)) == mode);
  }
  CHECK(reception_from("") == ReceptionMode::mail);
  CHECK(reception_from("HTML") == ReceptionMode::mail);
  CHECK(reception_from("Not_Me") == ReceptionMode::not_me);
  CHECK_FALSE(reception_from("mails"));
}

TEST_CASE("who gets a copy at once") {
  CHECK(receives_copies(ReceptionMode::mail));
  CHECK(receives_copies(ReceptionMode::notice));
  CHECK(receives_copies(ReceptionMode::not_me));
  CHECK(receives_copies(ReceptionMode::txt));
  CHECK(receives_copies(ReceptionMode::urlize));
  CHECK_FALSE(receives_copies(ReceptionMode::nomail));
  CHECK_FALSE(receives_copies(ReceptionMode::digest));
  CHECK_FALSE(receives_copies(ReceptionMode::digestplain));
  CHECK_FALSE(receives_copies(ReceptionMode::summary));
}

TEST_CASE("roles have Sympa's words") {
  CHECK(to_string(Role::member) == "member");
  CHECK(to_string(Role::owner) == "owner");
  CHECK(to_string(Role::editor) == "editor");
  CHECK(to_string(Role::listmaster) == "listmaster");
}
