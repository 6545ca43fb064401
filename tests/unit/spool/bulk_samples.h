#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "spool/spool.h"
#include "support/memory_file_system.h"
#include "support/still_ports.h"

/// A message of 2027, its members, and a worker: for the tests of BulkSpool.
namespace paraph::testing {

using Names = std::vector<std::string>;
inline TimePoint at(long long seconds) {
  return TimePoint{std::chrono::seconds(seconds)};
}
const TimePoint kToday = at(1798761600);

inline spool::SpoolHeader header_at(TimePoint when, Random& random) {
  return {.address = "l@example.org",
          .id = spool::QueueId::make(when, random),
          .received = when,
          .reverse_path = "alice@example.org",
          .unknown_sender = false,
          .kind = "post",
          .list = "l@example.org",
          .auth = "smime",
          .sealed = "yes"};
}
inline spool::SpoolHeader sample() {
  CountingRandom random;
  return header_at(kToday, random);
}

template <class Fs>
std::shared_ptr<sys::FileSystem> borrow(Fs& fs) {
  return std::shared_ptr<sys::FileSystem>(&fs, [](sys::FileSystem*) {});
}

inline Names members(std::size_t count, const std::string& prefix = "m") {
  Names out;
  for (std::size_t i = 0; i < count; ++i)
    out.push_back(prefix + std::to_string(i) + "@example.org");
  return out;
}

/// Hands them out in batches of 3, then an empty one.
inline spool::BulkSpool::Recipients batches(Names all) {
  return [all = std::move(all), next = std::size_t{0}]() mutable -> Result<Names> {
    const std::size_t end = std::min(next + 3, all.size());
    Names batch(all.begin() + static_cast<std::ptrdiff_t>(next),
                all.begin() + static_cast<std::ptrdiff_t>(end));
    next = end;
    return batch;
  };
}

/// Everybody in the claimable packets, sorted.
inline Names everybody(spool::BulkSpool& spool) {
  Names all;
  const Names packets = *spool.pending(kToday);
  for (const auto& packet : packets) {
    const auto claim = spool.claim(packet);
    all.insert(all.end(), (*claim)->remaining().begin(), (*claim)->remaining().end());
  }
  std::sort(all.begin(), all.end());
  return all;
}

inline spool::CopyOutcome outcome_for(const std::string& recipient) {
  return {recipient, "sealed", "ab12", "aes256", "250 2.0.0 Ok"};
}

/// Works like a distribute worker until an Error; `delivered` counts copies that left.
inline void distribute(sys::FileSystem& fs, std::map<std::string, int>& delivered) {
  spool::BulkSpool spool(borrow(fs), 4);
  const auto packets = spool.pending(kToday);
  if (!packets) return;
  for (const auto& packet : *packets) {
    auto claim = spool.claim(packet);
    if (!claim) return;
    if (!*claim) continue;
    if (!spool.message((*claim)->id())) return;
    for (const auto& recipient : (*claim)->remaining()) {
      ++delivered[recipient];
      if (!(*claim)->record(outcome_for(recipient))) return;
    }
    if (!spool.finish(std::move(**claim))) return;
  }
}

}  // namespace paraph::testing
