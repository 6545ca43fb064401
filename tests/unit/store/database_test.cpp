#include <sys/stat.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <thread>
#include <tuple>

#include "store/connection.h"
#include "store/schema.h"
#include "store/store.h"
#include "support/pki.h"

using namespace paraph;
using list::ListAddress;
using store::Connection;
using store::Database;
using testing::sh;
using testing::spit;
using testing::TempDir;
namespace fs = std::filesystem;

namespace {

std::string ask(const std::string& file, const std::string& sql) {
  std::string out = sh(
      "python3 -c 'import sqlite3,sys\nfor r in sqlite3.connect(sys.argv[1]).execute(sys.argv[2]): "
      "print(\"|\".join(str(c) for c in r))' '" +
      file + "' \"" + sql + "\"");
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

// Runs a script with Python's SQLite: not our code.
void script(const std::string& file, const std::string& sql) {
  sh("python3 -c 'import sqlite3,sys\nc=sqlite3.connect(sys.argv[1]); "
     "c.executescript(sys.stdin.read()); c.close()' '" +
         file + "'",
     sql);
}

ListAddress secure() {
  return *ListAddress::parse("secure", "example.org");
}

constexpr const char* current_schema = "select max(version) from paraph_schema";

}  // namespace

TEST_CASE("a new database: private, write-ahead logged, with Sympa's tables and ours") {
  const TempDir dir;
  const std::string file = dir / "paraph.sqlite";
  const auto database = Database::open(file);
  REQUIRE(database);
  CHECK((*database)->schema_version() == static_cast<int>(store::migrations().size()));
  REQUIRE((*database)->directory().add_member(secure(), {.email = "a@example.org"}));
  for (const char* suffix : {"", "-wal", "-shm"}) {
    INFO(suffix);
    CHECK((fs::status(file + suffix).permissions() & fs::perms::all) ==
          (fs::perms::owner_read | fs::perms::owner_write));
  }
  CHECK(ask(file, "pragma journal_mode") == "wal");
  CHECK(ask(file,
            "select group_concat(name) from (select name from pragma_table_info('admin_table') "
            "where pk > 0 order by pk)") == "user_admin,list_admin,robot_admin,role_admin");
  CHECK(ask(file,
            "select group_concat(name) from (select name from sqlite_master where type = 'table' "
            "order by name)") ==
        "admin_table,exclusion_table,paraph_alarm,paraph_capability,paraph_certificate,"
        "paraph_copy,paraph_guard,paraph_key,paraph_mail,paraph_missed,paraph_notice,paraph_reader,"
        "paraph_"
        "recipient,"
        "paraph_schema,"
        "subscriber_table,user_"
        "table");
}

TEST_CASE("the file is private whatever the umask") {
  const TempDir dir;
  const std::string file = dir / "paraph.sqlite";
  const auto before = ::umask(0);
  const auto database = Database::open(file);
  ::umask(before);
  REQUIRE(database);
  CHECK((fs::status(file).permissions() & (fs::perms::group_all | fs::perms::others_all)) ==
        fs::perms::none);
}

TEST_CASE("each connection keeps temporary data in memory and checks foreign keys") {
  const TempDir dir;
  auto connection = Connection::open(dir / "x.sqlite");
  REQUIRE(connection);
  const auto pragma = [&](std::string_view sql) {
    auto query = (*connection)->prepare(sql);
    REQUIRE(query);
    REQUIRE(*query->step());
    return query->integer(0);
  };
  CHECK(pragma("PRAGMA temp_store") == 2);
  CHECK(pragma("PRAGMA foreign_keys") == 1);
  CHECK(pragma("PRAGMA synchronous") == 2);
}

// The columns as Sympa's own SQLite driver makes them, with a site's additional column and an index
// of its own.
constexpr const char* sympa_database = R"sql(
CREATE TABLE subscriber_table (user_subscriber text NOT NULL, list_subscriber text NOT NULL, robot_subscriber text NOT NULL,
 reception_subscriber text, suspend_subscriber integer, suspend_start_date_subscriber integer, suspend_end_date_subscriber integer,
 bounce_subscriber text, bounce_score_subscriber integer, bounce_address_subscriber text, date_epoch_subscriber integer NOT NULL,
 update_epoch_subscriber integer, inclusion_subscriber integer, inclusion_ext_subscriber integer, inclusion_label_subscriber text,
 comment_subscriber text, number_messages_subscriber integer NOT NULL, visibility_subscriber text, topics_subscriber text,
 subscribed_subscriber integer, custom_attribute_subscriber text, phone_subscriber text,
 PRIMARY KEY (user_subscriber, list_subscriber, robot_subscriber));
CREATE INDEX subscriber_user_index ON subscriber_table (user_subscriber);
CREATE TABLE user_table (email_user text NOT NULL, password_user text, gecos_user text, last_login_date_user integer,
 last_login_host_user text, wrong_login_count_user integer, last_active_date_user integer, cookie_delay_user integer, lang_user text,
 attributes_user text, data_user text, PRIMARY KEY (email_user));
CREATE TABLE admin_table (user_admin text NOT NULL, list_admin text NOT NULL, robot_admin text NOT NULL, role_admin text NOT NULL,
 profile_admin text, date_epoch_admin integer NOT NULL, update_epoch_admin integer, inclusion_admin integer, inclusion_ext_admin integer,
 inclusion_label_admin text, reception_admin text, visibility_admin text, comment_admin text, subscribed_admin integer, info_admin text,
 PRIMARY KEY (user_admin, list_admin, robot_admin, role_admin));
CREATE TABLE logs_table (user_email_logs text, date_logs integer NOT NULL);
INSERT INTO subscriber_table VALUES
 ('anna@example.org','secure','example.org',NULL,NULL,NULL,NULL,NULL,NULL,NULL,1500000000,NULL,NULL,NULL,NULL,'Anna Ä',7,NULL,NULL,1,NULL,'1'),
 ('bert@example.org','secure','example.org','',1,NULL,NULL,'1 2 3 5.1.1',9,NULL,1500000001,NULL,NULL,NULL,NULL,NULL,0,'conceal',NULL,1,NULL,'2'),
 ('cora@example.org','secure','example.org','digest',1,2000,3000,NULL,NULL,NULL,1500000002,NULL,1,NULL,NULL,NULL,0,'noconceal',NULL,0,NULL,'3'),
 ('dora@example.org','secure','example.org','something',0,NULL,NULL,NULL,NULL,NULL,1500000003,NULL,NULL,NULL,NULL,NULL,0,'',NULL,1,NULL,NULL),
 ('anna@example.org','secure','other.example','nomail',NULL,NULL,NULL,NULL,NULL,NULL,1500000000,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,1,NULL,NULL),
 ('zoe@example.org','secure2','example.org','mail',NULL,NULL,NULL,NULL,NULL,NULL,1500000000,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,1,NULL,NULL);
INSERT INTO admin_table VALUES
 ('olga@example.org','secure','example.org','owner','privileged',1500000000,NULL,NULL,NULL,NULL,'mail','noconceal','Olga',1,NULL),
 ('otto@example.org','secure','example.org','owner','normal',1500000000,NULL,NULL,NULL,NULL,'nomail','conceal',NULL,1,NULL),
 ('emil@example.org','secure','example.org','editor',NULL,1500000000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,NULL),
 ('boss@example.org','*','example.org','listmaster',NULL,1500000000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,NULL);
)sql";

