#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <optional>

#include "cms/keys.h"
#include "delivery/courier.h"
#include "pipeline/distribution.h"
#include "pipeline/incoming.h"
#include "support/faulty_file_system.h"
#include "support/memory_file_system.h"
#include "support/pki.h"
#include "support/still_ports.h"

// Queue, incoming and distribution as the programs wire them, with every call of their disks broken in every way: whatever
// the queue accepted comes to its ending, and every member has exactly one copy, at most one more of what was in flight.

using namespace paraph;
using namespace paraph::testing;

namespace {

struct Silent final : sys::Log {
  void write(sys::Level, std::string_view, std::initializer_list<Field>) override {}
};

struct Mail {
  const char* from;
  const char* ending;
};
constexpr std::array<Mail, 3> kMails{{{"a@example.org", "distributed"},
                                      {"held@example.org", "held"},
                                      {"refused@example.org", "rejected"}}};
constexpr std::size_t kEditorsNotices = 1, kAuthorsNotices = 1, kRefusals = 1;
constexpr std::array kMembers{"a@example.org", "b@example.org", "c@example.org"};
constexpr std::size_t kPacket = 2;  // so the members of a post are two packets

/// Where copies end up; nothing of a dead process arrives.
class Letterbox final : public delivery::Courier {
 public:
  const FaultyFileSystem* process = nullptr;
  std::map<std::pair<std::string, std::string>, std::size_t> copies;  ///< by member and Subject

  Result<std::vector<delivery::DeliveryStatus>> deliver(const mail::Envelope& envelope,
                                                        const delivery::Content& content) override {
    if (process != nullptr && process->dead()) return Error::later(Errc::io, "gone");
    const std::string text = std::string(content.front).append(content.tail);
    const auto subject = text.find("\nSubject: ") + 10;
    std::vector<delivery::DeliveryStatus> answers;
    for (const auto& member : envelope.forward_paths) {
      ++copies[{member, text.substr(subject, text.find_first_of("\r\n", subject) - subject)}];
      answers.push_back({member, delivery::Delivery::delivered, "250 ok"});
    }
    return answers;
  }
};

/// A site whose list is open to everybody but two, on a real disk; made once, since the walk is about the spools.
struct Site {
  TempDir dir;
  config::Site config;
  mutable pipeline::Cache cache;  ///< of what is never changed here
  Site() : config(build()) {
    const auto database = *store::Database::open(dir / "fresh.sqlite");
    const auto list = *list::ListAddress::parse("list", "example.org");
    for (const auto* member : kMembers)
      REQUIRE(database->directory().add_member(list, {.email = member}));
  }
  [[nodiscard]] config::Site build() const {
    for (const auto* each : {"list_data/list/scenari", "etc/scenari", "certs"})
      std::filesystem::create_directories(dir / each);
    spit(dir / "paraph.conf",
         fmt::format("domain example.org\nlistmaster boss@example.org\ncafile ca.pem\n"
                     "ssl_cert_dir certs\ntransport maildir:nowhere\ndefault_dir {}\n",
                     PARAPH_SOURCE_DIR));
    spit(dir / "ca.pem", "");
    spit(
        dir / "list_data/list/scenari/send.most",
        "equal([sender],'held@example.org') smtp,smime -> editorkey\n"
        "equal([sender],'refused@example.org') smtp,smime -> reject\ntrue() smtp,smime -> do_it\n");
    spit(dir / "list_data/list/config", "subject a\n\nsend most\n");
    return *config::Site::load(dir / "paraph.conf");
  }
};

struct Disks {
  sys::FileSystem &msg, &auth, &moderation, &bulk;
};

class World {
 public:
  explicit World(const Site& site) : site_(site) {
    for (auto* disk : {&msg, &auth, &moderation, &bulk}) disk->set_now(clock_.now());
    open_fresh_database();
  }

  MemoryFileSystem msg, auth, moderation, bulk;
  Letterbox letterbox;
  bool distributing = false;  ///< rows are on the disk from then on
  std::array<bool, kMails.size()> accepted{};

