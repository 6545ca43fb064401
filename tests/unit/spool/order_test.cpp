#include "spool/order.h"

#include <catch2/catch.hpp>

#include "bulk_samples.h"
#include "support/faulty_file_system.h"

using namespace paraph;
using namespace paraph::spool;
using namespace paraph::testing;

namespace {

Waiting item(std::string name, std::string list, std::string sender, long long since,
             std::optional<unsigned> priority = 5) {
  return {std::move(name), priority, std::move(list), std::move(sender), at(since)};
}

std::string accept(IncomingSpool& spool, Random& random, const std::string& address,
                   const std::string& sender, long long when) {
  SpoolHeader header = header_at(at(when), random);
  header.kind = header.list = header.auth = header.sealed = "";
  header.address = address;
  header.reverse_path = sender;
  return *spool.accept(header, "mail", 7, random);
}

std::optional<unsigned> by_first_letter(const std::string& address) {
  if (address[0] == 'n') return std::nullopt;
  return address[0] == 'f' ? 0U : 9U;
}

std::size_t reads(const FaultyFileSystem& fs) {
  return static_cast<std::size_t>(
      std::count_if(fs.trace().begin(), fs.trace().end(),
                    [](const std::string& call) { return call.find("read_start") == 0; }));
}

}  // namespace

TEST_CASE("priorities first, then lists in turn, then senders in turn, then age", "[order]") {
  REQUIRE(fair_order({}).empty());
  REQUIRE(fair_order({item("old", "l", "a", 1), item("new", "l", "a", 2, 4),
                      item("never", "l", "a", 0, std::nullopt)}) == Names{"new", "old"});
  REQUIRE(fair_order({item("a3", "l", "a", 3), item("a1", "l", "a", 1), item("a2", "l", "a", 2),
                      item("b", "l", "b", 9), item("m1", "m", "a", 5), item("m2", "m", "a", 6)}) ==
          Names{"a1", "m1", "b", "m2", "a2", "a3"});
  REQUIRE(fair_order({item("y", "l", "a", 1), item("x", "l", "a", 1)}) == Names{"x", "y"});
}

TEST_CASE("one mail of a small list waits for one of the flood, not for all", "[order]") {
  std::vector<Waiting> items;
  for (int i = 0; i < 1000; ++i)
    items.push_back(item("flood" + std::to_string(1000 + i), "big", "f", i));
  items.push_back(item("small", "small", "s", 5000));
  items.push_back(item("same", "big", "other", 6000));
  const auto order = fair_order(items);
  REQUIRE(order.size() == 1002);
  REQUIRE(order[0] == "flood1000");
  REQUIRE(order[1] == "small");
  REQUIRE(order[2] == "same");
}

TEST_CASE("accepted mail by the priority of its address; z waits with a note", "[order]") {
  MemoryFileSystem disk;
  CountingRandom random;
  IncomingSpool spool(borrow(disk));
  const auto slow = accept(spool, random, "slow@example.org", "a@example.org", 1000000001);
  const auto never = accept(spool, random, "never@example.org", "a@example.org", 1000000002);
  const auto fast = accept(spool, random, "fast@example.org", "a@example.org", 1000000003);
  REQUIRE(disk.write_new("damaged", "no header"));
  REQUIRE(*spool.pending(kToday, by_first_letter) == Names{fast, "damaged", slow});
  const auto entries = spool.entries();
  REQUIRE(entries);
  for (const auto& entry : *entries)
    REQUIRE((entry.name == never) == (entry.waits_for.find("priority is z") != std::string::npos));
  REQUIRE(spool.pending(kToday, [](const std::string&) { return 5U; })->size() == 4);
}

TEST_CASE("headers are read once, a thousand with each look, and forgotten with their mail",
          "[order]") {
  MemoryFileSystem disk;
  CountingRandom random;
  FaultyFileSystem counting(disk, 1'000'000, Fault::fail);
  IncomingSpool spool(borrow(counting));
  Names all;
  for (int i = 0; i < 1002; ++i)
    all.push_back(accept(spool, random, "l@example.org", "a@example.org", 1000000000 + i));
  const PriorityOf same = [](const std::string&) { return 5U; };
  REQUIRE(spool.pending(kToday, same)->size() == all.size());
  REQUIRE(reads(counting) == 1000);
  REQUIRE(spool.pending(kToday, same)->size() == all.size());
  REQUIRE(reads(counting) == 1002);
  REQUIRE(*spool.pending(kToday, same) == all);
  REQUIRE(reads(counting) == 1002);
  REQUIRE(spool.finish(std::move(**spool.claim(all.front()))));
  REQUIRE(spool.pending(kToday, same)->size() == 1001);
  REQUIRE(reads(counting) == 1002);
}

