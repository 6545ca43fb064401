#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "spool/header.h"
#include "spool/queue_id.h"
#include "sys/file_system.h"

namespace paraph::spool {

/// spool/missed: encrypted posts that somebody could not be sealed a copy of, as they arrived (ciphertext, never more),
/// one file per mail under its id, for as long as `missed_post_retention` says. No state of a mail: it has ended, and
/// whatever comes of the file is a mail of its own.
class MissedSpool {
 public:
  explicit MissedSpool(std::shared_ptr<sys::FileSystem> fs) : fs_(std::move(fs)) {}
  [[nodiscard]] Result<bool> has(const QueueId& id) { return fs_->exists(id.str()); }
  /// Present already is success.
  [[nodiscard]] Result<void> keep(const SpoolHeader& header, std::string_view message);
  /// nullopt: it is not there (any more).
  [[nodiscard]] Result<std::optional<Spooled>> read(const QueueId& id);
  [[nodiscard]] Result<void> remove(const QueueId& id);
  [[nodiscard]] Result<std::vector<QueueId>> ids();

 private:
  std::shared_ptr<sys::FileSystem> fs_;
};

}  // namespace paraph::spool
