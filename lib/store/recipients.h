#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cms/recipient.h"
#include "list/list.h"
#include "sys/file_system.h"

/// Whom copies are sealed to, without parsing a certificate for each copy: a cache in memory over records in the
/// database over the certificate directory.
namespace paraph::store {

/// Under which terms a certificate is chosen.
struct SealTerms {
  TimePoint at;
  cms::Policy policy = {};
  cms::KeyTransport transport = cms::KeyTransport::pkcs1;
};

/// The certificate to seal to for one member: the newest usable one, or why there is none.
struct SealTarget {
  std::optional<cms::Certificate> certificate;
  std::string problem;  ///< "missing", "expired", "weak_key", … (cms::SealFitness)
  std::string detail;   ///< of the certificate that came nearest
};
[[nodiscard]] SealTarget choose(const list::CertificateLookup& lookup, const SealTerms& terms);

/// The same, ready for sealing.
struct PreparedTarget {
  const cms::Recipient* recipient =
      nullptr;                  ///< the cache's own, until its next call; null: see `problem`
  std::string_view sha256;      ///< of the certificate; lives as long
  std::string problem, detail;  ///< as in SealTarget
};

/// Records that outlive the process, one for each address, opaque octets. Implemented by Database.
class RecipientRecords {
 public:
  virtual ~RecipientRecords() = default;
  struct Row {
    std::string address, octets;
  };
  /// Those that exist, in one read transaction.
  [[nodiscard]] virtual Result<std::vector<Row>> fetch(
      const std::vector<std::string>& addresses) = 0;
  /// One transaction; replaces. Empty octets remove.
  [[nodiscard]] virtual Result<void> put(const std::vector<Row>& rows) = 0;
};

/// A certificate file that is replaced, edited in place, removed or newly added is honoured by the next find(). Where
/// the kernel tells of changes (sys::Watch), each find() asks it; where not, it looks at the directory (whose mtime moves
/// when an entry comes, goes or is renamed over). When something has changed, all names that could serve the address are
/// looked at; else the files in use, unless it is one file that the watch answers for. What was read from a file that is
/// not yet `settled` (sys::FileIdentity) serves one find() and is not kept. A choice is kept for as long only as no
/// date of any certificate of the address comes or passes, and as the policy stays the same.
/// Unseen until the next change beside it: a write to a kept file through a mapping, or through a hard link that was made
/// in another directory since.
///
/// A record holds what sealing needs of the chosen certificate (cms::RecipientFacts with its SHA-256), the identity
/// of every file that could have served, the period and the policy of the choice, and a digest over all of it with the
/// address. One that does not agree with the files as they are, with the policy, the time or its own digest is ignored
/// and rewritten. One made from a file that was not settled counts only while a digest of the file's text agrees.
/// So damage and old age never change whom a copy is sealed to. Malice could: whoever may write the database decides
/// who is a member at all, and is trusted as much as whoever may write the certificate directory.
///
/// Not for sharing between threads or across fork.
class Recipients {
 public:
  virtual ~Recipients() = default;
  /// `address`: canonical. An Error is the machine's.
  [[nodiscard]] virtual Result<PreparedTarget> find(const std::string& address,
                                                    const SealTerms& terms) = 0;
  /// Fetches the records of those that are not in memory, before the find() of each. Without it, or after an Error, the
  /// answers are the same and come later.
  [[nodiscard]] virtual Result<void> prefetch(const std::vector<std::string>& addresses) = 0;
  /// Stores the records that find() had to make, in one transaction. An Error costs the next process time and nothing
  /// else.
  [[nodiscard]] virtual Result<void> remember() = 0;
  /// find() for each and remember(): after certificates have been stored.
  [[nodiscard]] virtual Result<void> learn(const std::vector<std::string>& addresses,
                                           const SealTerms& terms) = 0;
};

/// `certificates` is rooted at ssl_cert_dir. `memory`: octets at most; 64 MB hold about 20,000 recipients.
inline constexpr std::size_t kRecipientMemory = std::size_t{64} << 20U;
[[nodiscard]] std::unique_ptr<Recipients> open_recipients(
    std::shared_ptr<sys::FileSystem> certificates, RecipientRecords& records,
    std::size_t memory = kRecipientMemory);

}  // namespace paraph::store
