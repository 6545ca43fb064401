#include "store/sql_recipients.h"

#include "store/sql_certificates.h"

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
    auto query = connection_.prepare(
        "SELECT record, coalesce((SELECT number FROM paraph_reader r WHERE r.address = "
        "p.address), 0) FROM paraph_recipient p WHERE address = ?");
    if (!query) return std::move(query).error();
    const auto found = query->bind(address).step();
    if (!found) return found.error();
    if (*found) rows.push_back({address, query->text(0), query->integer(1)});
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

Result<Reader> SqlRecipients::reader(const std::string& address, const std::string& sha256) {
  auto query = connection_.prepare(
      "SELECT coalesce((SELECT number FROM paraph_reader WHERE address = ?1), 0), "
      "coalesce((SELECT cipher FROM paraph_reader WHERE address = ?1), ''), "
      "coalesce((SELECT stated FROM paraph_capability WHERE sha256 = ?2), '')");
  if (!query) return std::move(query).error();
  const auto row = query->bind(address).bind(sha256).step();
  if (!row) return row.error();
  return Reader{query->integer(0), query->text(1), query->text(2)};
}

Result<std::vector<std::string>> SqlRecipients::pinned(const std::string& address) {
  return pinned_of(connection_, address);
}

Result<RecipientRecords::Changes> SqlRecipients::changes(std::int64_t number) {
  auto query = connection_.prepare(
      "SELECT address, number FROM paraph_reader WHERE number > ? ORDER BY number");
  if (!query) return std::move(query).error();
  query->bind(number);
  Changes out{{}, number};
  for (;;) {
    const auto row = query->step();
    if (!row) return row.error();
    if (!*row) return out;
    out.addresses.push_back(query->text(0));
    out.number = query->integer(1);
  }
}

}  // namespace paraph::store
