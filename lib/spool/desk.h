#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ports.h"
#include "base/result.h"
#include "spool/header.h"
#include "spool/place.h"
#include "sys/file_system.h"

namespace paraph::spool {

/// What people do with mail that waits. Each verb is an arrow of the state table: one rename or unlink a file, so it
/// works on a full disk and while the daemons run. It takes the claim first. Errors of all verbs:
///   busy       later: a worker has it (or somebody else at a desk like this one); nothing has changed
///   not_found  never: it has ended or moved since it was listed
///   exists     later: there is a mail of that name where it should go
///   usage      never: no such arrow leads out of its state; the hint says which verb does
class Desk {
 public:
  /// Each rooted at the directory of that spool.
  struct Roots {
    std::shared_ptr<sys::FileSystem> msg, bulk, auth, moderation;
  };
  explicit Desk(Roots roots) : roots_(std::move(roots)) {}

  /// Everything that waits in the four spools, oldest first. What cannot be read is there by its name.
  [[nodiscard]] Result<std::vector<Entry>> entries(TimePoint now = sys::SystemClock().now());
  /// All places of the one mail whose ingest id begins with `prefix` (an accepted mail and its outputs share it, and so
  /// do the quarantined packets of a message), or the one that has just this file name. Never empty: nothing is
  /// Errc::not_found, several ids Errc::usage.
  [[nodiscard]] Result<std::vector<Entry>> find(std::string_view prefix,
                                                TimePoint now = sys::SystemClock().now());

  /// Out of the daemons' sight until released. A packet that is at work ends as it would have.
  [[nodiscard]] Result<void> hold(const Place& place);
  [[nodiscard]] Result<void> release(const Place& place);
  /// Quarantined: back into the spool, a packet with its journal and, when it is there too, its message. Postponed: due
  /// now. Of a message in bulk, all packets that no worker has (busy: a worker has each of them).
  [[nodiscard]] Result<void> retry(const Place& place, TimePoint now = sys::SystemClock().now());
  /// Removes it for good: of a message in bulk the packets, journals and notes too, quarantined ones with them; of a
  /// quarantined packet what belongs to it, and the message with the last one. No copy is sent and nobody is told.
  [[nodiscard]] Result<void> drop(const Place& place);
  /// Held for somebody's decision: back to msg with his word, to be judged again. A crash may leave both files; deciding
  /// again is harmless then, since they share their ingest id.
  [[nodiscard]] Result<void> decide(const Place& place, Word word);
  /// retry() for every postponed packet that no worker has; how many there were.
  [[nodiscard]] Result<std::size_t> flush(TimePoint now = sys::SystemClock().now());

  /// The octets as they are stored, without the internal header: of encrypted mail ciphertext. Of a quarantined packet
  /// its message. Errc::corrupt when the header is damaged; path() names the file to look at.
  [[nodiscard]] Result<std::string> cat(const Place& place);
  /// The first `octets` of them at most: what needs its header alone must not read a mail of any size.
  [[nodiscard]] Result<std::string> start(const Place& place, std::size_t octets);
  [[nodiscard]] std::string path(const Place& place) const;

 private:
  [[nodiscard]] Result<std::string> stored_path(const Place& place) const;
  [[nodiscard]] sys::FileSystem& fs(const Place& place) const;

  Roots roots_;
};

/// The directories that one of the four spools keeps inside, made when a site is: a verb on a full disk finds them.
[[nodiscard]] Result<void> make_directories(sys::FileSystem& fs, std::string_view spool);

}  // namespace paraph::spool
