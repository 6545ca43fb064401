#pragma once

// For this module only: fsync of several files at once. Each waits for the disk, so one after the other they cost its
// delay each; together they cost it once, more or less.

#include <cstddef>

namespace paraph::sys {

/// One fsync that is under way. Its address is known to the kernel until it has been waited for. For the thread and the
/// process that began it.
class PendingSync {
 public:
  PendingSync() = default;
  PendingSync(const PendingSync&) = delete;
  PendingSync& operator=(const PendingSync&) = delete;
  ~PendingSync();

  /// False: the kernel takes none (its limit, an old one, a filter of system calls), and fsync(2) remains to be called.
  /// `file` stays open until wait().
  [[nodiscard]] bool begin(int file);
  [[nodiscard]] bool begun() const { return begun_; }
  /// Of one that was begun: its errno, 0 when the file is on the disk.
  [[nodiscard]] int wait();

 private:
  friend class SyncQueue;
  bool begun_ = false;
  bool ended_ = false;
  int code_ = 0;
};

}  // namespace paraph::sys