TEST_CASE("a database that Sympa made opens as it is") {
  const TempDir dir;
  const std::string file = dir / "sympa.sqlite";
  script(file, sympa_database);
  const std::string tables =
      "select sql from sqlite_master where sql is not null and name not like 'paraph%' and name <> "
      "'exclusion_table' order by name";
  const std::string rows = "select * from subscriber_table order by 1, 2, 3";
  const std::string before = ask(file, tables);
  const std::string rows_before = ask(file, rows);
  {
    const auto database =
        Database::open(file, std::make_shared<FixedClock>(TimePoint(std::chrono::seconds(2500))));
    REQUIRE(database);
    CHECK(ask(file, rows) == rows_before);
    auto& directory = (*database)->directory();
    const auto members = directory.members(secure(), "", 100);
    REQUIRE(members);
    REQUIRE(members->size() == 4);
    const auto& [anna, bert, cora, dora] =
        std::tie((*members)[0], (*members)[1], (*members)[2], (*members)[3]);
    CHECK(anna.email == "anna@example.org");
    CHECK(anna.gecos == "Anna Ä");
    CHECK(anna.reception == list::ReceptionMode::mail);
    CHECK_FALSE((anna.conceal || anna.suspended));
    CHECK(epoch(anna.since) == 1500000000);
    CHECK(bert.reception == list::ReceptionMode::mail);
    CHECK((bert.conceal && bert.suspended));
    CHECK(cora.reception == list::ReceptionMode::digest);
    CHECK((!cora.conceal && cora.suspended));
    CHECK(dora.reception == list::ReceptionMode::mail);
    CHECK_FALSE(dora.suspended);
    const auto owners = directory.admins(secure(), list::Role::owner);
    REQUIRE((owners && owners->size() == 2));
    CHECK(((*owners)[0].email == "olga@example.org" && (*owners)[0].gecos == "Olga" &&
           (*owners)[0].privileged && (*owners)[0].receives));
    CHECK(((*owners)[1].email == "otto@example.org" && !(*owners)[1].privileged &&
           !(*owners)[1].receives));
    const auto editors = directory.admins(secure(), list::Role::editor);
    REQUIRE((editors && editors->size() == 1));
    CHECK((*editors)[0].receives);
    CHECK(*directory.add_member(secure(), {.email = "new@example.org"}));
    CHECK(*directory.remove_member(secure(), "ANNA@example.org"));
  }
  CHECK(ask(file,
            "select robot_subscriber from subscriber_table where user_subscriber = "
            "'anna@example.org'") == "other.example");
  CHECK(ask(file,
            "select phone_subscriber, subscribed_subscriber, reception_subscriber, "
            "visibility_subscriber, date_epoch_subscriber "
            "from subscriber_table where user_subscriber = 'new@example.org'") ==
        "None|1|mail|noconceal|2500");
  CHECK(ask(file, tables) == before);
}

