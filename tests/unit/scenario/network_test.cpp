#include <catch2/catch.hpp>

#include "scenario/network.h"

using namespace paraph::scenario;

namespace {

struct Row {
  const char* network;
  const char* address;
  bool held;
};
const Row kRows[] = {
    {"192.0.2.0/24", "192.0.2.255", true},
    {"192.0.2.0/24", "192.0.3.0", false},
    {"192.0.2.7", "192.0.2.7", true},
    {"192.0.2.7", "192.0.2.8", false},
    {"192.0.2.0:255.255.255.0", "192.0.2.9", true},
    {"192.0.2.0/255.255.255.0", "192.0.3.9", false},
    {"192.0.2.0-192.0.2.127", "192.0.2.127", true},
    {"192.0.2.0-192.0.2.127", "192.0.2.128", false},
    {"0.0.0.0/0", "203.0.113.1", true},
    {"0.0.0.0/0", "2001:db8::1", false},
    {"any", "203.0.113.1", true},
    {"default", "2001:db8::1", true},
    {"2001:db8::/32", "2001:db8:ffff::1", true},
    {"2001:db8::/32", "2001:db9::1", false},
    {"::1", "0:0:0:0:0:0:0:1", true},
    {"192.0.2", "192.0.2.200", true},
    {"192.0.2.", "192.0.3.200", false},
    {"10/8", "10.9.8.7", true},
    {"10.1/16", "10.2.0.1", false},
    {"10", "11.0.0.1", false},
    {"::ffff:192.0.2.0/120", "192.0.2.1", true},
};

}  // namespace

TEST_CASE("a network holds its addresses") {
  for (const auto& row : kRows) {
    INFO(row.network << " " << row.address);
    const auto network = Network::parse(row.network);
    const auto address = parse_ip(row.address);
    REQUIRE(network);
    REQUIRE(address);
    CHECK(network->holds(*address) == row.held);
  }
}

TEST_CASE("what is no address and no network") {
  for (const auto* text : {"", "192.0.2.256", "1.2.3.4.5", "192.0.2.-1", "2001:db8",
                           "1:2:3:4:5:6:7:8:9", "::1::", "12345::", "example.org", ":1", "1:"}) {
    INFO(text);
    CHECK(!parse_ip(text));
    CHECK(!Network::parse(text));
  }
  CHECK(!parse_ip("192.0.2"));
  for (const auto* text : {"192.0.2.0/33", "192.0.2.0/", "192.0.2.0/x", "192.0.2.0:255.0.255.0",
                           "192.0.2.1-192.0.2.5", "2001:db8::/129", "192.0.2.0/24/8"}) {
    INFO(text);
    CHECK(!Network::parse(text));
  }
}
