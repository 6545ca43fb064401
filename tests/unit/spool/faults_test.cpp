// What people's verbs, hostile names, damaged files and a jumping clock must not break.

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <functional>

#include "bulk_samples.h"
#include "spool/desk.h"
#include "support/faulty_file_system.h"
#include "support/pki.h"
#include "sys/file_system.h"

using namespace paraph;
using namespace paraph::spool;
using namespace paraph::testing;

namespace {

constexpr Fault kFaults[] = {Fault::fail, Fault::cut_before, Fault::cut_during, Fault::cut_after,
                             Fault::fail_after};

/// msg and bulk of a site, and a desk at them.
struct Site {
  MemoryFileSystem msg, bulk, none;
  CountingRandom random;
  std::string name;

  Site() {
    msg.set_now(kToday);
    bulk.set_now(kToday);
    REQUIRE(make_directories(msg, "msg"));
    REQUIRE(make_directories(bulk, "bulk"));
    SpoolHeader header = header_at(kToday, random);
    header.kind = header.list = header.auth = header.sealed = "";
    name = *IncomingSpool(borrow(msg)).accept(header, "mail", 7, random);
    REQUIRE(outgoing().enqueue(sample(), "message", batches(members(4))));
  }
  [[nodiscard]] std::string id() const { return sample().id.str(); }
  BulkSpool outgoing() { return {borrow(bulk), 4}; }
  Desk desk() { return desk(msg, bulk); }
  Desk desk(sys::FileSystem& mail, sys::FileSystem& packets) {
    return Desk({borrow(mail), borrow(packets), borrow(none), borrow(none)});
  }
  void quarantine() {
    IncomingSpool incoming(borrow(msg));
    REQUIRE(incoming.quarantine(std::move(**incoming.claim(name)), "why"));
    auto spool = outgoing();
    auto packet = spool.claim(id() + ".0001");
    REQUIRE((*packet)->record(outcome_for("m0@example.org")));
    REQUIRE(spool.quarantine(std::move(**packet), "why"));
  }
};

using Verb = Result<void> (*)(Desk&, const Place&);

/// Breaks `verb` at every call of the disk, in every way; then `then` looks at what is left.
void walk(const std::function<void(Site&)>& before, State state, Verb verb,
          const std::function<void(Site&, bool done)>& then) {
  for (const bool bulk : {false, true})
    for (const auto fault : kFaults)
      for (const bool power : {false, true})
        for (int n = 1;; ++n) {
          Site site;
          before(site);
          FaultyFileSystem faulty(bulk ? site.bulk : site.msg, n, fault);
          Desk desk = bulk ? site.desk(site.msg, faulty) : site.desk(faulty, site.bulk);
          const bool packet = bulk && state == State::quarantined;
          const Place place{bulk ? "bulk" : "msg", state,
                            bulk ? site.id() + (packet ? ".0001" : "") : site.name};
          const bool done = verb(desk, place).has_value();
          if (power) {
            site.msg.cut_power();
            site.bulk.cut_power();
          }
          CAPTURE(bulk, int(fault), power, n, faulty.trace().back());
          then(site, done);
          if (!faulty.happened()) break;
        }
}

/// Puts back whatever is held or quarantined.
void put_all_back(Site& site) {
  auto desk = site.desk();
  const auto entries = desk.entries(kToday);
  REQUIRE(entries);
  for (const auto& entry : *entries) {
    CAPTURE(entry.spool, entry.name, to_string(entry.state));
    if (entry.state == State::held) REQUIRE(desk.release(entry.place()));
    if (entry.state == State::quarantined) REQUIRE(desk.retry(entry.place(), kToday));
  }
}

void require_everything_ends(Site& site, std::map<std::string, int> delivered) {
  put_all_back(site);
  IncomingSpool incoming(borrow(site.msg));
  REQUIRE(*incoming.pending() == Names{site.name});
  REQUIRE(incoming.read(**incoming.claim(site.name))->message == "mail");
  distribute(site.bulk, delivered);
  REQUIRE(delivered.size() == 4);
  for (const auto& [recipient, times] : delivered) {
    CAPTURE(recipient);
    REQUIRE(times == 1);
  }
  REQUIRE(site.outgoing().pending(kToday)->empty());
  REQUIRE(site.bulk.files().count("msg/" + site.id()) == 0);
}

Result<void> hold(Desk& desk, const Place& place) {
  return desk.hold(place);
}
Result<void> release(Desk& desk, const Place& place) {
  return desk.release(place);
}
Result<void> retry(Desk& desk, const Place& place) {
  return desk.retry(place, kToday);
}
Result<void> drop(Desk& desk, const Place& place) {
  return desk.drop(place);
}
void hold_both(Site& site) {
  auto desk = site.desk();
  REQUIRE(desk.hold({"msg", State::waiting, site.name}));
  REQUIRE(desk.hold({"bulk", State::waiting, site.id()}));
}

}  // namespace

