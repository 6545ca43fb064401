#include "spool/desk.h"

#include <catch2/catch.hpp>
#include <functional>
#include <optional>
#include <utility>

#include "bulk_samples.h"
#include "support/faulty_file_system.h"
#include "support/pki.h"
#include "sys/file_system.h"

using namespace paraph;
using namespace paraph::spool;
using namespace paraph::testing;

namespace {

/// The four spools of a site in memory.
struct Site {
  MemoryFileSystem msg, bulk, auth, moderation;
  CountingRandom random;
  Desk desk{{borrow(msg), borrow(bulk), borrow(auth), borrow(moderation)}};
  IncomingSpool incoming{borrow(msg)};
  BulkSpool outgoing{borrow(bulk), 4};

  Site() {
    REQUIRE(make_directories(msg, "msg"));
    REQUIRE(make_directories(bulk, "bulk"));
  }
  std::string accept(const std::string& octets = "mail") {
    SpoolHeader header = header_at(kToday, random);
    header.kind = header.list = header.auth = header.sealed = "";
    return *incoming.accept(header, octets, 7, random);
  }
  Entry only() {
    const auto all = desk.entries(kToday);
    REQUIRE(all);
    REQUIRE(all->size() == 1);
    return all->front();
  }
};

/// Lets somebody else work in between, once, before the n-th call of those that retry and finish consist of.
class InterruptedFileSystem final : public FaultyFileSystem {
 public:
  InterruptedFileSystem(sys::FileSystem& inner, int at)
      : FaultyFileSystem(inner, 1'000'000, Fault::fail), at_(at) {}
  void then(std::function<void()> other) {
    other_ = std::move(other);
    calls_ = 0;
  }
  [[nodiscard]] bool happened() const { return calls_ >= at_; }

  Result<std::vector<std::string>> names(std::string_view directory) override {
    return step(), FaultyFileSystem::names(directory);
  }
  Result<bool> exists(std::string_view path) override {
    return step(), FaultyFileSystem::exists(path);
  }
  Result<void> write_new(std::string_view path, std::string_view octets) override {
    return step(), FaultyFileSystem::write_new(path, octets);
  }
  Result<void> rename_new(std::string_view from, std::string_view to) override {
    return step(), FaultyFileSystem::rename_new(from, to);
  }
  Result<void> remove(std::string_view path, bool durably) override {
    return step(), FaultyFileSystem::remove(path, durably);
  }
  Result<void> set_modified(std::string_view path, TimePoint at) override {
    return step(), FaultyFileSystem::set_modified(path, at);
  }
  Result<std::unique_ptr<sys::FileLock>> lock(std::string_view path) override {
    return step(), FaultyFileSystem::lock(path);
  }

 private:
  void step() {
    if (++calls_ == at_ && other_) std::exchange(other_, {})();
  }
  int at_;
  int calls_ = 0;
  std::function<void()> other_;
};

/// Works on one packet, then leaves it as `end` does.
PacketClaim claimed(BulkSpool& spool, const std::string& packet) {
  auto claim = spool.claim(packet);
  REQUIRE(claim);
  REQUIRE(*claim);
  return std::move(**claim);
}

void send_all(PacketClaim claim, BulkSpool& spool) {
  for (const auto& recipient : claim.remaining()) REQUIRE(claim.record(outcome_for(recipient)));
  REQUIRE(spool.finish(std::move(claim)));
}

}  // namespace

TEST_CASE("accepted mail is held, released, quarantined, retried and dropped", "[desk]") {
  Site site;
  const auto name = site.accept();
  REQUIRE(site.only().state == State::waiting);
  REQUIRE(site.desk.hold(site.only().place()));
  REQUIRE(site.incoming.pending()->empty());
  REQUIRE_FALSE(*site.incoming.claim(name));
  REQUIRE(site.only().state == State::held);
  REQUIRE(site.desk.hold(site.only().place()).error().code() == Errc::usage);
  REQUIRE(*site.desk.cat(site.only().place()) == "mail");

  REQUIRE(site.desk.release(site.only().place()));
  auto claim = site.incoming.claim(name);
  REQUIRE(site.only().state == State::at_work);
  const auto busy = site.desk.hold(site.only().place());
  REQUIRE(busy.error().code() == Errc::busy);
  REQUIRE(busy.error().what().find("a worker has it") != std::string::npos);
  REQUIRE(site.desk.drop(site.only().place()).error().code() == Errc::busy);
  REQUIRE(site.incoming.quarantine(std::move(**claim), "three workers died of it"));
  *claim = std::nullopt;

  REQUIRE(site.only().state == State::quarantined);
  REQUIRE(site.only().waits_for == "three workers died of it");
  REQUIRE(site.desk.retry(site.only().place()));
  REQUIRE(*site.incoming.pending() == Names{name});
  REQUIRE(site.msg.files().size() == 1);  // the reason is gone
  const auto place = site.only().place();
  REQUIRE(site.desk.drop(place));
  REQUIRE(site.msg.files().empty());
  REQUIRE(site.desk.drop(place).error().code() == Errc::not_found);
}

