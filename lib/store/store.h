#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ports.h"
#include "base/result.h"
#include "list/list.h"
#include "store/certificate_memory.h"
#include "store/decision_keys.h"
#include "store/notices.h"
#include "store/recipients.h"
#include "sys/file_system.h"

/// SQLite behind `list`'s ports, the ledger, and the certificate directory.
namespace paraph::store {

/// An ending of one accepted mail, and of one copy of it.
struct MailRow {
  std::string id, list, from, outcome, reason, mta_id;
  long long size = 0;
  long long received = 0;  ///< epoch
  std::string message_id =
      {};  ///< as mail::canonical_message_id() has it; 998 octets of it are kept
};
struct CopyRow {
  std::string mail_id, member, outcome, certificate, cipher, reply;
};

/// Which mails `trace` asks for. What is empty does not restrict.
struct MailQuery {
  std::string list = {};    ///< name@domain
  std::string from = {};    ///< canonical
  std::string member = {};  ///< canonical: who got a copy
  long long since = 0;      ///< epoch
  std::size_t limit = 100;
};

/// What happened to every accepted mail and every copy: the memory of `trace` and of crash repeats.
class Ledger {
 public:
  virtual ~Ledger() = default;
  /// The row of an ingest id, when it has ended or is being distributed.
  [[nodiscard]] virtual Result<std::optional<MailRow>> find(std::string_view id) = 0;
  /// The first ending stands, but for "held" and "quarantined", which a later one replaces: a person may put such a mail
  /// back, or drop it. Fields that were empty are filled in.
  [[nodiscard]] virtual Result<void> record(const MailRow& row) = 0;
  /// The same without waiting for the disk: a power cut may take back the rows of the last half minute, a crash of the
  /// program none. For an ending that another durable file witnesses, so that a repeat finds that file and does no harm.
  /// All of them in one transaction.
  [[nodiscard]] virtual Result<void> record_soon(const std::vector<MailRow>& rows) = 0;
  /// All copies of a packet in one transaction; a repeat replaces.
  [[nodiscard]] virtual Result<void> record_copies(const std::vector<CopyRow>& rows) = 0;
  [[nodiscard]] virtual Result<std::vector<MailRow>> recent(std::size_t limit) = 0;
  [[nodiscard]] virtual Result<std::vector<CopyRow>> copies(std::string_view id) = 0;

  /// The outcomes of a mail's copies, by word, with how many have it.
  [[nodiscard]] virtual Result<std::map<std::string, std::size_t>> counts(std::string_view id) = 0;
  /// Mails whose id begins with `prefix`, by id, at most `limit`.
  [[nodiscard]] virtual Result<std::vector<MailRow>> with_prefix(std::string_view prefix,
                                                                 std::size_t limit) = 0;
  /// Mails of that Message-ID, newest first, at most `limit`: one per list it went to.
  [[nodiscard]] virtual Result<std::vector<MailRow>> with_message_id(std::string_view message_id,
                                                                     std::size_t limit) = 0;
  /// The endings of mails received since then, by word, with how many there are; our own notices ("service") among them.
  [[nodiscard]] virtual Result<std::map<std::string, std::size_t>> endings(long long since) = 0;
  /// Newest first.
  [[nodiscard]] virtual Result<std::vector<MailRow>> search(const MailQuery& query) = 0;

  /// Forgets mails received before `before`, with their copies, oldest first: at most kExpirePortion rows a call, in
  /// one transaction, so that no writer waits long. Returns how many went; fewer than the portion: nothing is left. Each
  /// call also looks at the next kExpirePortion RecipientRecords and drops those of people who are on no list any more.
  static constexpr std::size_t kExpirePortion = 1000;
  [[nodiscard]] virtual Result<std::size_t> expire(long long before) = 0;
};

/// Something the listmaster must hear of.
struct Alarm {
  long long number = 0;  ///< given by raise()
  long long at = 0;      ///< epoch
  std::string kind;      ///< "quarantined", "expired", "failed"
  std::string subject;   ///< the address, "packet NAME", or "RECIPIENT in packet NAME"
  std::string mail_id;
  std::string reason;
};

/// Alarms, kept until he was told, so that a flood of them becomes one mail.
class Alarms {
 public:
  virtual ~Alarms() = default;
  /// The same kind, subject and mail once, until he was told of it.
  [[nodiscard]] virtual Result<void> raise(const Alarm& alarm) = 0;
  /// What he should be told at `now` (epoch), oldest first, at most `limit`; the caller alone tells him. Nothing within
  /// `gap` seconds of the last time, nor while somebody else has taken some. Who neither tells nor gives back within
  /// kTakenFor seconds has died, and his are taken again.
  static constexpr long long kTakenFor = 600;
  [[nodiscard]] virtual Result<std::vector<Alarm>> take(std::size_t limit, long long now,
                                                        long long gap) = 0;
  /// He was told at `at` of those taken up to that number. Forgets those told a month ago.
  [[nodiscard]] virtual Result<void> told(long long up_to, long long at) = 0;
  /// He could not be told of them.
  [[nodiscard]] virtual Result<void> give_back(long long up_to) = 0;
};

/// What the replay guard notes about a mail (security rules 6 to 12). `key` and `same` are HMACs: the database tells
/// nobody what was sent.
struct Sight {
  static constexpr long long kWithKey = 1LL << 62;  ///< `expires`: lives as long as a key of ours

