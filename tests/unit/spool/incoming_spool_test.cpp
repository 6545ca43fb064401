#include <catch2/catch.hpp>

#include <algorithm>

#include "spool/spool.h"
#include "support/faulty_file_system.h"
#include "support/memory_file_system.h"
#include "support/still_ports.h"

using namespace paraph;
using namespace std::string_literals;
using namespace std::string_view_literals;
using namespace paraph::spool;
using namespace paraph::testing;

namespace {

TimePoint at(long long seconds) {
  return TimePoint{std::chrono::seconds(seconds)};
}

SpoolHeader header_for(std::string address, Random& random, long long when = 1798761600) {
  return {.address = std::move(address),
          .id = QueueId::make(at(when), random),
          .received = at(when),
          .reverse_path = "alice@example.org",
          .unknown_sender = false,
          .kind = {},
          .list = {},
          .auth = {},
          .sealed = {}};
}

/// The disk as a FileSystem that a spool may hold, without giving it away.
template <class Fs>
std::shared_ptr<sys::FileSystem> borrow(Fs& fs) {
  return std::shared_ptr<sys::FileSystem>(&fs, [](sys::FileSystem*) {});
}

}  // namespace

TEST_CASE("names of mail stay inside the directory whatever the address (rule 44)", "[spool]") {
  CountingRandom random;
  const auto name = [&](std::string_view address) {
    return incoming_name(address, at(1798761600), 42, random);
  };
  REQUIRE(name("secure-request@example.org").substr(0, 41) ==
          "secure-request@example.org.1798761600.42,");
  REQUIRE(name("a_b@example.org").substr(0, 17) == "a_5Fb@example.org");
  REQUIRE(name("T.x@example.org").substr(0, 17) == "_54.x@example.org");
  REQUIRE(name("Tx@example.org").substr(0, 14) == "Tx@example.org");
  REQUIRE(name(".hidden@example.org").substr(0, 21) == "_2Ehidden@example.org");
  REQUIRE(name("-rf@example.org").substr(0, 17) == "_2Drf@example.org");
  REQUIRE(name("../../etc/passwd").substr(0, 24) == "_2E._2F.._2Fetc_2Fpasswd");
  const std::string_view hostile = "a\0/\n\xff \"$`|@x"sv;
  REQUIRE(name(hostile).find_first_not_of(
              "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@.,") ==
          std::string::npos);
  for (std::size_t n = 1; n < 400; ++n)
    REQUIRE(name(std::string(n, '/')).size() <= 150 + 1 + 10 + 1 + 2 + 1 + 8);
  REQUIRE(name("x@y") != name("x@y"));
}

TEST_CASE("mail goes through msg: accepted, claimed, read, finished", "[spool]") {
  MemoryFileSystem disk;
  IncomingSpool spool(borrow(disk));
  CountingRandom random;
  const std::string message = "From: a\r\n\0\xff"s;
  const auto name = spool.accept(header_for("l@example.org", random), message, 7, random);
  REQUIRE(name);
  REQUIRE(disk.files().size() == 1);
  REQUIRE(*spool.pending() == std::vector<std::string>{*name});
  {
    auto claim = spool.claim(*name);
    REQUIRE((claim && *claim));
    REQUIRE_FALSE(spool.claim(*name)->has_value());  // somebody has it
    const auto read = spool.read(**claim);
    REQUIRE(read);
    REQUIRE(read->message == message);
    REQUIRE(read->header.address == "l@example.org");
  }
  auto again = spool.claim(*name);  // the worker died: S2 again
  REQUIRE((again && *again));
  spool.note_waiting(**again, "the key cannot be read");
  REQUIRE(spool.entries()->at(0).waits_for == "the key cannot be read");
  REQUIRE(spool.pending()->size() == 1);
  REQUIRE(spool.finish(std::move(**again)));
  REQUIRE(disk.files().empty());
  REQUIRE_FALSE(spool.claim(*name)->has_value());
}