TEST_CASE("what was quarantined twice comes back under its own name, else beside it", "[desk]") {
  Site site;
  const auto name = site.accept();
  REQUIRE(site.msg.write_new("bad/" + name, "an older one of that name"));
  REQUIRE(site.incoming.quarantine(std::move(**site.incoming.claim(name)), "again"));
  REQUIRE(site.desk.retry({"msg", State::quarantined, name + ".1"}));
  REQUIRE(*site.incoming.pending() == Names{name});
  REQUIRE(site.desk.retry({"msg", State::quarantined, name}).error().code() == Errc::exists);
}

TEST_CASE("a held message keeps its packets; the one at work ends, the others wait", "[desk]") {
  Site site;
  const auto header = sample();
  REQUIRE(*site.outgoing.enqueue(header, "message", batches(members(10))) == 10);
  const auto packets = *site.outgoing.pending(kToday);
  REQUIRE(packets.size() == 3);
  {
    auto claim = claimed(site.outgoing, packets[0]);
    REQUIRE(site.only().state == State::at_work);
    REQUIRE(site.desk.hold(site.only().place()));
    REQUIRE(*site.outgoing.published(header.id));
    REQUIRE(site.outgoing.pending(kToday)->empty());  // nor does it tidy anything away
    REQUIRE(site.outgoing.message(header.id)->message == "message");
    send_all(std::move(claim), site.outgoing);
  }
  REQUIRE(site.only().state == State::held);
  REQUIRE(site.only().recipients_left == 6);
  REQUIRE_FALSE(*site.outgoing.claim(packets[1]));
  REQUIRE(*site.outgoing.enqueue(header, "message", batches(members(10))) == 10);  // a repeat
  REQUIRE(site.bulk.files().count("pct/" + packets[0]) == 0);

  REQUIRE(site.desk.release(site.only().place()));
  REQUIRE(*site.outgoing.pending(kToday) == Names{packets[1], packets[2]});
  send_all(claimed(site.outgoing, packets[1]), site.outgoing);
  {
    auto last = claimed(site.outgoing, packets[2]);
    REQUIRE(site.desk.hold(site.only().place()));
    send_all(std::move(last), site.outgoing);
  }
  REQUIRE(site.desk.entries(kToday)->empty());
  REQUIRE(*site.outgoing.published(header.id));
}

TEST_CASE("a quarantined packet is tried again with its journal and its message", "[desk]") {
  Site site;
  const auto header = sample();
  REQUIRE(site.outgoing.enqueue(header, "message", batches(members(4))));
  const auto packet = site.outgoing.pending(kToday)->at(0);
  {
    auto claim = claimed(site.outgoing, packet);
    REQUIRE(claim.record(outcome_for("m0@example.org")));
    REQUIRE(site.outgoing.quarantine(std::move(claim), "poison"));
  }
  const auto entry = site.only();
  REQUIRE(entry.state == State::quarantined);
  REQUIRE(entry.id() == header.id.str());
  REQUIRE(entry.header->list == "l@example.org");
  REQUIRE(entry.journal);
  REQUIRE(entry.recipients_left == 3);
  REQUIRE(*site.desk.cat(entry.place()) == "message");
  REQUIRE(site.desk.retry(entry.place(), kToday));
  REQUIRE(*site.outgoing.pending(kToday) == Names{packet});
  {
    auto claim = claimed(site.outgoing, packet);
    REQUIRE(claim.remaining().size() == 3);
    send_all(std::move(claim), site.outgoing);
  }
  REQUIRE(site.bulk.files().size() == 1);  // done/ID
}

TEST_CASE("a message is dropped with all that belongs to it, unless a worker has a packet",
          "[desk]") {
  Site site;
  const auto header = sample();
  REQUIRE(site.outgoing.enqueue(header, "message", batches(members(10))));
  const auto packets = *site.outgoing.pending(kToday);
  {
    auto claim = claimed(site.outgoing, packets[2]);
    REQUIRE(claim.record(outcome_for("m8@example.org")));
    REQUIRE(site.desk.drop(site.only().place()).error().code() == Errc::busy);
    REQUIRE(site.outgoing.pending(kToday)->size() == 3);  // nothing has changed
    REQUIRE(site.outgoing.postpone(std::move(claim), kToday + std::chrono::minutes(5), "MTA down"));
  }
  REQUIRE(site.outgoing.quarantine(claimed(site.outgoing, packets[1]), "poison"));
  const auto all = *site.desk.find(header.id.str().substr(0, 5), kToday);
  REQUIRE(all.size() == 2);  // the message and its quarantined packet
  for (const auto& entry : all)
    if (entry.state != State::quarantined) {
      REQUIRE(entry.next_try == kToday + std::chrono::minutes(5));
      REQUIRE(entry.waits_for == "MTA down");
      REQUIRE(site.desk.drop(entry.place()));
    }
  REQUIRE(site.bulk.files() == std::map<std::string, std::string>{{"done/" + header.id.str(), ""}});
  REQUIRE(*site.outgoing.enqueue(header, "message", batches(members(10))) == 10);
  REQUIRE(site.outgoing.pending(kToday)->empty());  // a repeat does not send it after all
}

