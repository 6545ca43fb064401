// What a post costs on its way into spool/bulk, by the number of its subscribers: syncs of the kernel, and milliseconds.
// Beside it, interleaved, the same files written and synced one by one, and the bare durable file.
//
// The disk is the one behind $TMPDIR.

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "bench.h"
#include "spool/bulk_layout.h"
#include "spool/journal.h"
#include "spool/spool.h"
#include "syncs.h"
#include "sys/kernel_random.h"

namespace {

using namespace paraph;
using bench::median;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kPacketSize = 250;
constexpr int kRounds = 5;
const std::string kMessage(10 * 1024, 'x');

double milliseconds(Clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}
std::string member(std::size_t i) {
  return fmt::format("subscriber-{}@example.org", i);
}

spool::SpoolHeader new_header(Random& random) {
  const TimePoint now = sys::SystemClock().now();
  return {.address = "list@example.org",
          .id = spool::QueueId::make(now, random),
          .received = now,
          .reverse_path = "list-owner@example.org",
          .unknown_sender = false,
          .kind = "post",
          .list = "list@example.org",
          .auth = "smime",
          .sealed = "yes"};
}

spool::BulkSpool::Recipients pages(std::size_t members) {
  return [members, at = std::size_t{0}]() mutable -> Result<std::vector<std::string>> {
    std::vector<std::string> page;
    for (; at < members && page.size() < 1000; ++at) page.push_back(member(at));
    return page;
  };
}

void require(const Result<void>& done) {
  if (done) return;
  fmt::print(stderr, "bench_enqueue: {}\n", done.error().what());
  std::exit(1);
}

/// The old way: a sync a packet, then the directory, the message, its directory.
void one_by_one(sys::FileSystem& fs, const spool::SpoolHeader& header, std::size_t members) {
  unsigned serial = 0;
  for (std::size_t at = 0; at < members;) {
    std::vector<std::string> packet;
    for (; at < members && packet.size() < kPacketSize; ++at) packet.push_back(member(at));
    require(fs.write_new(spool::bulk::packet_path(spool::PacketName{header.id, ++serial}.str()),
                         spool::write_recipients(packet)));
  }
  require(fs.sync_directory("pct"));
  const std::string temporary = "msg/T." + header.id.str();
  require(fs.write_new(temporary, write_header(header, true) + kMessage));
  require(fs.rename_new(temporary, spool::bulk::message_path(header.id)));
}

struct Timed {
  std::vector<double> times;
  long syncs = 0;
  template <class Work>
  void add(Work work) {
    const long before = bench::syncs->count;
    const auto start = Clock::now();
    work();
    times.push_back(milliseconds(Clock::now() - start));
    syncs = bench::syncs->count - before;
  }
};

struct Row {
  Timed together, apart, bare;
};

Row measure(const std::shared_ptr<sys::FileSystem>& fs, std::size_t members) {
  sys::KernelRandom random;
  spool::BulkSpool spool(fs, kPacketSize);
  Row row;
  for (int round = 0; round < kRounds; ++round) {
    const auto header = new_header(random);
    row.together.add([&] {
      const auto enqueued = spool.enqueue(header, kMessage, pages(members));
      if (!enqueued) require(enqueued.error());
    });
    const auto other = new_header(random);
    row.apart.add([&] { one_by_one(*fs, other, members); });
    row.bare.add([&] {
      require(fs->write_new("T.bare", kMessage));
      require(fs->rename_new("T.bare", "bare"));
    });
    require(fs->remove("bare", false));
  }
  return row;
}

}  // namespace

int main() {
  bench::Syncs counted;
  bench::syncs = &counted;
  const bench::Scratch where;
  double first = 0;
  for (const std::size_t members : {1U, 1'000U, 10'000U, 100'000U}) {
    const std::string root = where / fmt::format("{}", members);
    std::filesystem::create_directories(root + "/pct");
    std::filesystem::create_directories(root + "/msg");
    auto fs = sys::open_root(root);
    if (!fs) require(fs.error());
    const auto row = measure(*fs, members);
    const double time = median(row.together.times);
    if (members == 1) first = time;
    Timed look;
    for (int round = 0; round < kRounds; ++round)
      look.add([&] {
        if (!spool::BulkSpool(*fs, kPacketSize).pending(sys::SystemClock().now())) std::abort();
      });
    bench::row(
        fmt::format("a post into spool/bulk, {} members", members), "-",
        members == 1
            ? "-"
            : fmt::format("{:.4f} ms a member", (time - first) / static_cast<double>(members)),
        fmt::format("{:.2f} ms", time),
        fmt::format("{:.2f} ms, synced one by one", median(row.apart.times)),
        fmt::format("{} syncs; one durable file {:.2f} ms; looking through {} such posts {:.2f} ms",
                    row.together.syncs, median(row.bare.times), 2 * kRounds, median(look.times)));
  }
  return 0;
}
