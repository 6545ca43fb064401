#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

/// A server on loopback that plays one script per connection, in a thread, and writes down what it
/// heard.
namespace paraph::test {

/// The server's side of one connection.
class Peer {
 public:
  Peer(int fd, std::function<void(std::string)> record) : fd_(fd), record_(std::move(record)) {}

  void say(std::string_view text) const {
    (void)::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
  }
  void line(std::string_view text) const { say(std::string(text) + "\r\n"); }
  /// The next line with its end, "" when the client has gone.
  std::string hear() {
    for (;;) {
      if (const auto end = heard_.find('\n'); end != std::string::npos) {
        std::string one = heard_.substr(0, end + 1);
        heard_.erase(0, end + 1);
        record_(one);
        return one;
      }
      char buffer[4096];
      const ssize_t got = ::recv(fd_, buffer, sizeof buffer, 0);
      if (got <= 0) return {};
      heard_.append(buffer, static_cast<std::size_t>(got));
    }
  }
  /// Hears a line, says another.
  void answer(std::string_view reply) {
    if (!hear().empty()) line(reply);
  }
  void hear_data() {
    for (std::string one = hear(); !one.empty() && one != ".\r\n"; one = hear()) {
    }
  }
  /// A whole, friendly opening: greeting and EHLO.
  void open(std::string_view ehlo = "250-mx.example.org\r\n250-SIZE 1000000\r\n250 8BITMIME") {
    line("220 mx.example.org ESMTP");
    answer(ehlo);
  }
  /// MAIL, `recipients` times RCPT, DATA, the message, `verdict`.
  void take(std::string_view verdict = "250 2.0.0 Ok: queued as 4XkQ2", int recipients = 1) {
    answer("250 2.1.0 Ok");
    for (int i = 0; i < recipients; ++i) answer("250 2.1.5 Ok");
    answer("354 End data with <CR><LF>.<CR><LF>");
    hear_data();
    line(verdict);
  }
  void quit() { answer("221 2.0.0 Bye"); }
  /// Nothing, until the client hangs up.
  void hang() {
    while (!hear().empty()) {
    }
  }
  /// A reset instead of an orderly end.
  void slam() const {
    const linger hard{1, 0};
    (void)::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  }

 private:
  int fd_;
  std::function<void(std::string)> record_;
  std::string heard_;
};

class ScriptedServer {
 public:
  using Script = std::function<void(Peer&)>;

  explicit ScriptedServer(std::vector<Script> scripts, const std::string& unix_path = "",
                          bool v6 = false) {
    listen(unix_path, v6);
    thread_ = std::thread([this, scripts = std::move(scripts)] { serve(scripts); });
  }
  ~ScriptedServer() { finish(); }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] std::string port() const { return std::to_string(port_); }
  [[nodiscard]] int connections() const { return connections_; }
  /// Everything heard, once the scripts are over (the client must have gone).
  [[nodiscard]] std::string transcript() {
    finish();
    return heard_;
  }

 private:
  void listen(const std::string& unix_path, bool v6) {
    if (!unix_path.empty()) {
      sockaddr_un address{};
      address.sun_family = AF_UNIX;
      unix_path.copy(address.sun_path, sizeof address.sun_path - 1);
      start(AF_UNIX, reinterpret_cast<sockaddr*>(&address), sizeof address);
    } else if (v6) {
      sockaddr_in6 address{};
      address.sin6_family = AF_INET6;
      address.sin6_addr = in6addr_loopback;
      start(AF_INET6, reinterpret_cast<sockaddr*>(&address), sizeof address);
      port_ = ntohs(address.sin6_port);
    } else {
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      start(AF_INET, reinterpret_cast<sockaddr*>(&address), sizeof address);
      port_ = ntohs(address.sin_port);
    }
  }

  void start(int family, sockaddr* address, socklen_t length) {
    listener_ = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::bind(listener_, address, length) != 0 || ::listen(listener_, 8) != 0) ::abort();
    (void)::getsockname(listener_, address, &length);
  }

  void serve(const std::vector<Script>& scripts) {
    for (const auto& script : scripts) {
      pollfd entry{listener_, POLLIN, 0};
      while (!stop_ && ::poll(&entry, 1, 20) == 0) {
      }
      if (stop_) return;
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      const timeval patience{10, 0};  // a test that goes wrong must not hang
      (void)::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
      ++connections_;
      Peer peer(fd, [this](const std::string& text) { heard_ += text; });
      script(peer);
      ::close(fd);
    }
  }

  void finish() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
    if (listener_ >= 0) ::close(listener_);
    listener_ = -1;
  }

  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> connections_ = 0;
  std::atomic<bool> stop_ = false;
  std::string heard_;
  std::thread thread_;
};

}  // namespace paraph::test
