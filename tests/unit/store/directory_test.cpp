#include <algorithm>
#include <catch2/catch.hpp>

#include "store/store.h"
#include "support/pki.h"

using namespace paraph;
using list::Admin;
using list::ListAddress;
using list::ReceptionMode;
using list::Role;
using list::Subscriber;

namespace {

ListAddress secure() {
  return *ListAddress::parse("secure", "example.org");
}

struct Opened {
  testing::TempDir dir;
  std::unique_ptr<store::Database> database = *store::Database::open(
      dir / "x.sqlite", std::make_shared<FixedClock>(TimePoint(std::chrono::seconds(5000))));
  list::Directory& directory = database->directory();
};

}  // namespace

TEST_CASE("a member is found again as he was added") {
  Opened opened;
  const Subscriber bob{"Bob@Example.ORG",
                       "Bob \xC3\x96",
                       ReceptionMode::not_me,
                       true,
                       false,
                       TimePoint(std::chrono::seconds(77))};
  REQUIRE(*opened.directory.add_member(secure(), bob));
  const auto found = opened.directory.member(secure(), "bOB@example.org");
  REQUIRE(found);
  REQUIRE(found->has_value());
  CHECK((*found)->email == "bob@example.org");
  CHECK((*found)->gecos == bob.gecos);
  CHECK((*found)->reception == ReceptionMode::not_me);
  CHECK((*found)->conceal);
  CHECK_FALSE((*found)->suspended);
  CHECK(epoch((*found)->since) == 77);
  CHECK_FALSE(
      opened.directory.member(*ListAddress::parse("secure", "other.example"), "bob@example.org")
          ->has_value());
  CHECK_FALSE(opened.directory.member(secure(), "bob")->has_value());
}

TEST_CASE("a second add changes nothing") {
  Opened opened;
  CHECK(*opened.directory.add_member(secure(), {.email = "bob@example.org", .gecos = "first"}));
  CHECK_FALSE(
      *opened.directory.add_member(secure(), {.email = "BOB@example.org", .gecos = "second"}));
  CHECK((*opened.directory.member(secure(), "bob@example.org"))->gecos == "first");
  CHECK(epoch((*opened.directory.member(secure(), "bob@example.org"))->since) == 5000);
  CHECK(*opened.directory.count(secure()) == 1);
}

TEST_CASE("members come in pages by address") {
  Opened opened;
  for (int i = 24; i >= 0; --i) {
    std::string name = "m";
    name += static_cast<char>('a' + i);
    REQUIRE(*opened.directory.add_member(secure(), {.email = name + "@example.org"}));
  }
  REQUIRE(*opened.directory.add_member(*ListAddress::parse("other", "example.org"),
                                       {.email = "mx@example.org"}));
  std::vector<std::string> all;
  std::vector<std::size_t> sizes;
  std::string after;
  for (;;) {
    const auto page = opened.directory.members(secure(), after, 10);
    REQUIRE(page);
    if (page->empty()) break;
    sizes.push_back(page->size());
    for (const auto& member : *page) all.push_back(member.email);
    after = page->back().email;
  }
  CHECK(sizes == std::vector<std::size_t>{10, 10, 5});
  CHECK(all.size() == 25);
  CHECK(std::is_sorted(all.begin(), all.end()));
}

TEST_CASE("removing says whether somebody was there") {
  Opened opened;
  REQUIRE(*opened.directory.add_member(secure(), {.email = "bob@example.org"}));
  CHECK(*opened.directory.remove_member(secure(), "Bob@example.org"));
  CHECK_FALSE(*opened.directory.remove_member(secure(), "bob@example.org"));
}

TEST_CASE("owners and editors are kept by role") {
  Opened opened;
  CHECK(*opened.directory.add_admin(secure(),
                                    {Role::owner, "Olga@example.org", "Olga", true, false}));
  CHECK_FALSE(
      *opened.directory.add_admin(secure(), {Role::owner, "olga@example.org", "", false, true}));
  CHECK(*opened.directory.add_admin(secure(), {Role::editor, "olga@example.org", "", false, true}));
  const auto owners = opened.directory.admins(secure(), Role::owner);
  REQUIRE((owners && owners->size() == 1));
  CHECK(owners->front().email == "olga@example.org");
  CHECK(owners->front().gecos == "Olga");
  CHECK(owners->front().role == Role::owner);
  CHECK((owners->front().privileged && !owners->front().receives));
  CHECK(*opened.directory.remove_admin(secure(), Role::owner, "olga@EXAMPLE.org"));
  CHECK_FALSE(*opened.directory.remove_admin(secure(), Role::owner, "olga@example.org"));
  CHECK(opened.directory.admins(secure(), Role::owner)->empty());
  CHECK(opened.directory.admins(secure(), Role::editor)->size() == 1);
}

TEST_CASE("quotes and SQL in values stay values") {
  Opened opened;
  const std::string name = "x'); DROP TABLE subscriber_table; --";
  REQUIRE(*opened.directory.add_member(secure(), {.email = "o'brien@example.org", .gecos = name}));
  CHECK((*opened.directory.member(secure(), "o'brien@example.org"))->gecos == name);
  CHECK_FALSE(opened.directory.member(secure(), "' OR 1=1 --")->has_value());
}