TEST_CASE("three thousand mails of priority z are never worked on and keep nobody waiting",
          "[order]") {
  MemoryFileSystem disk;
  CountingRandom random;
  FaultyFileSystem counting(disk, 1'000'000, Fault::fail);
  IncomingSpool spool(borrow(counting));
  Names never;
  for (int i = 0; i < 3000; ++i)
    never.push_back(
        accept(spool, random, "never_ever@example.org", "a@example.org", 1000000000 + i));
  const auto slow = accept(spool, random, "slow@example.org", "a@example.org", 1000009001);
  const auto again = accept(spool, random, "slow@example.org", "a@example.org", 1000009002);
  const auto other = accept(spool, random, "slow@example.org", "b@example.org", 1000009003);
  const auto fast = accept(spool, random, "fast@example.org", "a@example.org", 1000009004);
  for (int look = 1; look <= 3; ++look) {
    REQUIRE(*spool.pending(kToday, by_first_letter) == Names{fast, slow, other, again});
    // Four headers once, and of each note whether it is there.
    REQUIRE(reads(counting) == 4 + NeverNotes::kEachLook * static_cast<std::size_t>(look));
    REQUIRE(disk.files().count(".wait/" + never.at(NeverNotes::kEachLook * look - 1)) == 1);
    REQUIRE(disk.files().count(".wait/" + never.at(NeverNotes::kEachLook * look)) == 0);
  }
  // The list has got another priority: then they are worked on, as all others.
  const auto all = spool.pending(kToday, [](const std::string&) { return 5U; });
  REQUIRE(all->size() == 3004);
  REQUIRE(std::count(all->begin(), all->end(), never.back()) == 1);
}

TEST_CASE("the most urgent of a backlog comes first, however young it is", "[order]") {
  MemoryFileSystem disk;
  CountingRandom random;
  IncomingSpool spool(borrow(disk));
  for (int i = 0; i < 2500; ++i)
    accept(spool, random, "slow@example.org", "a@example.org", 1000000000 + i);
  const auto other = accept(spool, random, "small@example.org", "a@example.org", 1000009000);
  const auto fast = accept(spool, random, "fast@example.org", "a@example.org", 1000009001);
  const auto sender = accept(spool, random, "slow@example.org", "b@example.org", 1000009002);
  const auto first = *spool.pending(kToday, by_first_letter);
  REQUIRE(first.size() == 2503);
  REQUIRE(first[0] == fast);
  REQUIRE(first[2] == other);
  // His header is read with the third look: then he takes turns with the other sender of his list.
  REQUIRE(spool.pending(kToday, by_first_letter));
  REQUIRE(spool.pending(kToday, by_first_letter)->at(3) == sender);
}

TEST_CASE("where the name does not tell the address, the header does", "[order]") {
  MemoryFileSystem disk;
  CountingRandom random;
  IncomingSpool spool(borrow(disk));
  const std::string tail(200, 'x');
  const auto slow = accept(spool, random, "slow" + tail + "@example.org", "", 1000000000);
  const auto never = accept(spool, random, "never" + tail + "@example.org", "", 1000000001);
  const auto renamed = accept(spool, random, "none@example.org", "", 1000000002);
  REQUIRE(disk.rename_new(renamed, "by-hand"));
  const auto odd = accept(spool, random, "f_+(@example.org", "", 1000000003);
  REQUIRE(*spool.pending(kToday, by_first_letter) == Names{odd, slow});
}

TEST_CASE("a header that could not be read once is read again", "[order]") {
  MemoryFileSystem disk;
  CountingRandom random;
  IncomingSpool before(borrow(disk));
  const auto first = accept(before, random, "l@example.org", "a@example.org", 1000000000);
  const auto second = accept(before, random, "l@example.org", "b@example.org", 1000000001);
  const auto third = accept(before, random, "l@example.org", "b@example.org", 1000000002);
  FaultyFileSystem faulty(disk, 4, Fault::fail);  // names, then the three
  IncomingSpool spool(borrow(faulty));
  const PriorityOf same = [](const std::string&) { return 5U; };
  REQUIRE(spool.pending(kToday, same));
  REQUIRE(faulty.trace().at(3) == "read_start " + third);
  REQUIRE(*spool.pending(kToday, same) == Names{first, second, third});
  REQUIRE(faulty.trace().back() == "read_start " + third);
}