TEST_CASE("a column that is missing is said, and nothing is guessed") {
  const TempDir dir;
  const std::string file = dir / "old.sqlite";
  script(file,
         "CREATE TABLE subscriber_table (user_subscriber text NOT NULL, list_subscriber text, "
         "robot_subscriber text, "
         "PRIMARY KEY (user_subscriber, list_subscriber, robot_subscriber));");
  const auto database = Database::open(file);
  REQUIRE(database);
  const auto members = (*database)->directory().members(secure(), "", 10);
  REQUIRE_FALSE(members);
  CHECK(members.error().what().find("no such column: comment_subscriber") != std::string::npos);
  CHECK(members.error().retry() == Retry::later);
}

TEST_CASE("a table that is gone makes mail wait, and is no fault of the mail") {
  const TempDir dir;
  const std::string file = dir / "x.sqlite";
  const auto database = Database::open(file);
  REQUIRE(database);
  script(file, "DROP TABLE paraph_mail; DROP TABLE subscriber_table;");
  const auto members = (*database)->directory().members(secure(), "", 10);
  const auto found = (*database)->ledger().find("x");
  for (const auto* error : {&members.error(), &found.error()}) {
    CHECK(error->what().find("no such table") != std::string::npos);
    CHECK(error->what().find(file) != std::string::npos);
    CHECK(error->retry() == Retry::later);
    CHECK_FALSE(error->hint().empty());
  }
}

