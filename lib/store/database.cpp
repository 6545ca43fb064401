#include "store/sql_database.h"

#include "store/schema.h"

namespace paraph::store {
Result<std::vector<std::string>> SqlDatabase::problems() {
  auto query = connection_->prepare("PRAGMA quick_check(20)");
  if (!query) return std::move(query).error();
  std::vector<std::string> found;
  for (;;) {
    const auto row = query->step();
    if (!row) return row.error();
    if (!*row) return found;
    if (auto text = query->text(0); text != "ok") found.push_back(std::move(text));
  }
}

Result<void> SqlDatabase::together(const std::function<Result<void>()>& work) {
  auto transaction = Transaction::begin(*connection_);
  if (!transaction) return std::move(transaction).error();
  if (auto done = work(); !done) return done;
  return transaction->commit();
}

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