TEST_CASE("hold broken at any call loses nothing", "[faults]") {
  walk([](Site&) {}, State::waiting, hold,
       [](Site& site, bool) { require_everything_ends(site, {}); });
}

TEST_CASE("release broken at any call loses nothing", "[faults]") {
  walk(hold_both, State::held, release,
       [](Site& site, bool) { require_everything_ends(site, {}); });
}

TEST_CASE("retry broken at any call loses nothing and repeats no recorded copy", "[faults]") {
  walk([](Site& site) { site.quarantine(); }, State::quarantined, retry,
       [](Site& site, bool) {
         // The daemon looks first, in between.
         REQUIRE(site.outgoing().pending(kToday));
         require_everything_ends(site, {{"m0@example.org", 1}});
       });
}

TEST_CASE("drop broken at any call can be repeated; nothing of it comes back or is sent anew",
          "[faults]") {
  const auto before = [](State state) {
    return [state](Site& site) {
      if (state == State::held) hold_both(site);
      if (state == State::quarantined) site.quarantine();
    };
  };
  for (const State state : {State::waiting, State::held, State::quarantined})
    walk(before(state), state, drop, [](Site& site, bool done) {
      REQUIRE(site.outgoing().pending(kToday));
      auto desk = site.desk();
      const auto left = desk.entries(kToday);
      const auto of = [&](const std::string& spool) {
        return std::count_if(left->begin(), left->end(),
                             [&](const Entry& entry) { return entry.spool == spool; });
      };
      REQUIRE(left->size() <= 2);
      // One of the two was not to be dropped.
      REQUIRE(of("msg") + of("bulk") >= 1);
      if (done) REQUIRE(left->size() == 1);
      for (const auto& entry : *left) REQUIRE(desk.drop(entry.place()));
      REQUIRE(desk.entries(kToday)->empty());
      std::map<std::string, int> delivered;
      REQUIRE(site.outgoing().enqueue(sample(), "message", batches(members(4))));
      distribute(site.bulk, delivered);
      REQUIRE(delivered.empty());
    });
}

TEST_CASE("hostile names go the whole way: listed, claimed, quarantined, retried, finished",
          "[faults]") {
  const Names names{"a\nb",
                    "-rf",
                    "\xe2\x80\xae"
                    "txt.exe",
                    std::string(255, 'n'),
                    "\xff\xfe",
                    "b\u00fccher",
                    "a b;c`d`",
                    "x.reason",
                    "..."};
  TempDir where;
  const auto fs = *sys::open_root(where.path().string());
  IncomingSpool spool(fs);
  for (const auto& name : names) {
    CAPTURE(name);
    REQUIRE(fs->write_new(name, "damaged"));
    const bool hidden = name[0] == '.';
    REQUIRE(spool.pending()->size() == (hidden ? 0 : 1));
    if (hidden) continue;
    for (const bool last : {false, true}) {
      const auto pending = *spool.pending();
      auto claim = spool.claim(pending.at(0));
      REQUIRE((claim && *claim));
      spool.note_waiting(**claim, "why");
      if (last) {
        REQUIRE(spool.finish(std::move(**claim)));
      } else {
        REQUIRE(spool.quarantine(std::move(**claim), "why"));
        *claim = std::nullopt;
        const auto bad = *fs->names("bad");
        REQUIRE(bad.size() == 2);
        const auto& mail = bad[0].size() < bad[1].size() ? bad[0] : bad[1];
        REQUIRE(fs->rename_new("bad/" + mail, pending.at(0)));
        REQUIRE(fs->remove("bad/" + mail + ".reason", true));
      }
    }
    REQUIRE(spool.entries()->empty());
  }
}

