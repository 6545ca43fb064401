#include <catch2/catch.hpp>

#include <algorithm>
#include <map>

#include "bulk_samples.h"
#include "spool/journal.h"
#include "support/faulty_file_system.h"

using namespace paraph;
using namespace paraph::spool;
using namespace paraph::testing;

TEST_CASE("recipients go into packets, and the message is published after them", "[spool]") {
  MemoryFileSystem disk;
  BulkSpool spool(borrow(disk), 4);
  const auto header = sample();
  REQUIRE_FALSE(*spool.published(header.id));
  REQUIRE(*spool.enqueue(header, "message", batches(members(10))) == 10);
  REQUIRE(*spool.published(header.id));
  const std::string id = header.id.str();
  REQUIRE(*spool.pending(kToday) == Names{id + ".0001", id + ".0002", id + ".0003"});
  REQUIRE(disk.files().at("pct/" + id + ".0003") ==
          spool::write_recipients({"m8@example.org", "m9@example.org"}));
  REQUIRE(spool.message(header.id)->message == "message");
  REQUIRE(spool.message(header.id)->header.sealed == "yes");
  REQUIRE(everybody(spool) == members(10));
}

TEST_CASE("without recipients nothing is published", "[spool]") {
  MemoryFileSystem disk;
  BulkSpool spool(borrow(disk), 4);
  REQUIRE(*spool.enqueue(sample(), "message", batches({})) == 0);
  REQUIRE(*spool.enqueue(sample(), "message", batches({"", ""})) == 0);
  REQUIRE(disk.files().empty());
  REQUIRE_FALSE(*spool.published(sample().id));
}

TEST_CASE("a repeat counts and changes nothing, also after everything was sent", "[spool]") {
  MemoryFileSystem disk;
  BulkSpool spool(borrow(disk), 4);
  REQUIRE(spool.enqueue(sample(), "message", batches(members(10))));
  const auto before = disk.files();
  REQUIRE(*spool.enqueue(sample(), "message", batches(members(3, "new"))) == 3);
  REQUIRE(disk.files() == before);
  std::map<std::string, int> delivered;
  distribute(disk, delivered);
  REQUIRE(delivered.size() == 10);
  REQUIRE(disk.files().size() == 1);
  REQUIRE(*spool.published(sample().id));
  REQUIRE(*spool.enqueue(sample(), "message", batches(members(10))) == 10);
  REQUIRE(spool.pending(kToday)->empty());
}

TEST_CASE("an error of the directory publishes nothing", "[spool]") {
  MemoryFileSystem disk;
  BulkSpool spool(borrow(disk), 1);
  int batch = 0;
  const auto failed = spool.enqueue(sample(), "message", [&]() -> Result<Names> {
    if (++batch == 1) return Names{"a@example.org"};
    return Error::later(Errc::busy, "database is locked");
  });
  REQUIRE_FALSE(failed);
  REQUIRE(failed.error().what() == "database is locked");
  REQUIRE(spool.pending(kToday)->empty());
  REQUIRE_FALSE(
      spool.claim(sample().id.str() + ".0001")->has_value());  // half a set is never claimed
  REQUIRE(*spool.enqueue(sample(), "message", batches({"b@example.org"})) == 1);
  REQUIRE(everybody(spool) == Names{"b@example.org"});
}

