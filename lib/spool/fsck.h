#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "spool/desk.h"

namespace paraph::spool {

/// What repair() does about a finding. None of it loses mail: what may be one goes to bad/ with a reason.
enum class Repair : std::uint8_t {
  none,    ///< a person decides; `hint` says how
  to_bad,  ///< into bad/ of its spool, with the finding as the reason
  remove,  ///< no mail: a note, or a file that the queue never finished (the MTA still has that mail)
};
[[nodiscard]] std::string_view to_string(Repair repair);

struct Finding {
  std::string spool;  ///< "msg", "bulk", "auth" or "moderation"
  std::string path;   ///< below that spool's directory
  std::string what;   ///< "a packet without its message"
  Repair repair = Repair::none;
  std::string hint;  ///< the command that mends it; empty when repair() does, or nobody knows
};

/// Looks for what no arrow of the state table leaves behind, and mends what can be mended without losing mail. It works
/// while the daemons run: what is younger than an hour is passed over, since it may be in the making, and repair()
/// takes the claim first (Errc::busy: a worker has it; Errc::not_found: it has gone meanwhile).
class Fsck {
 public:
  explicit Fsck(Desk::Roots roots) : roots_(std::move(roots)) {}
  /// Changes nothing. By spool, then path:
  ///   packets without message, messages without packets, journals without packets. (A set of packets that is not
  ///   published is no finding as long as the mail is there that it is for: that mail's next try writes it anew.)
  ///   .reason and .wait notes without mail; T.* that nobody wrote to for a day
  ///   headers that cannot be read; the same id, or packet, in two states
  ///   what is no regular file; files not 0600, directories not 0700, either not this user's
  [[nodiscard]] Result<std::vector<Finding>> look(TimePoint now = sys::SystemClock().now());
  /// Errc::usage for a finding whose repair is `none`.
  [[nodiscard]] Result<void> repair(const Finding& finding,
                                    TimePoint now = sys::SystemClock().now());

 private:
  Desk::Roots roots_;
};

}  // namespace paraph::spool
