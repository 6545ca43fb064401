#include <fmt/core.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <set>

#include "cms/keys.h"
#include "pipeline/incoming.h"
#include "support/passing_ledger.h"
#include "support/pki.h"
#include "sys/file_system.h"

// A batch of ended mails, and a ledger that fails in the middle of it: each mail reaches one ending all the same.

using namespace paraph;
using paraph::testing::spit;
using paraph::testing::TempDir;

namespace {

struct Silent final : sys::Log {
  void write(sys::Level, std::string_view, std::initializer_list<Field>) override {}
};

/// The ledger of the site, until `fails`: then `recorded` rows of a batch are in it, and the caller hears of an Error.
class FailingLedger final : public paraph::testing::PassingLedger {
 public:
  using PassingLedger::PassingLedger;
  bool fails = false;
  std::size_t recorded = 0;

  Result<void> record_soon(const std::vector<store::MailRow>& rows) override {
    if (!fails) return inner_.record_soon(rows);
    const auto end = rows.begin() + static_cast<std::ptrdiff_t>(std::min(recorded, rows.size()));
    if (end != rows.begin())
      if (auto done = inner_.record_soon({rows.begin(), end}); !done) return done;
    return Error::later(Errc::io, "the database is locked");
  }
};

/// A site with one open list of two members, and a worker of the incoming daemon.
struct House {
  TempDir dir;
  config::Site site;
  std::unique_ptr<store::Database> database = *store::Database::open(dir / "x.sqlite");
  std::unique_ptr<list::CertificateStore> certificates =
      store::open_certificate_directory(*sys::open_root(dir / "certs"));
  std::unique_ptr<store::Recipients> recipients =
      store::open_recipients(*sys::open_root(dir / "certs"), database->recipient_records());
  FailingLedger ledger{database->ledger()};
  Silent log;
  sys::SystemClock clock;
  pipeline::Cache cache;
  spool::IncomingSpool msg{*sys::open_root(dir / "msg")};
  spool::HoldSpool auth{*sys::open_root(dir / "auth"), "auth"};
  spool::HoldSpool moderation{*sys::open_root(dir / "moderation"), "moderation"};

  House() : site(build()) {
    const auto address = *list::ListAddress::parse("list", "example.org");
    for (const auto* member : {"a@example.org", "b@example.org"})
      REQUIRE(database->directory().add_member(address, {.email = member}));
  }
  [[nodiscard]] config::Site build() const {
    for (const auto* each :
         {"list_data/list/scenari", "etc/scenari", "certs", "ca", "stock/scenarios",
          "stock/templates/mail_tt2", "msg", "auth", "moderation", "bulk"})
      std::filesystem::create_directories(dir / each);
    spit(dir / "paraph.conf",
         "domain example.org\nlistmaster boss@example.org\ncafile ca.pem\ncapath ca\n"
         "default_dir stock\nssl_cert_dir certs\n");
    spit(dir / "ca.pem", "");
    spit(
        dir / "stock/scenarios/send.open",
        "equal([sender],'held@example.org') smtp,smime -> editorkey\ntrue() smtp,smime -> do_it\n");
    for (const auto* name : {"moderate", "message_held"})
      spit(dir / fmt::format("stock/templates/mail_tt2/{}.tt2", name), "Subject: held\n\nheld\n");
    spit(dir / "list_data/list/config", "subject a\n\nsend open\n");
    return *config::Site::load(dir / "paraph.conf");
  }
  void accept(int number) {
    const auto now = clock.now();
    const spool::SpoolHeader header{.address = "list@example.org",
                                    .id = spool::QueueId::make(now, cms::random()),
                                    .received = now,
                                    .reverse_path = "a@example.org",
                                    .unknown_sender = false,
                                    .kind = {},
                                    .list = {},
                                    .auth = {},
                                    .sealed = {}};
    const std::string from = number % 3 == 0 ? "held@example.org" : "a@example.org";
    REQUIRE(msg.accept(
        header,
        fmt::format("From: {}\nMessage-ID: <{}@example.org>\nSubject: x\n\nbody\n", from, number),
        7, cms::random()));
  }
  /// One look at the spool by a fresh worker, with whatever it finds; how many have ended.
  std::size_t pass() {
    spool::BulkSpool bulk(*sys::open_root(dir / "bulk"), 1);
    spool::Desk desk({*sys::open_root(dir / "msg"), *sys::open_root(dir / "bulk"),
                      *sys::open_root(dir / "auth"), *sys::open_root(dir / "moderation")});
    const pipeline::IncomingSpools spools{msg, auth, moderation, bulk, desk};
    const pipeline::Ports ports{site,
                                database->directory(),
                                *certificates,
                                *recipients,
                                ledger,
                                database->alarms(),
                                database->guard(),
                                database->certificate_memory(),
                                database->notices(),
                                database->decision_keys(),
                                clock,
                                cms::random(),
                                cms::digest(),
                                log,
                                cache};
    std::size_t ended = 0;
    pipeline::Endings endings;
    const auto pending = msg.pending();
    for (const auto& name : *pending) {
      auto claim = msg.claim(name);
      REQUIRE(claim);
      if (!*claim) continue;
      if (pipeline::process(std::move(**claim), spools, ports, endings) == pipeline::Handled::ended)
        ++ended;
    }
    for (const auto& settled : pipeline::settle(endings, spools, ports))
      if (settled.handled == pipeline::Handled::ended) ++ended;
    return ended;
  }
  [[nodiscard]] std::set<std::string> files(const std::string& directory) const {
    std::set<std::string> names;
    if (!std::filesystem::exists(dir / directory)) return names;
    for (const auto& file : std::filesystem::directory_iterator(dir / directory))
      if (file.is_regular_file() && file.path().extension() != ".reason")
        names.insert(file.path().filename());
    return names;
  }
};

}  // namespace

TEST_CASE("a ledger that fails in the middle of a batch costs no ending and makes none twice",
          "[settle]") {
  constexpr std::size_t kMails = 6;
  for (std::size_t recorded = 0; recorded <= kMails; ++recorded) {
    INFO(recorded << " rows recorded before the failure");
    House house;
    for (std::size_t i = 0; i < kMails; ++i) house.accept(static_cast<int>(i));
    house.ledger.fails = true;
    house.ledger.recorded = recorded;
    REQUIRE(house.pass() == 0);
    REQUIRE(house.files("msg").size() == kMails);  // without a row none is removed
    const auto published = house.files("bulk/msg");
    const auto packets = house.files("bulk/pct");
    const auto held = house.files("moderation");
    const std::size_t notices =
        held.size() + 1;  // each editor's, and one a day to an unknown author
    REQUIRE(published.size() == 4 + notices);
    REQUIRE(packets.size() == 8 + notices);
    REQUIRE(held.size() == 2);

    house.ledger.fails = false;
    REQUIRE(house.pass() == kMails);
    REQUIRE(house.files("msg").empty());
    REQUIRE(house.files("msg/bad").empty());
    REQUIRE(house.files("bulk/msg") == published);  // as it was: nobody gets a second copy
    REQUIRE(house.files("bulk/pct") == packets);
    REQUIRE(house.files("moderation") == held);
    std::map<std::string, std::size_t> endings;
    const auto rows = house.ledger.recent(100);
    for (const auto& row : *rows) ++endings[row.outcome];
    REQUIRE(endings == std::map<std::string, std::size_t>{{"distributed", 4}, {"held", 2}});
  }
}
