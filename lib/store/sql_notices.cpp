#include "store/sql_notices.h"

namespace paraph::store {
namespace {

#define PARAPH_MISSED_COLUMNS "SELECT address, list, mail_id, at, reason FROM paraph_missed "

Result<void> ran(Query& query) {
  const auto changed = query.run();
  return changed ? Result<void>() : Result<void>(changed.error());
}

Result<std::vector<Missed>> all_rows(Query& query) {
  std::vector<Missed> out;
  for (;;) {
    const auto row = query.step();
    if (!row) return row.error();
    if (!*row) return out;
    out.push_back({query.text(0), query.text(1), query.text(2), query.integer(3), query.text(4)});
  }
}

}  // namespace

Result<void> SqlNotices::missed(const Missed& missed) {
  const Unsynced soon(connection_);
  auto query = connection_.prepare(
      "INSERT OR IGNORE INTO paraph_missed (address, list, mail_id, at, reason) VALUES (?, ?, ?, "
      "?, ?)");
  if (!query) return std::move(query).error();
  query->bind(missed.address).bind(missed.list).bind(missed.mail_id);
  return ran(query->bind(std::int64_t{missed.at}).bind(missed.reason));
}

Result<Notices::Standing> SqlNotices::standing(std::string_view address, std::string_view list) {
  Standing out;
  {
    auto query =
        connection_.prepare("SELECT count(*) FROM paraph_missed WHERE address = ? AND list = ?");
    if (!query) return std::move(query).error();
    const auto row = query->bind(address).bind(list).step();
    if (!row) return row.error();
    out.missed = static_cast<std::size_t>(query->integer(0));
  }
  const auto told = last_told(address, list, "missing");
  if (!told) return told.error();
  out.told = *told;
  return out;
}

Result<long long> SqlNotices::last_told(std::string_view address, std::string_view list,
                                        std::string_view kind) {
  auto query = connection_.prepare(
      "SELECT sent FROM paraph_notice WHERE address = ? AND list = ? AND kind = ?");
  if (!query) return std::move(query).error();
  const auto row = query->bind(address).bind(list).bind(kind).step();
  if (!row) return row.error();
  return *row ? query->integer(0) : 0;
}

Result<void> SqlNotices::told(std::string_view address, std::string_view list,
                              std::string_view kind, long long at) {
  const Unsynced soon(connection_);
  auto query = connection_.prepare(
      "INSERT OR REPLACE INTO paraph_notice (address, list, kind, sent, mail_id) VALUES (?, ?, ?, "
      "?, '')");
  if (!query) return std::move(query).error();
  return ran(query->bind(address).bind(list).bind(kind).bind(std::int64_t{at}));
}

// One statement, so that of two workers one gets it. A time to come is from a clock that has been put back.
Result<bool> SqlNotices::take_turn(std::string_view address, std::string_view list,
                                   std::string_view mail_id, long long at) {
  const Unsynced soon(connection_);
  auto query = connection_.prepare(
      "INSERT INTO paraph_notice (address, list, kind, sent, mail_id) VALUES (?1, ?2, 'missing', "
      "?3, ?4) ON CONFLICT (address, list, kind) DO UPDATE SET sent = ?3, mail_id = ?4 WHERE sent "
      "> ?3 OR sent <= ?5 OR mail_id = ?4");
  if (!query) return std::move(query).error();
  query->bind(address).bind(list).bind(std::int64_t{at}).bind(mail_id);
  const auto changed = query->bind(std::int64_t{at - kDay}).run();
  if (!changed) return changed.error();
  return *changed > 0;
}

Result<std::vector<Missed>> SqlNotices::of(std::string_view address) {
  auto query = connection_.prepare(PARAPH_MISSED_COLUMNS "WHERE address = ? ORDER BY at, mail_id");
  if (!query) return std::move(query).error();
  return all_rows(query->bind(address));
}

Result<std::vector<Missed>> SqlNotices::of_mail(std::string_view mail_id) {
  auto query = connection_.prepare(PARAPH_MISSED_COLUMNS "WHERE mail_id = ? ORDER BY address");
  if (!query) return std::move(query).error();
  return all_rows(query->bind(mail_id));
}

Result<void> SqlNotices::forget(std::string_view address, std::string_view list,
                                std::string_view mail_id) {
  auto query = connection_.prepare(
      "DELETE FROM paraph_missed WHERE address = ? AND list = ? AND mail_id = ?");
  if (!query) return std::move(query).error();
  return ran(query->bind(address).bind(list).bind(mail_id));
}

Result<void> SqlNotices::expire(long long before) {
  {
    auto query = connection_.prepare("DELETE FROM paraph_missed WHERE at < ?");
    if (!query) return std::move(query).error();
    if (auto done = ran(query->bind(std::int64_t{before})); !done) return done;
  }
  auto query = connection_.prepare("DELETE FROM paraph_notice WHERE sent < ?");
  if (!query) return std::move(query).error();
  return ran(query->bind(std::int64_t{before}));
}

}  // namespace paraph::store