  [[nodiscard]] Disks disks() { return {msg, auth, moderation, bulk}; }
  [[nodiscard]] store::Ledger& ledger() { return database_->ledger(); }

  void open_fresh_database() {
    database_.reset();
    for (const auto* tail : {"-wal", "-shm"})
      std::filesystem::remove(site_.dir / ("x.sqlite" + std::string(tail)));
    std::filesystem::copy_file(site_.dir / "fresh.sqlite", site_.dir / "x.sqlite",
                               std::filesystem::copy_options::overwrite_existing);
    database_ = *store::Database::open(site_.dir / "x.sqlite");
  }

  /// As an MTA calls the queue: with what has not been accepted yet.
  void queue(const Disks& disks) {
    spool::IncomingSpool spool(borrow(disks.msg));
    for (std::size_t i = 0; i < kMails.size(); ++i) {
      if (accepted.at(i)) continue;
      const auto now = clock_.now();
      const spool::SpoolHeader header{.address = "list@example.org",
                                      .id = spool::QueueId::make(now, random_),
                                      .received = now,
                                      .reverse_path = kMails.at(i).from,
                                      .unknown_sender = false,
                                      .kind = {},
                                      .list = {},
                                      .auth = {},
                                      .sealed = {}};
      accepted.at(i) = static_cast<bool>(
          spool.accept(header,
                       fmt::format("From: {}\nMessage-ID: <{}@example.org>\nSubject: post {}\n\n"
                                   "body\n",
                                   kMails.at(i).from, i, i),
                       7, random_));
    }
  }

  /// One pass of paraph-incoming. False: nothing waits.
  bool incoming(const Disks& disks) {
    spool::IncomingSpool waiting(borrow(disks.msg));
    spool::HoldSpool for_confirmation(borrow(disks.auth), "auth");
    spool::HoldSpool for_editors(borrow(disks.moderation), "moderation");
    spool::BulkSpool out(borrow(disks.bulk), kPacket);
    spool::Desk desk(
        {borrow(disks.msg), borrow(disks.bulk), borrow(disks.auth), borrow(disks.moderation)});
    const pipeline::IncomingSpools spools{waiting, for_confirmation, for_editors, out, desk};
    const auto ports = make_ports();
    const auto names = waiting.pending(clock_.now());
    if (!names) return true;
    pipeline::Endings endings;
    for (const auto& name : *names) {
      auto claim = waiting.claim(name);
      if (claim && *claim)
        static_cast<void>(pipeline::process(std::move(**claim), spools, ports, endings));
    }
    static_cast<void>(pipeline::settle(endings, spools, ports));
    return !names->empty();
  }

  /// One pass of paraph-distribute. False: nothing waits.
  bool distribute(const Disks& disks) {
    distributing = distributing || letterbox.process == nullptr || !letterbox.process->dead();
    spool::BulkSpool out(borrow(disks.bulk), kPacket);
    const auto names = out.pending(clock_.now());
    if (!names) return true;
    const auto ports = make_ports();
    for (const auto& name : *names) {
      auto claim = out.claim(name);
      if (claim && *claim)
        static_cast<void>(pipeline::send(std::move(**claim), out, letterbox, ports));
    }
    return !names->empty();
  }

  void everything(const Disks& disks) {
    queue(disks);
    incoming(disks);
    distribute(disks);
  }
  /// After a restart, until nothing waits.
  void repeat() {
    letterbox.process = nullptr;
    queue(disks());
    for (int i = 0; i < 5; ++i) {
      const bool more = incoming(disks());
      if (!distribute(disks()) && !more) return;
    }
    FAIL("mail still waits");
  }

 private:
  static std::shared_ptr<sys::FileSystem> borrow(sys::FileSystem& disk) {
    return {&disk, [](sys::FileSystem*) {}};
  }
  pipeline::Ports make_ports() {
    certificates_ = store::open_certificate_directory(*sys::open_root(site_.dir / "certs"));
    recipients_ = store::open_recipients(*sys::open_root(site_.dir / "certs"),
                                         database_->recipient_records());
    return {site_.config,
            database_->directory(),
            *certificates_,
            *recipients_,
            database_->ledger(),
            database_->alarms(),
            database_->guard(),
            database_->certificate_memory(),
            database_->notices(),
            database_->decision_keys(),
            clock_,
            cms::random(),
            cms::digest(),
            log_,
            site_.cache};
  }

