#include "delivery/maildir.h"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "base/ascii.h"
#include "delivery/refusals.h"
#include "mail/address.h"
#include "sys/file_system.h"

namespace paraph::delivery {
namespace {

constexpr std::size_t kNameLimit = 255;  // NAME_MAX

// The root is named by the administrator: unlike everything below it, it may be reached by links.
Result<void> make_root(const std::string& root) {
  for (std::size_t at = 1; at <= root.size(); ++at) {
    if (at < root.size() && root[at] != '/') continue;
    if (::mkdir(root.substr(0, at).c_str(), 0700) == 0 || errno == EEXIST || errno == EISDIR)
      continue;
    return Error::later(Errc::io, fmt::format("make directory {}: {}", root.substr(0, at),
                                              std::generic_category().message(errno)));
  }
  return {};
}

class MaildirCourier final : public Courier {
 public:
  MaildirCourier(std::string root, std::string host, const Clock& clock, Random& random)
      : root_(std::move(root)), host_(std::move(host)), clock_(clock), random_(random) {
    // "/" and ":" mean something in a Maildir file name.
    std::replace(host_.begin(), host_.end(), ':', '-');
  }

  [[nodiscard]] Result<std::vector<DeliveryStatus>> deliver(const mail::Envelope& envelope,
                                                            const Content& message) override {
    auto statuses = with_local_refusals(envelope, Address::any);
    if (auto ready = open(); !ready) return ready.error();
    const std::string return_path = "Return-Path: <" + envelope.reverse_path + ">\n";
    const Pieces pieces{return_path, message.front, message.tail};
    for (auto* status : unsettled(statuses)) {  // one bad box is that recipient's trouble
      auto done = store(status->recipient, pieces);
      status->outcome = done ? Delivery::delivered : outcome_of(done.error());
      status->reply = done ? *done : done.error().what();
    }
    return statuses;
  }

 private:
  using Pieces = std::array<std::string_view, 3>;

  static Delivery outcome_of(const Error& error) {
    return error.retry() == Retry::later ? Delivery::deferred : Delivery::failed;
  }

  [[nodiscard]] Result<void> open() {
    if (files_) return {};
    if (auto made = make_root(root_); !made) return made;
    auto files = sys::open_root(root_);
    if (!files) return std::move(files).error();
    files_ = std::move(files).value();
    return {};
  }

  /// Where it went: "maildir alice@example.org/new/NAME".
  [[nodiscard]] Result<std::string> store(const std::string& recipient, const Pieces& pieces) {
    const std::string box = mail::filesystem_encode(ascii::to_lower(recipient));
    if (box.size() > kNameLimit)
      return Error::never(Errc::limit, "the address is too long for a file name");
    for (const char* part : {"/tmp", "/new", "/cur"})
      if (auto made = files_->make_directory(box + part); !made) return made.error();
    const std::string name = fmt::format("{}.P{}R{}.{}", epoch(clock_.now()), ::getpid(),
                                         ascii::hex_lower(random_.octets(8)), host_);
    const auto next = [left = pieces.begin(), end = pieces.end()]() mutable {
      while (left != end && left->empty()) ++left;  // an empty piece would be the end
      return Result<std::string_view>(left == end ? std::string_view() : *left++);
    };
    if (auto written = files_->write_new_from(box + "/tmp/" + name, next); !written)
      return written.error();
    if (auto moved = files_->rename_new(box + "/tmp/" + name, box + "/new/" + name); !moved) {
      (void)files_->remove(box + "/tmp/" + name, false);
      return moved.error();
    }
    return fmt::format("maildir {}/new/{}", box, name);
  }

  std::string root_;
  std::string host_;
  const Clock& clock_;
  Random& random_;
  std::shared_ptr<sys::FileSystem> files_;
};

}  // namespace

std::unique_ptr<Courier> maildir_courier(std::string root, std::string host, const Clock& clock,
                                         Random& random) {
  return std::make_unique<MaildirCourier>(std::move(root), std::move(host), clock, random);
}

}  // namespace paraph::delivery
