#pragma once

#include <memory>

#include "store/connection.h"
#include "store/sql_alarms.h"
#include "store/sql_certificates.h"
#include "store/sql_decision_keys.h"
#include "store/sql_directory.h"
#include "store/sql_guard.h"
#include "store/sql_ledger.h"
#include "store/sql_notices.h"
#include "store/sql_recipients.h"
#include "store/store.h"

namespace paraph::store {

/// One connection with what is read and written through it; for this module only.
class SqlDatabase final : public Database {
 public:
  SqlDatabase(std::unique_ptr<Connection> connection, std::shared_ptr<const Clock> clock,
              int version)
      : connection_(std::move(connection)),
        clock_(std::move(clock)),
        version_(version),
        directory_(*connection_, *clock_),
        ledger_(*connection_),
        alarms_(*connection_),
        guard_(*connection_),
        recipients_(*connection_),
        certificates_(*connection_),
        notices_(*connection_),
        decision_keys_(*connection_) {}
  list::Directory& directory() override { return directory_; }
  Ledger& ledger() override { return ledger_; }
  Alarms& alarms() override { return alarms_; }
  Guard& guard() override { return guard_; }
  RecipientRecords& recipient_records() override { return recipients_; }
  CertificateMemory& certificate_memory() override { return certificates_; }
  Notices& notices() override { return notices_; }
  DecisionKeys& decision_keys() override { return decision_keys_; }
  int schema_version() override { return version_; }
  Result<std::vector<std::string>> problems() override;
  Result<void> together(const std::function<Result<void>()>& work) override;

 private:
  std::unique_ptr<Connection> connection_;
  std::shared_ptr<const Clock> clock_;
  int version_;
  SqlDirectory directory_;
  SqlLedger ledger_;
  SqlAlarms alarms_;
  SqlGuard guard_;
  SqlRecipients recipients_;
  SqlCertificates certificates_;
  SqlNotices notices_;
  SqlDecisionKeys decision_keys_;
};

}  // namespace paraph::store
