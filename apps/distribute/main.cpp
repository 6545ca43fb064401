// paraph-distribute(8): packets of spool/bulk to the MTA.

#include <fmt/core.h>

#include "apps/common/daemon.h"
#include "apps/common/supervisor.h"
#include "cms/keys.h"
#include "pipeline/distribution.h"
#include "sys/file_system.h"
#include "sys/process.h"

namespace {

using namespace paraph;

Result<app::Pass> pass(app::Runtime& runtime) {
  auto spools = app::open_spools(runtime.site());
  if (!spools) return std::move(spools).error();
  const auto ports = runtime.ports();
  auto packets = spools->bulk.pending(ports.clock.now());
  if (!packets) return std::move(packets).error();
  app::Pass result;
  if (packets->empty()) return result;
  auto courier = delivery::open_courier(runtime.site().get("transport"), runtime.site().domain(),
                                        ports.clock, ports.random);
  if (!courier) return std::move(courier).error();
  for (const auto& packet : *packets) {
    if (sys::stop_requested()) break;
    auto claim = spools->bulk.claim(packet);
    if (!claim) {
      ports.log.write(sys::Level::error, "waits",
                      {{"packet", packet}, {"reason", claim.error().what()}});
      ++result.waiting;
      continue;
    }
    if (!*claim) continue;  // another worker has it
    // Named with its progress: a packet that got further has not failed again (design §2).
    const std::string in_hand = fmt::format("{} after {}", packet, (*claim)->done().size());
    const std::string condemned = app::condemned(in_hand);
    app::take_in_hand(in_hand);
    app::crash_if_poisoned(in_hand);
    const auto sent = condemned.empty()
                          ? pipeline::send(std::move(**claim), spools->bulk, **courier, ports)
                          : pipeline::condemn(std::move(**claim), condemned, spools->bulk, ports);
    app::take_in_hand({});
    switch (sent) {
      case pipeline::Sent::done:
        ++result.ended;
        break;
      case pipeline::Sent::postponed:
      case pipeline::Sent::waits:
        ++result.waiting;
        break;
      case pipeline::Sent::transport_down:
        result.transport_down = true;
        return result;
    }
  }
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  sys::return_big_blocks();  // inherited by the workers
  return app::run_daemon(argc, argv,
                         {.program = "paraph-distribute",
                          .summary = "Seals a copy for every subscriber and hands it to the MTA.",
                          .watched =
                              [](const config::Site& site) {
                                return std::vector{site.spool_directory("bulk") + "/msg"};
                              },
                          .pass = pass});
}
