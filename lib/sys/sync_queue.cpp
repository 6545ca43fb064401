#include "sys/sync_queue.h"

#include <linux/aio_abi.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>

namespace paraph::sys {

namespace {
constexpr unsigned kMost = 128;  // under way at once
constexpr long kAtATime = 32;
}  // namespace

/// The kernel's queue (io_setup(2)), which a child does not inherit: each process and thread has its own, for its lifetime.
class SyncQueue {
 public:
  static SyncQueue& own() {
    thread_local SyncQueue queue;
    if (queue.process_ != ::getpid()) queue.open();
    return queue;
  }

  bool add(int file, PendingSync& pending) const {
    if (context_ == 0) return false;
    iocb wanted{};
    wanted.aio_lio_opcode = IOCB_CMD_FSYNC;
    wanted.aio_fildes = static_cast<std::uint32_t>(file);
    wanted.aio_data = reinterpret_cast<std::uintptr_t>(&pending);
    iocb* list = &wanted;
    return ::syscall(SYS_io_submit, context_, 1L, &list) == 1;
  }

  /// Waits for at least one. False: it cannot be waited for.
  bool take() {
    std::array<io_event, kAtATime> events{};
    long taken = 0;
    do taken = ::syscall(SYS_io_getevents, context_, 1L, kAtATime, events.data(), nullptr);
    while (taken < 0 && errno == EINTR);
    for (long i = 0; i < taken; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      auto& pending = *reinterpret_cast<PendingSync*>(static_cast<std::uintptr_t>(event.data));
      pending.code_ = event.res < 0 ? static_cast<int>(-event.res) : 0;
      pending.ended_ = true;
    }
    if (taken <= 0) context_ = 0;  // nothing of it is touched again, whose addresses may be gone
    return taken > 0;
  }

 private:
  void open() {
    process_ = ::getpid();
    context_ = 0;
    if (::syscall(SYS_io_setup, kMost, &context_) != 0) context_ = 0;
  }

  pid_t process_ = 0;
  aio_context_t context_ = 0;
};

PendingSync::~PendingSync() {
  if (begun_) static_cast<void>(wait());
}

bool PendingSync::begin(int file) {
  ended_ = false;
  begun_ = SyncQueue::own().add(file, *this);
  return begun_;
}

int PendingSync::wait() {
  while (!ended_)
    if (!SyncQueue::own().take()) {
      code_ = EIO;  // nobody knows whether it is on the disk
      break;
    }
  begun_ = false;
  return code_;
}

}  // namespace paraph::sys
