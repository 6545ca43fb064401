#include "syncs.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

extern "C" long __real_syscall(long number, long a, long b, long c, long d, long e, long f);

namespace paraph::bench {

Syncs* syncs = nullptr;

namespace {

/// Counts what `call` says that it began, and the time it takes.
template <class Call>
long counted(long begun, Call call) {
  if (syncs == nullptr) return call();
  const auto start = std::chrono::steady_clock::now();
  const long result = call();
  syncs->count += begun < 0 ? std::max(result, 0L) : begun;
  syncs->microseconds += std::chrono::duration_cast<std::chrono::microseconds>(
                             std::chrono::steady_clock::now() - start)
                             .count();
  return result;
}

int one(long number, int fd) {
  return static_cast<int>(counted(1, [&] { return __real_syscall(number, fd, 0, 0, 0, 0, 0); }));
}

}  // namespace
}  // namespace paraph::bench

// Whoever calls them, SQLite included, gets these: a program's own symbols come first.
extern "C" int fsync(int fd) {
  return paraph::bench::one(SYS_fsync, fd);
}
extern "C" int fdatasync(int fd) {
  return paraph::bench::one(SYS_fdatasync, fd);
}
extern "C" int syncfs(int fd) noexcept {
  return paraph::bench::one(SYS_syncfs, fd);
}

// Several at once go by io_submit(2), which answers how many, and are waited for by io_getevents(2). Linked with
// --wrap=syscall.
extern "C" long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f) {
  const auto call = [&] { return __real_syscall(number, a, b, c, d, e, f); };
  if (number == SYS_io_submit) return paraph::bench::counted(-1, call);
  if (number == SYS_io_getevents) return paraph::bench::counted(0, call);
  return call();
}
