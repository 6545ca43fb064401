#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ports.h"
#include "config/site.h"

/// Who is at work on a site, for `paraph status` and `spool list`: read from the state files that supervisors keep.
namespace paraph::app {

/// A name that workers died on and that is tried again.
struct SuspectState {
  std::string name;  ///< of a mail; "ID.NNNN after N", "ID.NNNN to RECIPIENT" of a packet
  int worker_deaths = 0;
  int supervisor_deaths = 0;
  std::string reason;  ///< of the last death
};

struct DaemonState {
  std::string program;   ///< "paraph-incoming", "paraph-distribute"
  bool running = false;  ///< a supervisor lives
  int pid = 0;           ///< of the supervisor; when it is not running, 0 after an orderly end
  TimePoint since{};     ///< its start
  TimePoint last_beat{};
  int workers = 0;
  std::vector<std::string> in_hand;   ///< of the workers that have something
  long long deaths = 0;               ///< of workers, since `since`
  std::optional<TimePoint> next_try;  ///< of what waits for the machine
  std::string trouble;  ///< why no worker comes up, else empty: "what", or "what; try: command"
  std::vector<SuspectState> suspects;
};

[[nodiscard]] std::string state_path(const config::Site& site, std::string_view program);
/// One for each daemon, also for those that never ran.
[[nodiscard]] std::vector<DaemonState> daemon_states(const config::Site& site);
/// The one that works off the spool "msg" or "bulk"; nullptr for another spool.
[[nodiscard]] const DaemonState* daemon_of(const std::vector<DaemonState>& daemons,
                                           std::string_view spool);

}  // namespace paraph::app
