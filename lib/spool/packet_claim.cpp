#include "spool/journal.h"
#include "spool/names.h"
#include "spool/spool.h"

namespace paraph::spool {

std::string PacketClaim::name() const {
  return PacketName{id_, serial_}.str();
}

Result<void> PacketClaim::record(const CopyOutcome& outcome) {
  return record_all({outcome});
}

Result<void> PacketClaim::record_all(const std::vector<CopyOutcome>& outcomes) {
  if (outcomes.empty()) return {};
  if (auto written = journal_->append(write_outcomes(outcomes)); !written) return written;
  done_.insert(done_.end(), outcomes.begin(), outcomes.end());
  unsynced_ += outcomes.size();
  return unsynced_ < kSyncInterval ? Result<void>() : sync();
}

Result<void> PacketClaim::sync() {
  if (unsynced_ == 0) return {};
  if (auto synced = journal_->sync(); !synced) return synced;
  unsynced_ = 0;
  return {};
}

}  // namespace paraph::spool
