#include "store/sql_ledger.h"

#include <algorithm>

namespace paraph::store {
namespace {

#define PARAPH_MAIL_COLUMNS                                                             \
  "SELECT id, list, from_address, outcome, reason, mta_id, size, received, message_id " \
  "FROM paraph_mail "

// One line of a mail (RFC 5322 §2.1.1): nobody fills the database with a name.
constexpr std::size_t kMaxMessageId = 998;

MailRow mail_from(const Query& row) {
  return {row.text(0), row.text(1),    row.text(2),    row.text(3), row.text(4),
          row.text(5), row.integer(6), row.integer(7), row.text(8)};
}

Result<std::vector<MailRow>> all_mails(Query& query) {
  std::vector<MailRow> out;
  for (;;) {
    const auto row = query.step();
    if (!row) return row.error();
    if (!*row) return out;
    out.push_back(mail_from(query));
  }
}

Result<std::map<std::string, std::size_t>> words_counted(Query& query) {
  std::map<std::string, std::size_t> out;
  for (;;) {
    const auto row = query.step();
    if (!row) return row.error();
    if (!*row) return out;
    out.emplace(query.text(0), static_cast<std::size_t>(query.integer(1)));
  }
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

// The copies of the oldest mail from before `before`, and, when there are none left, itself; at most `limit` rows.
Result<std::size_t> forget_oldest(Connection& connection, long long before, std::size_t limit) {
  auto oldest = connection.prepare(
      "SELECT id FROM paraph_mail WHERE received < ? ORDER BY received, id LIMIT 1");
  if (!oldest) return std::move(oldest).error();
  const auto found = oldest->bind(std::int64_t{before}).step();
  if (!found) return found.error();
  if (!*found) return std::size_t{0};
  const std::string id = oldest->text(0);
  auto copies = connection.prepare(
      "DELETE FROM paraph_copy WHERE mail_id = ?1 AND member IN "
      "(SELECT member FROM paraph_copy WHERE mail_id = ?1 LIMIT ?2)");
  if (!copies) return std::move(copies).error();
  const auto gone = copies->bind(id).bind(static_cast<std::int64_t>(limit)).run();
  if (!gone) return gone.error();
  const auto count = static_cast<std::size_t>(*gone);
  if (count == limit) return count;
  auto mail = connection.prepare("DELETE FROM paraph_mail WHERE id = ?");
  if (!mail) return std::move(mail).error();
  const auto ended = mail->bind(id).run();
  if (!ended) return ended.error();
  return count + 1;
}

// Records of recipients who are on no list any more, among the next `portion` addresses after `after`, which moves on, and
// back to the start at the end. One that is wanted again costs its certificate being read again.
Result<void> forget_strangers(Connection& connection, std::string& after, std::size_t portion) {
  auto last = connection.prepare(
      "SELECT max(address), count(*) FROM "
      "(SELECT address FROM paraph_recipient WHERE address > ? ORDER BY address LIMIT ?)");
  if (!last) return std::move(last).error();
  const auto found = last->bind(after).bind(static_cast<std::int64_t>(portion)).step();
  if (!found) return found.error();
  const bool at_end = static_cast<std::size_t>(last->integer(1)) < portion;
  const std::string until = last->text(0);
  auto strangers = connection.prepare(
      "DELETE FROM paraph_recipient WHERE address > ? AND address <= ? AND NOT EXISTS "
      "(SELECT 1 FROM subscriber_table WHERE user_subscriber = address)");
  if (!strangers) return std::move(strangers).error();
  auto gone = nothing(strangers->bind(after).bind(until).run());
  if (gone) after = at_end ? std::string() : until;
  return gone;
}

}  // namespace

std::string search_statement(const MailQuery& query) {
  std::string sql = PARAPH_MAIL_COLUMNS "WHERE ";
  if (!query.list.empty()) sql += "list = ? AND ";
  if (!query.from.empty()) sql += "from_address = ? AND ";
  // The unary + keeps the planner from walking all mails by time and asking each for the member.
  if (!query.member.empty()) sql += "id IN (SELECT mail_id FROM paraph_copy WHERE member = ?) AND ";
  sql += query.member.empty() ? "received >= ? " : "+received >= ? ";
  return sql + "ORDER BY received DESC, id DESC LIMIT ?";
}

Result<std::optional<MailRow>> SqlLedger::find(std::string_view id) {
  auto query = connection_.prepare(PARAPH_MAIL_COLUMNS "WHERE id = ?");
  if (!query) return std::move(query).error();
  const auto row = query->bind(id).step();
  if (!row) return row.error();
  return *row ? std::optional(mail_from(*query)) : std::nullopt;
}

Result<void> SqlLedger::record(const MailRow& row) {
  // Two daemons tell about one mail, in either order: the first outcome stands (but a held or
  // quarantined mail that a person put back ends anew), and what the first did not know is filled in.
  auto query = connection_.prepare(
      "INSERT INTO paraph_mail AS old (id, list, from_address, outcome, reason, mta_id, size, "
      "received, message_id) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
      "list = CASE old.list WHEN '' THEN excluded.list ELSE old.list END, "
      "from_address = CASE old.from_address WHEN '' THEN excluded.from_address ELSE "
      "old.from_address END, "
      "mta_id = CASE old.mta_id WHEN '' THEN excluded.mta_id ELSE old.mta_id END, "
      "size = CASE old.size WHEN 0 THEN excluded.size ELSE old.size END, "
      "message_id = CASE old.message_id WHEN '' THEN excluded.message_id ELSE old.message_id END, "
      "reason = CASE WHEN old.outcome IN ('held', 'quarantined') OR "
      "(old.reason = '' AND old.outcome = excluded.outcome) "
      "THEN excluded.reason ELSE old.reason END, "
      "outcome = CASE WHEN old.outcome IN ('held', 'quarantined') "
      "THEN excluded.outcome ELSE old.outcome END");
  if (!query) return std::move(query).error();
  query->bind(row.id)
      .bind(row.list)
      .bind(row.from)
      .bind(row.outcome)
      .bind(row.reason)
      .bind(row.mta_id);
  query->bind(std::int64_t{row.size}).bind(std::int64_t{row.received});
  return nothing(query->bind(std::string_view(row.message_id).substr(0, kMaxMessageId)).run());
}

Result<void> SqlLedger::record_soon(const std::vector<MailRow>& rows) {
  const Unsynced unsynced(connection_);
  auto transaction = Transaction::begin(connection_);
  if (!transaction) return std::move(transaction).error();
  for (const MailRow& row : rows)
    if (auto done = record(row); !done) return done;
  return transaction->commit();
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
  return search({.limit = limit});
}

Result<std::vector<MailRow>> SqlLedger::with_prefix(std::string_view prefix, std::size_t limit) {
  auto query = connection_.prepare(kPrefixStatement);
  if (!query) return std::move(query).error();
  const std::string end = std::string(prefix) + '~';  // past every character of an id
  query->bind(prefix).bind(end).bind(static_cast<std::int64_t>(limit));
  return all_mails(*query);
}

Result<std::vector<MailRow>> SqlLedger::with_message_id(std::string_view message_id,
                                                        std::size_t limit) {
  auto query = connection_.prepare(kMessageIdStatement);
  if (!query) return std::move(query).error();
  query->bind(message_id.substr(0, kMaxMessageId)).bind(static_cast<std::int64_t>(limit));
  return all_mails(*query);
}

Result<std::vector<MailRow>> SqlLedger::search(const MailQuery& wanted) {
  auto query = connection_.prepare(search_statement(wanted));
  if (!query) return std::move(query).error();
  for (const auto* value : {&wanted.list, &wanted.from, &wanted.member})
    if (!value->empty()) query->bind(*value);
  query->bind(std::int64_t{wanted.since}).bind(static_cast<std::int64_t>(wanted.limit));
  return all_mails(*query);
}

Result<std::size_t> SqlLedger::expire(long long before) {
  auto transaction = Transaction::begin(connection_);
  if (!transaction) return std::move(transaction).error();
  std::size_t gone = 0;
  while (gone < kExpirePortion) {
    const auto some = forget_oldest(connection_, before, kExpirePortion - gone);
    if (!some) return some;
    if (*some == 0) break;
    gone += *some;
  }
  if (auto done = forget_strangers(connection_, recipient_, kExpirePortion); !done)
    return std::move(done).error();
  if (auto done = transaction->commit(); !done) return std::move(done).error();
  return gone;
}

Result<std::map<std::string, std::size_t>> SqlLedger::counts(std::string_view id) {
  auto query = connection_.prepare(
      "SELECT outcome, count(*) FROM paraph_copy WHERE mail_id = ? GROUP BY outcome");
  if (!query) return std::move(query).error();
  return words_counted(query->bind(id));
}

Result<std::map<std::string, std::size_t>> SqlLedger::endings(long long since) {
  auto query = connection_.prepare(
      "SELECT outcome, count(*) FROM paraph_mail WHERE received >= ? GROUP BY outcome");
  if (!query) return std::move(query).error();
  return words_counted(query->bind(std::int64_t{since}));
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
