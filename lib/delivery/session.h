#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "delivery/smtp.h"
#include "delivery/socket.h"

namespace paraph::delivery {

/// Private to `delivery`: one connection that has been greeted and said EHLO or LHLO. After any
/// Error it is of no more use.
class Session {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Session>> open(Protocol protocol,
                                                             const Endpoint& endpoint,
                                                             const std::string& helo,
                                                             Timeouts timeouts);
  /// QUIT, with a short wait for the answer.
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  [[nodiscard]] const Capabilities& capabilities() const { return capabilities_; }
  /// One command line without CRLF, and its reply. A server that talks out of turn is an Error.
  [[nodiscard]] Result<Reply> command(std::string_view line);
  /// Octets after a 354, in pieces.
  [[nodiscard]] Result<void> send(Pieces octets);
  [[nodiscard]] Result<Reply> reply_after_dot();
  /// Hung up, or said something unasked (421) while idle.
  [[nodiscard]] bool stale() const { return broken_ || socket_->has_unread(); }
  /// Don't say QUIT.
  void abandon() { broken_ = true; }

 private:
  Session(std::unique_ptr<Socket> socket, Timeouts timeouts)
      : socket_(std::move(socket)), timeouts_(timeouts) {}
  [[nodiscard]] Result<Reply> read_reply(std::chrono::milliseconds limit);
  [[nodiscard]] Result<void> greet(Protocol protocol, const std::string& helo);

  std::unique_ptr<Socket> socket_;
  Timeouts timeouts_;
  Capabilities capabilities_;
  bool broken_ = false;
};

}  // namespace paraph::delivery
