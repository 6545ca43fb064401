#pragma once

#include "store/connection.h"
#include "store/store.h"

namespace paraph::store {

/// paraph_mail and paraph_copy; for this module only.
class SqlLedger final : public Ledger {
 public:
  explicit SqlLedger(Connection& connection) : connection_(connection) {}
  Result<std::optional<MailRow>> find(std::string_view id) override;
  Result<void> record(const MailRow& row) override;
  Result<void> record_soon(const MailRow& row) override;
  Result<void> record_copies(const std::vector<CopyRow>& rows) override;
  Result<std::vector<MailRow>> recent(std::size_t limit) override;
  Result<std::vector<CopyRow>> copies(std::string_view id) override;

 private:
  Connection& connection_;
};

}  // namespace paraph::store
