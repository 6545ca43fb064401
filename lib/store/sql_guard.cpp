#include "store/sql_guard.h"

#include <algorithm>

namespace paraph::store {
namespace {

Result<void> nothing(const Result<int>& changed) {
  return changed ? Result<void>() : Result<void>(changed.error());
}

Result<void> note(Connection& connection, std::string_view mail_id, const Sight& sight,
                  long long at) {
  auto query = connection.prepare(
      "INSERT OR IGNORE INTO paraph_guard (key, place, mail_id, same, at, expires) "
      "VALUES (?, ?, ?, ?, ?, ?)");
  if (!query) return std::move(query).error();
  query->bind_octets(sight.key).bind(sight.place).bind(mail_id).bind_octets(sight.same);
  return nothing(query->bind(std::int64_t{at}).bind(std::int64_t{sight.expires}).run());
}

// Other mails' rows of a key, before this mail's own; an own row that is not there was refused for one of them.
Result<std::vector<Seen>> earlier(Connection& connection, std::string_view mail_id,
                                  const Sight& sight) {
  auto query = connection.prepare(
      "SELECT place, mail_id, same, at FROM paraph_guard WHERE key = ? ORDER BY number");
  if (!query) return std::move(query).error();
  query->bind_octets(sight.key);
  std::vector<Seen> out;
  for (;;) {
    const auto row = query->step();
    if (!row) return row.error();
    if (!*row || query->text(1) == mail_id) return out;
    out.push_back({query->text(0), query->text(1), query->text(2), query->integer(3)});
  }
}

}  // namespace

Result<std::vector<std::vector<Seen>>> SqlGuard::see(std::string_view mail_id,
                                                     const std::vector<Sight>& sights,
                                                     long long at) {
  const Unsynced unsynced(connection_);
  auto transaction = Transaction::begin(connection_);
  if (!transaction) return std::move(transaction).error();
  std::vector<std::vector<Seen>> out;
  for (const Sight& sight : sights) {
    if (auto noted = note(connection_, mail_id, sight, at); !noted) return noted.error();
    auto seen = earlier(connection_, mail_id, sight);
    if (!seen) return std::move(seen).error();
    out.push_back(std::move(*seen));
  }
  if (auto done = transaction->commit(); !done) return std::move(done).error();
  return out;
}

Result<void> SqlGuard::inherit(std::string_view from, std::string_view to,
                               const std::vector<Sight>& sights) {
  const Unsynced unsynced(connection_);
  auto transaction = Transaction::begin(connection_);
  if (!transaction) return std::move(transaction).error();
  for (const Sight& sight : sights) {
    auto query = connection_.prepare(
        "UPDATE paraph_guard SET mail_id = ? WHERE key = ? AND place = ? AND mail_id = ?");
    if (!query) return std::move(query).error();
    query->bind(to).bind_octets(sight.key).bind(sight.place).bind(from);
    if (auto done = query->run(); !done) return done.error();
  }
  return transaction->commit();
}

Result<std::size_t> SqlGuard::count(std::string_view key, std::string_view mail_id, long long at,
                                    long long expires) {
  const Unsynced unsynced(connection_);
  auto transaction = Transaction::begin(connection_);
  if (!transaction) return std::move(transaction).error();
  const Sight sight{std::string(key), std::string(mail_id), {}, expires};
  if (auto noted = note(connection_, mail_id, sight, at); !noted) return noted.error();
  auto query = connection_.prepare(
      "SELECT count(*) FROM paraph_guard WHERE key = ?1 AND number <= "
      "(SELECT number FROM paraph_guard WHERE key = ?1 AND place = ?2)");
  if (!query) return std::move(query).error();
  const auto row = query->bind_octets(key).bind(mail_id).step();
  if (!row) return row.error();
  const auto found = static_cast<std::size_t>(query->integer(0));
  if (auto done = transaction->commit(); !done) return std::move(done).error();
  return found;
}

Result<std::size_t> SqlGuard::expire(long long before) {
  auto query = connection_.prepare(
      "DELETE FROM paraph_guard WHERE number IN (SELECT number FROM paraph_guard "
      "WHERE expires < ? ORDER BY expires LIMIT ?)");
  if (!query) return std::move(query).error();
  query->bind(std::int64_t{before}).bind(static_cast<std::int64_t>(kExpirePortion));
  const auto gone = query->run();
  if (!gone) return gone.error();
  return static_cast<std::size_t>(*gone);
}

Result<void> SqlGuard::retire(const std::vector<std::string>& alive, long long expires) {
  auto query =
      connection_.prepare("SELECT DISTINCT place FROM paraph_guard WHERE expires = ? LIMIT 10000");
  if (!query) return std::move(query).error();
  query->bind(std::int64_t{Sight::kWithKey});
  std::vector<std::string> gone;
  for (;;) {
    const auto row = query->step();
    if (!row) return row.error();
    if (!*row) break;
    if (std::find(alive.begin(), alive.end(), query->text(0)) == alive.end())
      gone.push_back(query->text(0));
  }
  for (const std::string& key : gone) {
    auto update =
        connection_.prepare("UPDATE paraph_guard SET expires = ? WHERE place = ? AND expires = ?");
    if (!update) return std::move(update).error();
    update->bind(std::int64_t{expires}).bind(key).bind(std::int64_t{Sight::kWithKey});
    if (auto done = update->run(); !done) return done.error();
  }
  return {};
}

}  // namespace paraph::store
