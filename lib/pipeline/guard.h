#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "outcome/disposition.h"
#include "pipeline/incoming.h"
#include "pipeline/ports.h"
#include "smime/protection.h"
#include "store/store.h"

/// The replay guard (security rules 6 to 12): what was seen before. Only the incoming daemon asks it; `inspect`, `explain`
/// and distribution neither consult nor write it.
namespace paraph::pipeline {

/// The site's HMAC key, DIR/site.secret (0600): at least 32 octets of text. Made when it is absent, which the log says:
/// what was seen under another secret is not known again. Unreadable, too short, or open to others: an Error, `later`.
[[nodiscard]] Result<std::string> site_secret(const Ports& ports);

/// Names for what the guard remembers, which tell nobody what it was.
class Marks {
 public:
  Marks(std::string secret, const Digest& digest) : secret_(std::move(secret)), digest_(digest) {}
  /// HMAC over `kind` and the parts, each with its length before it.
  [[nodiscard]] std::string of(std::string_view kind,
                               std::initializer_list<std::string_view> parts) const;
  /// Rule 6. `signer` must have a certificate.
  [[nodiscard]] std::string signature(const smime::Signer& signer) const;
  /// Rule 7.
  [[nodiscard]] std::string wrapped_key(const cms::WrappedKey& key) const;
  /// Rule 9: the same list, Message-ID, From, and body with the fields that say how to read it.
  [[nodiscard]] std::string mail(const Item& item) const;

 private:
  std::string secret_;
  const Digest& digest_;
};
[[nodiscard]] Result<Marks> marks(const Ports& ports);

/// The stage: notes what the mail shows, then ends it as a duplicate, a replay or a cross-post, or lets it go on,
/// perhaps without its `smime`. After a crash the same mail gets the same answer.
[[nodiscard]] Outcome guard_against_replay(Item& item, const Ports& ports);

/// Rule 13: how many posts of this list, this one included, were ours and did not open on the day it came.
[[nodiscard]] Result<std::size_t> count_failed(const Item& item, const Ports& ports);
/// Rule 41: how many refusals have been owed to that address, this one included, on the day this mail came.
[[nodiscard]] Result<std::size_t> count_refused(const Item& item, std::string_view address,
                                                const Ports& ports);

/// On the day this mail came, how many answers to commands have been owed to that address, this mail's included.
[[nodiscard]] Result<std::size_t> count_answered(const Item& item, std::string_view address,
                                                 const Ports& ports);
/// How many questions have been owed to it, the one about `about` included: a post or a request that waits.
[[nodiscard]] Result<std::size_t> count_asked(const Item& item, const spool::QueueId& about,
                                              std::string_view address, const Ports& ports);
/// How many requests have been put to the owners of that list, `about` included.
[[nodiscard]] Result<std::size_t> count_requests(const Item& item, const spool::QueueId& about,
                                                 const list::ListAddress& list, const Ports& ports);

/// How many changes of his membership he has been told of, `about` included.
[[nodiscard]] Result<std::size_t> count_told(const Item& item, const spool::QueueId& about,
                                             std::string_view address, const Ports& ports);

/// How many changes of membership the owners of that list have been told of, `about` included.
[[nodiscard]] Result<std::size_t> count_owners_told(const Item& item, const spool::QueueId& about,
                                                    const list::ListAddress& list,
                                                    const Ports& ports);

/// Whether of all mails that ask for the request `id` this one came first: it alone writes what has that id, and a repeat of
/// it does so again.
[[nodiscard]] Result<bool> is_first_to_request(const Item& item, const spool::QueueId& id,
                                               const Ports& ports);

/// Forgets what has expired, a bounded portion; sights of keys that no list of the site has any more expire a month later.
[[nodiscard]] Result<void> forget_seen(const Ports& ports);

}  // namespace paraph::pipeline
