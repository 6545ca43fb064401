#include <catch2/catch.hpp>

#include <filesystem>

#include "store/connection.h"
#include "store/schema.h"
#include "store/sql_ledger.h"
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
  REQUIRE(opened.ledger.record_copies({{"aaa", "eve@example.org", "failed", "", "", "550"}}));
  CHECK(*opened.ledger.counts("aaa") ==
        std::map<std::string, std::size_t>{{"sent", 2}, {"failed", 1}});
  CHECK(opened.ledger.counts("bbb")->empty());
}

namespace {

// What SQLite would do for a statement: SEARCH an index, or SCAN everything.
std::string plan_of(store::Connection& connection, std::string_view sql) {
  auto query = connection.prepare("EXPLAIN QUERY PLAN " + std::string(sql));
  REQUIRE(query);
  std::string plan;
  while (*query->step()) plan += query->text(3) + "\n";
  return plan;
}

void check_searches(store::Connection& connection, std::string_view sql, std::string_view index) {
  const std::string plan = plan_of(connection, sql);
  INFO(sql << "\n" << plan);
  CHECK(plan.find("SEARCH") != std::string::npos);
  CHECK(plan.find(index) != std::string::npos);
  CHECK(plan.find("SCAN") == std::string::npos);
}

std::vector<std::string> ids(const Result<std::vector<MailRow>>& rows) {
  REQUIRE(rows);
  std::vector<std::string> found;
  for (const auto& row : *rows) found.push_back(row.id);
  return found;
}

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("what trace asks is found by an index, whatever is asked") {
  const Opened opened;
  auto connection = *store::Connection::open(opened.dir / "x.sqlite");
  check_searches(*connection, store::kPrefixStatement, "PRIMARY KEY");
  check_searches(*connection, store::kMessageIdStatement, "paraph_mail_message_id");
  check_searches(*connection, store::search_statement({.list = "l"}), "paraph_mail_list");
  check_searches(*connection, store::search_statement({.from = "f"}), "paraph_mail_from");
  check_searches(*connection, store::search_statement({.member = "m"}), "paraph_copy_member");
  check_searches(*connection, store::search_statement({}), "paraph_mail_received");
  for (const auto* list : {"", "l"})
    for (const auto* from : {"", "f"})
      for (const auto* member : {"", "m"})
        check_searches(*connection,
                       store::search_statement({.list = list, .from = from, .member = member}), "");
}

TEST_CASE("mails are found by the beginning of their id, and by Message-ID") {
  Opened opened;
  for (const auto* id : {"abc2", "abc7", "abd2", "zzz"}) {
    MailRow row = ended(id, 100 + id[2]);
    row.message_id = id[0] == 'a' ? "one@example.org" : "two@example.org";
    REQUIRE(opened.ledger.record(row));
  }
  CHECK(ids(opened.ledger.with_prefix("abc", 10)) == Ids{"abc2", "abc7"});
  CHECK(ids(opened.ledger.with_prefix("ab", 2)) == Ids{"abc2", "abc7"});
  CHECK(ids(opened.ledger.with_prefix("zzz", 10)) == Ids{"zzz"});
  CHECK(ids(opened.ledger.with_prefix("b", 10)).empty());
  CHECK(ids(opened.ledger.with_prefix("%", 10)).empty());
  CHECK(ids(opened.ledger.with_message_id("one@example.org", 10)) == Ids{"abd2", "abc7", "abc2"});
  CHECK(ids(opened.ledger.with_message_id("two@example.org", 10)) == Ids{"zzz"});
  CHECK(ids(opened.ledger.with_message_id("", 10)).empty());
}

TEST_CASE("a Message-ID that the first writer did not know is filled in; a long one is cut") {
  Opened opened;
  REQUIRE(opened.ledger.record(ended("aaa", 100)));
  MailRow second = ended("aaa", 100);
  second.message_id = std::string(5000, 'x');
  REQUIRE(opened.ledger.record(second));
  CHECK((*opened.ledger.find("aaa"))->message_id == std::string(998, 'x'));
  CHECK(ids(opened.ledger.with_message_id(std::string(5000, 'x'), 10)) == Ids{"aaa"});
}

TEST_CASE("mails are found by list, sender, member and time together") {
  Opened opened;
  const auto put = [&](const std::string& id, const std::string& list, const std::string& from,
                       long long received, const std::vector<std::string>& members) {
    MailRow row = ended(id, received);
    row.list = list;
    row.from = from;
    REQUIRE(opened.ledger.record(row));
    std::vector<CopyRow> copies;
    for (const auto& member : members) copies.push_back({id, member, "sealed", "", "", ""});
    REQUIRE(opened.ledger.record_copies(copies));
  };
  put("a1", "l1", "ann", 100, {"bob", "eve"});
  put("a2", "l1", "bob", 200, {"ann", "eve"});
  put("a3", "l2", "ann", 300, {"bob"});
  put("a4", "l2", "eve", 400, {});
  CHECK(ids(opened.ledger.search({})) == Ids{"a4", "a3", "a2", "a1"});
  CHECK(ids(opened.ledger.search({.limit = 2})) == Ids{"a4", "a3"});
  CHECK(ids(opened.ledger.search({.since = 300})) == Ids{"a4", "a3"});
  CHECK(ids(opened.ledger.search({.list = "l1"})) == Ids{"a2", "a1"});
  CHECK(ids(opened.ledger.search({.from = "ann"})) == Ids{"a3", "a1"});
  CHECK(ids(opened.ledger.search({.member = "bob"})) == Ids{"a3", "a1"});
  CHECK(ids(opened.ledger.search({.list = "l1", .from = "ann", .member = "eve", .since = 100})) ==
        Ids{"a1"});
  CHECK(ids(opened.ledger.search({.member = "bob", .since = 101})) == Ids{"a3"});
}

TEST_CASE("the endings since a moment are counted by their word") {
  Opened opened;
  for (const auto* id : {"a", "b", "c"}) {
    MailRow row = ended(id, 100 + id[0]);
    if (id[0] == 'c') row.outcome = "rejected";
    REQUIRE(opened.ledger.record(row));
  }
  using Counts = std::map<std::string, std::size_t>;
  CHECK(*opened.ledger.endings(0) == Counts{{"distributed", 2}, {"rejected", 1}});
  CHECK(*opened.ledger.endings(100 + 'b') == Counts{{"distributed", 1}, {"rejected", 1}});
  CHECK(opened.ledger.endings(1000)->empty());
}

TEST_CASE("a held or quarantined mail ends anew; every other first ending stands") {
  Opened opened;
  for (const auto* first : {"held", "quarantined", "distributed", "rejected", "dropped"}) {
    MailRow row = ended(first, 100);
    row.outcome = first;
    row.reason = "one";
    REQUIRE(opened.ledger.record(row));
    row.outcome = "dropped";
    row.reason = "two";
    REQUIRE(opened.ledger.record(row));
    const auto found = **opened.ledger.find(first);
    const bool replaced =
        std::string_view(first) == "held" || std::string_view(first) == "quarantined";
    INFO(first);
    CHECK(found.outcome == (replaced ? "dropped" : first));
    CHECK(found.reason == (replaced ? "two" : "one"));
  }
}

TEST_CASE("expiry forgets the oldest first, a bounded portion a call, with all copies") {
  Opened opened;
  constexpr auto kPortion = store::Ledger::kExpirePortion;
  REQUIRE(opened.ledger.record(ended("old", 100)));
  REQUIRE(opened.ledger.record(ended("older", 50)));
  REQUIRE(opened.ledger.record(ended("new", 200)));
  std::vector<CopyRow> copies;
  for (std::size_t i = 0; i < 2 * kPortion; ++i)
    copies.push_back({"old", "m" + std::to_string(i), "sealed", "", "", ""});
  copies.push_back({"new", "bob", "sealed", "", "", ""});
  REQUIRE(opened.ledger.record_copies(copies));

  CHECK(*opened.ledger.expire(200) == kPortion);  // "older", then copies of "old"
  CHECK(ids(opened.ledger.search({})) == Ids{"new", "old"});
  CHECK(opened.ledger.copies("old")->size() == kPortion + 1);
  CHECK(*opened.ledger.expire(200) == kPortion);
  CHECK(opened.ledger.copies("old")->size() == 1);
  CHECK(*opened.ledger.expire(200) == 2);
  CHECK(ids(opened.ledger.search({})) == Ids{"new"});
  CHECK(opened.ledger.copies("old")->empty());
  CHECK(opened.ledger.copies("new")->size() == 1);
  CHECK(*opened.ledger.expire(200) == 0);
}

TEST_CASE("expiry forgets the records of recipients who have left all lists") {
  Opened opened;
  auto& records = opened.database->recipient_records();
  const auto list = *list::ListAddress::parse("secure", "example.org");
  constexpr auto kPortion = store::Ledger::kExpirePortion;
  std::vector<store::RecipientRecords::Row> rows;
  for (std::size_t i = 0; i < 2 * kPortion; ++i)
    rows.push_back({"m" + std::to_string(100000 + i), "record"});
  REQUIRE(records.put(rows));
  const std::vector<std::string> members{rows[0].address, rows[kPortion].address,
                                         rows.back().address};
  for (const auto& member : members)
    REQUIRE(opened.database->directory().add_member(list, {.email = member}));
  const auto left = [&] {
    std::vector<std::string> addresses;
    for (const auto& row : rows) addresses.push_back(row.address);
    return records.fetch(addresses)->size();
  };
  REQUIRE(opened.ledger.expire(0));
  CHECK(left() == kPortion + 1);  // so many were looked at
  REQUIRE(opened.ledger.expire(0));
  CHECK(left() == members.size());
  // From the start again.
  REQUIRE(opened.ledger.expire(0));
  REQUIRE(opened.database->directory().remove_member(list, members[0]));
  REQUIRE(opened.ledger.expire(0));
  CHECK(records.fetch({members[0]})->empty());
  CHECK(left() == members.size() - 1);
}

TEST_CASE("the ledger is read while somebody writes, and nothing is made or changed") {
  Opened opened;
  REQUIRE(opened.ledger.record(ended("aaa", 100)));
  auto writer = *store::Connection::open(opened.dir / "x.sqlite");
  REQUIRE(writer->execute("BEGIN EXCLUSIVE"));
  auto reader = store::open_for_reading(opened.dir / "x.sqlite");
  REQUIRE(reader);
  CHECK(reader->limits.empty());
  CHECK(ids(reader->database->ledger().search({})) == Ids{"aaa"});
  CHECK(reader->database->problems()->empty());
  CHECK_FALSE(reader->database->ledger().record(ended("bbb", 100)));
  const auto locked = store::check_writable(opened.dir / "x.sqlite");
  REQUIRE_FALSE(locked);
  CHECK(locked.error().code() == Errc::busy);
  REQUIRE(writer->execute("ROLLBACK"));
  CHECK(store::check_writable(opened.dir / "x.sqlite"));
  const auto absent = store::open_for_reading(opened.dir / "absent.sqlite");
  REQUIRE_FALSE(absent);
  CHECK(absent.error().code() == Errc::not_found);
  CHECK_FALSE(std::filesystem::exists(opened.dir / "absent.sqlite"));
}

TEST_CASE("reading says what is wrong with the file") {
  const testing::TempDir dir;
  testing::spit(dir / "not.sqlite", std::string(4096, 'x'));
  auto damaged = store::open_for_reading(dir / "not.sqlite");
  REQUIRE_FALSE(damaged);
  CHECK(damaged.error().code() == Errc::corrupt);
  {
    auto connection = *store::Connection::open(dir / "old.sqlite");
    REQUIRE(store::bring_up_to_date(*connection, {store::migrations().front()}));
  }
  auto old = store::open_for_reading(dir / "old.sqlite");
  REQUIRE_FALSE(old);
  CHECK(old.error().what().find("schema is number 1") != std::string::npos);
  { auto brought = *store::Database::open(dir / "old.sqlite"); }
  CHECK(store::open_for_reading(dir / "old.sqlite"));
  {
    auto connection = *store::Connection::open(dir / "old.sqlite");
    REQUIRE(connection->execute("UPDATE paraph_schema SET version = 99"));
  }
  auto newer = store::open_for_reading(dir / "old.sqlite");
  REQUIRE_FALSE(newer);
  CHECK(newer.error().what().find("99") != std::string::npos);
}

TEST_CASE("a row that need not wait for the disk is a row like any other") {
  Opened opened;
  REQUIRE(opened.ledger.record_soon({ended("aaa", 100)}));
  const auto other = store::Database::open(opened.dir / "x.sqlite");
  REQUIRE(other);
  CHECK((*other)->ledger().find("aaa")->value().outcome == "distributed");
  MailRow second = ended("aaa", 200);
  second.outcome = "rejected";
  REQUIRE(opened.ledger.record_soon({second}));
  CHECK(opened.ledger.find("aaa")->value().outcome == "distributed");
}

TEST_CASE("commits wait for the disk, but for those that say otherwise") {
  const testing::TempDir dir;
  const auto connection = store::Connection::open(dir / "x.sqlite");
  REQUIRE(connection);
  REQUIRE((*connection)->execute("CREATE TABLE t (x)"));
  // What the last commit waited for: 2 is FULL, 1 is NORMAL.
  const auto waited = [&] {
    auto query = (*connection)->prepare("SELECT synchronous FROM pragma_synchronous");
    REQUIRE(query);
    REQUIRE(query->step().value());
    return query->integer(0);
  };
  const auto write = [&] {
    auto query = (*connection)->prepare("INSERT INTO t VALUES (1)");
    REQUIRE(query);
    REQUIRE(query->run());
  };
  write();
  CHECK(waited() == 2);
  {
    const store::Unsynced unsynced(**connection);
    write();
    CHECK(waited() == 1);
    write();
    CHECK(waited() == 1);
  }
  write();
  CHECK(waited() == 2);
  {
    const store::Unsynced unsynced(**connection);
    write();
  }
  auto transaction = store::Transaction::begin(**connection);
  REQUIRE(transaction);
  CHECK(waited() == 2);
  {
    const store::Unsynced too_late(**connection);
    write();
    CHECK(waited() == 2);
  }
  REQUIRE(transaction->commit());
}
