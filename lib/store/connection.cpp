#include "store/connection.h"

#include <fmt/core.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <thread>

#include "store/shared_memory.h"
#include "sys/file_system.h"

namespace paraph::store {
namespace {

struct Meaning {
  int code;
  Errc errc;
  std::string_view hint;
};
// What an administrator can mend, and so all of it `later`: a damaged file too, he has a backup and
// the mail can wait.
constexpr std::array<Meaning, 12> meanings = {
    {{SQLITE_BUSY, Errc::busy, ""},
     {SQLITE_LOCKED, Errc::busy, ""},
     {SQLITE_FULL, Errc::io, ""},
     {SQLITE_IOERR, Errc::io, ""},
     {SQLITE_NOMEM, Errc::io, ""},
     {SQLITE_CANTOPEN, Errc::io, ""},
     {SQLITE_PROTOCOL, Errc::io, ""},
     {SQLITE_READONLY, Errc::denied, ""},
     {SQLITE_PERM, Errc::denied, ""},
     {SQLITE_AUTH, Errc::denied, ""},
     {SQLITE_CORRUPT, Errc::corrupt, "restore it from a backup"},
     {SQLITE_NOTADB, Errc::corrupt, "restore it from a backup"}}};

// The disk is full: for the database, the log, or the shared memory beside it.
constexpr std::array kNoRoom{SQLITE_FULL, SQLITE_IOERR_SHMSIZE, SQLITE_IOERR_SHMMAP};

Error error_of(int code, std::string what) {
  for (const Meaning& row : meanings) {
    if (row.code == (code & 0xff))
      return Error::later(row.errc, std::move(what)).with_hint(std::string(row.hint));
  }
  // About what was asked, and no later try helps. Anything else is about the file ("no such column": an old backup) and
  // may be mended: mail waits for it.
  constexpr std::array lasting{SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_TOOBIG, SQLITE_RANGE,
                               SQLITE_MISUSE};
  if (std::find(lasting.begin(), lasting.end(), code & 0xff) != lasting.end())
    return Error::never(Errc::engine, std::move(what));
  return Error::later(Errc::engine, std::move(what))
      .with_hint("paraph fsck; or restore the database from a backup");
}

int length(std::string_view text) {
  return static_cast<int>(text.size());
}

// SQLite would make the file with the process's umask; here it is 0600 from its first moment (rule
// 34).
Result<void> make_file(const std::string& path) {
  auto directory = sys::open_root(sys::directory_of(path));
  if (!directory) return std::move(directory).error();
  const std::size_t slash = path.rfind('/');
  auto made = (*directory)->write_new(path.substr(slash == std::string::npos ? 0 : slash + 1), "");
  if (!made && made.error().code() != Errc::exists) return std::move(made).error();
  return {};
}

}  // namespace

Query::Query(Query&& other) noexcept
    : connection_(other.connection_),
      statement_(std::exchange(other.statement_, nullptr)),
      bound_(other.bound_) {}

Query::~Query() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Query& Query::bind(std::string_view text) {
  // An empty view may have no address, which SQLite would take for NULL.
  const char* octets = text.empty() ? "" : text.data();
  const int code = sqlite3_bind_text(statement_, ++bound_, octets, length(text), SQLITE_STATIC);
  assert(code == SQLITE_OK);
  static_cast<void>(code);
  return *this;
}

Query& Query::bind(std::int64_t number) {
  const int code = sqlite3_bind_int64(statement_, ++bound_, number);
  assert(code == SQLITE_OK);
  static_cast<void>(code);
  return *this;
}

Query& Query::bind_octets(std::string_view octets) {
  const char* data = octets.empty() ? "" : octets.data();
  const int code = sqlite3_bind_blob(statement_, ++bound_, data, length(octets), SQLITE_STATIC);
  assert(code == SQLITE_OK);
  static_cast<void>(code);
  return *this;
}

Result<bool> Query::step() {
  if (sqlite3_stmt_readonly(statement_) == 0)
    if (auto set = connection_->settle_durability(); !set) return std::move(set).error();
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return connection_->failure("run");
}

Result<int> Query::run() {
  const auto stepped = step();
  if (!stepped) return stepped.error();
  assert(!*stepped);
  return sqlite3_changes(connection_->handle_);
}

std::string Query::text(int column) const {
  const void* octets = sqlite3_column_blob(statement_, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return octets == nullptr ? std::string() : std::string(static_cast<const char*>(octets), size);
}

std::int64_t Query::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

Result<std::unique_ptr<Connection>> Connection::open(const std::string& path,
                                                     std::chrono::milliseconds patience) {
  back_shared_memory();
  if (auto made = make_file(path); !made) return std::move(made).error().in("database");
  std::unique_ptr<Connection> connection(new Connection(path));
  if (auto done = connection->set_up(patience); !done) return std::move(done).error();
  return connection;
}

Connection::~Connection() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(handle_);
}

Result<void> Connection::set_up(std::chrono::milliseconds patience) {
  if (sqlite3_open_v2(path_.c_str(), &handle_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                      nullptr) != SQLITE_OK) {
    return failure("open");
  }
  sqlite3_extended_result_codes(handle_, 1);
  wait_for_locks(patience);
  // Rule 31: nothing of a query may lie in a temporary file. FULL: what the command line calls done
  // (members, owners) is on disk, and so is the row that alone tells how a mail ended before its file
  // goes. The one exception is Unsynced, for rows of endings that a file in a spool witnesses as well.
  auto set =
      execute("PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL;");
  if (!set) return set;
  return use_wal(patience);
}

// SQLite's own waiting sleeps a millisecond at least, in which a worker could have read a whole mail; what the others do
// under the lock takes a tenth of that.
void Connection::wait_for_locks(std::chrono::milliseconds patience) {
  patience_ = patience;
  const auto nap = [](void* self, int tries) {
    constexpr std::chrono::microseconds first{50};
    constexpr int most_doublings = 7;
    auto& connection = *static_cast<Connection*>(self);
    const auto now = std::chrono::steady_clock::now();
    if (tries == 0) connection.busy_since_ = now;
    if (now - connection.busy_since_ >= connection.patience_) return 0;
    std::this_thread::sleep_for(first * (1 << std::min(tries, most_doublings)));
    return 1;
  };
  sqlite3_busy_handler(handle_, nap, this);
}

// Asking first keeps a second opener from needing the lock; changing the mode does not wait for it
// by itself.
Result<void> Connection::use_wal(std::chrono::milliseconds patience) {
  constexpr std::chrono::milliseconds nap{20};
  for (std::chrono::milliseconds waited{0};; waited += nap) {
    Error last = Error::never(Errc::engine, path_ + ": the database cannot use a write-ahead log");
    for (const std::string_view sql : {"PRAGMA journal_mode", "PRAGMA journal_mode = WAL"}) {
      auto query = prepare(sql);
      auto row = query ? query->step() : Result<bool>(std::move(query).error());
      if (row && *row && query->text(0) == "wal") return {};
      if (!row) last = std::move(row).error();
    }
    if (last.code() != Errc::busy || waited >= patience) return last;
    sqlite3_sleep(static_cast<int>(nap.count()));
  }
}

Result<Query> Connection::prepare(std::string_view sql) {
  if (const auto found = statements_.find(sql); found != statements_.end())
    return Query(*this, found->second);
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(handle_, sql.data(), length(sql), SQLITE_PREPARE_PERSISTENT, &statement,
                         nullptr) != SQLITE_OK) {
    return failure("prepare");
  }
  statements_.emplace(sql, statement);
  return Query(*this, statement);
}