TEST_CASE("packets of the oldest message come first, postponed ones when their time has come",
          "[spool]") {
  MemoryFileSystem disk;
  BulkSpool spool(borrow(disk), 1);
  CountingRandom random;
  // '2' sorts before 'a' as text, but stands for a later time.
  const auto late = header_at(at(26LL << 31), random);
  const auto early = header_at(at(25LL << 31), random);
  REQUIRE(late.id.str() < early.id.str());
  REQUIRE(spool.enqueue(late, "x", batches({"a@example.org"})));
  REQUIRE(spool.enqueue(early, "x", batches(members(2))));
  const Names all = *spool.pending(kToday);
  REQUIRE(all ==
          Names{early.id.str() + ".0001", early.id.str() + ".0002", late.id.str() + ".0001"});
  auto claim = spool.claim(all[1]);
  REQUIRE(spool.postpone(std::move(**claim), kToday + std::chrono::minutes(5), "451 busy"));
  REQUIRE(*spool.pending(kToday) == Names{all[0], all[2]});
  REQUIRE(*spool.pending(kToday + std::chrono::minutes(5)) == all);
  const auto entries = *spool.entries();
  REQUIRE(std::any_of(entries.begin(), entries.end(),
                      [](const Entry& e) { return e.waits_for == "451 busy"; }));
}

TEST_CASE("a claim goes on after its journal", "[spool]") {
  MemoryFileSystem disk;
  BulkSpool spool(borrow(disk), 4);
  REQUIRE(spool.enqueue(sample(), "message", batches(members(4))));
  const std::string packet = sample().id.str() + ".0001";
  const CopyOutcome odd{"m1@example.org", "failed", "", "", "550 tab\there\nand \\x41 \xff"};
  {
    auto claim = spool.claim(packet);
    REQUIRE_FALSE(spool.claim(packet)->has_value());
    REQUIRE((*claim)->record(outcome_for("m0@example.org")));
    REQUIRE((*claim)->record(odd));
    REQUIRE((*claim)->remaining() == members(4));
    REQUIRE((*claim)->done().size() == 2);
  }
  const auto entry = spool.entries()->at(0);
  REQUIRE(entry.recipients_left == 2);
  REQUIRE(entry.recipients_done == 2);
  auto claim = spool.claim(packet);
  REQUIRE((*claim)->remaining() == Names{"m2@example.org", "m3@example.org"});
  REQUIRE((*claim)->done().size() == 2);
  REQUIRE((*claim)->done()[0].certificate == "ab12");
  REQUIRE((*claim)->done()[1].detail == odd.detail);
  REQUIRE((*claim)->done()[1].certificate.empty());
}

TEST_CASE("any cut of the journal loses the cut line and nothing else", "[spool]") {
  const std::string packet = sample().id.str() + ".0001";
  const std::string journal = "pct/" + packet + ".done";
  std::string whole;
  {
    MemoryFileSystem disk;
    BulkSpool spool(borrow(disk), 4);
    REQUIRE(spool.enqueue(sample(), "message", batches(members(4))));
    auto claim = spool.claim(packet);
    for (const auto& recipient : members(3)) REQUIRE((*claim)->record(outcome_for(recipient)));
    whole = disk.files().at(journal);
  }
  for (const std::string tail : {"", "\n", "garbage\n", "\t\t\t\t\n", "a\tb\tc\td\te\tf\n"})
    for (std::size_t n = 0; n <= whole.size(); ++n) {
      MemoryFileSystem disk;
      BulkSpool spool(borrow(disk), 4);
      REQUIRE(spool.enqueue(sample(), "message", batches(members(4))));
      REQUIRE(disk.write_new(journal, whole.substr(0, n) + tail));
      const auto lines = static_cast<std::size_t>(
          std::count(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n), '\n'));
      std::size_t done = 0;
      {
        auto claim = spool.claim(packet);
        done = (*claim)->done().size();
        // What completes a line cut in its last field, the detail, may stay: the copy did leave.
        const bool completes = tail == "\n" || tail == "garbage\n";
        REQUIRE((done == lines || (completes && done == lines + 1)));
        REQUIRE((*claim)->remaining().size() == 4 - done);
        REQUIRE((*claim)->record(outcome_for((*claim)->remaining().front())));
      }
      auto claim = spool.claim(packet);
      REQUIRE((*claim)->done().size() == done + 1);
    }
}

