#include "spool/states.h"

#include <catch2/catch.hpp>
#include <functional>
#include <set>

#include "bulk_samples.h"
#include "spool/desk.h"
#include "support/pki.h"
#include "sys/file_system.h"

using namespace paraph;
using namespace paraph::spool;
using namespace paraph::testing;

namespace {

using Disk = std::function<std::shared_ptr<sys::FileSystem>(const std::string& spool)>;
using Files = std::set<std::string>;

constexpr auto kDay = std::chrono::hours(25);

void collect(sys::FileSystem& fs, const std::string& directory, const std::string& shown,
             Files& found) {
  const auto files = fs.list(directory);
  for (const auto& file : *files) {
    const std::string path = directory.empty() ? file.name : directory + "/" + file.name;
    if (file.directory)
      collect(fs, path, shown, found);
    else
      found.insert(shown + path);
  }
}

/// One mail and one message with one packet, on four spools of one kind of disk.
struct World {
  CountingRandom random;
  SpoolHeader header = header_at(sys::SystemClock().now(), random);
  std::shared_ptr<sys::FileSystem> msg, bulk, auth, moderation;
  Desk desk;
  IncomingSpool incoming;
  BulkSpool outgoing;
  std::string name;
  std::optional<Claim> claim;
  std::optional<PacketClaim> packet;

  explicit World(const Disk& disk)
      : msg(disk("msg")),
        bulk(disk("bulk")),
        auth(disk("auth")),
        moderation(disk("moderation")),
        desk({msg, bulk, auth, moderation}),
        incoming(msg),
        outgoing(bulk, 4) {
    REQUIRE(make_directories(*msg, "msg"));
    REQUIRE(make_directories(*bulk, "bulk"));
  }
  [[nodiscard]] std::string packet_name() const { return header.id.str() + ".0001"; }
  [[nodiscard]] TimePoint now() const { return header.received; }

