#include "pipeline/priority.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "support/pki.h"
#include "support/still_ports.h"

using namespace paraph;
using namespace paraph::testing;

TEST_CASE("priorities: what is none is 5, z is never", "[priority]") {
  REQUIRE(pipeline::parse_priority("0") == 0U);
  REQUIRE(pipeline::parse_priority("9") == 9U);
  REQUIRE_FALSE(pipeline::parse_priority("z"));
  for (const auto* text : {"", "10", "x", "-1", " 1"})
    REQUIRE(pipeline::parse_priority(text) == 5U);
}

TEST_CASE("each address has the priority of its parameter", "[priority]") {
  TempDir where;
  for (const auto* list : {"urgent", "plain", "never"})
    std::filesystem::create_directories(where / "list_data/" + list);
  spit(where / "list_data/urgent/config", "subject Urgent\n\npriority 1\n");
  spit(where / "list_data/plain/config", "subject Plain\n");
  spit(where / "list_data/never/config", "subject Never\n\npriority z\n");
  const auto site = config::Site::parse(
      "domain example.org\nlistmaster boss@example.org\nowner_priority 8\n", where / "paraph.conf");
  REQUIRE(site);
  pipeline::Priorities priorities(*site);
  const auto of = [&](const std::string& address) { return priorities(address); };
  REQUIRE(of("urgent@example.org") == 1U);
  REQUIRE(of("plain@example.org") == 5U);
  REQUIRE_FALSE(of("never@example.org"));
  REQUIRE_FALSE(of("never@example.org"));  // as it was found out
  REQUIRE(of("urgent-request@example.org") == 0U);
  REQUIRE(of("urgent-editor@example.org") == 0U);
  REQUIRE(of("urgent-owner@example.org") == 8U);
  REQUIRE(of("sympa@example.org") == 1U);
  REQUIRE(of("nosuchlist@example.org") == 5U);
  REQUIRE(of("no address") == 5U);
}
