#pragma once

#include "store/connection.h"
#include "store/decision_keys.h"

namespace paraph::store {

/// paraph_key; for this module only.
class SqlDecisionKeys final : public DecisionKeys {
 public:
  explicit SqlDecisionKeys(Connection& connection) : connection_(connection) {}
  Result<void> grant(const DecisionKey& key) override;
  Result<std::optional<DecisionKey>> find(std::string_view sha256) override;
  Result<void> expire(long long before) override;

 private:
  Connection& connection_;
};

}  // namespace paraph::store