TEST_CASE("packets of priority z are not claimed, however many came before them", "[order]") {
  MemoryFileSystem disk;
  CountingRandom random;
  BulkSpool spool(borrow(disk), 2);
  const auto enqueue = [&](long long when, std::optional<unsigned> priority) {
    SpoolHeader header = header_at(at(when), random);
    header.priority = priority;
    REQUIRE(spool.enqueue(header, "message", batches(members(1))));
    return header.id.str() + ".0001";
  };
  for (int i = 0; i < 1500; ++i)
    enqueue(1000000 + i, i % 3 == 0 ? std::optional(5U) : std::nullopt);
  const auto never = enqueue(2000000, std::nullopt);
  const auto urgent = enqueue(2000001, 0);
  const auto first = *spool.pending(kToday);
  REQUIRE(first.size() == 334 + 502);  // 1000 are known, and two thirds of them are of priority z
  REQUIRE(std::count(first.begin(), first.end(), never) == 1);
  const auto refused = spool.claim(never);
  REQUIRE(refused);
  REQUIRE_FALSE(*refused);
  REQUIRE(*spool.claim(urgent));
  const auto second = *spool.pending(kToday);
  REQUIRE(second.size() == 501);
  REQUIRE(second.front() == urgent);
}

TEST_CASE("packets by what their message's header says, also of an old spool", "[order]") {
  MemoryFileSystem disk;
  CountingRandom random;
  BulkSpool spool(borrow(disk), 2);
  const auto enqueue = [&](const std::string& list, const std::string& sender, long long when,
                           std::optional<unsigned> priority, std::size_t copies) {
    SpoolHeader header = header_at(at(when), random);
    header.list = list;
    header.sender = sender;
    header.priority = priority;
    REQUIRE(spool.enqueue(header, "message", batches(members(copies))));
    return header.id.str();
  };
  const auto flood = enqueue("big", "f", 1000, 5, 6);
  const auto other = enqueue("big", "o\n\xff", 1001, 5, 2);
  const auto small = enqueue("small", "s", 1002, 5, 2);
  const auto notice = enqueue("", "", 1003, 1, 1);
  const auto never = enqueue("z", "", 900, std::nullopt, 1);
  REQUIRE(*spool.pending(kToday) == Names{notice + ".0001", flood + ".0001", small + ".0001",
                                          other + ".0001", flood + ".0002", flood + ".0003"});
  REQUIRE(disk.files().at(".wait/" + never + ".0001").find("priority is z") != std::string::npos);
  const auto read = spool.message(*QueueId::parse(other));
  REQUIRE(read->header.sender == "o\n\xff");
  REQUIRE(read->header.priority == 5U);
  REQUIRE_FALSE(spool.message(*QueueId::parse(never))->header.priority);
  REQUIRE(spool.message(*QueueId::parse(notice))->header.priority == 1U);
}

TEST_CASE("a damaged priority or sender makes no mail unreadable, and none is believed in msg",
          "[order]") {
  const std::string start = "X-Sympa-To: l@example.org\nX-Paraph-Id: " + sample().id.str() +
                            "\nX-Paraph-Received: 2027-01-01T00:00:00Z\n";
  const std::string end = "Return-Path: <a@example.org>\n";
  for (const std::string text : {"", "10", "x", "-1", "zz", " 5"}) {
    const auto header = read_spool_header(
        start + "X-Paraph-Priority: " + text + "\nX-Paraph-Sender: \\q\n" + end, true);
    REQUIRE(header);
    REQUIRE(header->priority == 5U);
    REQUIRE(header->sender.empty());
  }
  const std::string forged = start + "X-Paraph-Priority: 0\nX-Paraph-Sender: x\n" + end;
  REQUIRE(read_spool_header(forged, true)->priority == 0U);
  REQUIRE(read_spool_header(forged, false)->priority == 5U);
  REQUIRE(read_spool_header(forged, false)->sender.empty());
}