TEST_CASE("any recipient fits a line; each counts once, and none with a control character",
          "[spool]") {
  MemoryFileSystem disk;
  BulkSpool spool(borrow(disk), 10);
  const Names odd{"a\nb@example.org", "a\\x41@example.org", "\xff@example.org",
                  "a\\x41@example.org"};
  REQUIRE(*spool.enqueue(sample(), "message", batches(odd)) == 3);
  const auto claim = spool.claim(spool.pending(kToday)->front());
  REQUIRE((*claim)->remaining() == Names{odd[1], odd[2]});
}

TEST_CASE("the message goes with its last packet, in any order", "[spool]") {
  MemoryFileSystem disk;
  BulkSpool spool(borrow(disk), 2);
  REQUIRE(spool.enqueue(sample(), "message", batches(members(6))));
  auto packets = *spool.pending(kToday);
  std::reverse(packets.begin(), packets.end());
  for (const auto& packet : packets) {
    REQUIRE(disk.files().count("msg/" + sample().id.str()) == 1);
    auto claim = spool.claim(packet);
    for (const auto& recipient : (*claim)->remaining())
      REQUIRE((*claim)->record(outcome_for(recipient)));
    REQUIRE(spool.finish(std::move(**claim)));
  }
  REQUIRE(disk.files() == std::map<std::string, std::string>{{"done/" + sample().id.str(), ""}});
}

TEST_CASE("the mark of an ended message is kept for a day", "[spool]") {
  MemoryFileSystem disk;
  disk.set_now(kToday);
  std::map<std::string, int> delivered;
  REQUIRE(BulkSpool(borrow(disk), 4).enqueue(sample(), "message", batches(members(1))));
  distribute(disk, delivered);
  BulkSpool spool(borrow(disk), 4);
  REQUIRE(spool.pending(kToday + std::chrono::hours(23)));
  REQUIRE(*spool.published(sample().id));
  REQUIRE(spool.pending(kToday + std::chrono::hours(25)));
  REQUIRE_FALSE(*spool.published(sample().id));
  REQUIRE(disk.files().empty());
}

TEST_CASE("quarantine takes packet, journal and, after the last packet, the message", "[spool]") {
  MemoryFileSystem disk;
  BulkSpool spool(borrow(disk), 2);
  REQUIRE(spool.enqueue(sample(), "message", batches(members(4))));
  const auto packets = *spool.pending(kToday);
  auto first = spool.claim(packets[0]);
  REQUIRE((*first)->record(outcome_for("m0@example.org")));
  REQUIRE(spool.quarantine(std::move(**first), "key of nobody"));
  REQUIRE(disk.files().count("msg/" + sample().id.str()) == 1);
  REQUIRE(*spool.pending(kToday) == Names{packets[1]});
  auto second = spool.claim(packets[1]);
  for (const auto& recipient : (*second)->remaining())
    REQUIRE((*second)->record(outcome_for(recipient)));
  REQUIRE(spool.finish(std::move(**second)));
  const auto files = disk.files();
  REQUIRE(files.size() == 5);  // and done/ID
  REQUIRE(files.count("bad/" + packets[0]) == 1);
  REQUIRE(files.at("bad/" + packets[0] + ".done").find("m0@example.org\tsealed") == 0);
  REQUIRE(files.at("bad/" + packets[0] + ".reason") == "key of nobody\n");
  REQUIRE(files.count("bad/" + sample().id.str()) == 1);
  REQUIRE(*spool.published(sample().id));
  const auto entries = *spool.entries();
  REQUIRE(entries.size() == 1);
  REQUIRE(entries[0].state == State::quarantined);
  REQUIRE(entries[0].waits_for == "key of nobody");
}

