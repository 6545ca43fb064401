#include "store/sql_recipients.h"

namespace paraph::store {
namespace {

Result<void> put_row(Connection& connection, const RecipientRecords::Row& row) {
  auto query = connection.prepare(
      row.octets.empty()
          ? "DELETE FROM paraph_recipient WHERE address = ?"
          : "INSERT OR REPLACE INTO paraph_recipient (address, record) VALUES (?, ?)");
  if (!query) return std::move(query).error();
  query->bind(row.address);
  if (!row.octets.empty()) query->bind_octets(row.octets);
  const auto changed = query->run();
  return changed ? Result<void>() : Result<void>(changed.error());
}

}  // namespace

Result<std::vector<RecipientRecords::Row>> SqlRecipients::fetch(
    const std::vector<std::string>& addresses) {
  // One read transaction: the locks of 250 would cost as much as the rows.
  if (auto begun = connection_.execute("BEGIN"); !begun) return std::move(begun).error();
  std::vector<Row> rows;
  auto fetched = fetch(addresses, rows);
  auto ended = connection_.execute("COMMIT");
  if (!fetched) return std::move(fetched).error();
  if (!ended) return std::move(ended).error();
  return rows;
}

Result<void> SqlRecipients::fetch(const std::vector<std::string>& addresses,
                                  std::vector<Row>& rows) {
  for (const auto& address : addresses) {
    auto query = connection_.prepare("SELECT record FROM paraph_recipient WHERE address = ?");
    if (!query) return std::move(query).error();
    const auto found = query->bind(address).step();
    if (!found) return found.error();
    if (*found) rows.push_back({address, query->text(0)});
  }
  return {};
}

Result<void> SqlRecipients::put(const std::vector<Row>& rows) {
  auto transaction = Transaction::begin(connection_);
  if (!transaction) return std::move(transaction).error();
  for (const auto& row : rows)
    if (auto done = put_row(connection_, row); !done) return done;
  return transaction->commit();
}

}  // namespace paraph::store
