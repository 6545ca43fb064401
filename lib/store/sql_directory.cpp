#include "store/sql_directory.h"

#include <algorithm>

#include "base/ascii.h"
#include "mail/address.h"

namespace paraph::store {
namespace {

using list::Admin;
using list::ListAddress;
using list::Subscriber;

// Addresses are kept as Sympa keeps them: canonical. Text that is no address finds nothing in any
// case.
std::string canonical(std::string_view email) {
  const auto address = mail::AddrSpec::parse(email);
  return address ? address->canonical() : ascii::to_lower(ascii::trim(email));
}

// Suspended between its dates; a missing date leaves that side open. The first value bound is now.
#define PARAPH_SUBSCRIBER_COLUMNS                                                             \
  "SELECT user_subscriber, comment_subscriber, reception_subscriber, visibility_subscriber, " \
  "date_epoch_subscriber, coalesce(suspend_subscriber, 0) = 1 AND "                           \
  "coalesce(suspend_start_date_subscriber, 0) <= ?1 AND "                                     \
  "(coalesce(suspend_end_date_subscriber, 0) = 0 OR suspend_end_date_subscriber >= ?1) FROM " \
  "subscriber_table "

Subscriber subscriber_from(const Query& row) {
  Subscriber out;
  out.email = row.text(0);
  out.gecos = row.text(1);
  out.reception = list::reception_from(row.text(2)).value_or(list::ReceptionMode::mail);
  out.conceal = row.text(3) == "conceal";
  out.since = TimePoint(std::chrono::seconds(row.integer(4)));
  out.suspended = row.integer(5) != 0;
  return out;
}

Result<bool> any_changed(Result<int> changed) {
  if (!changed) return std::move(changed).error();
  return *changed > 0;
}

std::int64_t now_of(const Clock& clock) {
  return epoch(clock.now());
}

}  // namespace

Result<std::optional<Subscriber>> SqlDirectory::member(const ListAddress& list,
                                                       std::string_view email) {
  const std::string address = canonical(email);
  auto query = connection_.prepare(
      PARAPH_SUBSCRIBER_COLUMNS
      "WHERE list_subscriber = ?2 AND robot_subscriber = ?3 AND user_subscriber = ?4");
  if (!query) return std::move(query).error();
  const auto row =
      query->bind(now_of(clock_)).bind(list.name()).bind(list.domain()).bind(address).step();
  if (!row) return row.error();
  return *row ? std::optional(subscriber_from(*query)) : std::nullopt;
}

Result<std::vector<Subscriber>> SqlDirectory::members(const ListAddress& list,
                                                      std::string_view after, std::size_t limit) {
  auto query = connection_.prepare(
      PARAPH_SUBSCRIBER_COLUMNS
      "WHERE list_subscriber = ?2 AND robot_subscriber = ?3 AND user_subscriber > ?4 "
      "ORDER BY user_subscriber LIMIT ?5");
  if (!query) return std::move(query).error();
  query->bind(now_of(clock_))
      .bind(list.name())
      .bind(list.domain())
      .bind(after)
      .bind(static_cast<std::int64_t>(limit));
  std::vector<Subscriber> out;
  for (;;) {
    const auto row = query->step();
    if (!row) return row.error();
    if (!*row) return out;
    out.push_back(subscriber_from(*query));
  }
}

Result<std::size_t> SqlDirectory::count(const ListAddress& list) {
  auto query = connection_.prepare(
      "SELECT count(*) FROM subscriber_table WHERE list_subscriber = ? AND robot_subscriber = ?");
  if (!query) return std::move(query).error();
  const auto row = query->bind(list.name()).bind(list.domain()).step();
  if (!row) return row.error();
  return static_cast<std::size_t>(query->integer(0));
}

Result<std::vector<Admin>> SqlDirectory::admins(const ListAddress& list, list::Role role) {
  auto query = connection_.prepare(
      "SELECT user_admin, comment_admin, profile_admin, reception_admin FROM admin_table "
      "WHERE list_admin = ? AND robot_admin = ? AND role_admin = ? ORDER BY user_admin");
  if (!query) return std::move(query).error();
  query->bind(list.name()).bind(list.domain()).bind(to_string(role));
  std::vector<Admin> out;
  for (;;) {
    const auto row = query->step();
    if (!row) return row.error();
    if (!*row) return out;
    out.push_back({role, query->text(0), query->text(1), query->text(2) == "privileged",
                   query->text(3) != "nomail"});
  }
}

Result<bool> SqlDirectory::add_member(const ListAddress& list, const Subscriber& subscriber) {
  const std::string address = canonical(subscriber.email);
  const std::int64_t now = now_of(clock_);
  const std::int64_t since = epoch(subscriber.since) > 0 ? epoch(subscriber.since) : now;
  // Only the key may be in conflict: a broken row must be an error, not a quiet "there already".
  auto query = connection_.prepare(
      "INSERT INTO subscriber_table (user_subscriber, list_subscriber, robot_subscriber, "
      "comment_subscriber, "
      "reception_subscriber, visibility_subscriber, date_epoch_subscriber, "
      "update_epoch_subscriber, "
      "subscribed_subscriber, number_messages_subscriber) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, 0) "
      "ON CONFLICT (user_subscriber, list_subscriber, robot_subscriber) DO NOTHING");
  if (!query) return std::move(query).error();
  query->bind(address).bind(list.name()).bind(list.domain()).bind(subscriber.gecos);
  query->bind(to_string(subscriber.reception)).bind(subscriber.conceal ? "conceal" : "noconceal");
  return any_changed(query->bind(since).bind(now).run());
}

Result<bool> SqlDirectory::remove_member(const ListAddress& list, std::string_view email) {
  const std::string address = canonical(email);
  auto query = connection_.prepare(
      "DELETE FROM subscriber_table WHERE list_subscriber = ? AND robot_subscriber = ? AND "
      "user_subscriber = ?");
  if (!query) return std::move(query).error();
  return any_changed(query->bind(list.name()).bind(list.domain()).bind(address).run());
}

Result<bool> SqlDirectory::add_admin(const ListAddress& list, const Admin& admin) {
  const std::string address = canonical(admin.email);
  const std::int64_t now = now_of(clock_);
  auto query = connection_.prepare(
      "INSERT INTO admin_table (user_admin, list_admin, robot_admin, role_admin, profile_admin, "
      "comment_admin, "
      "reception_admin, visibility_admin, date_epoch_admin, update_epoch_admin, subscribed_admin) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, 'noconceal', ?, ?, 1) "
      "ON CONFLICT (user_admin, list_admin, robot_admin, role_admin) DO NOTHING");
  if (!query) return std::move(query).error();
  query->bind(address).bind(list.name()).bind(list.domain()).bind(to_string(admin.role));
  query->bind(admin.privileged ? "privileged" : "normal")
      .bind(admin.gecos)
      .bind(admin.receives ? "mail" : "nomail");
  return any_changed(query->bind(now).bind(now).run());
}

Result<bool> SqlDirectory::remove_admin(const ListAddress& list, list::Role role,
                                        std::string_view email) {
  const std::string address = canonical(email);
  auto query = connection_.prepare(
      "DELETE FROM admin_table WHERE list_admin = ? AND robot_admin = ? AND role_admin = ? AND "
      "user_admin = ?");
  if (!query) return std::move(query).error();
  return any_changed(
      query->bind(list.name()).bind(list.domain()).bind(to_string(role)).bind(address).run());
}

}  // namespace paraph::store