Result<void> Connection::execute(std::string_view script) {
  const std::string text(script);
  if (sqlite3_exec(handle_, text.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return failure("run");
  return {};
}

Error Connection::failure(std::string_view doing) const {
  const int code = handle_ == nullptr ? SQLITE_NOMEM : sqlite3_extended_errcode(handle_);
  const char* words = handle_ == nullptr ? "out of memory" : sqlite3_errmsg(handle_);
  Error error = error_of(code, fmt::format("database {}: {}: {}", path_, doing, words));
  if (std::find(kNoRoom.begin(), kNoRoom.end(), code) == kNoRoom.end()) return error;
  return std::move(error).in("no room").with_hint("df -h " + path_);
}

// Only where it changes: a daemon writes many rows of one kind, and each PRAGMA costs as much as one.
Result<void> Connection::settle_durability() {
  if (synced_ == wanted_ || sqlite3_get_autocommit(handle_) == 0) return {};
  auto set = execute(wanted_ ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  if (set) synced_ = wanted_;
  return set;
}

Result<Transaction> Transaction::begin(Connection& connection) {
  auto begin = connection.prepare("BEGIN IMMEDIATE");  // kept prepared: each mail begins some
  if (!begin) return std::move(begin).error();
  if (auto begun = begin->run(); !begun) return begun.error();
  return Transaction(connection);
}

Transaction::~Transaction() {
  // A failure here means that SQLite has rolled back by itself.
  if (connection_ != nullptr) static_cast<void>(connection_->execute("ROLLBACK"));
}

Result<void> Transaction::commit() {
  auto commit = connection_->prepare("COMMIT");
  if (!commit) return std::move(commit).error();
  if (auto done = commit->run(); !done) return done.error();
  connection_ = nullptr;
  return {};
}

}  // namespace paraph::store
