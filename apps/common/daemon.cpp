#include "apps/common/daemon.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <chrono>
#include <iostream>

#include "apps/common/supervisor.h"
#include "sys/process.h"

namespace paraph::app {
namespace {

namespace po = boost::program_options;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kRescan =
    seconds(5);  // inotify misses nothing we know of; a network file system would
constexpr milliseconds kShortest = seconds(1);  // after a failure, doubling
constexpr milliseconds kLongest = seconds(60);

struct Options {
  std::string config;
  bool once = false;
  bool help = false;
  bool version = false;
};

Result<Options> parse(int argc, char** argv, po::options_description& described) {
  Options options;
  described.add_options()("config,c", po::value(&options.config)->value_name("FILE"),
                          "configuration (else $PARAPH_CONFIG, else /etc/paraph/paraph.conf)")(
      "once", po::bool_switch(&options.once), "work off what is there, then exit")(
      "help,h", po::bool_switch(&options.help), "this text")(
      "version", po::bool_switch(&options.version), "the version");
  try {
    po::variables_map values;
    constexpr int style =
        po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
    po::store(
        po::command_line_parser(argc, argv).options(described).positional({}).style(style).run(),
        values);
    po::notify(values);
  } catch (const po::error& wrong) {
    return Error::never(Errc::config, wrong.what());
  }
  return options;
}

class Loop {
 public:
  Loop(const Daemon& daemon, std::string config) : daemon_(daemon), config_(std::move(config)) {}

  int once() {
    auto runtime = open();
    if (!runtime) return complain(daemon_.program, runtime.error());
    auto pass = daemon_.pass(**runtime);
    if (!pass) return complain(daemon_.program, pass.error());
    // What waits has been named on stderr as it was met; it is safe in the spool, so this is no
    // failure.
    return kOk;
  }

  int forever() {
    auto runtime = open();
    if (!runtime) return complain(daemon_.program, runtime.error());
    sys::DirectoryWatch watch(daemon_.watched((*runtime)->site()));
    report_ready();
    milliseconds pause = kShortest;
    while (!sys::stop_requested()) {
      if (sys::take_reload_request()) reload(*runtime);
      auto pass = daemon_.pass(**runtime);
      if (!pass) complain(daemon_.program, pass.error());
      const bool trouble = !pass || pass->waiting > 0 || pass->transport_down;
      if (sys::stop_requested()) break;
      watch.wait(trouble ? pause : kRescan);
      pause = trouble ? std::min(pause * 2, kLongest) : kShortest;
    }
    return kOk;
  }

 private:
  Result<std::unique_ptr<Runtime>> open() {
    return Runtime::open(config_, daemon_.program, sys::Level::info);
  }

  // A configuration that does not load must not stop a daemon that runs: it goes on with the old
  // one.
  void reload(std::unique_ptr<Runtime>& runtime) {
    auto fresh = open();
    if (fresh)
      runtime = std::move(*fresh);
    else
      complain(daemon_.program,
               std::move(fresh).error().in("reload (going on with the old configuration)"));
  }

  const Daemon& daemon_;
  std::string config_;
};

}  // namespace

int run_daemon(int argc, char** argv, const Daemon& daemon) {
  if (!sys::harden()) {
    fmt::print(stderr, "{}: error: refuses to run set-id\n", daemon.program);
    return kNoPermission;
  }
  po::options_description described("Options");
  auto options = parse(argc, argv, described);
  if (!options) {
    complain(daemon.program, options.error());
    fmt::print(stderr, "{}: hint: {} --help\n", daemon.program, daemon.program);
    return kUsage;
  }
  if (options->version) return fmt::print("{} {}\n", daemon.program, PARAPH_VERSION), kOk;
  if (options->help) {
    std::cout << "Usage: " << daemon.program << " [--config FILE] [--once]\n"
              << daemon.summary << "\n\n"
              << described;
    return kOk;
  }
  sys::watch_signals();
  Loop loop(daemon, config_path(options->config));
  return supervise(daemon.program, [&] { return options->once ? loop.once() : loop.forever(); });
}

}  // namespace paraph::app
