#pragma once

#include <chrono>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "delivery/wire.h"

namespace paraph::delivery {

/// Octets that leave one after the other, without being put together first.
using Pieces = std::initializer_list<std::string_view>;

/// Private to `delivery`: a connected stream socket on which every wait has an end.
class Socket {
 public:
  using Milliseconds = std::chrono::milliseconds;

  /// Tries each address of the name in turn; `limit` is for each. TCP_NODELAY, close-on-exec.
  [[nodiscard]] static Result<std::unique_ptr<Socket>> connect(const Endpoint& endpoint,
                                                               Milliseconds limit);
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket();
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  /// All of it, or an Error. `limit` starts anew whenever octets left.
  [[nodiscard]] Result<void> send(Pieces octets, Milliseconds limit);
  /// A line without LF or CRLF. `limit` is for the whole line, so that a peer that drips octets
  /// cannot hold us. More than 4096 octets are an Error.
  [[nodiscard]] Result<std::string> read_line(Milliseconds limit);
  /// Whether the peer said something nobody asked for, or hung up.
  [[nodiscard]] bool has_unread() const;

 private:
  int fd_;
  std::string unread_;
};

}  // namespace paraph::delivery
