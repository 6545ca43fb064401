#pragma once

#include <string>
#include <string_view>

#include "store/connection.h"
#include "store/store.h"

namespace paraph::store {

/// The statement that search() runs for a query: one for each combination of what restricts it. A test asks SQLite
/// for their plans.
[[nodiscard]] std::string search_statement(const MailQuery& query);
inline constexpr std::string_view kPrefixStatement =
    "SELECT id, list, from_address, outcome, reason, mta_id, size, received, message_id "
    "FROM paraph_mail WHERE id >= ? AND id < ? ORDER BY id LIMIT ?";
inline constexpr std::string_view kMessageIdStatement =
    "SELECT id, list, from_address, outcome, reason, mta_id, size, received, message_id "
    "FROM paraph_mail WHERE message_id = ? ORDER BY received DESC, id DESC LIMIT ?";

/// paraph_mail and paraph_copy; for this module only.
class SqlLedger final : public Ledger {
 public:
  explicit SqlLedger(Connection& connection) : connection_(connection) {}
  Result<std::optional<MailRow>> find(std::string_view id) override;
  Result<void> record(const MailRow& row) override;
  Result<void> record_soon(const std::vector<MailRow>& rows) override;
  Result<void> record_copies(const std::vector<CopyRow>& rows) override;
  Result<std::vector<MailRow>> recent(std::size_t limit) override;
  Result<std::vector<CopyRow>> copies(std::string_view id) override;
  Result<std::map<std::string, std::size_t>> counts(std::string_view id) override;
  Result<std::vector<MailRow>> with_prefix(std::string_view prefix, std::size_t limit) override;
  Result<std::vector<MailRow>> with_message_id(std::string_view message_id,
                                               std::size_t limit) override;
  Result<std::map<std::string, std::size_t>> endings(long long since) override;
  Result<std::vector<MailRow>> search(const MailQuery& query) override;
  Result<std::size_t> expire(long long before) override;

 private:
  Connection& connection_;
  std::string recipient_;  ///< how far expire() has looked through paraph_recipient
};

}  // namespace paraph::store