TEST_CASE("what stands in bad was published, for as long as it stands there", "[spool]") {
  MemoryFileSystem disk;
  disk.set_now(kToday);
  BulkSpool spool(borrow(disk), 2);
  const std::string packet = sample().id.str() + ".0001";
  REQUIRE(spool.enqueue(sample(), "message", batches(members(1))));
  REQUIRE(spool.quarantine(std::move(**spool.claim(packet)), "poison"));
  REQUIRE(spool.pending(kToday + std::chrono::hours(48)));
  REQUIRE(disk.files().count("done/" + sample().id.str()) == 0);
  REQUIRE(*spool.published(sample().id));
  // Somebody puts packet and message back, but forgets the journal in bad.
  REQUIRE(disk.rename_new("bad/" + packet, "pct/" + packet));
  REQUIRE(disk.rename_new("bad/" + sample().id.str(), "msg/" + sample().id.str()));
  REQUIRE(disk.replace("bad/" + packet + ".done", "stale"));
  auto claim = spool.claim(packet);
  REQUIRE((*claim)->record(outcome_for("m0@example.org")));
  REQUIRE(spool.quarantine(std::move(**claim), "poison again"));
  REQUIRE(disk.files().at("bad/" + packet + ".done").find("m0@example.org") == 0);
}

TEST_CASE("a journal is stable before its packet goes or waits", "[spool]") {
  for (const bool again : {false, true})
    for (int n = 1;; ++n) {
      MemoryFileSystem disk;
      REQUIRE(BulkSpool(borrow(disk), 4).enqueue(sample(), "message", batches(members(3))));
      FaultyFileSystem faulty(disk, n, Fault::cut_before);
      {
        BulkSpool spool(borrow(faulty), 4);
        auto claim = spool.claim(sample().id.str() + ".0001");
        if (!claim || !*claim) continue;
        bool recorded = true;
        for (const auto& recipient : members(3))
          recorded = recorded && (*claim)->record(outcome_for(recipient)).has_value();
        if (!recorded) continue;
        if (again)
          static_cast<void>(spool.postpone(std::move(**claim), kToday, "451"));
        else
          static_cast<void>(spool.finish(std::move(**claim)));
      }
      disk.cut_power();
      if (faulty.trace().back() == "sync") continue;
      const auto claim = BulkSpool(borrow(disk), 4).claim(sample().id.str() + ".0001");
      INFO(faulty.trace().back());
      if (*claim) REQUIRE((*claim)->remaining().empty());
      if (!faulty.happened()) break;
    }
}

TEST_CASE("a packet that cannot be read is quarantined, and the next one goes on", "[spool]") {
  for (const std::string octets :
       {"", "a@example.org", "a@example.org\n\n", "a\tb@example.org\n", "a\\x4@example.org\n"}) {
    MemoryFileSystem disk;
    BulkSpool spool(borrow(disk), 2);
    REQUIRE(spool.enqueue(sample(), "message", batches(members(4))));
    const auto packets = *spool.pending(kToday);
    REQUIRE(disk.replace("pct/" + packets[0], octets));
    const auto claim = spool.claim(packets[0]);
    REQUIRE_FALSE(claim);
    REQUIRE(claim.error().retry() == Retry::never);
    REQUIRE(*spool.pending(kToday) == Names{packets[1]});
    REQUIRE(disk.files().count("bad/" + packets[0] + ".reason") == 1);
  }
}

TEST_CASE("strange names in the spool are passed over", "[spool]") {
  MemoryFileSystem disk;
  BulkSpool spool(borrow(disk), 2);
  REQUIRE(spool.pending(kToday)->empty());  // no directory yet
  REQUIRE(spool.entries()->empty());
  REQUIRE(spool.enqueue(sample(), "message", batches(members(1))));
  const std::string id = sample().id.str();
  for (const auto& name : Names{"x", ".0001", id, id + ".", id + ".1", id + ".00001", id + ".-001",
                                id + ".0001x", id + ".99999999999", "T." + id + ".0002"})
    REQUIRE(disk.write_new("pct/" + name, "a@example.org\n"));
  REQUIRE(disk.write_new("msg/T.x", "x"));
  REQUIRE(disk.make_directory("pct/" + id + ".0009"));
  REQUIRE(*spool.pending(kToday) == Names{id + ".0001"});
  for (const auto& name : Names{"", "../msg/" + id, id + ".1", id + "/.0001"})
    REQUIRE_FALSE(spool.claim(name)->has_value());
}

