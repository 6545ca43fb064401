#include <catch2/catch.hpp>
#include <set>

#include "spool/queue_id.h"
#include "support/still_ports.h"

using namespace paraph;
using namespace std::string_view_literals;
using spool::QueueId;

namespace {
TimePoint at(long long seconds) {
  return TimePoint{std::chrono::seconds(seconds)};
}
}  // namespace

TEST_CASE("an id is 20 characters, parses back and carries its time", "[spool]") {
  testing::CountingRandom random;
  for (const long long second : {0LL, 1LL, 1798761600LL, 4294967296LL, 68719476735LL}) {
    const auto id = QueueId::make(at(second), random);
    REQUIRE(id.str().size() == 20);
    REQUIRE(QueueId::parse(id.str()) == id);
    REQUIRE(epoch(id.made_at()) == second);
  }
}

TEST_CASE("all 64 random bits and no others get into the id", "[spool]") {
  struct Given final : Random {
    std::string text;
    std::string octets(std::size_t count) override { return text.substr(0, count); }
  } random;
  std::set<std::string> seen;
  for (int bit = 0; bit < 64; ++bit) {
    random.text = std::string(8, '\0');
    random.text[static_cast<std::size_t>(bit / 8)] =
        static_cast<char>(1U << static_cast<unsigned>(bit % 8));
    const auto id = QueueId::make(at(1798761601), random);
    REQUIRE(epoch(id.made_at()) == 1798761601);
    seen.insert(id.str());
  }
  REQUIRE(seen.size() == 64);
  random.text = std::string(8, '\0');
  REQUIRE(QueueId::make(at(0), random).str() == "aaaaaaaaaaaaaaaaaaaa");
  random.text = std::string(8, '\xff');
  REQUIRE(QueueId::make(at(0xFFFFFFFFFLL), random).str() == "77777777777777777777");
}

TEST_CASE("nothing that could be a path is an id", "[spool]") {
  for (const std::string_view text :
       {"", "aaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaa", "AAAAAAAAAAAAAAAAAAAA",
        "../../../etc/passwd0", "aaaaaaaaa/aaaaaaaaaa", "aaaaaaaaaaaaaaaaaaa1",
        "aaaaaaaaaaaaaaaaaaa8", "aaaaaaaaaaaaaaaaaaa ", "aaaaaaaaaaaaaaaaaa\xc3\xa4"})
    REQUIRE_FALSE(QueueId::parse(text));
  REQUIRE_FALSE(QueueId::parse("aaaaaaaaaaaaaaaaaaa\0"sv));
}

TEST_CASE("a derived id is the same every time, keeps the time and differs by purpose", "[spool]") {
  testing::CountingRandom random;
  const testing::ToyDigest digest;
  const auto mail = QueueId::make(at(1798761600), random);
  const auto other = QueueId::make(at(1798761600), random);
  REQUIRE(mail.derive("answer", digest) == mail.derive("answer", digest));
  REQUIRE(mail.derive("answer", digest) != mail.derive("notice", digest));
  REQUIRE(mail.derive("answer", digest) != other.derive("answer", digest));
  REQUIRE(mail.derive("answer", digest) != mail);
  REQUIRE(mail.derive("answer", digest).made_at() == mail.made_at());
}
