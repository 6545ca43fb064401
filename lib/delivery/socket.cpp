#include "delivery/socket.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "sys/gather.h"

namespace paraph::delivery {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::size_t kLineLimit = 4096;

Error failed(std::string_view step, int code) {
  return Error::later(Errc::io, fmt::format("{}: {}", step, std::generic_category().message(code)));
}

// Waits until `fd` is ready for `events` or `deadline` has passed.
Result<void> wait_for(int fd, short events, SteadyClock::time_point deadline) {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now()).count();
    pollfd entry{fd, events, 0};
    const int ready =
        ::poll(&entry, 1, static_cast<int>(std::clamp<long long>(left, 0, 1'000'000)));
    if (ready > 0) return {};
    if (ready == 0 && left <= 0) return failed("wait", ETIMEDOUT);
    if (ready < 0 && errno != EINTR) return failed("poll", errno);
  }
}

Result<std::unique_ptr<Socket>> connect_to(const sockaddr* address, socklen_t length, int family,
                                           Socket::Milliseconds limit) {
  const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return failed("socket", errno);
  auto socket = std::make_unique<Socket>(fd);
  if (family != AF_UNIX) {
    const int on = 1;  // lock-step: a delayed ACK would cost 40 ms a command
    (void)::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  if (::connect(fd, address, length) == 0) return socket;
  if (errno != EINPROGRESS && errno != EINTR) return failed("connect", errno);
  if (auto ready = wait_for(fd, POLLOUT, SteadyClock::now() + limit); !ready)
    return failed("connect", ETIMEDOUT);
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) return failed("connect", error);
  return socket;
}

Result<std::unique_ptr<Socket>> connect_unix(const std::string& path, Socket::Milliseconds limit) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return failed("connect", ENAMETOOLONG);
  std::copy(path.begin(), path.end(), std::begin(address.sun_path));
  return connect_to(reinterpret_cast<const sockaddr*>(&address), sizeof address, AF_UNIX, limit);
}

}  // namespace

Result<std::unique_ptr<Socket>> Socket::connect(const Endpoint& endpoint, Milliseconds limit) {
  if (!endpoint.path.empty()) return connect_unix(endpoint.path, limit);
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int code = ::getaddrinfo(endpoint.host.c_str(), endpoint.port.c_str(), &hints, &found);
      code != 0)
    return Error::later(Errc::io,
                        fmt::format("look up {}: {}", endpoint.host, ::gai_strerror(code)));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  Result<std::unique_ptr<Socket>> last = failed("connect", EADDRNOTAVAIL);
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    last = connect_to(one->ai_addr, one->ai_addrlen, one->ai_family, limit);
    if (last) break;
  }
  return last;
}

Socket::~Socket() {
  ::close(fd_);
}

Result<void> Socket::send(Pieces octets, Milliseconds limit) {
  sys::Gather left(octets);
  while (!left.done()) {
    msghdr message{};
    message.msg_iov = left.vectors();
    message.msg_iovlen = left.count();
    const ssize_t sent = ::sendmsg(fd_, &message, MSG_NOSIGNAL);
    if (sent >= 0) {
      left.take(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      if (auto ready = wait_for(fd_, POLLOUT, SteadyClock::now() + limit); !ready) return ready;
    } else if (errno != EINTR) {
      return failed("send", errno);
    }
  }
  return {};
}

Result<std::string> Socket::read_line(Milliseconds limit) {
  const auto deadline = SteadyClock::now() + limit;
  std::size_t searched = 0;
  for (;;) {
    if (const auto end = unread_.find('\n', searched); end != std::string::npos) {
      std::string line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      if (!line.empty() && line.back() == '\r') line.pop_back();
      return line;
    }
    searched = unread_.size();
    if (searched > kLineLimit)
      return Error::later(Errc::limit, "the server's reply line is too long");
    std::array<char, 4096> buffer{};
    const ssize_t got = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (got > 0) {
      unread_.append(buffer.data(), static_cast<std::size_t>(got));
    } else if (got == 0) {
      return Error::later(Errc::io, "the server closed the connection");
    } else if (errno == EAGAIN) {
      if (auto ready = wait_for(fd_, POLLIN, deadline); !ready)
        return Error::later(Errc::io, "no reply from the server in time");
    } else if (errno != EINTR) {
      return failed("receive", errno);
    }
  }
}

bool Socket::has_unread() const {
  pollfd entry{fd_, POLLIN, 0};
  return !unread_.empty() || ::poll(&entry, 1, 0) != 0;
}

}  // namespace paraph::delivery