TEST_CASE("the oldest mail comes first; what is hidden, temporary or a directory never",
          "[spool]") {
  MemoryFileSystem disk;
  IncomingSpool spool(borrow(disk));
  CountingRandom random;
  const auto young = spool.accept(header_for("a@example.org", random, 2000000000), "x", 1, random);
  const auto old = spool.accept(header_for("z@example.org", random, 1000000000), "x", 1, random);
  for (const auto* name : {"T.b@example.org.1.1,x", ".hidden", "by-hand"})
    REQUIRE(disk.write_new(name, "x"));
  for (const auto* name : {"c@example.org.1.1,x", "bad", ".wait"})
    REQUIRE(disk.make_directory(name));
  REQUIRE(*spool.pending() == std::vector<std::string>{"by-hand", *old, *young});
  for (const auto* name : {"T.b@example.org.1.1,x", ".hidden", "../x", "bad/x", ""})
    REQUIRE_FALSE(spool.claim(name)->has_value());
}

TEST_CASE("quarantine keeps the mail and says why", "[spool]") {
  MemoryFileSystem disk;
  IncomingSpool spool(borrow(disk));
  CountingRandom random;
  const auto name = spool.accept(header_for("l@example.org", random), "poison", 7, random);
  auto claim = spool.claim(*name);
  spool.note_waiting(**claim, "again");
  REQUIRE(spool.quarantine(std::move(**claim), "three workers died\nof it"));
  const auto files = disk.files();
  REQUIRE(files.size() == 2);
  REQUIRE(files.at("bad/" + *name + ".reason") == "three workers died\\x0aof it\n");
  REQUIRE(files.at("bad/" + *name).substr(files.at("bad/" + *name).size() - 6) == "poison");
  REQUIRE(spool.pending()->empty());
  const auto entries = spool.entries();
  REQUIRE(entries->size() == 1);
  REQUIRE(entries->at(0).state == State::quarantined);
  REQUIRE(entries->at(0).header->address == "l@example.org");
  REQUIRE(entries->at(0).waits_for == "three workers died\\x0aof it");
}

TEST_CASE("a file that is no mail is corrupt, shown without header, and can be quarantined",
          "[spool]") {
  MemoryFileSystem disk;
  IncomingSpool spool(borrow(disk));
  for (const std::string& octets :
       {std::string(), std::string("garbage"), std::string(100000, '\0')}) {
    REQUIRE(disk.write_new("x@example.org.1.1,x", octets));
    REQUIRE_FALSE(spool.entries()->at(0).header);
    auto claim = spool.claim("x@example.org.1.1,x");
    const auto read = spool.read(**claim);
    REQUIRE_FALSE(read);
    REQUIRE(read.error().retry() == Retry::never);
    REQUIRE(spool.quarantine(std::move(**claim), read.error().what()));
    REQUIRE(disk.remove("bad/x@example.org.1.1,x", true));
  }
}

TEST_CASE("a message over the limit leaves nothing", "[spool]") {
  MemoryFileSystem disk;
  IncomingSpool spool(borrow(disk), 10);
  CountingRandom random;
  REQUIRE(spool.accept(header_for("l@example.org", random), "0123456789", 7, random));
  const auto refused = spool.accept(header_for("l@example.org", random), "0123456789a", 7, random);
  REQUIRE_FALSE(refused);
  REQUIRE(refused.error().code() == Errc::limit);
  REQUIRE(disk.files().size() == 1);
  auto claim = spool.claim(spool.pending()->front());
  REQUIRE(spool.read(**claim));  // the header does not count
}

TEST_CASE("an error of the source is handed through and leaves nothing", "[spool]") {
  MemoryFileSystem disk;
  IncomingSpool spool(borrow(disk));
  CountingRandom random;
  int piece = 0;
  const auto refused = spool.accept(
      header_for("l@example.org", random),
      [&]() -> Result<std::string_view> {
        if (++piece < 3) return std::string_view("piece");
        return Error::later(Errc::io, "the pipe broke");
      },
      7, random);
  REQUIRE_FALSE(refused);
  REQUIRE(refused.error().what() == "the pipe broke");
  REQUIRE(disk.files().empty());
}

