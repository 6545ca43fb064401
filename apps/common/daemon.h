#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/common/runtime.h"

/// The loop that both daemons run: forever, or `--once`.
namespace paraph::app {

/// What one pass over a spool came to.
struct Pass {
  std::size_t ended = 0;
  std::size_t waiting = 0;
  bool transport_down = false;
};

struct Daemon {
  std::string_view program;
  std::string_view summary;  ///< for --help
  /// Directories in which new work appears.
  std::function<std::vector<std::string>(const config::Site&)> watched;
  /// One pass over everything pending. An Error stops the pass, not the daemon.
  std::function<Result<Pass>(Runtime&)> pass;
};

/// main() of a daemon: options, privileges, configuration, the loop. Exit status: 0, or sysexits.
int run_daemon(int argc, char** argv, const Daemon& daemon);

}  // namespace paraph::app
