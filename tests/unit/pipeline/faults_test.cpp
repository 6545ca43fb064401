#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>

#include "cms/keys.h"
#include "delivery/courier.h"
#include "pipeline/distribution.h"
#include "pipeline/incoming.h"
#include "pipeline/missed.h"
#include "pipeline/outbox.h"
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
  const char *from, *to;
  const char* ending;
  bool encrypted = false;
  bool has_id = true;
};
using Mails = std::vector<Mail>;
const Mails kPosts{{"a@example.org", "list@example.org", "distributed"},
                   {"held@example.org", "list@example.org", "held"},
                   {"refused@example.org", "list@example.org", "rejected"}};
/// One that is sealed for carol and cannot be for dave, who has no certificate; and one that goes to quarantine.
const Mails kTroubled{{"a@example.org", "sealed@example.org", "distributed", true},
                      {"a@example.org", "list@example.org", "quarantined", false, false}};
constexpr std::size_t kEditorsNotices = 1, kAuthorsNotices = 1, kRefusals = 1;
constexpr std::array kMembers{"a@example.org", "b@example.org", "c@example.org"};
constexpr const char* kListmaster = "boss@example.org";
constexpr std::array kReaders{"carol@example.org", "dave@example.org"};
constexpr std::size_t kPacket = 2;  // so the members of a post to the list are two packets

std::string text_of(const Mail& mail, std::size_t number) {
  static const std::string ciphertext =
      Pki::shared().encrypt("Content-Type: text/plain\r\n\r\nSecret\r\n", {"list"});
  std::string text = fmt::format("From: {}\nSubject: post {}\n", mail.from, number);
  if (mail.has_id) text += fmt::format("Message-ID: <{}@example.org>\n", number);
  if (!mail.encrypted) return text + "\nbody\n";
  return text +
         "MIME-Version: 1.0\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\n"
         "Content-Transfer-Encoding: binary\n\n" +
         ciphertext;
}

/// Where copies end up; nothing of a dead process arrives.
class Letterbox final : public delivery::Courier {
 public:
  const FaultyFileSystem* process = nullptr;
  std::map<std::pair<std::string, std::string>, std::size_t> copies;  ///< by member and Subject
  std::map<std::string, std::string> last;                            ///< text, by member

  Result<std::vector<delivery::DeliveryStatus>> deliver(const mail::Envelope& envelope,
                                                        const delivery::Content& content) override {
    if (process != nullptr && process->dead()) return Error::later(Errc::io, "gone");
    const std::string text = std::string(content.front).append(content.tail);
    const auto subject = text.find("\nSubject: ") + 10;
    std::vector<delivery::DeliveryStatus> answers;
    for (const auto& member : envelope.forward_paths) {
      ++copies[{member, text.substr(subject, text.find_first_of("\r\n", subject) - subject)}];
      last[member] = text;
      answers.push_back({member, delivery::Delivery::delivered, "250 ok"});
    }
    return answers;
  }
};

/// A site whose lists are open to everybody but two, on a real disk; made once, since the walk is about the spools. One of
/// them has a key, and keeps what its members miss.
struct Site {
  TempDir dir;
  config::Site config;
  mutable pipeline::Cache cache;  ///< of what is never changed here
  Site() : config(build()) {
    const auto database = *store::Database::open(dir / "fresh.sqlite");
    const auto list = *list::ListAddress::parse("list", "example.org");
    for (const auto* member : kMembers)
      REQUIRE(database->directory().add_member(list, {.email = member}));
    const auto sealed = *list::ListAddress::parse("sealed", "example.org");
    for (const auto* member : kReaders)
      REQUIRE(database->directory().add_member(sealed, {.email = member}));
  }
  [[nodiscard]] config::Site build() const {
    for (const auto* each : {"list_data/list/scenari", "list_data/sealed", "etc/scenari"})
      std::filesystem::create_directories(dir / each);
    spit(dir / "paraph.conf", fmt::format("domain example.org\nlistmaster {}\ncafile ca.pem\n"
                                          "transport maildir:nowhere\ndefault_dir {}\n",
                                          kListmaster, PARAPH_SOURCE_DIR));
    const Pki& pki = Pki::shared();
    pki.issue({.name = "dave", .emails = {"dave@example.org"}, .key = "ec:P-256"});
    spit(dir / "ca.pem", pki.cert_pem("ca"));
    spit(dir / "list_data/sealed/cert.pem", pki.cert_pem("list"));
    spit(dir / "list_data/sealed/private_key", pki.key_pem("list"));
    std::filesystem::permissions(dir / "list_data/sealed/private_key",
                                 std::filesystem::perms::owner_read);
    spit(dir / "list_data/sealed/config", "subject a\n\nsend public\n\nmissed_post_retention 14\n");
    spit(
        dir / "list_data/list/scenari/send.most",
        "equal([sender],'held@example.org') smtp,smime -> editorkey\n"
        "equal([sender],'refused@example.org') smtp,smime -> reject\ntrue() smtp,smime -> do_it\n");
    spit(dir / "list_data/list/config", "subject a\n\nsend most\n");
    return *config::Site::load(dir / "paraph.conf");
  }
};