TEST_CASE("enqueue broken at any call: a repeat leaves exactly one whole set", "[spool]") {
  int walked = 0;
  for (const auto fault : kEveryFault)
    for (const bool power : {false, true})
      for (int n = 1;; ++n, ++walked) {
        MemoryFileSystem disk;
        FaultyFileSystem faulty(disk, n, fault);
        const auto first =
            BulkSpool(borrow(faulty), 4).enqueue(sample(), "message", batches(members(10)));
        if (power) disk.cut_power();
        INFO("call " << n << " " << faulty.trace().back());
        BulkSpool spool(borrow(disk), 4);
        // Published means whole, whatever the caller heard.
        if (first) REQUIRE(*spool.published(sample().id));
        if (*spool.published(sample().id)) REQUIRE(everybody(spool) == members(10));
        // The second look finds other recipients; only an unpublished set may change.
        const bool was = *spool.published(sample().id);
        REQUIRE(spool.enqueue(sample(), "message", batches(was ? members(10) : members(5, "new"))));
        REQUIRE(everybody(spool) == (was ? members(10) : members(5, "new")));
        REQUIRE(spool.message(sample().id)->message == "message");
        for (const auto& [path, octets] : disk.files())
          REQUIRE(path.find("T.") == std::string::npos);
        if (!faulty.happened()) break;
      }
  REQUIRE(walked > 60);
}

TEST_CASE("several published together, broken at any call: each is whole or not there", "[spool]") {
  CountingRandom random;
  const std::vector<SpoolHeader> headers{header_at(kToday, random), header_at(kToday, random),
                                         header_at(kToday, random)};
  // As incoming does it: those that could be prepared, then all of them at once.
  const auto enqueue = [&](sys::FileSystem& fs, const std::string& who) {
    BulkSpool spool(borrow(fs), 4);
    std::vector<QueueId> prepared, ended;
    for (const auto& header : headers) {
      const auto done = spool.prepare(header, "message", batches(members(6, who)));
      if (!done) continue;
      (done->unpublished ? prepared : ended).push_back(header.id);
    }
    const auto answers = spool.publish(prepared);
    REQUIRE(answers.size() == prepared.size());
    for (std::size_t i = 0; i < answers.size(); ++i)
      if (answers[i]) ended.push_back(prepared[i]);
    return ended;
  };
  int walked = 0;
  for (const auto fault :
       {Fault::fail, Fault::cut_before, Fault::cut_during, Fault::cut_after, Fault::fail_after})
    for (const bool power : {false, true})
      for (int n = 1;; ++n, ++walked) {
        MemoryFileSystem disk;
        FaultyFileSystem faulty(disk, n, fault);
        const auto ended = enqueue(faulty, "old");
        if (power) disk.cut_power();
        INFO("call " << n << " " << faulty.trace().back());
        BulkSpool spool(borrow(disk), 4);
        // What the caller was told of is there; it removes that mail and no other.
        for (const auto& id : ended) REQUIRE(*spool.published(id));
        std::size_t before = 0;
        for (const auto& header : headers) before += *spool.published(header.id) ? 1 : 0;
        REQUIRE(enqueue(disk, "new").size() == headers.size());
        std::map<std::string, std::size_t> copies;
        for (const auto& recipient : everybody(spool)) ++copies[recipient];
        REQUIRE(copies.size() == (before > 0 ? 6U : 0U) + (before < headers.size() ? 6U : 0U));
        for (const auto& [recipient, times] : copies)
          REQUIRE(times == (recipient.find("old") == 0 ? before : headers.size() - before));
        for (const auto& [path, octets] : disk.files())
          REQUIRE(path.find("T.") == std::string::npos);
        if (!faulty.happened()) break;
      }
  REQUIRE(walked > 200);
}

