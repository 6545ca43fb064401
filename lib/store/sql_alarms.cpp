#include "store/sql_alarms.h"

namespace paraph::store {
namespace {

constexpr std::int64_t kKeep = 30 * 24 * 3600;  // seconds; told ones

}  // namespace

Result<void> SqlAlarms::raise(const Alarm& alarm) {
  auto query = connection_.prepare(
      "INSERT INTO paraph_alarm (at, kind, subject, mail_id, reason, told) VALUES (?, ?, ?, ?, ?, "
      "0) "
      "ON CONFLICT (kind, subject, mail_id) DO UPDATE SET at = excluded.at, reason = "
      "excluded.reason, "
      "told = 0 WHERE told > 0");
  if (!query) return std::move(query).error();
  query->bind(std::int64_t{alarm.at}).bind(alarm.kind).bind(alarm.subject);
  const auto done = query->bind(alarm.mail_id).bind(alarm.reason).run();
  return done ? Result<void>() : Result<void>(done.error());
}

Result<std::vector<Alarm>> SqlAlarms::untold(std::size_t limit) {
  auto query = connection_.prepare(
      "SELECT number, at, kind, subject, mail_id, reason FROM paraph_alarm WHERE told = 0 "
      "ORDER BY number LIMIT ?");
  if (!query) return std::move(query).error();
  query->bind(static_cast<std::int64_t>(limit));
  std::vector<Alarm> out;
  for (;;) {
    const auto row = query->step();
    if (!row) return row.error();
    if (!*row) return out;
    out.push_back({query->integer(0), query->integer(1), query->text(2), query->text(3),
                   query->text(4), query->text(5)});
  }
}

Result<long long> SqlAlarms::last_told() {
  auto query = connection_.prepare("SELECT coalesce(max(told), 0) FROM paraph_alarm");
  if (!query) return std::move(query).error();
  const auto row = query->step();
  if (!row) return row.error();
  return query->integer(0);
}

Result<void> SqlAlarms::told(long long up_to, long long at) {
  auto transaction = Transaction::begin(connection_);
  if (!transaction) return std::move(transaction).error();
  auto mark =
      connection_.prepare("UPDATE paraph_alarm SET told = ? WHERE told = 0 AND number <= ?");
  if (!mark) return std::move(mark).error();
  if (auto done = mark->bind(std::int64_t{at}).bind(std::int64_t{up_to}).run(); !done)
    return std::move(done).error();
  auto forget = connection_.prepare("DELETE FROM paraph_alarm WHERE told > 0 AND told < ?");
  if (!forget) return std::move(forget).error();
  if (auto done = forget->bind(std::int64_t{at - kKeep}).run(); !done)
    return std::move(done).error();
  return transaction->commit();
}

}  // namespace paraph::store
