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

/// When the last copy went out, as far as the spool knows: the last outcome of a packet that has not ended, or the end of a
/// message within the last day (B3).
[[nodiscard]] std::optional<TimePoint> last_out(sys::FileSystem& bulk);

}  // namespace paraph::spool
