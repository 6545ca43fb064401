// paraph-incoming(8): spool/msg to its endings.

#include "apps/common/daemon.h"
#include "apps/common/supervisor.h"
#include "pipeline/incoming.h"
#include "pipeline/priority.h"
#include "sys/process.h"

namespace {

using namespace paraph;

Result<app::Pass> pass(app::Runtime& runtime) {
  auto spools = app::open_spools(runtime.site());
  if (!spools) return std::move(spools).error();
  const auto ports = runtime.ports();
  auto pending = spools->msg.pending(ports.clock.now(), pipeline::Priorities(runtime.site()));
  if (!pending) return std::move(pending).error();
  app::Pass result;
  for (const auto& name : *pending) {
    if (sys::stop_requested()) break;
    auto claim = spools->msg.claim(name);
    if (!claim) {
      ports.log.write(sys::Level::error, "waits",
                      {{"file", name}, {"reason", claim.error().what()}});
      ++result.waiting;
      continue;
    }
    if (!*claim) continue;  // another worker has it
    const std::string condemned = app::condemned(name);
    app::take_in_hand(name);
    app::crash_if_poisoned(name);
    const auto handled =
        condemned.empty()
            ? pipeline::process(std::move(**claim), spools->incoming(), ports)
            : pipeline::condemn(std::move(**claim), condemned, spools->incoming(), ports);
    app::take_in_hand({});
    ++(handled == pipeline::Handled::ended ? result.ended : result.waiting);
  }
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  return app::run_daemon(
      argc, argv,
      {.program = "paraph-incoming",
       .summary = "Verifies, decrypts and judges accepted mail, and hands it over.",
       .watched = [](const config::Site& site) { return std::vector{site.spool_directory("msg")}; },
       .pass = pass});
}
