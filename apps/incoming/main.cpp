// paraph-incoming(8): spool/msg to its endings.

#include "apps/common/daemon.h"
#include "pipeline/guard.h"
#include "pipeline/incoming.h"
#include "pipeline/outbox.h"
#include "pipeline/priority.h"

namespace {

using namespace paraph;

app::Took took(pipeline::Handled handled) {
  if (handled == pipeline::Handled::gathered) return app::Took::gathered;
  return handled == pipeline::Handled::ended ? app::Took::ended : app::Took::waits;
}

class Arrived final : public app::Job {
 public:
  Arrived(spool::Claim claim, app::Spools& spools, app::Runtime& runtime,
          pipeline::Endings& endings)
      : claim_(std::move(claim)), spools_(spools), runtime_(runtime), endings_(endings) {}
  [[nodiscard]] std::string label() const override { return claim_.name; }
  app::Took run() override {
    return took(
        pipeline::process(std::move(claim_), spools_.incoming(), runtime_.ports(), endings_));
  }
  app::Took condemn(const std::string& reason) override {
    return took(pipeline::condemn(std::move(claim_), reason, spools_.incoming(), runtime_.ports()));
  }

 private:
  spool::Claim claim_;
  app::Spools& spools_;
  app::Runtime& runtime_;
  pipeline::Endings& endings_;
};

class Intake final : public app::Station {
 public:
  Intake(app::Spools spools, app::Runtime& runtime)
      : spools_(std::move(spools)), runtime_(runtime) {}

  Result<std::vector<std::string>> pending() override {
    // Nothing is looked at before the names are listed: all of them are in what holds when their mail came.
    runtime_.site().look_again();
    runtime_.ports().cache.look_again();
    return spools_.msg.pending(runtime_.ports().clock.now(), pipeline::Priorities(runtime_.site()));
  }

  Result<std::unique_ptr<app::Job>> claim(const std::string& name) override {
    auto claim = spools_.msg.claim(name);
    if (!claim) return std::move(claim).error();
    if (!*claim) return std::unique_ptr<app::Job>();
    return std::unique_ptr<app::Job>(
        std::make_unique<Arrived>(std::move(**claim), spools_, runtime_, endings_));
  }

  [[nodiscard]] bool full() const override { return endings_.full(); }

  std::vector<Settled> settle() override {
    std::vector<Settled> settled;
    for (auto& [name, handled] : pipeline::settle(endings_, spools_.incoming(), runtime_.ports()))
      settled.push_back({std::move(name), took(handled)});
    return settled;
  }

  // What is due once, whichever daemon runs: alarms that were gathered, ledger rows past their time.
  void idle(bool first_worker) override {
    const auto ports = runtime_.ports();
    const auto now = ports.clock.now();
    if (!first_worker || (now < next_upkeep_ && now + kUpkeep >= next_upkeep_)) return;
    next_upkeep_ = now + kUpkeep;
    auto done = pipeline::send_alarms(spools_.bulk, ports);
    if (done) done = forget_old(ports);
    if (done && now >= next_guard_upkeep_) {
      next_guard_upkeep_ = now + kGuardUpkeep;
      done = pipeline::forget_seen(ports);
      if (done) done = pipeline::expire_held(spools_.incoming(), ports);
    }
    if (!done)
      ports.log.write(sys::Level::warning, "upkeep-failed", {{"reason", done.error().what()}});
  }

 private:
  static constexpr std::chrono::minutes kUpkeep{1};
  static constexpr std::chrono::hours kGuardUpkeep{1};
  static constexpr int kPortions = 20;

  static Result<void> forget_old(const pipeline::Ports& ports) {
    const long long days = ports.site.number("ledger_retention");
    if (days <= 0) return {};
    const long long before = epoch(ports.clock.now()) - days * 24 * 3600;
    for (int portion = 0; portion < kPortions; ++portion) {
      const auto gone = ports.ledger.expire(before);
      if (!gone) return gone.error();
      if (*gone < store::Ledger::kExpirePortion) break;
    }
    return {};
  }

  TimePoint next_upkeep_{};
  TimePoint next_guard_upkeep_{};
  pipeline::Endings endings_;
  app::Spools spools_;
  app::Runtime& runtime_;
};

}  // namespace

int main(int argc, char** argv) {
  return app::run_daemon(
      argc, argv,
      {.program = "paraph-incoming",
       .summary = "Verifies, decrypts and judges accepted mail, and hands it over.",
       .workers = [](const config::Site& site) { return site.number("incoming_max_count"); },
       .watched = [](const config::Site& site) { return std::vector{site.spool_directory("msg")}; },
       .open = [](app::Runtime& runtime) -> Result<std::unique_ptr<app::Station>> {
         auto spools = app::open_spools(runtime.site());
         if (!spools) return std::move(spools).error();
         return std::unique_ptr<app::Station>(
             std::make_unique<Intake>(std::move(*spools), runtime));
       }});
}
