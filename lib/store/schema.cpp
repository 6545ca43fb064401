#include "store/schema.h"

#include <fmt/core.h>

#include <array>

namespace paraph::store {
namespace {

struct Table {
  std::string_view name;
  std::string_view sql;
};
// Sympa's portable tables: its names, its columns, its primary keys.
constexpr std::array<Table, 4> sympa_tables = {{
    {"subscriber_table", R"sql(
CREATE TABLE subscriber_table (
  user_subscriber text NOT NULL,
  list_subscriber text NOT NULL,
  robot_subscriber text NOT NULL,
  reception_subscriber text,
  suspend_subscriber integer,
  suspend_start_date_subscriber integer,
  suspend_end_date_subscriber integer,
  bounce_subscriber text,
  bounce_score_subscriber integer,
  bounce_address_subscriber text,
  date_epoch_subscriber integer NOT NULL,
  update_epoch_subscriber integer,
  inclusion_subscriber integer,
  inclusion_ext_subscriber integer,
  inclusion_label_subscriber text,
  comment_subscriber text,
  number_messages_subscriber integer NOT NULL DEFAULT 0,
  visibility_subscriber text,
  topics_subscriber text,
  subscribed_subscriber integer,
  custom_attribute_subscriber text,
  PRIMARY KEY (user_subscriber, list_subscriber, robot_subscriber)
);
CREATE INDEX paraph_subscriber_list ON subscriber_table (list_subscriber, robot_subscriber, user_subscriber);
)sql"},
    {"user_table", R"sql(
CREATE TABLE user_table (
  email_user text NOT NULL,
  password_user text,
  gecos_user text,
  last_login_date_user integer,
  last_login_host_user text,
  wrong_login_count_user integer,
  last_active_date_user integer,
  cookie_delay_user integer,
  lang_user text,
  attributes_user text,
  data_user text,
  PRIMARY KEY (email_user)
);
)sql"},
    {"admin_table", R"sql(
CREATE TABLE admin_table (
  user_admin text NOT NULL,
  list_admin text NOT NULL,
  robot_admin text NOT NULL,
  role_admin text NOT NULL,
  profile_admin text,
  date_epoch_admin integer NOT NULL,
  update_epoch_admin integer,
  inclusion_admin integer,
  inclusion_ext_admin integer,
  inclusion_label_admin text,
  reception_admin text,
  visibility_admin text,
  comment_admin text,
  subscribed_admin integer,
  info_admin text,
  PRIMARY KEY (user_admin, list_admin, robot_admin, role_admin)
);
)sql"},
    {"exclusion_table", R"sql(
CREATE TABLE exclusion_table (
  list_exclusion text NOT NULL,
  robot_exclusion text NOT NULL,
  user_exclusion text NOT NULL,
  family_exclusion text NOT NULL,
  date_exclusion integer,
  PRIMARY KEY (list_exclusion, robot_exclusion, user_exclusion, family_exclusion)
);
)sql"},
}};

Result<bool> has_table(Connection& connection, std::string_view name) {
  auto query = connection.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?");
  if (!query) return std::move(query).error();
  return query->bind(name).step();
}

Result<bool> has_all_tables(Connection& connection) {
  for (const Table& table : sympa_tables) {
    auto present = has_table(connection, table.name);
    if (!present || !*present) return present;
  }
  return true;
}

Result<void> create_missing_tables(Connection& connection) {
  for (const Table& table : sympa_tables) {
    const auto present = has_table(connection, table.name);
    if (!present) return present.error();
    if (*present) continue;
    if (auto made = connection.execute(table.sql); !made)
      return std::move(made).error().in(table.name);
  }
  return {};
}

Result<void> run_steps(Connection& connection, const std::vector<Migration>& steps, int from) {
  for (std::size_t i = static_cast<std::size_t>(from); i < steps.size(); ++i) {
    if (auto done = connection.execute(steps[i].sql); !done) {
      return std::move(done).error().in(fmt::format("schema step {} ({})", i + 1, steps[i].what));
    }
  }
  auto query = connection.prepare("UPDATE paraph_schema SET version = ?");
  if (!query) return std::move(query).error();
  const auto updated = query->bind(static_cast<std::int64_t>(steps.size())).run();
  return updated ? Result<void>() : Result<void>(updated.error());
}

constexpr std::string_view version_table = R"sql(
CREATE TABLE IF NOT EXISTS paraph_schema (version integer NOT NULL);
INSERT INTO paraph_schema SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM paraph_schema);
)sql";

Error too_new(const Connection& connection, int version, std::size_t known) {
  return Error::never(Errc::config,
                      fmt::format("database {}: its schema is number {}, this program knows {}",
                                  connection.path(), version, known))
      .with_hint("run the newer version of Paraph that wrote it");
}

}  // namespace

int current_schema() {
  return static_cast<int>(migrations().size());
}

Error too_new(const Connection& connection, int version) {
  return too_new(connection, version, migrations().size());
}

Result<int> schema_version(Connection& connection) {
  const auto present = has_table(connection, "paraph_schema");
  if (!present) return present.error();
  if (!*present) return 0;
  auto query = connection.prepare("SELECT max(version) FROM paraph_schema");
  if (!query) return std::move(query).error();
  const auto row = query->step();
  if (!row) return row.error();
  return static_cast<int>(query->integer(0));
}

Result<void> bring_up_to_date(Connection& connection, const std::vector<Migration>& steps) {
  const auto before = schema_version(connection);
  if (!before) return before.error();
  if (*before > static_cast<int>(steps.size())) return too_new(connection, *before, steps.size());
  const auto complete = has_all_tables(connection);
  if (!complete) return complete.error();
  // The usual case needs no write lock.
  if (*complete && *before == static_cast<int>(steps.size())) return {};

  auto transaction = Transaction::begin(connection);
  if (!transaction) return std::move(transaction).error();
  if (auto made = connection.execute(version_table); !made) return made;
  const auto version = schema_version(connection);  // again: another process may have been first
  if (!version) return version.error();
  if (*version > static_cast<int>(steps.size())) return too_new(connection, *version, steps.size());
  if (auto made = create_missing_tables(connection); !made) return made;
  if (auto done = run_steps(connection, steps, *version); !done) return done;
  return transaction->commit();
}

}  // namespace paraph::store
