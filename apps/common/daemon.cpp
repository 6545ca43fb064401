#include "apps/common/daemon.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <boost/program_options.hpp>
#include <chrono>
#include <iostream>
#include <optional>

#include "apps/common/daemon_state.h"
#include "apps/common/supervisor.h"
#include "apps/common/worker.h"
#include "cms/memory.h"
#include "sys/file_system.h"
#include "sys/process.h"

namespace paraph::app {
namespace {

namespace po = boost::program_options;
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

constexpr std::size_t kMegabyte = 1024 * 1024;

std::size_t not_negative(long long value) {
  return static_cast<std::size_t>(std::max(0LL, value));
}

// At a reload: workers that work would give way to such as cannot begin. At the start these do, and try again: a disk
// may come later.
Result<void> places_are_there(const config::Site& site) {
  struct Place {
    std::string_view parameter;
    std::string path;
  };
  const std::array places{
      Place{"db_name", sys::directory_of(site.path_of("db_name"))},
      Place{"ssl_cert_dir", site.path_of("ssl_cert_dir")},
      Place{"queue", site.spool_directory("msg")},
      Place{"queuebulk", site.spool_directory("bulk")},
      Place{"queueauth", site.spool_directory("auth")},
      Place{"queuemod", site.spool_directory("moderation")},
  };
  for (const auto& [parameter, path] : places)
    if (auto there = sys::ownership(path); !there)
      return where_written(site, parameter,
                           std::move(there).error().in(parameter).with_hint("paraph fsck"));
  return {};
}

Result<void> can_work(const Daemon& daemon, const config::Site& site, bool reload) {
  if (reload)
    if (auto there = places_are_there(site); !there) return there;
  return daemon.check ? daemon.check(site) : Result<void>();
}

// The configuration stands in `current` for the workers, who inherit it: one that cannot be read later stops none.
Result<Plan> make_plan(const Daemon& daemon, const std::string& config,
                       std::optional<config::Site>& current) {
  auto loaded = Runtime::load_site(config);
  if (!loaded) return std::move(loaded).error();
  const std::string queue = loaded->spool_directory("msg");
  if (sys::current_uid() == 0 && !sys::ownership(queue))  // rule 2: whose site would it be?
    return Error::later(Errc::denied, queue + ": not there, so nobody to become instead of root")
        .with_hint("paraph fsck --repair");
  if (auto can = can_work(daemon, *loaded, current.has_value()); !can)
    return std::move(can).error();
  current = std::move(*loaded);
  const auto& site = current;
  return Plan{.workers = not_negative(daemon.workers(*site)),
              .limits = {.memory = not_negative(site->number("worker_memory")) * kMegabyte,
                         .cpu = std::chrono::seconds(site->number("worker_cpu")),
                         .wall = std::chrono::seconds(site->number("worker_time"))},
              .state_file = state_path(*site, daemon.program)};
}

}  // namespace

int run_daemon(int argc, char** argv, const Daemon& daemon) {
  cms::prepare_out_of_memory();
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
  const std::string config = config_path(options->config);
  const bool once = options->once;
  std::optional<config::Site> site;
  return supervise(
      {.program = daemon.program,
       .once = once,
       .plan = [&] { return make_plan(daemon, config, site); },
       .work = [&] { return once ? work_once(daemon, *site) : work_forever(daemon, *site); }});
}

}  // namespace paraph::app