TEST_CASE("accept broken at any call: a whole mail under its name, or nothing but T.", "[spool]") {
  for (const auto fault : kEveryFault)
    for (const bool power : {false, true})
      for (int n = 1;; ++n) {
        MemoryFileSystem disk;
        FaultyFileSystem faulty(disk, n, fault);
        CountingRandom random;
        const auto name = IncomingSpool(borrow(faulty))
                              .accept(header_for("l@example.org", random), "message", 7, random);
        if (power) disk.cut_power();
        INFO("call " << n << " " << (faulty.trace().empty() ? "" : faulty.trace().back()));
        IncomingSpool after(borrow(disk));
        const auto waiting = *after.pending(at(0));  // before any T. is a day old
        if (name) REQUIRE(waiting == std::vector<std::string>{*name});  // exit 0 is a promise
        for (const auto& mail : waiting)
          REQUIRE(after.read(**after.claim(mail))->message == "message");
        // Errors that the process lives to see are cleaned up after.
        if (!name && fault == Fault::fail && !waiting.size()) REQUIRE(disk.files().empty());
        if (!faulty.happened()) break;
      }
}

TEST_CASE("a mail that was refused is not there, also when it had been renamed", "[spool]") {
  for (int n = 1;; ++n) {
    MemoryFileSystem disk;
    FaultyFileSystem faulty(disk, n, Fault::fail_after);
    CountingRandom random;
    const auto name = IncomingSpool(borrow(faulty))
                          .accept(header_for("l@example.org", random), "message", 7, random);
    INFO("call " << n << " " << faulty.trace().back());
    REQUIRE(IncomingSpool(borrow(disk)).pending()->size() == (name ? 1 : 0));
    if (!faulty.happened()) break;
  }
}

TEST_CASE("a refused mail takes nothing from the one that has its name", "[spool]") {
  MemoryFileSystem disk;
  IncomingSpool spool(borrow(disk));
  CountingRandom random, the_same;
  const auto header = header_for("l@example.org", random);
  static_cast<void>(header_for("l@example.org", the_same));
  const auto first = spool.accept(header, "first", 7, random);
  const auto before = disk.files();
  const auto second = spool.accept(header, "second", 7, the_same);
  REQUIRE_FALSE(second);
  REQUIRE(second.error().code() == Errc::exists);
  REQUIRE(disk.files() == before);
}

TEST_CASE("what a crash left half written goes after a day", "[spool]") {
  MemoryFileSystem disk;
  IncomingSpool spool(borrow(disk));
  const TimePoint now = at(1798761600);
  disk.set_now(now - std::chrono::hours(24) - std::chrono::seconds(1));
  REQUIRE(disk.write_new("T.old@example.org.1.1,x", "x"));
  REQUIRE(disk.write_new("kept-by-hand", "x"));
  REQUIRE(disk.make_directory("T.directory"));
  disk.set_now(now - std::chrono::hours(24));
  REQUIRE(disk.write_new("T.young@example.org.1.1,x", "x"));
  disk.set_now(now + std::chrono::hours(1));
  REQUIRE(disk.write_new("T.ahead@example.org.1.1,x", "x"));
  REQUIRE(*spool.pending(now) == std::vector<std::string>{"kept-by-hand"});
  const auto files = disk.files();
  REQUIRE(files.size() == 3);
  REQUIRE(files.count("T.old@example.org.1.1,x") == 0);
  REQUIRE(spool.pending());  // by the machine's own clock: some day of these is past, or to come
}

TEST_CASE("quarantine finds a place where the name is taken, and takes nothing from its owner",
          "[spool]") {
  MemoryFileSystem disk;
  IncomingSpool spool(borrow(disk));
  const std::string name = "x@example.org.1.1,x";
  for (int i = 0; i < 1000; ++i) {
    REQUIRE(disk.write_new(name, std::to_string(i)));
    REQUIRE(spool.quarantine(std::move(**spool.claim(name)), "reason " + std::to_string(i)));
  }
  const auto files = disk.files();
  REQUIRE(files.size() == 2000);
  for (const auto& [place, number] :
       {std::pair("", "0"), std::pair(".1", "1"), std::pair(".999", "999")}) {
    REQUIRE(files.at("bad/" + name + place) == number);
    REQUIRE(files.at("bad/" + name + place + ".reason") == "reason "s + number + "\n");
  }
  REQUIRE(disk.write_new(name, "too many"));
  const auto refused = spool.quarantine(std::move(**spool.claim(name)), "no more");
  REQUIRE(refused.error().code() == Errc::exists);
  REQUIRE(refused.error().retry() == Retry::later);
  REQUIRE(disk.files().at(name) == "too many");
}

