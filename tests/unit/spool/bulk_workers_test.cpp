#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <map>
#include <sstream>

#include "spool/spool.h"
#include "support/pki.h"
#include "support/still_ports.h"
#include "sys/file_system.h"

using namespace paraph;
using namespace paraph::spool;
using namespace paraph::testing;

namespace {

const TimePoint kLongAfter{std::chrono::seconds(4102444800)};

/// A worker process on a real disk; "delivers" by appending a line to `out`. Ends when nothing is
/// pending.
pid_t start_worker(const std::string& root, const std::string& out) {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  const int delivered = ::open(out.c_str(), O_WRONLY | O_APPEND | O_CREAT, 0600);
  BulkSpool spool(*sys::open_root(root), 5);
  for (auto packets = spool.pending(kLongAfter); packets && !packets->empty();
       packets = spool.pending(kLongAfter)) {
    for (const auto& packet : *packets) {
      auto claim = spool.claim(packet);
      if (!claim) ::_exit(1);
      if (!*claim) continue;
      if (!spool.message((*claim)->id())) ::_exit(2);
      for (const auto& recipient : (*claim)->remaining()) {
        const std::string line = recipient + "\n";
        if (::write(delivered, line.data(), line.size()) < 0) ::_exit(3);
        if (!(*claim)->record({recipient, "sealed", "", "", ""})) ::_exit(4);
      }
      if (!spool.finish(std::move(**claim))) ::_exit(5);
    }
  }
  ::_exit(0);
}

std::size_t fill(const std::string& root, std::size_t messages, std::size_t members) {
  CountingRandom random;
  BulkSpool spool(*sys::open_root(root), 5);
  for (std::size_t message = 0; message < messages; ++message) {
    const TimePoint at{std::chrono::seconds(1798761600 + message)};
    const SpoolHeader header{.address = "l@example.org",
                             .id = QueueId::make(at, random),
                             .received = at,
                             .reverse_path = {},
                             .unknown_sender = false,
                             .kind = "post",
                             .list = "l@example.org",
                             .auth = {},
                             .sealed = {}};
    bool given = false;
    const auto all = [&]() -> Result<std::vector<std::string>> {
      std::vector<std::string> batch;
      for (std::size_t i = 0; i < members && !given; ++i)
        batch.push_back("m" + std::to_string(i) + "@" + std::to_string(message) + ".example.org");
      given = true;
      return batch;
    };
    REQUIRE(*spool.enqueue(header, "message", all) == members);
  }
  return messages * members;
}

std::map<std::string, int> count_lines(const std::string& path) {
  std::map<std::string, int> times;
  std::istringstream in(slurp(path));
  for (std::string line; std::getline(in, line);) ++times[line];
  return times;
}

void require_nothing_left(const std::string& root) {
  BulkSpool spool(*sys::open_root(root), 5);
  REQUIRE(spool.pending(TimePoint{std::chrono::seconds(1798761600)})
              ->empty());  // before any mark is a day old
  const auto fs = *sys::open_root(root);
  REQUIRE(fs->names("msg")->empty());
  REQUIRE(fs->names("pct")->empty());
}

}  // namespace

TEST_CASE("four workers share the packets: each copy once, nothing left", "[spool]") {
  TempDir where;
  const std::string root = where.path().string();
  const std::size_t copies = fill(root, 4, 40);
  std::vector<pid_t> workers;
  for (int i = 0; i < 4; ++i) workers.push_back(start_worker(root, where / "delivered"));
  for (const pid_t worker : workers) {
    int status = 0;
    ::waitpid(worker, &status, 0);
    REQUIRE(status == 0);
  }
  const auto delivered = count_lines(where / "delivered");
  REQUIRE(delivered.size() == copies);
  for (const auto& [recipient, times] : delivered) REQUIRE(times == 1);
  require_nothing_left(root);
}

TEST_CASE("kill -9 of workers again and again: all get a copy, at most one twice for each kill",
          "[spool]") {
  TempDir where;
  const std::string root = where.path().string();
  const std::size_t copies = fill(root, 4, 40);
  int kills = 0;
  for (int round = 1;; ++round) {
    const pid_t killed = start_worker(root, where / "delivered");
    const pid_t other = start_worker(root, where / "delivered");
    ::usleep(static_cast<useconds_t>(round * 1500));
    int status = 0;
    ::kill(killed, SIGKILL);
    ::waitpid(killed, &status, 0);
    if (WIFSIGNALED(status)) ++kills;
    ::kill(other, SIGKILL);
    ::waitpid(other, &status, 0);
    if (!WIFSIGNALED(status)) {
      REQUIRE(WEXITSTATUS(status) == 0);
      break;
    }
    ++kills;
  }
  REQUIRE(kills > 0);
  const pid_t last = start_worker(root, where / "delivered");
  int status = 0;
  ::waitpid(last, &status, 0);
  REQUIRE(status == 0);
  const auto delivered = count_lines(where / "delivered");
  REQUIRE(delivered.size() == copies);
  int repeated = 0;
  for (const auto& [recipient, times] : delivered) repeated += times - 1;
  REQUIRE(repeated <= kills);
  require_nothing_left(root);
}
