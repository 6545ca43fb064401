#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "spool/place.h"
#include "spool/spool.h"
#include "sys/file_system.h"

namespace paraph::spool {

/// Who has had his copy of a mail in bulk, and who waits for it, for people.
struct Copies {
  std::vector<CopyOutcome>
      done;  ///< of the journals that are there; the ledger has those of packets that have ended
  std::vector<std::string> left;
};
/// Of a message the packets in pct, of a quarantined packet its own. `bulk` is rooted at spool/bulk. No lock is taken: a
/// packet that ends meanwhile is not seen any more. Nothing for places outside bulk.
[[nodiscard]] Result<Copies> copies_of(sys::FileSystem& bulk, const Place& place);

/// When the last message had all its copies out, of those that ended within the last day (B3).
[[nodiscard]] std::optional<TimePoint> last_ended(sys::FileSystem& bulk);

}  // namespace paraph::spool
