#include "delivery/sendmail.h"

#include <fmt/core.h>
#include <sysexits.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>

#include "base/ascii.h"
#include "base/utf8.h"
#include "delivery/refusals.h"
#include "sys/process.h"

namespace paraph::delivery {
namespace {

constexpr std::chrono::seconds kLimit{600};

struct Exit {
  int status;
  std::string_view name;
  Delivery outcome;
};
constexpr std::array kExits{
    Exit{EX_OK, "EX_OK", Delivery::delivered},
    Exit{EX_USAGE, "EX_USAGE", Delivery::failed},
    Exit{EX_DATAERR, "EX_DATAERR", Delivery::failed},
    Exit{EX_NOUSER, "EX_NOUSER", Delivery::failed},
    Exit{EX_NOHOST, "EX_NOHOST", Delivery::failed},
    Exit{EX_NOPERM, "EX_NOPERM", Delivery::failed},
    Exit{EX_TEMPFAIL, "EX_TEMPFAIL", Delivery::deferred},
};

class SendmailCourier final : public Courier {
 public:
  explicit SendmailCourier(std::vector<std::string> command) : command_(std::move(command)) {}

  [[nodiscard]] Result<std::vector<DeliveryStatus>> deliver(const mail::Envelope& envelope,
                                                            const Content& message) override {
    auto statuses = with_local_refusals(envelope, Address::any);
    const auto open = unsettled(statuses);
    if (open.empty()) return statuses;
    if (::access(command_.front().c_str(), X_OK) != 0) return missing(errno);
    const auto finished =
        sys::run(arguments(envelope.reverse_path, open), {message.front, message.tail}, kLimit);
    if (!finished) return Error(finished.error()).in(command_.front());
    for (auto* status : open) settle(*status, *finished);
    return statuses;
  }

 private:
  [[nodiscard]] std::vector<std::string> arguments(const std::string& reverse_path,
                                                   const std::vector<DeliveryStatus*>& open) const {
    std::vector<std::string> argv = command_;
    argv.insert(argv.end(), {"-oi", "-f", reverse_path.empty() ? "<>" : reverse_path, "--"});
    for (const auto* status : open) argv.push_back(status->recipient);
    return argv;
  }

  [[nodiscard]] Error missing(int code) const {
    return Error::later(Errc::not_found, fmt::format("{}: {}", command_.front(),
                                                     std::generic_category().message(code)))
        .with_hint("name the mail server's program with `transport sendmail:PATH` in paraph.conf");
  }

  void settle(DeliveryStatus& status, const sys::Finished& finished) const {
    status.outcome = Delivery::deferred;
    std::string_view name = "killed or unknown";
    for (const auto& exit : kExits) {
      if (exit.status != finished.status) continue;
      status.outcome = exit.outcome;
      name = exit.name;
    }
    if (status.outcome == Delivery::delivered &&
        finished.unread > 0) {  // a stub, or a script that forgot its input
      status.outcome = Delivery::deferred;
      status.reply = fmt::format("{} exited with 0, but left {} octets of the message unread",
                                 command_.front(), finished.unread);
      return;
    }
    status.reply = status.outcome == Delivery::delivered
                       ? fmt::format("taken by {}", command_.front())
                       : fmt::format("{} exited with {} ({}) {}", command_.front(), finished.status,
                                     name, utf8::printable(ascii::trim(finished.err)));
  }

  std::vector<std::string> command_;
};

}  // namespace

std::unique_ptr<Courier> sendmail_courier(std::vector<std::string> command) {
  return std::make_unique<SendmailCourier>(std::move(command));
}

}  // namespace paraph::delivery
