#include "store/sql_alarms.h"

#include <algorithm>

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

// Times to come are from a clock that has been put back.
Result<bool> SqlAlarms::is_due(long long now, long long gap) {
  auto query = connection_.prepare(
      "SELECT count(*) FROM paraph_alarm WHERE (told > ? AND told <= ?) OR (told < ? AND told >= "
      "?)");
  if (!query) return std::move(query).error();
  query->bind(std::int64_t{std::max(0LL, now - gap)}).bind(std::int64_t{now});
  query->bind(std::int64_t{std::min(0LL, kTakenFor - now)}).bind(std::int64_t{-now});
  const auto row = query->step();
  if (!row) return row.error();
  return query->integer(0) == 0;
}

Result<std::vector<Alarm>> SqlAlarms::waiting(std::size_t limit) {
  auto query = connection_.prepare(
      "SELECT number, at, kind, subject, mail_id, reason FROM paraph_alarm WHERE told <= 0 "
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

Result<void> SqlAlarms::mark_taken(long long up_to, long long now) {
  auto mark =
      connection_.prepare("UPDATE paraph_alarm SET told = ? WHERE told <= 0 AND number <= ?");
  if (!mark) return std::move(mark).error();
  const auto done = mark->bind(std::int64_t{-now}).bind(std::int64_t{up_to}).run();
  return done ? Result<void>() : Result<void>(done.error());
}

Result<std::vector<Alarm>> SqlAlarms::take(std::size_t limit, long long now, long long gap) {
  auto transaction = Transaction::begin(connection_);
  if (!transaction) return std::move(transaction).error();
  const auto due = is_due(now, gap);
  if (!due) return due.error();
  if (!*due) return std::vector<Alarm>{};
  auto alarms = waiting(limit);
  if (!alarms || alarms->empty()) return alarms;
  if (auto marked = mark_taken(alarms->back().number, now); !marked) return marked.error();
  if (auto committed = transaction->commit(); !committed) return committed.error();
  return alarms;
}

Result<void> SqlAlarms::give_back(long long up_to) {
  auto mark =
      connection_.prepare("UPDATE paraph_alarm SET told = 0 WHERE told < 0 AND number <= ?");
  if (!mark) return std::move(mark).error();
  const auto done = mark->bind(std::int64_t{up_to}).run();
  return done ? Result<void>() : Result<void>(done.error());
}

Result<void> SqlAlarms::told(long long up_to, long long at) {
  auto transaction = Transaction::begin(connection_);
  if (!transaction) return std::move(transaction).error();
  auto mark =
      connection_.prepare("UPDATE paraph_alarm SET told = ? WHERE told < 0 AND number <= ?");
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