  std::string key;    ///< 32 octets: a signature, a wrapped content key, a whole mail
  std::string place;  ///< where it counts: a list; for a wrapped key, the key of ours that opens it
  std::string same;   ///< 32 octets that only a second copy of the same mail has
  long long expires = 0;  ///< epoch
};
/// The same key on an earlier mail.
struct Seen {
  std::string place, mail_id, same;
  long long at = 0;  ///< epoch
};

/// The memory of the replay guard. Its commits do not wait for the disk: they outlive every crash of the program, and
/// a power cut may take back only such as no synced commit followed. The row that distribution writes before the first
/// copy leaves is one, and so is that of a mail refused; so nothing has left of a mail whose sights are lost.
class Guard {
 public:
  virtual ~Guard() = default;
  /// In one transaction: notes each sight, unless that key and place are known, and answers for each which other mails
  /// had the key before, at whatever place, oldest first. The same mail gets the same answer however often it asks.
  [[nodiscard]] virtual Result<std::vector<std::vector<Seen>>> see(std::string_view mail_id,
                                                                   const std::vector<Sight>& sights,
                                                                   long long at) = 0;
  /// What mail `from` was first to show is mail `to`'s from now on.
  [[nodiscard]] virtual Result<void> inherit(std::string_view from, std::string_view to,
                                             const std::vector<Sight>& sights) = 0;
  /// How many mails were counted under `key` until this one, itself included; each once.
  [[nodiscard]] virtual Result<std::size_t> count(std::string_view key, std::string_view mail_id,
                                                  long long at, long long expires) = 0;
  /// Forgets what expired before `before`, at most kExpirePortion rows a call. Returns how many went.
  static constexpr std::size_t kExpirePortion = 1000;
  [[nodiscard]] virtual Result<std::size_t> expire(long long before) = 0;
  /// Sights that live with a key that is not among `alive` expire at `expires`.
  [[nodiscard]] virtual Result<void> retire(const std::vector<std::string>& alive,
                                            long long expires) = 0;
};

/// One connection: WAL, busy timeout 5 s, foreign keys on, temp_store MEMORY (rule 31). Opening creates Sympa's tables
/// where they are missing, never alters them, and runs our numbered migrations (`paraph_*`). A file newer than this
/// program is refused, never. Whatever an administrator can mend is `later`: a locked, full, unreadable or damaged
/// database makes mail wait. The file is made 0600. Not for sharing between threads or across fork.
class Database {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Database>> open(const std::string& path);
  /// With a clock of the caller's, by which members are suspended and rows dated.
  [[nodiscard]] static Result<std::unique_ptr<Database>> open(const std::string& path,
                                                              std::shared_ptr<const Clock> clock);
  virtual ~Database() = default;
  [[nodiscard]] virtual list::Directory& directory() = 0;
  [[nodiscard]] virtual Ledger& ledger() = 0;
  [[nodiscard]] virtual Alarms& alarms() = 0;
  [[nodiscard]] virtual Guard& guard() = 0;
  [[nodiscard]] virtual RecipientRecords& recipient_records() = 0;
  [[nodiscard]] virtual CertificateMemory& certificate_memory() = 0;
  [[nodiscard]] virtual Notices& notices() = 0;
  [[nodiscard]] virtual DecisionKeys& decision_keys() = 0;
  [[nodiscard]] virtual int schema_version() = 0;
  /// What SQLite's quick_check finds wrong with the file; empty: nothing. Reads all of it.
  [[nodiscard]] virtual Result<std::vector<std::string>> problems() = 0;
  /// Runs `work` in one transaction: all of it or, when it returns an Error, nothing; one fsync instead of one per
  /// call, for imports. `work` must not call together(), Ledger::record_copies() or
  /// RecipientRecords.
  [[nodiscard]] virtual Result<void> together(const std::function<Result<void>()>& work) = 0;
};

/// A database for tools that must work when the daemons cannot: the disk is full, the file read-only, somebody has
/// locked it. Nothing is written, no file made, no migration run; a lock is waited for a second. Errors are those of
/// Database::open(), an absent file is Errc::not_found, and one whose schema is older than this program's Errc::config.
struct ReadOnlyDatabase {
  std::unique_ptr<Database> database;  ///< what writes is denied
  std::string limits;  ///< what it cannot show ("rows that are still in FILE-wal"), else empty
};
[[nodiscard]] Result<ReadOnlyDatabase> open_for_reading(const std::string& path);
/// Whether the file could be written to now: takes the write lock, waits a second for it at most, and gives it back.
[[nodiscard]] Result<void> check_writable(const std::string& path);

/// ssl_cert_dir: one PEM file per address and slot, Sympa's names. `fs` is rooted at it, `memory` outlives it. Without a
/// memory nothing is pending or pinned, and what is replaced is gone.
[[nodiscard]] std::unique_ptr<list::CertificateStore> open_certificate_directory(
    std::shared_ptr<sys::FileSystem> fs, CertificateMemory* memory = nullptr);

}  // namespace paraph::store
