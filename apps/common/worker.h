#pragma once

#include <string>

#include "apps/common/daemon.h"

/// For apps/common only: what a worker process of a daemon does with its station.
namespace paraph::app {

/// Works off what is there, then ends. What waits has been named on stderr as it was met; it is safe in the spool, so
/// this is no failure.
int work_once(const Daemon& daemon, const config::Site& site);
/// Works until it is asked to stop; kAgain when it should be replaced (SIGHUP, another database in place of the one it
/// has open, long service).
int work_forever(const Daemon& daemon, const config::Site& site);

}  // namespace paraph::app
