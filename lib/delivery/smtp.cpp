#include "delivery/smtp.h"

#include <map>
#include <set>

#include "delivery/refusals.h"
#include "delivery/session.h"
#include "delivery/transaction.h"

namespace paraph::delivery {
namespace {

/// Senders to whose MAIL a fresh connection ended with 421.
class RefusedSenders {
 public:
  explicit RefusedSenders(std::chrono::milliseconds rest) : rest_(rest) {}

  /// Why this one is not to be tried now; null: go on.
  [[nodiscard]] const std::string* resting(const std::string& sender) const {
    const auto found = everybody() ? resting_.end() : resting_.find(sender);
    const bool rests = found != resting_.end() && Clock::now() < found->second.until;
    return rests ? &found->second.reply : nullptr;
  }
  void add(const std::string& sender, std::string reply) {
    const auto now = Clock::now();
    for (auto it = resting_.begin(); it != resting_.end();)
      it = it->second.until <= now ? resting_.erase(it) : std::next(it);
    resting_[sender] = {now + rest_, std::move(reply)};
    if (!everybody()) in_a_row_.insert(sender);
  }
  void somebody_was_let_in() { in_a_row_.clear(); }
  [[nodiscard]] bool everybody() const { return in_a_row_.size() >= kEverybody; }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kEverybody = 3;
  struct Refusal {
    Clock::time_point until;
    std::string reply;
  };
  std::chrono::milliseconds rest_;
  std::map<std::string, Refusal> resting_;
  std::set<std::string> in_a_row_;
};

class SmtpCourier final : public Courier {
 public:
  SmtpCourier(Protocol protocol, Endpoint endpoint, std::string helo, Timeouts timeouts)
      : protocol_(protocol),
        endpoint_(std::move(endpoint)),
        helo_(std::move(helo)),
        timeouts_(timeouts),
        refused_(timeouts.refused_sender) {}

  [[nodiscard]] Result<std::vector<DeliveryStatus>> deliver(const mail::Envelope& envelope,
                                                            const Content& message) override {
    auto statuses = with_local_refusals(envelope, Address::ascii_only);
    const auto open = unsettled(statuses);
    if (open.empty()) return statuses;
    if (const auto* why = refused_.resting(envelope.reverse_path)) {
      for (auto* status : open) {
        status->reply = *why;
        status->tried = false;
      }
      return statuses;
    }
    const Letter letter = write_letter(envelope.reverse_path, message);
    for (;;) {
      const bool reused = session_ && !session_->stale();
      if (auto ready = reused ? Result<void>() : reconnect(); !ready) return ready.error();
      Transaction transaction(*session_, protocol_, letter, open);
      auto done = transaction.run();
      if (transaction.stage() != Transaction::Stage::mail) refused_.somebody_was_let_in();
      if (done) return statuses;
      session_->abandon();
      session_.reset();
      if (reused) continue;  // the server gave up an idle connection; a fresh one decides
      if (transaction.dismissed()) refused_.add(envelope.reverse_path, done.error().what());
      const bool his_alone = transaction.dismissed() && !refused_.everybody();
      if (transaction.stage() == Transaction::Stage::mail && !his_alone) return down(done.error());
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
        .with_hint("systemctl start postfix, or name another `transport` in paraph.conf");
  }

  Protocol protocol_;
  Endpoint endpoint_;
  std::string helo_;
  Timeouts timeouts_;
  RefusedSenders refused_;
  std::unique_ptr<Session> session_;
};

}  // namespace

std::unique_ptr<Courier> smtp_courier(Protocol protocol, Endpoint endpoint, std::string helo,
                                      Timeouts timeouts) {
  return std::make_unique<SmtpCourier>(protocol, std::move(endpoint), std::move(helo), timeouts);
}

}  // namespace paraph::delivery
