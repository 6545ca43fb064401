#include <catch2/catch.hpp>
#include <filesystem>

#include "config/site.h"
#include "support/pki.h"

using namespace paraph;
using config::read_queue;
using testing::spit;
using testing::TempDir;

namespace {

std::string found(const TempDir& dir, std::string_view parameter) {
  const auto queue = read_queue(dir / "paraph.conf", parameter);
  INFO((queue ? std::string() : queue.error().what()));
  REQUIRE(queue);
  return queue->directory;
}

}  // namespace

TEST_CASE("the queue is where Site says it is") {
  const TempDir dir;
  const std::string start = "domain example.org\nlistmaster a@example.org\n";
  spit(dir / "sympa.conf", "queue theirs\nspool /theirs\n");
  for (const char* lines :
       {"", "spool /s\n", "spool rel\n", "queue q\nqueuebounce /b\n", "spool /s\nspool /t\n",
        "sympa_conf sympa.conf\n", "sympa_conf sympa.conf\nspool /mine\n",
        "sympa_conf sympa.conf\nqueue /mine\n"}) {
    INFO(lines);
    spit(dir / "paraph.conf", start + lines);
    const auto site = config::Site::load(dir / "paraph.conf");
    REQUIRE(site);
    CHECK(found(dir, "queue") == site->spool_directory("msg"));
    CHECK(found(dir, "queuebounce") == site->spool_directory("bounce"));
  }
}

TEST_CASE("faults in other lines do not keep mail out") {
  const TempDir dir;
  spit(dir / "paraph.conf", "  broken\nkey_passwd\n`x\nspool /s\n");
  CHECK(found(dir, "queue") == "/s/msg");
}

TEST_CASE("a broken line about the spool does, with its place") {
  const TempDir dir;
  for (const char* line : {" spool /s\n", "queue\n", "spool `x`\n", "sympa_conf\t\n",
                           "spool_min_free\n", "spool_min_free lots\n"}) {
    INFO(line);
    spit(dir / "paraph.conf", std::string("# first\n") + line);
    const auto queue = read_queue(dir / "paraph.conf", "queue");
    REQUIRE_FALSE(queue);
    CHECK(queue.error().retry() == Retry::later);
    CHECK(queue.error().what().find("paraph.conf:2: ") != std::string::npos);
  }
  CHECK_FALSE(read_queue(dir / "none.conf", "queue"));
  spit(dir / "paraph.conf", "sympa_conf gone\n");
  CHECK_FALSE(read_queue(dir / "paraph.conf", "queue"));
}

TEST_CASE("what is to stay free, by default and as written") {
  const TempDir dir;
  const auto min_free = [&](const std::string& lines) {
    spit(dir / "paraph.conf", lines);
    return read_queue(dir / "paraph.conf", "queue")->min_free;
  };
  CHECK(min_free("").octets == 100U << 20U);
  CHECK(min_free("spool_min_free 0\n").octets == 0);
  CHECK(min_free("spool_min_free 5%\n").percent == 5);
  CHECK_FALSE(config::Site::parse("domain x.org\nlistmaster a@x.org\nspool_min_free lots\n", "/x"));
}
