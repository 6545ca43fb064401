#pragma once

#include "store/store.h"

namespace paraph::testing {

/// Passes all on to another ledger; a test overrides what it wants to fail.
class PassingLedger : public store::Ledger {
 public:
  explicit PassingLedger(store::Ledger& inner) : inner_(inner) {}
  Result<std::optional<store::MailRow>> find(std::string_view id) override {
    return inner_.find(id);
  }
  Result<void> record(const store::MailRow& row) override { return inner_.record(row); }
  Result<void> record_soon(const std::vector<store::MailRow>& rows) override {
    return inner_.record_soon(rows);
  }
  Result<void> record_copies(const std::vector<store::CopyRow>& rows) override {
    return inner_.record_copies(rows);
  }
  Result<std::vector<store::MailRow>> recent(std::size_t limit) override {
    return inner_.recent(limit);
  }
  Result<std::vector<store::CopyRow>> copies(std::string_view id) override {
    return inner_.copies(id);
  }
  Result<std::map<std::string, std::size_t>> counts(std::string_view id) override {
    return inner_.counts(id);
  }
  Result<std::vector<store::MailRow>> with_prefix(std::string_view prefix,
                                                  std::size_t limit) override {
    return inner_.with_prefix(prefix, limit);
  }
  Result<std::vector<store::MailRow>> with_message_id(std::string_view id,
                                                      std::size_t limit) override {
    return inner_.with_message_id(id, limit);
  }
  Result<std::map<std::string, std::size_t>> endings(long long since) override {
    return inner_.endings(since);
  }
  Result<std::vector<store::MailRow>> search(const store::MailQuery& query) override {
    return inner_.search(query);
  }
  Result<std::size_t> expire(long long before) override { return inner_.expire(before); }

 protected:
  store::Ledger& inner_;
};

}  // namespace paraph::testing
