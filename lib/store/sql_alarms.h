#pragma once

#include "store/connection.h"
#include "store/store.h"

namespace paraph::store {

/// paraph_alarm; for this module only. `told` is when he was told; 0: not yet; below: when it was taken, negated.
class SqlAlarms final : public Alarms {
 public:
  explicit SqlAlarms(Connection& connection) : connection_(connection) {}
  Result<void> raise(const Alarm& alarm) override;
  Result<std::vector<Alarm>> take(std::size_t limit, long long now, long long gap) override;
  Result<void> told(long long up_to, long long at) override;
  Result<void> give_back(long long up_to) override;

 private:
  Result<bool> is_due(long long now, long long gap);
  Result<std::vector<Alarm>> waiting(std::size_t limit);
  Result<void> mark_taken(long long up_to, long long now);

  Connection& connection_;
};

}  // namespace paraph::store
