#pragma once

#include <cstddef>
#include <cstdint>
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

/// What the chain of a certificate is judged by before it is sealed to (security rules 19 and 23).
struct SealTrust {
  cms::TrustAnchors anchors;
  cms::CrlCheck check = cms::CrlCheck::off;
  cms::CrlSet crls = {};
  bool pins = false;  ///< a pinned certificate needs no issuer (list parameter `trust ca+pins`)
  /// Names all that a verdict depends on: with another one, everything is judged anew.
  std::string identity = {};
  std::vector<TimePoint> turns = {};  ///< when a CRL begins or ceases to be current, in order
};
/// Digests all of it, so once for as long as nothing changes. `revocation.now` does not count.
[[nodiscard]] std::shared_ptr<const SealTrust> make_trust(const cms::TrustAnchors& anchors,
                                                          const cms::Revocation& revocation,
                                                          bool pins);

/// Under which terms a certificate is chosen.
struct SealTerms {
  TimePoint at;
  cms::Policy policy = {};
  /// nullopt: OAEP for readers whose programs state it, else PKCS#1 v1.5.
  std::optional<cms::KeyTransport> transport = cms::KeyTransport::pkcs1;
  std::shared_ptr<const SealTrust> trust = {};  ///< null: the chain is not judged
};

/// What is known of a member's program besides his certificate.
struct Reader {
  std::int64_t number = 0;  ///< moves on with every change
  std::string cipher;       ///< set by an administrator, or empty
  std::string stated;       ///< Capability::stated of the certificate that was asked for
};

/// The certificate to seal to for one member: the newest usable one, or why there is none.
struct SealTarget {
  std::optional<cms::Certificate> certificate;
  std::string problem;  ///< "missing", "expired", "weak_key", … (cms::SealFitness)
  std::string detail;   ///< of the certificate that came nearest
  /// The same for a table: "RSA 1024, needs 2048", "2026-11-02" when it expired; no names of people or files.
  std::string brief = {};
};
[[nodiscard]] SealTarget choose(const list::CertificateLookup& lookup, const SealTerms& terms);

/// The same, ready for sealing.
struct PreparedTarget {
  const cms::Recipient* recipient =
      nullptr;                     ///< the cache's own, until its next call; null: see `problem`
  std::string_view sha256;         ///< of the certificate; lives as long
  std::string problem, detail;     ///< as in SealTarget
  const Reader* reader = nullptr;  ///< lives as long as `recipient`
};

/// Records that outlive the process, one for each address, opaque octets. Implemented by Database.
class RecipientRecords {
 public:
  virtual ~RecipientRecords() = default;
  struct Row {
    std::string address, octets;
    std::int64_t number = 0;  ///< Reader::number now; of fetch() only
  };
  /// Those that exist, in one read transaction.
  [[nodiscard]] virtual Result<std::vector<Row>> fetch(
      const std::vector<std::string>& addresses) = 0;
  /// One transaction; replaces. Empty octets remove.
  [[nodiscard]] virtual Result<void> put(const std::vector<Row>& rows) = 0;
  /// What is known of an address; of a certificate, empty for none.
  [[nodiscard]] virtual Result<Reader> reader(const std::string& address,
                                              const std::string& sha256) = 0;
  /// SHA-256 of the certificates of an address that are pinned.
  [[nodiscard]] virtual Result<std::vector<std::string>> pinned(const std::string& address) = 0;
  /// Addresses whose Reader has changed since `number`, and the number that stands for now.
  struct Changes {
    std::vector<std::string> addresses;
    std::int64_t number = 0;
  };
  [[nodiscard]] virtual Result<Changes> changes(std::int64_t number) = 0;
};

/// A certificate file that is replaced, edited in place, removed or newly added is honoured by the next find(). Where
/// the kernel tells of changes (sys::Watch), each find() asks it; where not, it looks at the directory (whose mtime moves
/// when an entry comes, goes or is renamed over). When something has changed, all names that could serve the address are
/// looked at; else the files in use, unless it is one file that the watch answers for. What was read from a file that is
/// not yet `settled` (sys::FileIdentity) serves one find() and is not kept. A choice is kept for as long only as no
/// date of any certificate of the address comes or passes, and as the policy stays the same; where the chain is judged,
/// for as long as the trust has the same identity, until a CRL comes or ceases to be current, and until midnight (UTC),
/// since issuers have dates, too. A pin, or
/// what a reader's program states, is honoured by the next prefetch().
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
  [[nodiscard]] virtual Result<void> prefetch(const std::vector<std::string>& addresses,
                                              const SealTerms& terms) = 0;
  /// Stores the records that find() had to make, in one transaction. An Error costs the next process time and nothing
  /// else.
  [[nodiscard]] virtual Result<void> remember() = 0;
  /// find() for each and remember(): after certificates have been stored.
  [[nodiscard]] virtual Result<void> learn(const std::vector<std::string>& addresses,
                                           const SealTerms& terms) = 0;
};

/// `certificates` is rooted at ssl_cert_dir. `memory`: octets at most; 64 MB hold about 20,000 recipients. `read_only`:
/// no record is made, for whoever only asks.
inline constexpr std::size_t kRecipientMemory = std::size_t{64} << 20U;
[[nodiscard]] std::unique_ptr<Recipients> open_recipients(
    std::shared_ptr<sys::FileSystem> certificates, RecipientRecords& records,
    std::size_t memory = kRecipientMemory, bool read_only = false);

}  // namespace paraph::store