  const Site& site_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<list::CertificateStore> certificates_;
  std::unique_ptr<store::Recipients> recipients_;
  sys::SystemClock clock_;
  CountingRandom random_;
  Silent log_;
};

/// Whether all that has happened is what a power cut may take from the database: rows that another file witnesses.
bool only_witnessed(World& world) {
  const auto endings = world.ledger().endings(0);
  return !world.distributing && std::all_of(endings->begin(), endings->end(), [](const auto& row) {
    return row.first == "distributed" || row.first == "held";
  });
}

std::size_t mails_in(const MemoryFileSystem& disk) {
  const auto files = disk.files();
  return static_cast<std::size_t>(std::count_if(files.begin(), files.end(), [](const auto& file) {
    return file.first.find("T.") == std::string::npos &&
           file.first.find(".reason") == std::string::npos;
  }));
}

std::map<std::string, std::size_t> expected_endings() {
  std::map<std::string, std::size_t> endings;
  for (const auto& mail : kMails) ++endings[mail.ending];
  endings["service"] = kEditorsNotices + kAuthorsNotices + kRefusals;
  return endings;
}

/// Each of its copies once; returns how many there are beyond that.
std::size_t extra_copies(const Letterbox& letterbox) {
  std::size_t wanted = kEditorsNotices + kAuthorsNotices + kRefusals, extra = 0;
  for (std::size_t i = 0; i < kMails.size(); ++i) {
    if (std::string_view(kMails.at(i).ending) != "distributed") continue;
    wanted += kMembers.size();
    for (const auto* member : kMembers)
      REQUIRE(letterbox.copies.count({member, fmt::format("post {}", i)}) == 1);
  }
  REQUIRE(letterbox.copies.size() == wanted);
  for (const auto& [copy, times] : letterbox.copies) extra += times - 1;
  return extra;
}

void check_all_ended(World& world) {
  REQUIRE(mails_in(world.msg) == 0);
  REQUIRE(mails_in(world.auth) == 0);
  REQUIRE(mails_in(world.moderation) == 1);
  for (const auto& [path, octets] : world.bulk.files()) REQUIRE(path.substr(0, 5) == "done/");
  // A mail that was renamed, and its queue killed before it said so, comes again: one more row, and no more copies.
  auto endings = *world.ledger().endings(0);
  const std::size_t again = endings["duplicate"] + endings["rejected"] - kRefusals;
  REQUIRE(again <= 1);
  endings.erase("duplicate");
  endings["rejected"] = kRefusals;
  REQUIRE(endings == expected_endings());
}

}  // namespace

TEST_CASE("every call of queue, incoming and distribution broken: each mail ends once",
          "[faults]") {
  const Site site;
  int walked = 0;
  const auto walk = [&](Fault fault, bool power) {
    for (int n = 1;; ++n, ++walked) {
      World world(site);
      FaultyFileSystem msg(world.msg, n, fault);
      FaultyFileSystem auth(world.auth, msg), moderation(world.moderation, msg),
          bulk(world.bulk, msg);
      world.letterbox.process = &msg;
      world.everything({msg, auth, moderation, bulk});
      INFO("fault " << static_cast<int>(fault) << (power ? ", power cut" : "") << ", call " << n
                    << " " << msg.trace().back());
      if (power) {
        for (auto* disk : {&world.msg, &world.auth, &world.moderation, &world.bulk})
          disk->cut_power();
        if (only_witnessed(world)) world.open_fresh_database();
      }
      world.repeat();
      check_all_ended(world);
      REQUIRE(extra_copies(world.letterbox) <=
              (power ? spool::PacketClaim::kSyncInterval : std::size_t{1}));
      if (!msg.happened()) return;
    }
  };
  walk(Fault::fail, false);
  walk(Fault::cut_during, false);
  walk(Fault::cut_after, false);  // and before the next call
  walk(Fault::cut_after, true);
  REQUIRE(walked > 400);
}
