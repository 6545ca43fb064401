#include "delivery/smtp.h"

#include "delivery/refusals.h"
#include "delivery/session.h"
#include "delivery/transaction.h"

namespace paraph::delivery {
namespace {

class SmtpCourier final : public Courier {
 public:
  SmtpCourier(Protocol protocol, Endpoint endpoint, std::string helo, Timeouts timeouts)
      : protocol_(protocol),
        endpoint_(std::move(endpoint)),
        helo_(std::move(helo)),
        timeouts_(timeouts) {}

  [[nodiscard]] Result<std::vector<DeliveryStatus>> deliver(const mail::Envelope& envelope,
                                                            const Content& message) override {
    auto statuses = with_local_refusals(envelope, Address::ascii_only);
    const auto open = unsettled(statuses);
    if (open.empty()) return statuses;
    const Letter letter = write_letter(envelope.reverse_path, message);
    for (;;) {
      const bool reused = session_ && !session_->stale();
      if (auto ready = reused ? Result<void>() : reconnect(); !ready) return ready.error();
      Transaction transaction(*session_, protocol_, letter, open);
      auto done = transaction.run();
      if (done) return statuses;
      session_->abandon();
      session_.reset();
      if (reused) continue;  // the server gave up an idle connection; a fresh one decides
      if (transaction.stage() == Transaction::Stage::mail) return down(done.error());
      transaction.settle(Delivery::deferred, done.error().what());
      return statuses;
    }
  }
  [[nodiscard]] bool wants_crlf() const override { return true; }

 private:
  [[nodiscard]] Result<void> reconnect() {
    session_.reset();
    auto session = Session::open(protocol_, endpoint_, helo_, timeouts_);
    if (!session) return down(session.error());
    session_ = std::move(session).value();
    return {};
  }

  [[nodiscard]] Error down(const Error& error) const {
    return Error(error)
        .in("mail server " + endpoint_.str())
        .with_hint("start the mail server, or name another with `transport` in paraph.conf");
  }

  Protocol protocol_;
  Endpoint endpoint_;
  std::string helo_;
  Timeouts timeouts_;
  std::unique_ptr<Session> session_;
};

}  // namespace

std::unique_ptr<Courier> smtp_courier(Protocol protocol, Endpoint endpoint, std::string helo,
                                      Timeouts timeouts) {
  return std::make_unique<SmtpCourier>(protocol, std::move(endpoint), std::move(helo), timeouts);
}

}  // namespace paraph::delivery
