#include <fmt/core.h>
#include <sqlite3.h>

#include "store/connection.h"
#include "store/schema.h"
#include "store/shared_memory.h"
#include "store/sql_database.h"
#include "store/store.h"

namespace paraph::store {
namespace {

constexpr std::chrono::milliseconds kPatience{1000};

// A path in a file: URI (RFC 3986 §2.1).
std::string uri_of(const std::string& path, bool as_it_stands) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#' || static_cast<unsigned char>(c) <= ' ')
      uri += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    else
      uri += c;
  }
  return uri + (as_it_stands ? "?mode=ro&immutable=1" : "?mode=ro");
}

// SQLite opens a file lazily; the first look at the schema tells whether it can be read at all.
Result<int> first_look(Connection& connection) {
  return schema_version(connection);
}

bool may_help_to_ignore_the_log(const Error& error) {
  return error.code() == Errc::io || error.code() == Errc::denied;
}

}  // namespace

Result<std::unique_ptr<Connection>> Connection::open_for_reading(const std::string& path,
                                                                 std::chrono::milliseconds patience,
                                                                 bool as_it_stands) {
  back_shared_memory();
  std::unique_ptr<Connection> connection(new Connection(path));
  if (sqlite3_open_v2(uri_of(path, as_it_stands).c_str(), &connection->handle_,
                      SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI,
                      nullptr) != SQLITE_OK)
    return connection->failure("open");
  sqlite3_extended_result_codes(connection->handle_, 1);
  connection->wait_for_locks(patience);
  if (auto set = connection->execute("PRAGMA temp_store = MEMORY"); !set)
    return std::move(set).error();
  return connection;
}

bool Connection::read_only() const {
  return sqlite3_db_readonly(handle_, "main") == 1;
}

Result<void> check_writable(const std::string& path) {
  if (auto there = sys::ownership(path); !there) return std::move(there).error().in("database");
  auto connection = Connection::open(path, kPatience);
  if (!connection) return std::move(connection).error();
  if ((*connection)->read_only())
    return Error::later(Errc::denied, fmt::format("database {}: it can only be read", path));
  auto transaction = Transaction::begin(**connection);
  if (!transaction) return std::move(transaction).error();
  return {};
}

Result<ReadOnlyDatabase> open_for_reading(const std::string& path) {
  if (auto there = sys::ownership(path); !there) return std::move(there).error().in("database");
  std::string limits;
  auto connection = Connection::open_for_reading(path, kPatience, false);
  auto version = connection ? first_look(**connection) : Result<int>(connection.error());
  // A full disk or a directory that cannot be written to: SQLite has no place for its shared memory.
  if (!version && may_help_to_ignore_the_log(version.error())) {
    limits = "what has been written lately and is still in " + path + "-wal";
    connection = Connection::open_for_reading(path, kPatience, true);
    version = connection ? first_look(**connection) : Result<int>(connection.error());
  }
  if (!version) return std::move(version).error();
  if (*version > current_schema()) return too_new(**connection, *version);
  if (*version < current_schema())
    return Error::later(Errc::config,
                        fmt::format("database {}: its schema is number {}, this program's is {}",
                                    path, *version, current_schema()))
        .with_hint("paraph lists (or a daemon's start) brings it up to date");
  auto clock = std::make_shared<sys::SystemClock>();
  return ReadOnlyDatabase{
      std::make_unique<SqlDatabase>(*std::move(connection), std::move(clock), *version),
      std::move(limits)};
}

}  // namespace paraph::store
