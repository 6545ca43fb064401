#pragma once

#include <atomic>

namespace paraph::bench {

/// Syncs of files and the time spent in them, SQLite's included.
struct Syncs {
  std::atomic<long> count{0};
  std::atomic<long> microseconds{0};
};
/// Where this process counts; null: nowhere. May lie in memory that several processes share.
extern Syncs* syncs;

}  // namespace paraph::bench
