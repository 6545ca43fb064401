#include "syncs.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>

namespace paraph::bench {

Syncs* syncs = nullptr;

namespace {

int counted(long call, int fd) {
  const auto start = std::chrono::steady_clock::now();
  const auto result = static_cast<int>(::syscall(call, fd));
  if (syncs == nullptr) return result;
  ++syncs->count;
  syncs->microseconds += std::chrono::duration_cast<std::chrono::microseconds>(
                             std::chrono::steady_clock::now() - start)
                             .count();
  return result;
}

}  // namespace
}  // namespace paraph::bench

// Whoever calls them, SQLite included, gets these: a program's own symbols come first.
extern "C" int fsync(int fd) {
  return paraph::bench::counted(SYS_fsync, fd);
}
extern "C" int fdatasync(int fd) {
  return paraph::bench::counted(SYS_fdatasync, fd);
}
extern "C" int syncfs(int fd) noexcept {
  return paraph::bench::counted(SYS_syncfs, fd);
}