TEST_CASE("two mails of one id are not prepared at once", "[spool]") {
  MemoryFileSystem disk;
  BulkSpool spool(borrow(disk), 4);
  REQUIRE(spool.prepare(sample(), "message", batches(members(4)))->unpublished);
  const auto twin = spool.prepare(sample(), "message", batches(members(4)));
  REQUIRE_FALSE(twin);
  REQUIRE(twin.error().code() == Errc::busy);
  REQUIRE(spool.publish({sample().id}).front());
  REQUIRE_FALSE(spool.prepare(sample(), "message", batches(members(4)))->unpublished);
}

TEST_CASE("distribution broken at any call: all get a copy, after a kill -9 at most one gets two",
          "[spool]") {
  int walked = 0;
  for (const auto fault : kEveryFault)
    for (const bool power : {false, true})
      for (int n = 1;; ++n, ++walked) {
        MemoryFileSystem disk;
        disk.set_now(kToday);
        REQUIRE(BulkSpool(borrow(disk), 4).enqueue(sample(), "message", batches(members(10))));
        std::map<std::string, int> delivered;
        FaultyFileSystem faulty(disk, n, fault);
        distribute(faulty, delivered);
        if (power) disk.cut_power();
        INFO("call " << n << " " << faulty.trace().back());
        distribute(disk, delivered);
        REQUIRE(delivered.size() == 10);
        std::size_t twice = 0;
        for (const auto& [recipient, times] : delivered) {
          REQUIRE(times <= 2);
          twice += times == 2 ? 1 : 0;
        }
        REQUIRE(twice <= (power ? PacketClaim::kSyncInterval : 1));
        BulkSpool spool(borrow(disk), 4);
        REQUIRE(spool.pending(kToday)->empty());  // and tidies
        REQUIRE(disk.files() ==
                std::map<std::string, std::string>{{"done/" + sample().id.str(), ""}});
        if (!faulty.happened()) break;
      }
  REQUIRE(walked > 150);
}

TEST_CASE("quarantine broken at any call ends with everything in bad", "[spool]") {
  for (const auto fault : kEveryFault)
    for (const bool power : {false, true})
      for (int n = 1;; ++n) {
        MemoryFileSystem disk;
        disk.set_now(kToday);
        REQUIRE(BulkSpool(borrow(disk), 4).enqueue(sample(), "message", batches(members(3))));
        const std::string packet = sample().id.str() + ".0001";
        const auto condemn = [&](sys::FileSystem& fs) {
          BulkSpool spool(borrow(fs), 4);
          auto claim = spool.claim(packet);
          if (!claim || !*claim) return;
          if ((*claim)->done().empty() && !(*claim)->record(outcome_for("m0@example.org"))) return;
          static_cast<void>(spool.quarantine(std::move(**claim), "poison"));
        };
        FaultyFileSystem faulty(disk, n, fault);
        condemn(faulty);
        if (power) disk.cut_power();
        INFO("call " << n << " " << faulty.trace().back());
        condemn(disk);
        BulkSpool spool(borrow(disk), 4);
        REQUIRE(spool.pending(kToday)->empty());
        REQUIRE(spool.pending(kToday)->empty());
        const auto files = disk.files();
        const std::string id = sample().id.str();
        REQUIRE(files.size() == 5);
        for (const auto& path : Names{"bad/" + id, "bad/" + packet, "bad/" + packet + ".done",
                                      "bad/" + packet + ".reason", "done/" + id})
          REQUIRE(files.count(path) == 1);
        REQUIRE(files.at("bad/" + packet + ".done").find("m0@example.org") == 0);
        if (!faulty.happened()) break;
      }
}
