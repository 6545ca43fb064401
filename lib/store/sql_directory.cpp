#include "store/sql_directory.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

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

/// Sympa's name of a value and its column.
struct NamedColumn {
  std::string_view name, column;
};
constexpr std::array kMemberColumns{NamedColumn{"bounce", "bounce_subscriber"},
                                    NamedColumn{"bounce_score", "bounce_score_subscriber"},
                                    NamedColumn{"bounce_address", "bounce_address_subscriber"},
                                    NamedColumn{"update_date", "update_epoch_subscriber"},
                                    NamedColumn{"inclusion", "inclusion_subscriber"},
                                    NamedColumn{"inclusion_label", "inclusion_label_subscriber"},
                                    NamedColumn{"number_messages", "number_messages_subscriber"},
                                    NamedColumn{"topics", "topics_subscriber"},
                                    NamedColumn{"subscribed", "subscribed_subscriber"},
                                    NamedColumn{"suspend", "suspend_subscriber"},
                                    NamedColumn{"startdate", "suspend_start_date_subscriber"},
                                    NamedColumn{"enddate", "suspend_end_date_subscriber"},
                                    NamedColumn{"custom_attribute", "custom_attribute_subscriber"}};
constexpr std::array kUserColumns{NamedColumn{"email", "email_user"},
                                  NamedColumn{"gecos", "gecos_user"},
                                  NamedColumn{"lang", "lang_user"},
                                  NamedColumn{"last_login_date", "last_login_date_user"},
                                  NamedColumn{"last_login_host", "last_login_host_user"},
                                  NamedColumn{"wrong_login_count", "wrong_login_count_user"},
                                  NamedColumn{"last_active_date", "last_active_date_user"},
                                  NamedColumn{"cookie_delay", "cookie_delay_user"},
                                  NamedColumn{"attributes", "attributes_user"},
                                  NamedColumn{"data", "data_user"}};

template <class Columns>
std::string_view column_of(const Columns& columns, std::string_view name) {
  const auto* const found = std::find_if(columns.begin(), columns.end(),
                                         [&](const auto& row) { return row.name == name; });
  return found == columns.end() ? std::string_view() : found->column;
}

Result<std::string> first_text(Query& query) {
  const auto row = query.step();
  if (!row) return row.error();
  return *row ? query.text(0) : std::string();
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

Result<std::string> SqlDirectory::member_value(const ListAddress& list, std::string_view email,
                                               std::string_view name) {
  const auto column = column_of(kMemberColumns, name);
  if (column.empty()) return std::string();
  auto query = connection_.prepare(
      fmt::format("SELECT {} FROM subscriber_table WHERE list_subscriber = ? AND "
                  "robot_subscriber = ? AND user_subscriber = ?",
                  column));
  if (!query) return std::move(query).error();
  const std::string address = canonical(email);
  query->bind(list.name()).bind(list.domain()).bind(address);
  return first_text(*query);
}

Result<std::string> SqlDirectory::user_value(std::string_view email, std::string_view name) {
  const auto column = column_of(kUserColumns, name);
  if (column.empty()) return std::string();
  auto query =
      connection_.prepare(fmt::format("SELECT {} FROM user_table WHERE email_user = ?", column));
  if (!query) return std::move(query).error();
  const std::string address = canonical(email);
  query->bind(address);
  return first_text(*query);
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