struct Disks {
  sys::FileSystem &msg, &auth, &moderation, &bulk, &certs, &missed;
};

/// The system's clock, ahead by what a test lets pass.
struct LateClock final : Clock {
  std::chrono::seconds late{0};
  [[nodiscard]] TimePoint now() const override { return sys::SystemClock().now() + late; }
};

class World {
 public:
  World(const Site& site, const Mails& mails)
      : mails_(mails), accepted_(mails.size()), site_(site) {
    set_clock(std::chrono::seconds(0));
    certify("carol");
    open_fresh_database();
  }

  MemoryFileSystem msg, auth, moderation, bulk, certs, missed;
  Letterbox letterbox;
  bool distributing = false;  ///< rows are on the disk from then on

  [[nodiscard]] std::array<MemoryFileSystem*, 6> all_disks() {
    return {&msg, &auth, &moderation, &bulk, &certs, &missed};
  }
  [[nodiscard]] Disks disks() { return {msg, auth, moderation, bulk, certs, missed}; }
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
    for (std::size_t i = 0; i < mails_.size(); ++i) {
      if (accepted_.at(i)) continue;
      const auto now = clock_.now();
      const spool::SpoolHeader header{.address = mails_.at(i).to,
                                      .id = spool::QueueId::make(now, random_),
                                      .received = now,
                                      .reverse_path = mails_.at(i).from,
                                      .unknown_sender = false,
                                      .kind = {},
                                      .list = {},
                                      .auth = {},
                                      .sealed = {}};
      accepted_.at(i) =
          static_cast<bool>(spool.accept(header, text_of(mails_.at(i), i), 7, random_));
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
    const auto ports = make_ports(disks);
    static_cast<void>(pipeline::send_alarms(out, ports));  // as it does each minute
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
    const auto ports = make_ports(disks);
    for (const auto& name : *names) {
      auto claim = out.claim(name);
      if (claim && *claim)
        static_cast<void>(pipeline::send(std::move(**claim), out, letterbox, ports));
    }
    return !names->empty();
  }

  /// dave gets his certificate, and paraph-distribute looks, as each hour, who may have now what he missed.
  void mend(const Disks& disks) {
    if (letterbox.process == nullptr || !letterbox.process->dead()) certify("dave");
    spool::BulkSpool out(borrow(disks.bulk), kPacket);
    static_cast<void>(pipeline::tend_missed(out, make_ports(disks)));
  }

  void everything(const Disks& disks) {
    queue(disks);
    incoming(disks);
    distribute(disks);
    if (!seals()) return;
    mend(disks);
    distribute(disks);
  }
  /// After a restart, until nothing waits; then once more after the hour for which alarms are gathered, and in which whoever
  /// was put off is tried again.
  void repeat() {
    letterbox.process = nullptr;
    queue(disks());
    work_off();
    set_clock(std::chrono::hours(2));
    if (seals()) mend(disks());
    work_off();
  }

 private:
  [[nodiscard]] bool seals() const {
    return std::any_of(mails_.begin(), mails_.end(),
                       [](const Mail& mail) { return mail.encrypted; });
  }
  void certify(const std::string& name) {
    REQUIRE(certs.replace(name + "@example.org", Pki::shared().cert_pem(name)));
  }
  void set_clock(std::chrono::seconds late) {
    clock_.late = late;
    for (auto* disk : all_disks()) disk->set_now(clock_.now());
  }
  void work_off() {
    for (int i = 0; i < 5; ++i) {
      const bool more = incoming(disks());
      if (!distribute(disks()) && !more) return;
    }
    FAIL("mail still waits");
  }
  static std::shared_ptr<sys::FileSystem> borrow(sys::FileSystem& disk) {
    return {&disk, [](sys::FileSystem*) {}};
  }
  pipeline::Ports make_ports(const Disks& disks) {
    certificates_ = store::open_certificate_directory(borrow(disks.certs));
    recipients_ = store::open_recipients(borrow(disks.certs), database_->recipient_records());
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
            site_.cache,
            borrow(disks.missed)};
  }

  const Mails& mails_;
  std::vector<bool> accepted_;
  const Site& site_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<list::CertificateStore> certificates_;
  std::unique_ptr<store::Recipients> recipients_;
  LateClock clock_;
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
  for (const auto& mail : kPosts) ++endings[mail.ending];
  endings["service"] = kEditorsNotices + kAuthorsNotices + kRefusals;
  return endings;
}

