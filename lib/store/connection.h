#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

/// SQLite with owners for its handles; for this module only. No thread may share a Connection, no
/// fork may carry one.
namespace paraph::store {

class Connection;

/// One run of a prepared statement: bind in order, step, read. Going out of scope it gives the
/// statement back to the connection's cache, without its values.
class Query {
 public:
  Query(Connection& connection, sqlite3_stmt* statement)
      : connection_(&connection), statement_(statement) {}
  ~Query();
  Query(Query&& other) noexcept;
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  Query& operator=(Query&&) = delete;

  /// The text must live until the Query is gone.
  Query& bind(std::string_view text);
  Query& bind(std::int64_t number);
  Query& bind_octets(std::string_view octets);  ///< a BLOB, with the same promise
  /// True: a row stands ready. False: no more.
  [[nodiscard]] Result<bool> step();
  /// For statements without rows; the number of rows they changed.
  [[nodiscard]] Result<int> run();
  [[nodiscard]] std::string text(int column) const;  ///< NULL is empty
  [[nodiscard]] std::int64_t integer(int column) const;

 private:
  Connection* connection_;
  sqlite3_stmt* statement_;
  int bound_ = 0;
};

class Connection {
 public:
  static constexpr std::chrono::milliseconds default_patience{5000};
  /// Makes the file, 0600, when it is missing. `patience`: how long a locked database is waited
  /// for.
  [[nodiscard]] static Result<std::unique_ptr<Connection>> open(
      const std::string& path, std::chrono::milliseconds patience = default_patience);
  /// Of a file that is there, to read it; see store::open_for_reading(). `as_it_stands`: without a look at locks or
  /// the write-ahead log, for a directory in which SQLite cannot make its files.
  [[nodiscard]] static Result<std::unique_ptr<Connection>> open_for_reading(
      const std::string& path, std::chrono::milliseconds patience, bool as_it_stands);
  /// SQLite falls back to this in silence where the file, or its disk, cannot be written to.
  [[nodiscard]] bool read_only() const;
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// `sql` must be a constant of the program: its address is not enough, its text is the key of the
  /// cache.
  [[nodiscard]] Result<Query> prepare(std::string_view sql);
  /// Several statements without values.
  [[nodiscard]] Result<void> execute(std::string_view script);
  [[nodiscard]] const std::string& path() const { return path_; }
  /// SQLite's last failure as an Error with the file's name.
  [[nodiscard]] Error failure(std::string_view doing) const;

 private:
  friend class Query;
  friend class Unsynced;
  friend class Transaction;
  explicit Connection(std::string path) : path_(std::move(path)) {}
  [[nodiscard]] Result<void> set_up(std::chrono::milliseconds patience);
  [[nodiscard]] Result<void> use_wal(std::chrono::milliseconds patience);
  void wait_for_locks(std::chrono::milliseconds patience);
  /// Before a write outside a transaction, and before one begins: what the commit has to wait for.
  [[nodiscard]] Result<void> settle_durability();

  std::string path_;
  std::chrono::milliseconds patience_ = default_patience;
  std::chrono::steady_clock::time_point busy_since_;
  sqlite3* handle_ = nullptr;
  bool synced_ = true;  ///< as SQLite has been told
  bool wanted_ = true;  ///< as the next commit shall be
  std::map<std::string, sqlite3_stmt*, std::less<>> statements_;
};

/// While it lives, what is committed does not wait for the disk (PRAGMA synchronous = NORMAL): the database stays whole
/// whatever happens, but a power cut may take back the last commits. The next commit without it makes them durable, too.
/// Not inside a transaction.
class Unsynced {
 public:
  explicit Unsynced(Connection& connection) : connection_(connection) {
    connection.wanted_ = false;
  }
  ~Unsynced() { connection_.wanted_ = true; }
  Unsynced(const Unsynced&) = delete;
  Unsynced& operator=(const Unsynced&) = delete;

 private:
  Connection& connection_;
};

/// Takes the write lock at once (BEGIN IMMEDIATE); rolls back unless committed.
class Transaction {
 public:
  [[nodiscard]] static Result<Transaction> begin(Connection& connection);
  ~Transaction();
  Transaction(Transaction&& other) noexcept
      : connection_(std::exchange(other.connection_, nullptr)) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  Transaction& operator=(Transaction&&) = delete;
  [[nodiscard]] Result<void> commit();

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}
  Connection* connection_;
};

}  // namespace paraph::store
