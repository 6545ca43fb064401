#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ports.h"
#include "base/result.h"
#include "list/list.h"
#include "store/recipients.h"
#include "sys/file_system.h"

/// SQLite behind `list`'s ports, the ledger, and the certificate directory.
namespace paraph::store {

/// An ending of one accepted mail, and of one copy of it.
struct MailRow {
  std::string id, list, from, outcome, reason, mta_id;
  long long size = 0;
  long long received = 0;  ///< epoch
};
struct CopyRow {
  std::string mail_id, member, outcome, certificate, cipher, reply;
};

/// What happened to every accepted mail and every copy: the memory of `trace` and of crash repeats.
class Ledger {
 public:
  virtual ~Ledger() = default;
  /// The row of an ingest id, when it has ended or is being distributed.
  [[nodiscard]] virtual Result<std::optional<MailRow>> find(std::string_view id) = 0;
  /// The first ending stands, but for "quarantined", which a later one replaces; fields that were empty are filled in.
  [[nodiscard]] virtual Result<void> record(const MailRow& row) = 0;
  /// All copies of a packet in one transaction; a repeat replaces.
  [[nodiscard]] virtual Result<void> record_copies(const std::vector<CopyRow>& rows) = 0;
  [[nodiscard]] virtual Result<std::vector<MailRow>> recent(std::size_t limit) = 0;
  [[nodiscard]] virtual Result<std::vector<CopyRow>> copies(std::string_view id) = 0;
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
  [[nodiscard]] virtual RecipientRecords& recipient_records() = 0;
  [[nodiscard]] virtual int schema_version() = 0;
  /// Runs `work` in one transaction: all of it or, when it returns an Error, nothing; one fsync instead of one per
  /// call, for imports. `work` must not call together(), Ledger::record_copies() or
  /// RecipientRecords.
  [[nodiscard]] virtual Result<void> together(const std::function<Result<void>()>& work) = 0;
};

/// ssl_cert_dir: one PEM file per address and slot, Sympa's names. `fs` is rooted at it.
[[nodiscard]] std::unique_ptr<list::CertificateStore> open_certificate_directory(
    std::shared_ptr<sys::FileSystem> fs);

}  // namespace paraph::store