/// Each of its copies once; returns how many there are beyond that.
std::size_t extra_copies(const Letterbox& letterbox) {
  std::size_t wanted = kEditorsNotices + kAuthorsNotices + kRefusals, extra = 0;
  for (std::size_t i = 0; i < kPosts.size(); ++i) {
    if (std::string_view(kPosts.at(i).ending) != "distributed") continue;
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

/// The same of kTroubled, whose alarms and summaries may be told twice.
std::size_t extra_sealed_copies(const Letterbox& letterbox) {
  std::size_t extra = 0;
  for (const auto& [copy, times] : letterbox.copies)
    if (copy.first != kListmaster) extra += times - 1;
  return extra;
}

bool promises_the_post(std::string notice) {
  std::replace(notice.begin(), notice.end(), '\n', ' ');
  return notice.find("messages that it has kept for you, this one among them") != std::string::npos;
}

/// carol has her copy; dave has it too, or a notice that promises none, which is what a faulty spool/missed comes to.
void check_troubled_ended(World& world, bool killed) {
  for (const auto& [path, octets] : world.msg.files())
    REQUIRE((path.substr(0, 4) == "bad/" || (killed && path.substr(0, 2) == "T.")));
  const std::size_t quarantined = mails_in(world.msg);
  REQUIRE(quarantined >= 1);
  REQUIRE(quarantined <= 2);  // its queue was killed before it said so
  REQUIRE(mails_in(world.auth) + mails_in(world.moderation) == 0);
  // A summary is made once, after the last copy; who was killed over it leaves it unpublished, for fsck.
  const auto is_unpublished = [](const std::string& path) {
    return path.substr(0, 6) == "msg/T." || path.substr(0, 4) == "pct/";
  };
  for (const auto& [path, octets] : world.bulk.files())
    REQUIRE((path.substr(0, 5) == "done/" || (killed && is_unpublished(path))));
  auto endings = *world.ledger().endings(0);
  REQUIRE(endings["distributed"] + endings["duplicate"] + endings["held"] >= 1);
  REQUIRE(endings["quarantined"] == quarantined);
  auto& copies = world.letterbox.copies;
  REQUIRE(copies.count({"carol@example.org", "post 0"}) == 1);
  if (copies.count({"dave@example.org", "post 0"}) == 0) {
    REQUIRE(world.letterbox.last.count("dave@example.org") == 1);
    REQUIRE_FALSE(promises_the_post(world.letterbox.last["dave@example.org"]));
  }
  REQUIRE(world.letterbox.last.count(kListmaster) == 1);
}

/// How a call was broken.
struct Broken {
  Fault fault;
  bool power;
  [[nodiscard]] bool killed() const { return fault != Fault::fail; }
  [[nodiscard]] std::size_t copies_again() const {
    return power ? spool::PacketClaim::kSyncInterval : std::size_t{1};
  }
};

/// Breaks each call in each way, and looks at what the repeat has come to; how many calls that were.
int walk(const Mails& mails, const std::function<void(World&, const Broken&)>& check) {
  const Site site;
  int walked = 0;
  const auto each_call = [&](Fault fault, bool power) {
    for (int n = 1;; ++n, ++walked) {
      World world(site, mails);
      FaultyFileSystem msg(world.msg, n, fault);
      FaultyFileSystem auth(world.auth, msg), moderation(world.moderation, msg),
          bulk(world.bulk, msg), certs(world.certs, msg), missed(world.missed, msg);
      world.letterbox.process = &msg;
      world.everything({msg, auth, moderation, bulk, certs, missed});
      INFO("fault " << static_cast<int>(fault) << (power ? ", power cut" : "") << ", call " << n
                    << " " << msg.trace().back());
      if (power) {
        for (auto* disk : world.all_disks()) disk->cut_power();
        if (only_witnessed(world)) world.open_fresh_database();
      }
      world.repeat();
      check(world, {fault, power});
      if (!msg.happened()) return;
    }
  };
  each_call(Fault::fail, false);
  each_call(Fault::cut_during, false);
  each_call(Fault::cut_after, false);  // and before the next call
  each_call(Fault::cut_after, true);
  return walked;
}

}  // namespace

TEST_CASE("every call of queue, incoming and distribution broken: each mail ends once",
          "[faults]") {
  const int walked = walk(kPosts, [](World& world, const Broken& broken) {
    check_all_ended(world);
    REQUIRE(extra_copies(world.letterbox) <= broken.copies_again());
  });
  REQUIRE(walked > 400);
}

TEST_CASE("every call of sealing and quarantine broken, on all disks: each mail ends once",
          "[faults]") {
  const int walked = walk(kTroubled, [](World& world, const Broken& broken) {
    check_troubled_ended(world, broken.killed());
    REQUIRE(extra_sealed_copies(world.letterbox) <= broken.copies_again());
  });
  REQUIRE(walked > 400);
}