TEST_CASE("steps of the schema run once, in order, and all or nothing") {
  const TempDir dir;
  const std::string file = dir / "x.sqlite";
  const std::vector<store::Migration> first = {
      {"one", "CREATE TABLE paraph_one (a); INSERT INTO paraph_one VALUES (1);"}};
  std::vector<store::Migration> second = first;
  second.push_back(
      {"two", "ALTER TABLE paraph_one ADD COLUMN b; UPDATE paraph_one SET b = a + 1;"});
  std::vector<store::Migration> broken = second;
  broken.push_back({"three", "CREATE TABLE paraph_three (a); CREATE TABLE paraph_one (a);"});

  const auto connection = Connection::open(file);
  REQUIRE(connection);
  REQUIRE(store::bring_up_to_date(**connection, first));
  REQUIRE(store::bring_up_to_date(**connection, first));
  CHECK(ask(file, "select a from paraph_one") == "1");
  REQUIRE(store::bring_up_to_date(**connection, second));
  CHECK(ask(file, "select a, b from paraph_one") == "1|2");
  CHECK(ask(file, current_schema) == "2");
  const auto failed = store::bring_up_to_date(**connection, broken);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().what().find("schema step 3 (three): ") == 0);
  CHECK(ask(file, current_schema) == "2");
  CHECK(ask(file, "select count(*) from sqlite_master where name = 'paraph_three'") == "0");
}

TEST_CASE("a schema newer than the program is refused and untouched") {
  const TempDir dir;
  const std::string file = dir / "x.sqlite";
  script(file,
         "CREATE TABLE paraph_schema (version integer NOT NULL); INSERT INTO paraph_schema VALUES "
         "(99);");
  const auto database = Database::open(file);
  REQUIRE_FALSE(database);
  CHECK(database.error().retry() == Retry::never);
  CHECK(database.error().what().find("its schema is number 99") != std::string::npos);
  CHECK(ask(file, "select count(*) from sqlite_master") == "1");
}

TEST_CASE("what is no database is an error with the file's name, and mail waits") {
  const TempDir dir;
  const std::string file = dir / "x.sqlite";
  spit(file, std::string(5000, 'x'));
  const auto garbage = Database::open(file);
  REQUIRE_FALSE(garbage);
  CHECK(garbage.error().code() == Errc::corrupt);
  CHECK(garbage.error().retry() == Retry::later);
  CHECK(garbage.error().what().find(file) != std::string::npos);
  CHECK(Database::open(dir / "none/x.sqlite").error().retry() == Retry::later);
  fs::create_directory(dir / "folder");
  CHECK(Database::open(dir / "folder").error().retry() == Retry::later);
}

TEST_CASE("a damaged page is an error, not a wrong answer") {
  const TempDir dir;
  const std::string file = dir / "x.sqlite";
  {
    const auto database = Database::open(file);
    REQUIRE(database);
    REQUIRE((*database)->together([&]() -> Result<void> {
      for (int i = 0; i < 500; ++i) {
        const auto added = (*database)->directory().add_member(
            secure(), {.email = "m" + std::to_string(i) + "@example.org"});
        if (!added) return added.error();
      }
      return {};
    }));
  }
  std::string octets = testing::slurp(file);
  for (std::size_t i = 8192; i < octets.size(); ++i) octets[i] = static_cast<char>(0xA5);
  spit(file, octets);
  const auto database = Database::open(file);
  const auto members = database ? (*database)->directory().members(secure(), "", 1000)
                                : Result<std::vector<list::Subscriber>>(database.error());
  REQUIRE_FALSE(members);
  CHECK(members.error().code() == Errc::corrupt);
}

TEST_CASE("a locked database says busy, later, and works again afterwards") {
  const TempDir dir;
  const std::string file = dir / "x.sqlite";
  REQUIRE(Database::open(file));
  auto holder = Connection::open(file);
  auto other = Connection::open(file, std::chrono::milliseconds(50));
  REQUIRE((holder && other));
  {
    auto held = store::Transaction::begin(**holder);
    REQUIRE(held);
    const auto refused = store::Transaction::begin(**other);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == Errc::busy);
    CHECK(refused.error().retry() == Retry::later);
    CHECK(refused.error().what().find("locked") != std::string::npos);
    CHECK(Database::open(file));  // an up-to-date file opens, and is read, without the lock
  }
  CHECK(store::Transaction::begin(**other));
}

