#include "spool/fsck.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <set>

#include "bulk_samples.h"
#include "support/pki.h"
#include "sys/file_system.h"

using namespace paraph;
using namespace paraph::spool;
using namespace paraph::testing;

namespace {

struct Site {
  MemoryFileSystem msg, bulk, auth, moderation;
  CountingRandom random;
  Fsck fsck{{borrow(msg), borrow(bulk), borrow(auth), borrow(moderation)}};

  Site() {
    REQUIRE(make_directories(msg, "msg"));
    REQUIRE(make_directories(bulk, "bulk"));
  }
  std::string accept() {
    SpoolHeader header = header_at(kToday, random);
    header.kind = header.list = header.auth = header.sealed = "";
    return *IncomingSpool(borrow(msg)).accept(header, "mail", 7, random);
  }
  std::set<std::string> found(TimePoint now = kToday) {
    const auto findings = fsck.look(now);
    REQUIRE(findings);
    std::set<std::string> lines;
    for (const auto& finding : *findings)
      lines.insert(finding.spool + "/" + finding.path + ": " +
                   std::string(to_string(finding.repair)));
    return lines;
  }
  void repair_all() {
    const auto findings = fsck.look(kToday);
    for (const auto& finding : *findings) {
      const auto done = fsck.repair(finding, kToday);
      REQUIRE(done.has_value() == (finding.repair != Repair::none));
    }
  }
};
using Lines = std::set<std::string>;

}  // namespace

TEST_CASE("a spool in order has no findings, nor what is being made", "[fsck]") {
  Site site;
  REQUIRE(site.found().empty());
  const auto name = site.accept();
  BulkSpool outgoing(borrow(site.bulk), 2);
  REQUIRE(outgoing.enqueue(sample(), "message", batches(members(4))));
  REQUIRE(HoldSpool(borrow(site.auth), "auth").hold(sample(), "held", "the author"));
  {
    auto claim = outgoing.claim(outgoing.pending(kToday)->at(0));
    REQUIRE((*claim)->record(outcome_for("m0@example.org")));
    REQUIRE(outgoing.quarantine(std::move(**claim), "why"));
  }
  REQUIRE(site.found().empty());
  // Unpublished, a minute ago.
  site.bulk.set_now(kToday - std::chrono::minutes(1));
  CountingRandom other(7);
  REQUIRE(site.bulk.write_new("pct/" + header_at(kToday, other).id.str() + ".0001", "a@b.c\n"));
  REQUIRE(site.found().empty());
  // An hour later too: its mail, or another of this second that it may be about, is still there.
  const auto later = kToday + std::chrono::hours(2);
  REQUIRE(site.found(later).empty());
  const auto orphan = header_at(kToday - std::chrono::seconds(1), other).id.str() + ".0001";
  REQUIRE(site.bulk.write_new("pct/" + orphan, "a@b.c\n"));
  REQUIRE(site.found(later) == Lines{"bulk/pct/" + orphan + ": to_bad"});
}

TEST_CASE("an unfinished set is never set aside while its mail may come again", "[fsck]") {
  const auto later = kToday + std::chrono::hours(2);
  for (const std::string place : {"", "hold/", "bad/", "bad/.1", "auth", "moderation", "gone"}) {
    Site site;
    const auto name = site.accept();
    const auto header = read_spool_header(site.msg.files().at(name), false);
    if (place == "bad/.1") {
      REQUIRE(site.msg.rename_new(name, "bad/" + name + ".1"));
    } else if (place == "hold/" || place == "bad/") {
      REQUIRE(site.msg.rename_new(name, place + name));
    } else if (!place.empty()) {
      REQUIRE(site.msg.remove(name, true));
      if (place == "auth") REQUIRE(site.auth.write_new(header->id.str(), "held"));
      if (place == "moderation") REQUIRE(site.moderation.write_new(header->id.str(), "held"));
    }
    const auto findings = [&] { return *site.fsck.look(later); };
    SpoolHeader post = sample();
    post.id = header->id;
    {  // a crash before publish()
      BulkSpool outgoing(borrow(site.bulk), 2);
      REQUIRE(outgoing.prepare(post, "message", batches(members(4))));
    }
    site.bulk.set_now(kToday);
    const std::string first = "pct/" + post.id.str() + ".0001";
    const Finding before{"bulk", first, "a packet without its message", Repair::to_bad, ""};
    INFO(place);
    std::set<std::string> packets;
    for (const auto& finding : findings())
      if (finding.path.find("pct/") == 0) packets.insert(finding.path);
    REQUIRE(packets.size() == (place == "gone" ? 2 : 0));
    // Also by who has looked before the mail came back.
    const auto repaired = site.fsck.repair(before, later);
    REQUIRE(repaired.has_value() == (place == "gone"));
    if (!repaired) REQUIRE(repaired.error().code() == Errc::not_found);
    if (place == "gone") continue;
    // The mail's next try: each member once, and nothing in quarantine that could be sent beside it.
    REQUIRE(BulkSpool(borrow(site.bulk), 2).enqueue(post, "message", batches(members(4))));
    std::map<std::string, int> delivered;
    distribute(site.bulk, delivered);
    REQUIRE(delivered.size() == 4);
    for (const auto& [member, copies] : delivered) REQUIRE(copies == 1);
    REQUIRE_FALSE(site.bulk.files().count("bad/" + post.id.str() + ".0001"));
  }
}