  /// Every file, with NAME and ID in place of this mail's; the packet of a single member (ID.0001.1) as the whole one.
  [[nodiscard]] Files files() const {
    Files found, shown;
    collect(*msg, "", "msg/", found);
    collect(*bulk, "", "bulk/", found);
    collect(*auth, "", "auth/", found);
    for (std::string path : found) {
      for (const auto& [real, word] : {std::pair(name, "NAME"), std::pair(header.id.str(), "ID")})
        if (const auto at = path.find(real); !real.empty() && at != std::string::npos)
          path.replace(at, real.size(), word);
      constexpr std::string_view kOwn = "ID.0001.1";
      if (const auto at = path.find(kOwn); at != std::string::npos)
        path.replace(at, kOwn.size(), "ID.0001");
      shown.insert(path);
    }
    return shown;
  }
  Entry entry() {
    const auto all = desk.entries(now());
    REQUIRE(all);
    REQUIRE(all->size() == 1);
    return all->front();
  }
  void take_packet() {
    auto taken = outgoing.claim(packet_name());
    REQUIRE(taken);
    REQUIRE(*taken);
    packet = std::move(*taken);
  }
  PacketClaim have_packet() {
    if (!packet) take_packet();
    auto had = std::move(*packet);
    packet.reset();
    return had;
  }
  void record(std::size_t from, std::size_t to) {
    take_packet();
    for (std::size_t i = from; i < to; ++i) REQUIRE(packet->record(outcome_for(members(4).at(i))));
  }
};

using Step = std::function<void(World&)>;

void enqueue(World& world) {
  REQUIRE(*world.outgoing.enqueue(world.header, "message", batches(members(4))) == 4);
}
void accept(World& world) {
  SpoolHeader plain = world.header;
  plain.kind = plain.list = plain.auth = plain.sealed = "";
  world.name = *world.incoming.accept(plain, "mail", 7, world.random);
}
/// The queue died while it was writing.
void write(World& world) {
  accept(world);
  REQUIRE(world.msg->rename_new(world.name, "T." + world.name));
}
void claim(World& world) {
  auto taken = world.incoming.claim(world.name);
  REQUIRE(taken);
  REQUIRE(*taken);
  world.claim = std::move(*taken);
}
Claim have(World& world) {
  if (!world.claim) claim(world);
  auto had = std::move(*world.claim);
  world.claim.reset();
  return had;
}
template <class Verb>
Step person(Verb verb) {
  return [verb](World& world) {
    const auto done = verb(world.desk, world.entry().place());
    INFO((done ? std::string() : done.error().what()));
    REQUIRE(done);
  };
}
const Step kHold = person([](Desk& desk, const Place& place) { return desk.hold(place); });
const Step kRelease = person([](Desk& desk, const Place& place) { return desk.release(place); });
const Step kRetry = person([](Desk& desk, const Place& place) { return desk.retry(place); });
const Step kDrop = person([](Desk& desk, const Place& place) { return desk.drop(place); });

void end_packet(World& world) {
  auto packet = world.have_packet();
  for (const auto& member : packet.remaining()) {
    const auto& done = packet.done();
    if (std::none_of(done.begin(), done.end(),
                     [&](const CopyOutcome& copy) { return copy.recipient == member; }))
      REQUIRE(packet.record(outcome_for(member)));
  }
  REQUIRE(world.outgoing.finish(std::move(packet)));
}
/// One member's copy is poison: his own packet is quarantined, and the others' ends.
void end_without_one(World& world) {
  REQUIRE(world.outgoing.set_aside(*world.packet, members(4).back(), "poison"));
  end_packet(world);
}
void condemn_packet(World& world) {
  REQUIRE(world.outgoing.quarantine(world.have_packet(), "poison"));
}
void postpone(World& world) {
  REQUIRE(world.outgoing.postpone(world.have_packet(), world.now() + std::chrono::minutes(5),
                                  "the MTA is down"));
  REQUIRE(world.outgoing.pending(world.now())->empty());
}

void decide(World& world) {
  const auto decided = world.desk.decide(world.entry().place(), {"confirm", "alice", {}, {}});
  INFO((decided ? std::string() : decided.error().what()));
  REQUIRE(decided);
  const auto names = *world.incoming.pending();
  REQUIRE(names.size() == 1);
  world.name = names.front();
  const auto claim = *world.incoming.claim(world.name);
  const auto read = *world.incoming.read(*claim);
  CHECK(read.message == "held");
  CHECK(read.header.id == world.header.id);
  CHECK(read.header.received == world.header.received);
  CHECK(read.header.word.verdict == "confirm");
  CHECK(read.header.word.by == "alice");
  CHECK(read.header.word.judged == world.header.auth);
}

/// The files of a state: those that must be there, and those that may.
struct Shape {
  Files must, may;
};
const std::map<std::string_view, Shape> kShapes{
    {"-", {{}, {}}},
    {"S1", {{"msg/T.NAME"}, {}}},
    {"S2", {{"msg/NAME"}, {}}},
    {"S3", {{"msg/NAME"}, {}}},
    {"S4", {{"msg/NAME", "bulk/msg/ID", "bulk/pct/ID.0001"}, {}}},
    {"S5", {{}, {"bulk/msg/ID", "bulk/pct/ID.0001"}}},
    {"S6", {{"msg/bad/NAME", "msg/bad/NAME.reason"}, {}}},
    {"S7", {{"msg/hold/NAME"}, {}}},
    {"B1",
     {{"bulk/msg/ID", "bulk/pct/ID.0001"},
      {"bulk/done/ID", "bulk/.wait/ID.0001", "bulk/pct/ID.0001.done"}}},
    {"B2",
     {{"bulk/msg/ID", "bulk/pct/ID.0001", "bulk/pct/ID.0001.done"},
      {"bulk/done/ID", "bulk/.wait/ID.0001"}}},
    {"B3", {{"bulk/done/ID"}, {}}},
    {"B4",
     {{"bulk/bad/ID", "bulk/bad/ID.0001", "bulk/bad/ID.0001.reason", "bulk/done/ID"},
      {"bulk/bad/ID.0001.done"}}},
    {"B5", {{"bulk/hold/ID", "bulk/pct/ID.0001"}, {"bulk/done/ID", "bulk/pct/ID.0001.done"}}},
    {"H1", {{"auth/ID", "auth/ID.reason"}, {}}},
};

void require_state(World& world, std::string_view code) {
  const Shape& shape = kShapes.at(code);
  const Files files = world.files();
  CAPTURE(code);
  for (const auto& path : shape.must) {
    CAPTURE(path);
    REQUIRE(files.count(path) == 1);
  }
  for (const auto& path : files) {
    CAPTURE(path);
    REQUIRE(shape.must.count(path) + shape.may.count(path) == 1);
  }
}

/// How a mail gets into each state.
const std::map<std::string_view, std::vector<Step>> kInto{
    {"-", {}},
    {"S1", {write}},
    {"S2", {accept}},
    {"S3", {accept, claim}},
    {"S4", {accept, claim, enqueue}},
    {"S6", {accept, [](World& world) { REQUIRE(world.incoming.quarantine(have(world), "why")); }}},
    {"S7", {accept, kHold}},
    {"B1", {enqueue}},
    {"B2", {enqueue, [](World& world) { world.record(0, 2); }}},
    {"B3", {enqueue, end_packet}},
    {"B4", {enqueue, condemn_packet}},
    {"B5", {enqueue, kHold}},
    {"H1", {[](World& world) {
       REQUIRE(HoldSpool(world.auth, "auth").hold(world.header, "held", "the author"));
     }}},
};

/// A person holds the message while a worker has its packet.
void hold_at_work(World& world) {
  kRelease(world);
  world.take_packet();
  kHold(world);
}

/// What each arrow does, whoever goes it: by state it leaves, state it reaches, verb.
using Way = std::tuple<std::string_view, std::string_view, std::string_view>;
const std::map<Way, Step> kSteps{
    {{"-", "S1", "write"}, write},
    {{"S1", "S2", "accept"},
     [](World& world) { REQUIRE(world.msg->rename_new("T." + world.name, world.name)); }},
    {{"S1", "-", "forget"},
     [](World& world) {
       REQUIRE(world.msg->set_modified("T." + world.name, world.now()));
       REQUIRE(world.incoming.pending(world.now() + kDay)->empty());
     }},
    {{"S2", "S3", "claim"}, claim},
    {{"S3", "S2", "die"}, [](World& world) { world.claim.reset(); }},
    {{"S3", "S4", "perform"}, enqueue},
    {{"S4", "S5", "finish"}, [](World& world) { REQUIRE(world.incoming.finish(have(world))); }},
    {{"S3", "S6", "quarantine"},
     [](World& world) { REQUIRE(world.incoming.quarantine(have(world), "why")); }},
    {{"S2", "S2", "retry"}, kRetry},
    {{"S2", "S7", "hold"}, kHold},
    {{"S2", "S5", "drop"}, kDrop},
    {{"S6", "S2", "retry"}, kRetry},
    {{"S6", "S5", "drop"}, kDrop},
    {{"S7", "S2", "release"}, kRelease},
    {{"S7", "S5", "drop"}, kDrop},
    {{"-", "B1", "enqueue"}, enqueue},
    {{"B1", "B2", "record"}, [](World& world) { world.record(0, 1); }},
    {{"B1", "B1", "postpone"}, postpone},
    {{"B1", "B4", "quarantine"}, condemn_packet},
    {{"B2", "B2", "postpone"}, postpone},
    {{"B2", "B3", "finish"}, end_packet},
    {{"B2", "B4", "finish"}, end_without_one},
    {{"B2", "B4", "quarantine"}, condemn_packet},
    {{"B3", "-", "forget"},
     [](World& world) {
       REQUIRE(world.bulk->set_modified("done/" + world.header.id.str(), world.now()));
       REQUIRE(world.outgoing.pending(world.now() + kDay)->empty());
     }},
    {{"B1", "B1", "retry"}, kRetry},
    {{"B1", "B5", "hold"}, kHold},
    {{"B1", "B3", "drop"}, kDrop},
    {{"B2", "B2", "retry"},
     [](World& world) {
       postpone(world);
       kRetry(world);
       REQUIRE(world.outgoing.pending(sys::SystemClock().now())->size() == 1);
     }},
    {{"B2", "B5", "hold"}, kHold},
    {{"B2", "B3", "drop"},
     [](World& world) {
       world.packet.reset();
       kDrop(world);
     }},
    {{"B4", "B1", "retry"}, kRetry},
    {{"B4", "B3", "drop"}, kDrop},
    {{"B5", "B1", "release"}, kRelease},
    {{"B5", "B3", "drop"}, kDrop},
    {{"B5", "B3", "finish"},
     [](World& world) {
       hold_at_work(world);
       end_packet(world);
     }},
    {{"B5", "B4", "finish"},
     [](World& world) {
       hold_at_work(world);
       end_without_one(world);
     }},
    {{"B5", "B4", "quarantine"},
     [](World& world) {
       hold_at_work(world);
       condemn_packet(world);
     }},
    {{"-", "H1", "hold"}, kInto.at("H1").front()},
    {{"H1", "S2", "decide"}, decide},
    {{"H1", "-", "drop"}, kDrop},
    {{"H1", "-", "expire"},
     [](World& world) {
       const auto gone = HoldSpool(world.auth, "auth").expire(world.entry().place());
       REQUIRE(gone);
       REQUIRE(*gone);
     }},
};

void walk(const std::function<Disk()>& new_disk) {
  for (const auto& arrow : kArrows) {
    INFO(arrow.from << " -> " << arrow.to << ": " << arrow.verb);
    const auto step = kSteps.find({arrow.from, arrow.to, arrow.verb});
    REQUIRE(step != kSteps.end());
    World world(new_disk());
    for (const auto& into : kInto.at(arrow.from)) into(world);
    require_state(world, arrow.from);
    step->second(world);
    require_state(world, arrow.to);
  }
}

/// What a person or a worker tries that no arrow allows: refused, and no file has moved.
void refuse(const std::function<Disk()>& new_disk) {
  using Verb = Result<void> (Desk::*)(const Place&);
  const std::vector<std::pair<std::string_view, Verb>> verbs{
      {"hold", &Desk::hold}, {"release", &Desk::release}, {"drop", &Desk::drop}};
  std::size_t refused = 0;
  for (const std::string_view code : {"S2", "S6", "S7", "B1", "B2", "B4", "B5", "H1"}) {
    World world(new_disk());
    for (const auto& into : kInto.at(code)) into(world);
    const Place place = world.entry().place();
    const Files before = world.files();
    const auto leads_out = [&](std::string_view verb) {
      return std::any_of(kArrows.begin(), kArrows.end(), [&](const ArrowRow& arrow) {
        return arrow.from == code && arrow.by == By::person && arrow.verb == verb;
      });
    };
    const auto require_refused = [&](const Result<void>& done) {
      REQUIRE_FALSE(done);
      REQUIRE(done.error().code() == Errc::usage);
      REQUIRE_FALSE(done.error().hint().empty());
      REQUIRE(world.files() == before);
      ++refused;
    };
    CAPTURE(code);
    for (const auto& [word, verb] : verbs)
      if (!leads_out(word)) require_refused((world.desk.*verb)(place));
    if (!leads_out("retry")) require_refused(world.desk.retry(place));
    // Only what is live is anybody's to claim.
    const bool mail_claimed =
        !world.name.empty() && world.incoming.claim(world.name).value().has_value();
    REQUIRE(mail_claimed == (code == "S2"));
    if (code != "B2") {  // there the world itself has the packet
      const bool packet_claimed = world.outgoing.claim(world.packet_name()).value().has_value();
      REQUIRE(packet_claimed == (code == "B1"));
    }
  }
  REQUIRE(refused == 14);
}

Disk in_memory() {
  return [](const std::string&) {
    auto fs = std::make_shared<MemoryFileSystem>();
    fs->set_now(sys::SystemClock().now());
    return fs;
  };
}

struct RealDisks {
  std::vector<std::unique_ptr<TempDir>> directories;
  Disk operator()() {
    directories.push_back(std::make_unique<TempDir>());
    const std::string root = directories.back()->path().string();
    return [root](const std::string& spool) {
      const auto top = *sys::open_root(root);
      REQUIRE(top->make_directory(spool));
      return *sys::open_root(root + "/" + spool);
    };
  }
};

}  // namespace

TEST_CASE("every arrow of the state table leads where it says, and leaves exactly its files",
          "[states]") {
  std::set<Way> ways;
  for (const auto& arrow : kArrows) ways.insert({arrow.from, arrow.to, arrow.verb});
  REQUIRE(kSteps.size() == ways.size());
  walk(in_memory);
  RealDisks real;
  walk([&] { return real(); });
}

TEST_CASE("no other arrow leads out of a state", "[states]") {
  refuse(in_memory);
  RealDisks real;
  refuse([&] { return real(); });
}

TEST_CASE("every state of the table is reached, and every one but the endings is left",
          "[states]") {
  for (const auto& state : kStates) {
    const auto leaves = [&](const ArrowRow& arrow) {
      return arrow.from == state.code && arrow.to != state.code;
    };
    const auto reaches = [&](const ArrowRow& arrow) { return arrow.to == state.code; };
    CAPTURE(state.code);
    REQUIRE(std::any_of(kArrows.begin(), kArrows.end(), reaches));
    REQUIRE((state.code == "S5") == std::none_of(kArrows.begin(), kArrows.end(), leaves));
  }
}
