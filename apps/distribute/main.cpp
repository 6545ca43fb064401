// paraph-distribute(8): packets of spool/bulk to the MTA.

#include <fmt/core.h>

#include "apps/common/board.h"
#include "apps/common/daemon.h"
#include "apps/common/supervisor.h"
#include "apps/common/transport.h"
#include "cms/keys.h"
#include "pipeline/distribution.h"
#include "pipeline/missed.h"
#include "pipeline/outbox.h"
#include "sys/process.h"

namespace {

using namespace paraph;

app::Took took(pipeline::Sent sent) {
  switch (sent) {
    case pipeline::Sent::done:
    case pipeline::Sent::postponed:
      return app::Took::ended;
    case pipeline::Sent::waits:
      return app::Took::waits;
    case pipeline::Sent::transport_down:
      return app::Took::transport_down;
  }
  return app::Took::waits;
}

/// The MTA's time is not the packet's, and each answer of it is a step.
class Watched final : public delivery::Courier {
 public:
  explicit Watched(std::unique_ptr<delivery::Courier> courier) : courier_(std::move(courier)) {}
  Result<std::vector<delivery::DeliveryStatus>> deliver(const mail::Envelope& envelope,
                                                        const delivery::Content& content) override {
    for (const auto& recipient : envelope.forward_paths)
      app::crash_if_poisoned("handing over to " + recipient);
    const app::Waiting waiting;
    return courier_->deliver(envelope, content);
  }
  [[nodiscard]] bool wants_crlf() const override { return courier_->wants_crlf(); }

 private:
  std::unique_ptr<delivery::Courier> courier_;
};

class Parcel final : public app::Job {
 public:
  Parcel(spool::PacketClaim claim, spool::BulkSpool& bulk, delivery::Courier& courier,
         app::Runtime& runtime)
      : claim_(std::move(claim)), bulk_(bulk), courier_(courier), runtime_(runtime) {}
  // Named with its progress: a packet that got further has not failed again (design §2).
  [[nodiscard]] std::string label() const override {
    return fmt::format("{}{}after {}", claim_.name(), app::kLabelMark, claim_.done().size());
  }
  app::Took run() override {
    const auto held = app::held_against(claim_.name());
    const auto next = [&held, name = claim_.name()](const std::string& recipient) {
      const std::string label = app::recipient_label(name, recipient);
      const auto against = held.find(label);
      if (against != held.end() && !against->second.empty())
        return std::optional<std::string>(against->second);
      app::take_in_hand(label);
      return std::optional<std::string>();
    };
    return took(pipeline::send(std::move(claim_), bulk_, courier_, runtime_.ports(),
                               {.next = next, .singly = !held.empty()}));
  }
  app::Took condemn(const std::string& reason) override {
    return took(pipeline::condemn(std::move(claim_), reason, bulk_, runtime_.ports()));
  }

 private:
  spool::PacketClaim claim_;
  spool::BulkSpool& bulk_;
  delivery::Courier& courier_;
  app::Runtime& runtime_;
};

class PostOffice final : public app::Station {
 public:
  PostOffice(app::Spools spools, std::unique_ptr<delivery::Courier> courier, app::Runtime& runtime)
      : spools_(std::move(spools)), courier_(std::move(courier)), runtime_(runtime) {}

  Result<std::vector<std::string>> pending() override {
    return spools_.bulk.pending(runtime_.ports().clock.now());
  }

  Result<std::unique_ptr<app::Job>> claim(const std::string& name) override {
    auto claim = spools_.bulk.claim(name);
    if (!claim) return tell(name, std::move(claim).error());
    if (!*claim) return std::unique_ptr<app::Job>();
    return std::unique_ptr<app::Job>(
        std::make_unique<Parcel>(std::move(**claim), spools_.bulk, courier_, runtime_));
  }

  // Once an hour: what members missed is kept for a while only, or can be sent.
  void idle(bool first_worker) override {
    const auto ports = runtime_.ports();
    if (!first_worker || ports.clock.now() < next_tending_) return;
    next_tending_ = ports.clock.now() + std::chrono::hours(1);
    if (auto done = pipeline::tend_missed(spools_.bulk, ports); !done)
      ports.log.write(sys::Level::warning, "missed-not-tended",
                      {{"reason", done.error().what()}, {"try", done.error().hint()}});
  }

 private:
  // A packet that could not be read has gone into quarantine already.
  Error tell(const std::string& name, Error why) {
    const auto id = spool::QueueId::parse(name.substr(0, name.find('.')));
    if (why.code() != Errc::corrupt || !id) return why;
    const auto told = pipeline::raise_alarm(*id, "quarantined", "packet " + name, why.what(),
                                            spools_.bulk, runtime_.ports());
    return told ? why : std::move(why).in(told.error().what());
  }

  app::Spools spools_;
  Watched courier_;
  app::Runtime& runtime_;
  TimePoint next_tending_{};
};

Result<std::unique_ptr<app::Station>> open(app::Runtime& runtime) {
  auto spools = app::open_spools(runtime.site());
  if (!spools) return std::move(spools).error();
  const auto ports = runtime.ports();
  auto courier = app::open_transport(runtime.site(), ports.clock, ports.random);
  if (!courier) return std::move(courier).error();
  return std::unique_ptr<app::Station>(
      std::make_unique<PostOffice>(std::move(*spools), std::move(*courier), runtime));
}

Result<void> check(const config::Site& site) {
  const sys::SystemClock clock;
  auto courier = app::open_transport(site, clock, cms::random());
  if (!courier) return std::move(courier).error();
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  sys::return_big_blocks();  // inherited by the workers
  return app::run_daemon(
      argc, argv,
      {.program = "paraph-distribute",
       .summary = "Seals a copy for every subscriber and hands it to the MTA.",
       .workers = [](const config::Site& site) { return site.number("bulk_max_count"); },
       .watched =
           [](const config::Site& site) {
             return std::vector{site.spool_directory("bulk") + "/msg"};
           },
       .open = open,
       .check = check});
}