TEST_CASE("orphans go to bad with a reason, notes and abandoned files go", "[fsck]") {
  Site site;
  const std::string id = sample().id.str();
  REQUIRE(site.msg.write_new("T.old", "half"));
  REQUIRE(site.msg.write_new("damaged", "no header"));
  REQUIRE(site.msg.write_new(".wait/gone", "why\n"));
  REQUIRE(site.msg.write_new("bad/gone.reason", "why\n"));
  REQUIRE(site.bulk.write_new("pct/" + id + ".0001", "a@example.org\n"));
  REQUIRE(site.bulk.write_new("pct/" + id + ".0002.done", ""));
  REQUIRE(site.bulk.write_new("bad/" + id + ".0003.done", ""));
  SpoolHeader alone = header_at(kToday, site.random);
  alone.id = *QueueId::parse("ainp6pqab2vdxl5zq7tm");
  REQUIRE(site.bulk.write_new("msg/" + alone.id.str(), write_header(alone, true) + "message"));
  REQUIRE(site.found() ==
          Lines{"msg/T.old: remove", "msg/damaged: to_bad", "msg/.wait/gone: remove",
                "msg/bad/gone.reason: remove", "bulk/pct/" + id + ".0001: to_bad",
                "bulk/pct/" + id + ".0002.done: to_bad", "bulk/bad/" + id + ".0003.done: remove",
                "bulk/msg/" + alone.id.str() + ": to_bad"});
  site.repair_all();
  const auto msg = site.msg.files();
  const auto bulk = site.bulk.files();
  REQUIRE(msg.size() == 2);
  REQUIRE(msg.at("bad/damaged") == "no header");
  REQUIRE(msg.at("bad/damaged.reason").find("fsck: ") == 0);
  REQUIRE(bulk.at("bad/" + id + ".0001") == "a@example.org\n");
  REQUIRE(bulk.count("bad/" + id + ".0001.reason") == 1);
  REQUIRE(bulk.count("bad/" + alone.id.str()) == 1);
}

TEST_CASE("a set that was published since the look is left alone", "[fsck]") {
  Site site;
  REQUIRE(site.bulk.write_new("pct/" + sample().id.str() + ".0001", "old@example.org\n"));
  const auto findings = site.fsck.look(kToday);
  REQUIRE(findings->size() == 1);
  BulkSpool outgoing(borrow(site.bulk), 2);
  REQUIRE(outgoing.enqueue(sample(), "message", batches(members(2))));
  REQUIRE(site.fsck.repair(findings->at(0), kToday).error().code() == Errc::not_found);
  REQUIRE(everybody(outgoing) == members(2));
}

TEST_CASE("two states of one id are shown and left alone; a busy mail is not moved", "[fsck]") {
  Site site;
  const auto name = site.accept();
  const auto octets = site.msg.files().at(name);
  REQUIRE(site.msg.write_new("hold/" + name, octets));
  REQUIRE(site.found() == Lines{"msg/hold/" + name + ": none"});
  const auto finding = site.fsck.look(kToday)->at(0);
  REQUIRE(site.fsck.repair(finding, kToday).error().code() == Errc::usage);
  REQUIRE(site.fsck.repair(finding, kToday).error().hint().find("paraph spool show") == 0);

  REQUIRE(site.msg.write_new("damaged", "no header"));
  const auto lock = site.msg.lock("damaged");
  REQUIRE(site.fsck.repair({"msg", "damaged", "x", Repair::to_bad, ""}, kToday).error().code() ==
          Errc::busy);
}

TEST_CASE("modes and what is no file, on a real disk", "[fsck]") {
  TempDir where;
  const auto top = *sys::open_root(where.path().string());
  for (const auto* spool : {"msg", "bulk", "auth", "moderation"})
    REQUIRE(top->make_directory(spool));
  Fsck fsck({*sys::open_root(where / "msg"), *sys::open_root(where / "bulk"),
             *sys::open_root(where / "auth"), *sys::open_root(where / "moderation")});
  REQUIRE(fsck.look()->empty());
  CountingRandom random;
  SpoolHeader header = header_at(kToday, random);
  header.kind = header.list = header.auth = header.sealed = "";
  const auto name =
      *IncomingSpool(*sys::open_root(where / "msg")).accept(header, "mail", 7, random);
  REQUIRE(::chmod((where / "msg/" + name).c_str(), 0644) == 0);
  REQUIRE(top->make_directory("msg/bad"));
  REQUIRE(::chmod((where / "msg/bad").c_str(), 0755) == 0);
  REQUIRE(::mkfifo((where / "msg/fifo").c_str(), 0600) == 0);
  const auto findings = fsck.look();
  REQUIRE(findings->size() == 3);
  for (const auto& finding : *findings) {
    REQUIRE(finding.repair == Repair::none);
    REQUIRE_FALSE(finding.hint.empty());
  }
}
