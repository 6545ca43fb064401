#include "store/sql_ledger.h"

namespace paraph::store {
namespace {

#define PARAPH_MAIL_COLUMNS \
  "SELECT id, list, from_address, outcome, reason, mta_id, size, received FROM paraph_mail "

MailRow mail_from(const Query& row) {
  return {row.text(0), row.text(1), row.text(2),    row.text(3),
          row.text(4), row.text(5), row.integer(6), row.integer(7)};
}

Result<void> nothing(Result<int> changed) {
  return changed ? Result<void>() : Result<void>(std::move(changed).error());
}

Result<void> put(Connection& connection, const CopyRow& row) {
  auto query = connection.prepare(
      "INSERT OR REPLACE INTO paraph_copy (mail_id, member, outcome, certificate, cipher, reply) "
      "VALUES (?, ?, ?, ?, ?, ?)");
  if (!query) return std::move(query).error();
  query->bind(row.mail_id).bind(row.member).bind(row.outcome);
  return nothing(query->bind(row.certificate).bind(row.cipher).bind(row.reply).run());
}

}  // namespace

Result<std::optional<MailRow>> SqlLedger::find(std::string_view id) {
  auto query = connection_.prepare(PARAPH_MAIL_COLUMNS "WHERE id = ?");
  if (!query) return std::move(query).error();
  const auto row = query->bind(id).step();
  if (!row) return row.error();
  return *row ? std::optional(mail_from(*query)) : std::nullopt;
}

Result<void> SqlLedger::record(const MailRow& row) {
  // Two daemons tell about one mail, in either order: the first outcome stands (but a quarantined
  // mail that a person put back ends anew), and what the first did not know is filled in.
  auto query = connection_.prepare(
      "INSERT INTO paraph_mail AS old (id, list, from_address, outcome, reason, mta_id, size, "
      "received) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
      "list = CASE old.list WHEN '' THEN excluded.list ELSE old.list END, "
      "from_address = CASE old.from_address WHEN '' THEN excluded.from_address ELSE "
      "old.from_address END, "
      "mta_id = CASE old.mta_id WHEN '' THEN excluded.mta_id ELSE old.mta_id END, "
      "size = CASE old.size WHEN 0 THEN excluded.size ELSE old.size END, "
      "reason = CASE WHEN old.outcome = 'quarantined' OR old.reason = '' THEN excluded.reason ELSE "
      "old.reason END, "
      "outcome = CASE old.outcome WHEN 'quarantined' THEN excluded.outcome ELSE old.outcome END");
  if (!query) return std::move(query).error();
  query->bind(row.id)
      .bind(row.list)
      .bind(row.from)
      .bind(row.outcome)
      .bind(row.reason)
      .bind(row.mta_id);
  return nothing(query->bind(std::int64_t{row.size}).bind(std::int64_t{row.received}).run());
}

Result<void> SqlLedger::record_soon(const MailRow& row) {
  const Unsynced unsynced(connection_);
  return record(row);
}

Result<void> SqlLedger::record_copies(const std::vector<CopyRow>& rows) {
  auto transaction = Transaction::begin(connection_);
  if (!transaction) return std::move(transaction).error();
  for (const CopyRow& row : rows) {
    if (auto done = put(connection_, row); !done) return done;
  }
  return transaction->commit();
}

Result<std::vector<MailRow>> SqlLedger::recent(std::size_t limit) {
  auto query = connection_.prepare(PARAPH_MAIL_COLUMNS "ORDER BY received DESC, id DESC LIMIT ?");
  if (!query) return std::move(query).error();
  query->bind(static_cast<std::int64_t>(limit));
  std::vector<MailRow> out;
  for (;;) {
    const auto row = query->step();
    if (!row) return row.error();
    if (!*row) return out;
    out.push_back(mail_from(*query));
  }
}

Result<std::vector<CopyRow>> SqlLedger::copies(std::string_view id) {
  auto query = connection_.prepare(
      "SELECT mail_id, member, outcome, certificate, cipher, reply FROM paraph_copy WHERE mail_id "
      "= ? ORDER BY member");
  if (!query) return std::move(query).error();
  query->bind(id);
  std::vector<CopyRow> out;
  for (;;) {
    const auto row = query->step();
    if (!row) return row.error();
    if (!*row) return out;
    out.push_back({query->text(0), query->text(1), query->text(2), query->text(3), query->text(4),
                   query->text(5)});
  }
}

}  // namespace paraph::store