TEST_CASE("a lock is waited for as long as patience lasts, and no longer") {
  using std::chrono::milliseconds;
  using std::chrono::steady_clock;
  const TempDir dir;
  const std::string file = dir / "x.sqlite";
  auto holder = Connection::open(file);
  auto patient = Connection::open(file);
  auto hasty = Connection::open(file, milliseconds(100));
  REQUIRE((holder && patient && hasty));
  auto held = std::make_optional(store::Transaction::begin(**holder));
  REQUIRE(*held);
  const auto start = steady_clock::now();
  CHECK_FALSE(store::Transaction::begin(**hasty));
  CHECK(steady_clock::now() - start >= milliseconds(100));
  std::thread later([&] {
    std::this_thread::sleep_for(milliseconds(300));
    held.reset();
  });
  CHECK(store::Transaction::begin(**patient));
  later.join();
  CHECK(steady_clock::now() - start < Connection::default_patience);
}

TEST_CASE("two connections write in turns and see each other's rows") {
  const TempDir dir;
  const std::string file = dir / "x.sqlite";
  std::atomic<int> added{0};
  std::atomic<int> failed{0};
  // Both open at once too: the first makes the tables, the second waits for it.
  const auto work = [&](const std::string& who) {
    const auto database = Database::open(file);
    if (!database) {
      ++failed;
      return;
    }
    for (int i = 0; i < 40; ++i) {
      for (const std::string& email : {who + std::to_string(i) + "@example.org",
                                       "both" + std::to_string(i) + "@example.org"}) {
        const auto done = (*database)->directory().add_member(secure(), {.email = email});
        if (!done) ++failed;
        if (done && *done) ++added;
      }
    }
  };
  std::thread first(work, "a");
  std::thread second(work, "b");
  first.join();
  second.join();
  CHECK(failed == 0);
  CHECK(added == 120);
  CHECK(*(*Database::open(file))->directory().count(secure()) == 120);
}

TEST_CASE("work together is all or nothing") {
  const TempDir dir;
  const auto database = Database::open(dir / "x.sqlite");
  REQUIRE(database);
  auto& directory = (*database)->directory();
  const auto failed = (*database)->together([&]() -> Result<void> {
    if (const auto added = directory.add_member(secure(), {.email = "a@example.org"}); !added)
      return added.error();
    return Error::never(Errc::limit, "enough");
  });
  REQUIRE_FALSE(failed);
  CHECK(failed.error().what() == "enough");
  CHECK(*directory.count(secure()) == 0);
}

TEST_CASE("what else the rows of a member and of a person say") {
  const TempDir dir;
  const std::string file = dir / "paraph.sqlite";
  const auto database = *Database::open(file);
  auto& directory = database->directory();
  REQUIRE(*directory.add_member(secure(), {.email = "bob@example.org"}));
  script(file,
         "update subscriber_table set bounce_score_subscriber = 40, topics_subscriber = 'a,b';"
         "insert into user_table (email_user, lang_user, password_user) "
         "values ('bob@example.org', 'de', 'geheim');");
  CHECK(*directory.member_value(secure(), "BOB@example.org", "bounce_score") == "40");
  CHECK(*directory.member_value(secure(), "bob@example.org", "topics") == "a,b");
  CHECK(directory.member_value(secure(), "bob@example.org", "bounce")->empty());
  CHECK(directory.member_value(secure(), "bob@example.org", "user_subscriber")->empty());
  CHECK(directory.member_value(secure(), "eve@example.org", "bounce_score")->empty());
  CHECK(*directory.user_value("Bob@example.org", "lang") == "de");
  CHECK(directory.user_value("bob@example.org", "password")->empty());
  CHECK(directory.user_value("eve@example.org", "lang")->empty());
}
