#include "sys/disk_space.h"

#include <catch2/catch.hpp>

using paraph::sys::disk_space;
using paraph::sys::MinFree;

TEST_CASE("sizes and percentages that a disk keeps free") {
  REQUIRE(MinFree::parse("512K")->octets == 512U << 10U);
  REQUIRE(MinFree::parse("100m")->octets == 100U << 20U);
  REQUIRE(MinFree::parse("2G")->octets == 2ULL << 30U);
  REQUIRE(MinFree::parse("77")->octets == 77);
  REQUIRE(MinFree::parse("5%")->percent == 5);
  REQUIRE(MinFree::parse("5%")->octets == 0);
  for (const auto* text : {"", "M", "-1", "1.5G", "100%", "5 %", "1T", "1KB", "99999999999G",
                           "99999999999999999999"}) {
    CAPTURE(text);
    REQUIRE_FALSE(MinFree::parse(text));
  }
}

TEST_CASE("too little space, or too few inodes, in words") {
  const auto lack = [](const char* wanted, paraph::sys::DiskSpace space) {
    return MinFree::parse(wanted)->lack(space).value_or("");
  };
  REQUIRE(lack("1M", {1U << 20U, 1U << 30U, 5000, 9000}).empty());
  REQUIRE(lack("1M", {(1U << 20U) - 1, 1U << 30U, 5000, 9000}) ==
          "1024.0K free, less than spool_min_free 1M");
  REQUIRE(lack("1M", {1U << 20U, 1U << 30U, 999, 9000}) == "999 inodes free, less than 1000");
  REQUIRE(lack("1M", {1U << 20U, 1U << 30U, 0, 0}).empty());  // they are not counted
  REQUIRE(lack("5%", {50, 1000, 50, 1000}).empty());
  REQUIRE(lack("5%", {49, 1000, 50, 1000}) == "49 free, less than spool_min_free 5%");
  REQUIRE(lack("5%", {50, 1000, 49, 1000}) == "49 inodes free, less than spool_min_free 5%");
  REQUIRE(lack("0", {0, 1000, 0, 1000}).empty());
}

TEST_CASE("the disk is asked; one that is not there is an error") {
  REQUIRE(disk_space("/")->total > 0);
  REQUIRE(disk_space("/no/such/directory").error().code() == paraph::Errc::not_found);
}
