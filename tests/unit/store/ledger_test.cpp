#include <catch2/catch.hpp>

#include "store/connection.h"
#include "store/store.h"
#include "support/pki.h"

using namespace paraph;
using store::CopyRow;
using store::MailRow;

namespace {

struct Opened {
  testing::TempDir dir;
  std::unique_ptr<store::Database> database = *store::Database::open(dir / "x.sqlite");
  store::Ledger& ledger = database->ledger();
};

MailRow ended(const std::string& id, long long received) {
  return {id,      "secure@example.org", "bob@example.org", "distributed", "do_it", "4Xyz", 1234,
          received};
}

}  // namespace

TEST_CASE("a mail's row is found again, and the first ending stands") {
  Opened opened;
  CHECK_FALSE(opened.ledger.find("aaa")->has_value());
  REQUIRE(opened.ledger.record(ended("aaa", 100)));
  MailRow second = ended("aaa", 200);
  second.outcome = "rejected";
  REQUIRE(opened.ledger.record(second));
  const auto found = opened.ledger.find("aaa");
  REQUIRE((found && found->has_value()));
  const MailRow& row = **found;
  CHECK(row.id == "aaa");
  CHECK(row.list == "secure@example.org");
  CHECK(row.from == "bob@example.org");
  CHECK(row.outcome == "distributed");
  CHECK(row.reason == "do_it");
  CHECK(row.mta_id == "4Xyz");
  CHECK(row.size == 1234);
  CHECK(row.received == 100);
}

TEST_CASE("recent mail comes newest first, so many and no more") {
  Opened opened;
  for (int i = 0; i < 5; ++i)
    REQUIRE(opened.ledger.record(ended("id" + std::to_string(i), 100 + i % 3)));
  const auto rows = opened.ledger.recent(3);
  REQUIRE((rows && rows->size() == 3));
  CHECK((*rows)[0].id == "id2");
  CHECK((*rows)[1].id == "id4");
  CHECK((*rows)[2].id == "id1");
}

TEST_CASE("copies of a packet are recorded together; a repeat replaces") {
  Opened opened;
  REQUIRE(opened.ledger.record_copies(
      {{"aaa", "bob@example.org", "failed", "", "", "451"},
       {"aaa", "al@example.org", "sent", "AB12", "AES-256-CBC", "250 ok"}}));
  REQUIRE(opened.ledger.record_copies(
      {{"aaa", "bob@example.org", "sent", "CD34", "AES-256-CBC", "250 ok"}}));
  REQUIRE(opened.ledger.record_copies({}));
  const auto copies = opened.ledger.copies("aaa");
  REQUIRE((copies && copies->size() == 2));
  CHECK((*copies)[0].member == "al@example.org");
  CHECK((*copies)[0].certificate == "AB12");
  CHECK((*copies)[0].cipher == "AES-256-CBC");
  CHECK((*copies)[1].member == "bob@example.org");
  CHECK((*copies)[1].outcome == "sent");
  CHECK((*copies)[1].reply == "250 ok");
  CHECK(opened.ledger.copies("bbb")->empty());
}

TEST_CASE("a row that need not wait for the disk is a row like any other") {
  Opened opened;
  REQUIRE(opened.ledger.record_soon(ended("aaa", 100)));
  const auto other = store::Database::open(opened.dir / "x.sqlite");
  REQUIRE(other);
  CHECK((*other)->ledger().find("aaa")->value().outcome == "distributed");
  MailRow second = ended("aaa", 200);
  second.outcome = "rejected";
  REQUIRE(opened.ledger.record_soon(second));
  CHECK(opened.ledger.find("aaa")->value().outcome == "distributed");
}

TEST_CASE("commits wait for the disk, but for those that say otherwise") {
  const testing::TempDir dir;
  const auto connection = store::Connection::open(dir / "x.sqlite");
  REQUIRE(connection);
  const auto synchronous = [&] {
    auto query = (*connection)->prepare("SELECT synchronous FROM pragma_synchronous");
    REQUIRE(query);
    REQUIRE(query->step().value());
    return query->integer(0);
  };
  CHECK(synchronous() == 2);  // FULL
  {
    const store::Unsynced unsynced(**connection);
    CHECK(synchronous() == 1);  // NORMAL
  }
  CHECK(synchronous() == 2);
}
