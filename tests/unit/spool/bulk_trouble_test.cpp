// What went wrong around a packet: a full disk, a clock put back, a directory read at a bad moment,
// a name that is taken.

#include <catch2/catch.hpp>

#include <functional>

#include "bulk_samples.h"
#include "spool/journal.h"
#include "support/faulty_file_system.h"

using namespace paraph;
using namespace paraph::spool;
using namespace paraph::testing;

namespace {

using std::chrono::hours;
using std::chrono::minutes;

std::string packet_of(unsigned serial) {
  return sample().id.str() + ".000" + std::to_string(serial);
}
std::size_t appends(const FaultyFileSystem& fs) {
  return static_cast<std::size_t>(std::count(fs.trace().begin(), fs.trace().end(), "append"));
}

}  // namespace

TEST_CASE("on a full disk no copy leaves; with space again all leave once", "[spool]") {
  MemoryFileSystem disk;
  REQUIRE(BulkSpool(borrow(disk), 4).enqueue(sample(), "message", batches(members(10))));
  std::map<std::string, int> delivered;
  // 100 octets would take one line of the journal, or two.
  for (const std::size_t room : {0U, 1U, 100U, 300U})
    for (int tries = 0; tries < 3; ++tries) {
      disk.set_journal_room(room);
      distribute(disk, delivered);
      REQUIRE(delivered.empty());
    }
  const auto full = BulkSpool(borrow(disk), 4).claim(packet_of(1));
  REQUIRE_FALSE(full);
  REQUIRE(full.error().retry() == Retry::later);
  disk.set_journal_room(100'000);
  distribute(disk, delivered);
  REQUIRE(delivered.size() == 10);
  for (const auto& [recipient, times] : delivered) REQUIRE(times == 1);
}

TEST_CASE("what is reserved suffices for the longest outcome of everybody left", "[spool]") {
  for (const std::string& long_text :
       {std::string(100'000, 'x'), std::string(100'000, '\n'), std::string(100'000, '\xff'),
        std::string(100'000, '\x80'), std::string(100'000, '\\')}) {
    MemoryFileSystem disk;
    BulkSpool spool(borrow(disk), 4);
    Names everyone = members(2);
    everyone.push_back(std::string(320, '\\'));
    everyone.push_back("");
    REQUIRE(spool.enqueue(sample(), "message", batches(everyone)));
    disk.set_journal_room(journal_room({everyone[0], everyone[1], everyone[2]}));
    auto claim = spool.claim(packet_of(1));
    REQUIRE((claim && *claim));
    disk.set_journal_room(0);
    for (const auto& recipient : (*claim)->remaining())
      REQUIRE((*claim)->record({recipient, long_text, long_text, long_text, long_text}));
    REQUIRE(spool.finish(std::move(**claim)));
  }
}

TEST_CASE("a journal's detail is cut at 200 octets, at the end of something", "[spool]") {
  const auto kept = [](const std::string& detail) {
    const auto journal = read_journal(write_outcome({"a@example.org", "failed", "", "", detail}));
    REQUIRE_FALSE(journal.damaged);
    return journal.done.at(0).detail;
  };
  REQUIRE(kept(std::string(200, 'x')) == std::string(200, 'x'));
  REQUIRE(kept(std::string(201, 'x')) == std::string(200, 'x'));
  for (std::size_t before = 190; before <= 200; ++before) {
    INFO(before);
    const std::string text(before, 'x');
    REQUIRE(kept(text + "\n\n\n\n") == text + std::string((200 - before) / 4, '\n'));
    const std::string euros = "\u20ac\u20ac\u20ac\u20ac";
    REQUIRE(kept(text + euros) == text + euros.substr(0, (200 - before) / 3 * 3));
  }
}

TEST_CASE("a clock that was put back keeps no packet waiting", "[spool]") {
  MemoryFileSystem disk;
  disk.set_now(kToday + hours(24 * 365));
  BulkSpool spool(borrow(disk), 1);
  REQUIRE(spool.enqueue(sample(), "message", batches(members(2))));
  const Names both{packet_of(1), packet_of(2)};
  REQUIRE(*spool.pending(kToday) == both);
  const auto due = [&](auto ahead) {
    REQUIRE(disk.set_modified("pct/" + both[0], kToday + ahead));
    return spool.pending(kToday)->size() == 2;
  };
  REQUIRE(due(minutes(0)));
  REQUIRE_FALSE(due(std::chrono::seconds(1)));
  REQUIRE_FALSE(due(minutes(10)));
  REQUIRE_FALSE(due(hours(1)));
  REQUIRE(due(hours(1) + std::chrono::seconds(1)));
}

namespace {

/// list() misses one file, as readdir(3) may when it comes meanwhile.
class Forgetful final : public FaultyFileSystem {
 public:
  Forgetful(sys::FileSystem& inner, std::string missed)
      : FaultyFileSystem(inner, 0, Fault::fail), missed_(std::move(missed)) {}
  Result<std::vector<sys::FileInfo>> list(std::string_view directory) override {
    auto found = FaultyFileSystem::list(directory);
    if (found)
      found->erase(std::remove_if(found->begin(), found->end(),
                                  [&](const sys::FileInfo& file) { return file.name == missed_; }),
                   found->end());
    return found;
  }

 private:
  std::string missed_;
};

}  // namespace

TEST_CASE("a packet missing from a list loses neither its journal nor its message", "[spool]") {
  MemoryFileSystem disk;
  REQUIRE(BulkSpool(borrow(disk), 4).enqueue(sample(), "message", batches(members(4))));
  {
    auto claim = BulkSpool(borrow(disk), 4).claim(packet_of(1));
    REQUIRE((*claim)->record(outcome_for("m0@example.org")));
    const auto before = disk.files();
    Forgetful forgetful(disk, packet_of(1));
    REQUIRE(BulkSpool(borrow(forgetful), 4).pending(kToday)->empty());
    REQUIRE(disk.files() == before);
  }
  std::map<std::string, int> delivered;
  distribute(disk, delivered);
  REQUIRE(delivered.size() == 3);
  REQUIRE(delivered.count("m0@example.org") == 0);
}

TEST_CASE("a look that fails removes no journal", "[spool]") {
  for (int n = 1;; ++n) {
    MemoryFileSystem disk;
    BulkSpool spool(borrow(disk), 4);
    REQUIRE(spool.enqueue(sample(), "message", batches(members(8))));
    auto claim = spool.claim(packet_of(1));
    REQUIRE((*claim)->record(outcome_for("m0@example.org")));
    const std::string journal = disk.files().at("pct/" + packet_of(1) + ".done");
    // As after a crash between the two renames of a quarantine.
    *claim = std::nullopt;
    REQUIRE(disk.make_directory("bad"));
    REQUIRE(disk.rename_new("pct/" + packet_of(1), "bad/" + packet_of(1)));
    FaultyFileSystem faulty(disk, n, Fault::fail);
    static_cast<void>(BulkSpool(borrow(faulty), 4).pending(kToday));
    REQUIRE(spool.pending(kToday));
    INFO(faulty.trace().back());
    const auto files = disk.files();
    REQUIRE(files.count("bad/" + packet_of(1) + ".done") == 1);
    REQUIRE(files.at("bad/" + packet_of(1) + ".done") == journal);
    if (!faulty.happened()) break;
  }
}

TEST_CASE("a packet is quarantined also where its name is taken, each time anew", "[spool]") {
  MemoryFileSystem disk;
  BulkSpool spool(borrow(disk), 4);
  const std::string id = sample().id.str();
  Names reasons;
  for (const std::string reason : {"first", "second", "third"}) {
    REQUIRE(disk.remove("done/" + id, true));
    // Put back by hand, as copies.
    REQUIRE(spool.enqueue(sample(), "message", batches(members(2))).has_value());
    if (!*disk.exists("msg/" + id)) {
      REQUIRE(disk.write_new("pct/" + packet_of(1), disk.files().at("bad/" + packet_of(1))));
      REQUIRE(disk.write_new("msg/" + id, disk.files().at("bad/" + id)));
    }
    auto claim = spool.claim(packet_of(1));
    REQUIRE((claim && *claim));
    REQUIRE((*claim)->record({"m0@example.org", "plain", "", "", reason}));
    REQUIRE(spool.quarantine(std::move(**claim), reason));
    REQUIRE(spool.pending(kToday)->empty());
    REQUIRE(disk.files().count("msg/" + id) == 0);
  }
  const auto files = disk.files();
  for (const auto& [place, reason] :
       std::map<std::string, std::string>{{"", "first"}, {".1", "second"}, {".2", "third"}}) {
    REQUIRE(files.at("bad/" + packet_of(1) + place) ==
            spool::write_recipients({"m0@example.org", "m1@example.org"}));
    REQUIRE(files.at("bad/" + packet_of(1) + place + ".done").find(reason) != std::string::npos);
    REQUIRE(files.at("bad/" + packet_of(1) + place + ".reason") == reason + "\n");
    REQUIRE(files.count("bad/" + id + place) == 1);
  }
  REQUIRE(files.size() == 13);  // and done/ID
  REQUIRE(spool.entries()->size() == 3);
}

TEST_CASE("a second quarantine broken at any call takes nothing from the first", "[spool]") {
  for (const auto fault : kEveryFault)
    for (int n = 1;; ++n) {
      MemoryFileSystem disk;
      disk.set_now(kToday);
      const std::string first = "bad/" + packet_of(1);
      REQUIRE(disk.make_directory("bad"));
      for (const std::string suffix : {"", ".done", ".reason"})
        REQUIRE(disk.write_new(first + suffix, "first"));
      REQUIRE(disk.sync_directory("bad"));
      REQUIRE(BulkSpool(borrow(disk), 4).enqueue(sample(), "message", batches(members(2))));
      const auto condemn = [&](sys::FileSystem& fs) {
        BulkSpool spool(borrow(fs), 4);
        auto claim = spool.claim(packet_of(1));
        if (!claim || !*claim) return;
        if ((*claim)->done().empty() && !(*claim)->record(outcome_for("m0@example.org"))) return;
        static_cast<void>(spool.quarantine(std::move(**claim), "second"));
      };
      FaultyFileSystem faulty(disk, n, fault);
      condemn(faulty);
      INFO("call " << n << " " << faulty.trace().back());
      condemn(disk);
      REQUIRE(BulkSpool(borrow(disk), 4).pending(kToday)->empty());
      const auto files = disk.files();
      for (const std::string suffix : {"", ".done", ".reason"})
        REQUIRE(files.at(first + suffix) == "first");
      REQUIRE(files.at(first + ".1") ==
              spool::write_recipients({"m0@example.org", "m1@example.org"}));
      REQUIRE(files.at(first + ".1.done").find("m0@example.org") == 0);
      REQUIRE(files.at(first + ".1.reason") == "second\n");
      REQUIRE(files.count("bad/" + sample().id.str()) == 1);
      REQUIRE(files.size() == 8);  // and done/ID
      if (!faulty.happened()) break;
    }
}

TEST_CASE("a message follows its quarantined packet, also one with a number", "[spool]") {
  MemoryFileSystem disk;
  BulkSpool spool(borrow(disk), 4);
  REQUIRE(spool.enqueue(sample(), "message", batches(members(8))));
  REQUIRE(disk.make_directory("bad"));
  REQUIRE(disk.write_new("bad/" + packet_of(1), "an older one"));
  REQUIRE(spool.quarantine(std::move(**spool.claim(packet_of(1))), "poison"));
  REQUIRE(disk.remove("bad/" + packet_of(1), true));  // a person took the older one away
  auto last = spool.claim(packet_of(2));
  for (const auto& recipient : (*last)->remaining())
    REQUIRE((*last)->record(outcome_for(recipient)));
  REQUIRE(spool.finish(std::move(**last)));
  REQUIRE(disk.files().count("bad/" + sample().id.str()) == 1);
}

TEST_CASE("a journal whose packet ended does not wait beside a quarantined namesake", "[spool]") {
  MemoryFileSystem disk;
  BulkSpool spool(borrow(disk), 4);
  REQUIRE(spool.enqueue(sample(), "message", batches(members(8))));
  REQUIRE(disk.make_directory("bad"));
  REQUIRE(disk.write_new("bad/" + packet_of(1), "m0@example.org\n"));
  REQUIRE(disk.write_new("bad/" + packet_of(1) + ".done", "its own"));
  // As after a crash in the middle of finish().
  REQUIRE(disk.rename_new("pct/" + packet_of(1), "pct/" + packet_of(1) + ".done"));
  REQUIRE(spool.pending(kToday)->size() == 1);
  REQUIRE(disk.files().count("pct/" + packet_of(1) + ".done") == 0);
  REQUIRE(disk.files().at("bad/" + packet_of(1) + ".done") == "its own");
}

TEST_CASE("people can see why a packet waits, until it has ended", "[spool]") {
  MemoryFileSystem disk;
  BulkSpool spool(borrow(disk), 4);
  REQUIRE(spool.enqueue(sample(), "message", batches(members(1))));
  {
    const auto claim = spool.claim(packet_of(1));
    spool.note_waiting(**claim, "the database is locked");
    REQUIRE(spool.entries()->at(0).waits_for == "the database is locked");
  }
  REQUIRE(*spool.pending(kToday) == Names{packet_of(1)});  // it is not postponed
  auto claim = spool.claim(packet_of(1));
  REQUIRE((*claim)->record(outcome_for("m0@example.org")));
  REQUIRE(spool.finish(std::move(**claim)));
  REQUIRE(disk.files().size() == 1);
}

TEST_CASE("a finish that leaves the packet says why", "[spool]") {
  MemoryFileSystem disk;
  REQUIRE(BulkSpool(borrow(disk), 4).enqueue(sample(), "message", batches(members(1))));
  int noted = 0;
  for (int n = 1;; ++n) {
    FaultyFileSystem faulty(disk, n, Fault::fail);
    BulkSpool spool(borrow(faulty), 4);
    auto claim = spool.claim(packet_of(1));
    if (!claim) continue;
    if (!*claim) break;
    if ((*claim)->done().empty() && !(*claim)->record(outcome_for("m0@example.org"))) continue;
    if (spool.finish(std::move(**claim))) break;
    if (!*disk.exists("pct/" + packet_of(1))) break;
    const std::string& call = faulty.trace().at(static_cast<std::size_t>(n) - 1);
    REQUIRE(BulkSpool(borrow(disk), 4).entries()->at(0).waits_for == call + ": broken by the test");
    ++noted;
  }
  REQUIRE(noted > 0);
}

TEST_CASE("the outcomes of one transaction are recorded by one write", "[spool]") {
  const auto outcomes = [](const Names& recipients) {
    std::vector<CopyOutcome> all;
    for (const auto& recipient : recipients) all.push_back(outcome_for(recipient));
    return all;
  };
  for (const auto fault : {Fault::cut_before, Fault::cut_after})
    for (int n = 1;; ++n) {
      MemoryFileSystem disk;
      REQUIRE(BulkSpool(borrow(disk), 50).enqueue(sample(), "message", batches(members(50))));
      FaultyFileSystem faulty(disk, n, fault);
      {
        auto claim = BulkSpool(borrow(faulty), 50).claim(packet_of(1));
        if (claim && *claim) {
          const auto all = outcomes((*claim)->remaining());
          const std::vector<CopyOutcome> first(all.begin(), all.begin() + 25);
          const std::vector<CopyOutcome> second(all.begin() + 25, all.end());
          REQUIRE((*claim)->record_all({}));
          const bool both = (*claim)->record_all(first) && (*claim)->record_all(second);
          if (both) REQUIRE(appends(faulty) == 2);
        }
      }
      INFO("call " << n << " " << faulty.trace().back());
      const auto claim = BulkSpool(borrow(disk), 50).claim(packet_of(1));
      REQUIRE((*claim)->remaining().size() + (*claim)->done().size() == 50);
      REQUIRE((*claim)->done().size() % 25 == 0);
      if (!faulty.happened()) break;
    }
}

TEST_CASE("a journal is synced as soon as kSyncInterval outcomes are not", "[spool]") {
  MemoryFileSystem disk;
  REQUIRE(BulkSpool(borrow(disk), 100).enqueue(sample(), "message", batches(members(100))));
  FaultyFileSystem counted(disk, 0, Fault::fail);
  auto claim = BulkSpool(borrow(counted), 100).claim(packet_of(1));
  const auto record = [&](std::size_t count) {
    std::vector<CopyOutcome> some;
    for (std::size_t i = 0; i < count; ++i)
      some.push_back(outcome_for((*claim)->remaining().at((*claim)->done().size() + i)));
    REQUIRE((*claim)->record_all(some));
    return std::count(counted.trace().begin(), counted.trace().end(), "sync");
  };
  REQUIRE(record(PacketClaim::kSyncInterval - 1) == 0);
  REQUIRE(record(25) == 1);
  REQUIRE(record(PacketClaim::kSyncInterval - 1) == 1);
  REQUIRE(record(1) == 2);
}

TEST_CASE("what is left of an unpublished set is never sent, whichever part of it is left",
          "[spool]") {
  // A power cut may leave the third packet without the first.
  for (const Names& left :
       {Names{"0001", "0002", "0003"}, Names{"0003"}, Names{"0002"}, Names{"10000"}}) {
    MemoryFileSystem disk;
    REQUIRE(disk.make_directory("pct"));
    REQUIRE(disk.make_directory("msg"));
    for (const auto& serial : left)
      REQUIRE(disk.write_new("pct/" + sample().id.str() + "." + serial, "old@example.org\n"));
    BulkSpool spool(borrow(disk), 4);
    REQUIRE(*spool.enqueue(sample(), "message", batches(members(5))) == 5);
    REQUIRE(everybody(spool) == members(5));
  }
}

TEST_CASE("files written together, cut at each of them: the repeat sends to the new set alone",
          "[spool]") {
  for (const auto fault : kEveryFault)
    for (const bool same_process : {false, true})
      for (int n = 1;; ++n) {
        MemoryFileSystem disk;
        REQUIRE(disk.make_directory("pct"));
        FaultyFileSystem faulty(disk, n, fault);
        BulkSpool spool(borrow(disk), 4);
        if (same_process) REQUIRE(spool.pending(kToday));
        const auto enqueued =
            BulkSpool(borrow(faulty), 4).enqueue(sample(), "message", batches(members(12, "old")));
        CAPTURE(n, faulty.trace().back());
        const bool published = *spool.published(sample().id);
        if (enqueued) REQUIRE(published);
        REQUIRE(spool.enqueue(sample(), "message", batches(members(5))));
        REQUIRE(everybody(spool).size() == (published ? 12 : 5));
        if (!faulty.happened()) break;
      }
}

TEST_CASE("more packets than are written at once", "[spool]") {
  MemoryFileSystem disk;
  BulkSpool spool(borrow(disk), 1);
  const std::size_t many = 64 * 2 + 1;
  REQUIRE(*spool.enqueue(sample(), "message", batches(members(many))) == many);
  REQUIRE(spool.pending(kToday)->size() == many);
  REQUIRE(everybody(spool).size() == many);
}