TEST_CASE("finish and quarantine broken at any call: the mail is never lost, and a repeat ends it",
          "[spool]") {
  for (const bool bad : {false, true})
    for (const auto fault : kEveryFault)
      for (const bool power : {false, true})
        for (int n = 1;; ++n) {
          MemoryFileSystem disk;
          CountingRandom random;
          const auto name = *IncomingSpool(borrow(disk))
                                 .accept(header_for("l@example.org", random), "message", 7, random);
          FaultyFileSystem faulty(disk, n, fault);
          bool ended = false;
          {
            IncomingSpool spool(borrow(faulty));
            auto claim = spool.claim(name);
            if (claim && *claim)
              ended = (bad ? spool.quarantine(std::move(**claim), "why")
                           : spool.finish(std::move(**claim)))
                          .has_value();
          }
          if (power) disk.cut_power();
          INFO("call " << n << " " << faulty.trace().back());
          IncomingSpool spool(borrow(disk));
          if (ended) REQUIRE(spool.pending()->empty());
          if (auto claim = spool.claim(name); *claim) {
            REQUIRE(spool.read(**claim)->message == "message");
            REQUIRE((bad ? spool.quarantine(std::move(**claim), "why")
                         : spool.finish(std::move(**claim))));
          }
          REQUIRE(spool.pending()->empty());
          REQUIRE(disk.files().size() == (bad ? 2 : 0));
          if (bad) REQUIRE(disk.files().at("bad/" + name + ".reason") == "why\n");
          if (!faulty.happened()) break;
        }
}

TEST_CASE("held mail is kept once, as it arrived, with its reason", "[spool]") {
  MemoryFileSystem disk;
  HoldSpool spool(borrow(disk), "moderation");
  CountingRandom random;
  auto header = header_for("l@example.org", random);
  header.auth = "smime";
  REQUIRE(disk.write_new("T." + header.id.str(), "left by a crash"));
  REQUIRE(spool.hold(header, "ciphertext", "editor must agree"));
  REQUIRE(spool.hold(header, "something else", "twice"));
  const auto entries = spool.entries();
  REQUIRE(entries->size() == 1);
  REQUIRE(entries->at(0).spool == "moderation");
  REQUIRE(entries->at(0).name == header.id.str());
  REQUIRE(entries->at(0).header->auth == "smime");
  REQUIRE(entries->at(0).waits_for == "editor must agree");
  REQUIRE(read_spooled(disk.files().at(header.id.str()), true)->message == "ciphertext");
  REQUIRE(disk.files().size() == 2);
}

TEST_CASE("hold broken at any call is completed by a repeat", "[spool]") {
  for (const auto fault : kEveryFault)
    for (const bool power : {false, true})
      for (int n = 1;; ++n) {
        MemoryFileSystem disk;
        FaultyFileSystem faulty(disk, n, fault);
        CountingRandom random;
        const auto header = header_for("l@example.org", random);
        const auto first = HoldSpool(borrow(faulty), "auth").hold(header, "ciphertext", "why");
        if (power) disk.cut_power();
        INFO("call " << n << " " << faulty.trace().back());
        if (first) REQUIRE(disk.files().count(header.id.str()) == 1);
        REQUIRE(HoldSpool(borrow(disk), "auth").hold(header, "ciphertext", "why"));
        REQUIRE(disk.files().size() == 2);
        REQUIRE(read_spooled(disk.files().at(header.id.str()), true)->message == "ciphertext");
        if (!faulty.happened()) break;
      }
}
