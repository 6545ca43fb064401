#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "support/pki.h"
#include "sys/log.h"

using namespace paraph;

TEST_CASE("an event is one line of key=value", "[sys]") {
  REQUIRE(sys::format_event("rejected", {{"id", "4xkq2"}, {"list", "secure@example.org"}}) ==
          "rejected id=4xkq2 list=secure@example.org");
  REQUIRE(sys::format_event("waits", {}) == "waits");
  REQUIRE(sys::format_event("waits", {{"reason", "disk full"}, {"none", ""}}) ==
          "waits reason=\"disk full\" none=\"\"");
  REQUIRE(sys::format_event("waits", {{"reason", "a\"b"}}) == "waits reason=\"a\\\"b\"");
}

TEST_CASE("no value forges a line or drives a terminal (rule 44)", "[sys]") {
  const auto line = sys::format_event(
      "x", {{"from", "a\nparaph-incoming[1]: distributed\x1b[2J\xe2\x80\xae\xff"}});
  REQUIRE(line == "x from=\"a\\x0aparaph-incoming[1]: distributed\\x1b[2J\\u{202e}\\xff\"");
  REQUIRE(sys::format_event("x", {{"from", std::string(100000, 'a')}}).size() < 500);
}

TEST_CASE("lines carry program and pid, from the minimum up", "[sys]") {
  testing::TempDir where;
  const int saved = ::dup(STDERR_FILENO);
  const int file = ::open((where / "log").c_str(), O_WRONLY | O_CREAT, 0600);
  ::dup2(file, STDERR_FILENO);
  {
    const auto log = sys::open_log("paraph-test", true, sys::Level::info);
    log->write(sys::Level::debug, "quiet", {});
    log->write(sys::Level::info, "loud", {{"id", "1"}});
    sys::open_log("paraph-test", false, sys::Level::info)->write(sys::Level::info, "silent", {});
  }
  ::dup2(saved, STDERR_FILENO);
  ::close(saved);
  ::close(file);
  REQUIRE(testing::slurp(where / "log") ==
          "paraph-test[" + std::to_string(::getpid()) + "]: loud id=1\n");
}
