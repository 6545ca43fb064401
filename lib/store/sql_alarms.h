#pragma once

#include "store/connection.h"
#include "store/store.h"

namespace paraph::store {

/// paraph_alarm; for this module only.
class SqlAlarms final : public Alarms {
 public:
  explicit SqlAlarms(Connection& connection) : connection_(connection) {}
  Result<void> raise(const Alarm& alarm) override;
  Result<std::vector<Alarm>> untold(std::size_t limit) override;
  Result<long long> last_told() override;
  Result<void> told(long long up_to, long long at) override;

 private:
  Connection& connection_;
};

}  // namespace paraph::store
