#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/common/runtime.h"

/// The loop that both daemons run: forever, or `--once`.
namespace paraph::app {

/// What became of one name.
enum class Took : unsigned char {
  ended,
  waits,          ///< the machine is at fault; tried again after a pause
  gathered,       ///< Station::settle() will say
  transport_down  ///< nothing goes out: all of it is tried again after a pause
};

/// One name of the spool, claimed.
class Job {
 public:
  virtual ~Job() = default;
  /// What deaths are counted against: the name, with its progress where there is some ("ID.NNNN/after 12").
  [[nodiscard]] virtual std::string label() const = 0;
  [[nodiscard]] virtual Took run() = 0;
  /// Into quarantine without being looked at.
  [[nodiscard]] virtual Took condemn(const std::string& reason) = 0;
};

/// A worker's place at one spool.
class Station {
 public:
  virtual ~Station() = default;
  /// Names in the order in which they should be taken.
  [[nodiscard]] virtual Result<std::vector<std::string>> pending() = 0;
  /// Null: another worker has it, or it is gone.
  [[nodiscard]] virtual Result<std::unique_ptr<Job>> claim(const std::string& name) = 0;
  /// No more should be gathered before settle().
  [[nodiscard]] virtual bool full() const { return false; }
  /// Ends what was gathered: when that is full, and at the end of a pass. What became of which name.
  struct Settled {
    std::string name;
    Took took = Took::ended;
  };
  [[nodiscard]] virtual std::vector<Settled> settle() { return {}; }
  /// Between two looks at the spool; the first worker does what needs doing once.
  virtual void idle(bool first_worker) = 0;
};

struct Daemon {
  std::string_view program;
  std::string_view summary;                               ///< for --help
  std::function<long long(const config::Site&)> workers;  ///< how many processes
  /// Directories in which new work appears.
  std::function<std::vector<std::string>(const config::Site&)> watched;
  std::function<Result<std::unique_ptr<Station>>(Runtime&)> open;
  /// Whether a configuration that could be read can work: an Error at the start ends the program, one at SIGHUP keeps the
  /// old configuration. Empty: it can.
  std::function<Result<void>(const config::Site&)> check = {};
};

/// main() of a daemon: options, privileges, configuration, the loop. Exit status: 0, or sysexits.
int run_daemon(int argc, char** argv, const Daemon& daemon);

}  // namespace paraph::app
