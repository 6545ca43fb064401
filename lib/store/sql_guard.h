#pragma once

#include "store/connection.h"
#include "store/store.h"

namespace paraph::store {

/// paraph_guard; for this module only.
class SqlGuard final : public Guard {
 public:
  explicit SqlGuard(Connection& connection) : connection_(connection) {}
  Result<std::vector<std::vector<Seen>>> see(std::string_view mail_id,
                                             const std::vector<Sight>& sights,
                                             long long at) override;
  Result<void> inherit(std::string_view from, std::string_view to,
                       const std::vector<Sight>& sights) override;
  Result<std::size_t> count(std::string_view key, std::string_view mail_id, long long at,
                            long long expires) override;
  Result<std::size_t> expire(long long before) override;
  Result<void> retire(const std::vector<std::string>& alive, long long expires) override;

 private:
  Connection& connection_;
};

}  // namespace paraph::store