TEST_CASE("a quarantined packet is dropped, and the message with the last one", "[desk]") {
  Site site;
  REQUIRE(site.outgoing.enqueue(sample(), "message", batches(members(8))));
  const auto packets = *site.outgoing.pending(kToday);
  for (const auto& packet : packets)
    REQUIRE(site.outgoing.quarantine(claimed(site.outgoing, packet), "poison"));
  for (const auto& packet : packets) REQUIRE(site.desk.drop({"bulk", State::quarantined, packet}));
  REQUIRE(site.bulk.files().size() == 1);  // done/ID
}

TEST_CASE("what is postponed is due at once after retry and flush", "[desk]") {
  Site site;
  REQUIRE(site.outgoing.enqueue(sample(), "message", batches(members(8))));
  const auto packets = *site.outgoing.pending(kToday);
  const auto postpone = [&] {
    for (const auto& packet : packets)
      REQUIRE(site.outgoing.postpone(claimed(site.outgoing, packet),
                                     kToday + std::chrono::minutes(30), "MTA down"));
    REQUIRE(site.outgoing.pending(kToday)->empty());
    REQUIRE(site.only().state == State::postponed);
  };
  postpone();
  REQUIRE(site.desk.retry(site.only().place(), kToday));
  REQUIRE(*site.outgoing.pending(kToday) == packets);
  postpone();
  const auto claim = site.outgoing.claim(packets[0]);
  REQUIRE(*site.desk.flush(kToday) == 1);
  REQUIRE(site.outgoing.pending(kToday)->size() == 1);
}

TEST_CASE("mail that waits for a person can be read and dropped, and nothing else", "[desk]") {
  Site site;
  REQUIRE(HoldSpool(borrow(site.auth), "auth").hold(sample(), "held", "the author"));
  const auto place = site.only().place();
  REQUIRE(place.spool == "auth");
  REQUIRE(*site.desk.cat(place) == "held");
  REQUIRE(site.desk.hold(place).error().code() == Errc::usage);
  REQUIRE(site.desk.retry(place).error().hint() == "paraph spool drop");
  REQUIRE(site.desk.drop(place));
  REQUIRE(site.auth.files().empty());
}

