#pragma once

#include "store/connection.h"
#include "store/recipients.h"

namespace paraph::store {

/// paraph_recipient; for this module only.
class SqlRecipients final : public RecipientRecords {
 public:
  explicit SqlRecipients(Connection& connection) : connection_(connection) {}
  Result<std::vector<Row>> fetch(const std::vector<std::string>& addresses) override;
  Result<void> put(const std::vector<Row>& rows) override;
  Result<Reader> reader(const std::string& address, const std::string& sha256) override;
  Result<std::vector<std::string>> pinned(const std::string& address) override;
  Result<Changes> changes(std::int64_t number) override;

 private:
  [[nodiscard]] Result<void> fetch(const std::vector<std::string>& addresses,
                                   std::vector<Row>& rows);
  Connection& connection_;
};

}  // namespace paraph::store
