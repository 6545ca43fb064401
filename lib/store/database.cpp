#include "store/connection.h"
#include "store/schema.h"
#include "store/sql_directory.h"
#include "store/sql_ledger.h"
#include "store/sql_recipients.h"
#include "store/store.h"

namespace paraph::store {
namespace {

class SqlDatabase final : public Database {
 public:
  SqlDatabase(std::unique_ptr<Connection> connection, std::shared_ptr<const Clock> clock,
              int version)
      : connection_(std::move(connection)),
        clock_(std::move(clock)),
        version_(version),
        directory_(*connection_, *clock_),
        ledger_(*connection_),
        recipients_(*connection_) {}
  list::Directory& directory() override { return directory_; }
  Ledger& ledger() override { return ledger_; }
  RecipientRecords& recipient_records() override { return recipients_; }
  int schema_version() override { return version_; }
  Result<void> together(const std::function<Result<void>()>& work) override;

 private:
  std::unique_ptr<Connection> connection_;
  std::shared_ptr<const Clock> clock_;
  int version_;
  SqlDirectory directory_;
  SqlLedger ledger_;
  SqlRecipients recipients_;
};

Result<void> SqlDatabase::together(const std::function<Result<void>()>& work) {
  auto transaction = Transaction::begin(*connection_);
  if (!transaction) return std::move(transaction).error();
  if (auto done = work(); !done) return done;
  return transaction->commit();
}

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const std::string& path) {
  return open(path, std::make_shared<sys::SystemClock>());
}

Result<std::unique_ptr<Database>> Database::open(const std::string& path,
                                                 std::shared_ptr<const Clock> clock) {
  auto connection = Connection::open(path);
  if (!connection) return std::move(connection).error();
  if (auto done = bring_up_to_date(**connection, migrations()); !done)
    return std::move(done).error();
  const auto version = store::schema_version(**connection);
  if (!version) return version.error();
  return std::unique_ptr<Database>(
      std::make_unique<SqlDatabase>(*std::move(connection), std::move(clock), *version));
}

}  // namespace paraph::store