TEST_CASE("the start of a mail is read without its rest", "[desk]") {
  Site site;
  const auto name = site.accept(std::string(300'000, 'x'));
  const auto place = site.only().place();
  REQUIRE(*site.desk.start(place, 10) == "xxxxxxxxxx");
  REQUIRE(site.desk.start(place, 1'000'000)->size() == 300'000);
  FaultyFileSystem counting(site.msg, 1'000'000, Fault::fail);
  Desk desk({borrow(counting), borrow(site.bulk), borrow(site.auth), borrow(site.moderation)});
  REQUIRE(desk.start(place, 10));
  REQUIRE(counting.trace() == Names{"read_start " + name});
  REQUIRE(site.outgoing.enqueue(sample(), "message", batches(members(4))));
  REQUIRE(*site.desk.start({"bulk", State::waiting, sample().id.str()}, 4) == "mess");
  REQUIRE(site.desk.start({"msg", State::waiting, "../x"}, 4).error().code() == Errc::not_found);
}

TEST_CASE("a packet that comes back while its message ends is neither lost nor sent twice",
          "[desk]") {
  for (const bool retry_first : {false, true})
    for (int n = 1;; ++n) {
      Site site;
      INFO((retry_first ? "retry, and at its call the worker ends: "
                        : "the worker ends, and at its call retry: ")
           << n);
      site.bulk.set_now(kToday);
      REQUIRE(site.outgoing.enqueue(sample(), "message", batches(members(8))));
      const auto packets = *site.outgoing.pending(kToday);
      REQUIRE(packets.size() == 2);
      const Place bad{"bulk", State::quarantined, packets[0]};
      std::map<std::string, int> delivered;
      {
        auto half = claimed(site.outgoing, packets[0]);
        ++delivered[half.remaining()[0]];
        REQUIRE(half.record(outcome_for(half.remaining()[0])));
        REQUIRE(site.outgoing.quarantine(std::move(half), "poison"));
      }
      InterruptedFileSystem both(site.bulk, n);
      Desk desk({borrow(site.msg), retry_first ? borrow(both) : borrow(site.bulk),
                 borrow(site.auth), borrow(site.moderation)});
      BulkSpool worker(retry_first ? borrow(site.bulk) : borrow(both), 4);
      auto last = std::make_optional(claimed(worker, packets[1]));
      for (const auto& recipient : last->remaining()) {
        ++delivered[recipient];
        REQUIRE(last->record(outcome_for(recipient)));
      }
      bool back = false;
      const auto end = [&] {
        if (last) static_cast<void>(worker.finish(std::move(*last)));
        last.reset();
      };
      const auto retry = [&] { back = desk.retry(bad, kToday).has_value(); };
      both.then(retry_first ? std::function<void()>(end) : retry);
      retry_first ? retry() : end();
      if (!both.happened()) break;
      both.then({});
      // Whoever was refused comes again, as people and workers do.
      if (!back) REQUIRE(site.desk.retry(bad, kToday));
      for (int look = 0; look < 3; ++look) distribute(site.bulk, delivered);
      REQUIRE(delivered.size() == 8);
      for (const auto& [recipient, copies] : delivered) REQUIRE(copies == 1);
      const auto left = site.bulk.files();
      REQUIRE(left.size() == 1);
      REQUIRE(left.count("done/" + sample().id.str()) == 1);
    }
}

TEST_CASE("what is released begins its time anew, also after a long hold", "[desk]") {
  Site site;
  site.bulk.set_now(kToday - std::chrono::hours(24 * 30));
  REQUIRE(site.outgoing.enqueue(sample(), "message", batches(members(4))));
  REQUIRE(site.outgoing.message(sample().id)->since == kToday - std::chrono::hours(24 * 30));
  REQUIRE(site.desk.hold(site.only().place()));
  const auto before = sys::SystemClock().now();
  REQUIRE(site.desk.release(site.only().place()));
  REQUIRE(site.outgoing.message(sample().id)->since + std::chrono::seconds(1) >= before);
}

TEST_CASE("find: a unique beginning of the id, all places of one mail, or a file name", "[desk]") {
  Site site;
  const auto name = site.accept();
  const auto id = site.only().header->id.str();
  REQUIRE(site.desk.find("", kToday).error().code() == Errc::not_found);
  REQUIRE(site.desk.find("zzz", kToday).error().code() == Errc::not_found);
  REQUIRE(site.desk.find(id.substr(0, 4), kToday)->at(0).name == name);
  REQUIRE(site.desk.find(name, kToday)->size() == 1);
  site.accept();
  const auto several = site.desk.find(id.substr(0, 4), kToday);
  REQUIRE(several.error().code() == Errc::usage);
  auto header = header_at(kToday, site.random);
  header.id = *QueueId::parse(id);
  REQUIRE(site.outgoing.enqueue(header, "its output", batches(members(2))));
  REQUIRE(site.desk.find(id, kToday)->size() == 2);
}

TEST_CASE("damaged and hostile files are listed by name and can be dropped", "[desk]") {
  TempDir where;
  const Names names{"a\nb", "-rf", "\xe2\x80\xae.txt", "..x", std::string(255, 'x'), "\xff"};
  Desk::Roots roots;
  for (auto* root : {&roots.msg, &roots.bulk, &roots.auth, &roots.moderation})
    *root = *sys::open_root(where.path().string());
  // One directory is enough here: the other three spools are empty below it.
  for (const auto* spool : {"bulk", "auth", "moderation"})
    REQUIRE(roots.msg->make_directory(spool));
  roots.bulk = *sys::open_root(where / "bulk");
  roots.auth = *sys::open_root(where / "auth");
  roots.moderation = *sys::open_root(where / "moderation");
  Desk desk(roots);
  for (const auto& name : names) REQUIRE(roots.msg->write_new(name, "damaged"));
  const auto entries = desk.entries(kToday);
  // "..x" is hidden, so no mail.
  REQUIRE(entries->size() == names.size() - 1);
  for (const auto& entry : *entries) {
    REQUIRE_FALSE(entry.header);
    REQUIRE(entry.id().empty());
    REQUIRE(desk.find(entry.name, kToday)->size() == 1);
    REQUIRE(desk.cat(entry.place()).error().code() == Errc::corrupt);
    REQUIRE(desk.hold(entry.place()));
    REQUIRE(desk.drop({"msg", State::held, entry.name}));
  }
  for (const auto* name : {"../bulk", "bulk/msg", "", "."})
    REQUIRE_FALSE(desk.drop({"msg", State::waiting, name}));
}