TEST_CASE("directories and FIFOs where files should be stop nobody else", "[faults]") {
  TempDir where;
  const auto fs = *sys::open_root(where.path().string());
  BulkSpool spool(fs, 2);
  REQUIRE(spool.enqueue(sample(), "message", batches(members(6))));
  const std::string packet = "/pct/" + sample().id.str();
  REQUIRE(fs->remove("pct/" + sample().id.str() + ".0001", true));
  REQUIRE(::mkfifo((where.path().string() + packet + ".0001").c_str(), 0600) == 0);
  REQUIRE(fs->make_directory("pct/" + sample().id.str() + ".0002.done"));
  REQUIRE(::mkfifo((where.path().string() + "/msg/fifo").c_str(), 0600) == 0);
  REQUIRE(fs->make_directory("done/directory"));
  std::size_t sent = 0;
  const auto pending = spool.pending(sys::SystemClock().now());
  REQUIRE(pending);
  for (const auto& name : *pending) {
    auto claim = spool.claim(name);
    if (!claim) {
      REQUIRE(claim.error().code() == Errc::corrupt);
      continue;
    }
    for (const auto& recipient : (*claim)->remaining())
      REQUIRE((*claim)->record(outcome_for(recipient)));
    sent += (*claim)->remaining().size();
    REQUIRE(spool.finish(std::move(**claim)));
  }
  REQUIRE(sent == 2);
  REQUIRE(spool.entries());
}

TEST_CASE("a flipped bit in packet or journal: claimed or quarantined, and nobody dropped by it",
          "[faults]") {
  for (const std::string suffix : {"", ".done"})
    for (std::size_t bit = 0;; ++bit) {
      MemoryFileSystem disk;
      BulkSpool spool(borrow(disk), 4);
      REQUIRE(spool.enqueue(sample(), "message", batches(members(3))));
      const std::string packet = sample().id.str() + ".0001";
      REQUIRE((*spool.claim(packet))->record(outcome_for("m0@example.org")));
      const std::string path = "pct/" + packet + suffix;
      std::string octets = disk.files().at(path);
      if (bit == octets.size() * 8) break;
      octets[bit / 8] = static_cast<char>(octets[bit / 8] ^ (1 << bit % 8));
      REQUIRE(disk.replace(path, octets));
      CAPTURE(suffix, bit);
      auto claim = spool.claim(packet);
      if (!claim) {
        REQUIRE(claim.error().code() == Errc::corrupt);
        REQUIRE(disk.files().count("bad/" + packet) == 1);
        continue;
      }
      const auto& left = (*claim)->remaining();
      REQUIRE(left.size() >= 1);
      for (const auto& recipient : left)
        REQUIRE(std::none_of(recipient.begin(), recipient.end(),
                             [](unsigned char c) { return c < 32 || c == 127; }));
      // A journal never takes away more than it has lines.
      if (!suffix.empty()) REQUIRE(left.size() >= 2);
    }
}

TEST_CASE("a clock that jumps forward a year or back an hour loses nothing", "[faults]") {
  using std::chrono::hours;
  MemoryFileSystem msg, bulk;
  CountingRandom random;
  msg.set_now(kToday);
  bulk.set_now(kToday);
  IncomingSpool incoming(borrow(msg));
  BulkSpool outgoing(borrow(bulk), 4);
  SpoolHeader header = header_at(kToday, random);
  header.kind = header.list = header.auth = header.sealed = "";
  const auto name = *incoming.accept(header, "mail", 7, random);
  REQUIRE(outgoing.enqueue(sample(), "message", batches(members(2))));
  const auto packet = outgoing.pending(kToday)->at(0);
  REQUIRE(outgoing.postpone(std::move(**outgoing.claim(packet)), kToday + std::chrono::minutes(30),
                            "the MTA is down"));
  for (const TimePoint now : {kToday + hours(24 * 365), kToday - hours(1)}) {
    REQUIRE(*incoming.pending(now) == Names{name});
    REQUIRE(*outgoing.pending(now) == Names{packet});
  }
  std::map<std::string, int> delivered;
  REQUIRE(bulk.set_modified("pct/" + packet, kToday));
  distribute(bulk, delivered);
  REQUIRE(delivered.size() == 2);
  // The mark of what ended is kept while the clock is behind it.
  REQUIRE(outgoing.pending(kToday - hours(1)));
  REQUIRE(*outgoing.published(sample().id));
}
