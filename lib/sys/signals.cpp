#include <poll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "sys/descriptor.h"
#include "sys/process.h"

namespace paraph::sys {
namespace {

volatile std::sig_atomic_t stop_flag = 0;
volatile std::sig_atomic_t reload_flag = 0;

void ask_stop(int) {
  stop_flag = 1;
}
void ask_reload(int) {
  reload_flag = 1;
}

struct Watched {
  int signal;
  void (*handler)(int);
};
constexpr std::array kWatched{Watched{SIGTERM, ask_stop}, Watched{SIGINT, ask_stop},
                              Watched{SIGHUP, ask_reload}};

}  // namespace

void watch_signals() {
  for (const auto& [signal, handler] : kWatched) {
    struct sigaction action {};
    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    ::sigaction(signal, &action, nullptr);  // no SA_RESTART: waits end at once
  }
}

bool stop_requested() {
  return stop_flag != 0;
}

bool take_reload_request() {
  const bool asked = reload_flag != 0;
  if (asked) reload_flag = 0;
  return asked;
}

DirectoryWatch::DirectoryWatch(const std::vector<std::string>& directories)
    : fd_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
  // What cannot be watched (inotify's limits, a directory not there yet) is found by the rescan
  // after `timeout`.
  for (const auto& directory : directories)
    if (fd_ >= 0)
      ::inotify_add_watch(fd_, directory.c_str(), IN_MOVED_TO | IN_CLOSE_WRITE | IN_ONLYDIR);
}

DirectoryWatch::~DirectoryWatch() {
  if (fd_ >= 0) ::close(fd_);
}

void DirectoryWatch::wait(std::chrono::milliseconds timeout) {
  // Signals are held back between looking at the flags and sleeping; ppoll(2) lets them in
  // atomically.
  sigset_t held, before;
  sigemptyset(&held);
  for (const auto& watched : kWatched) sigaddset(&held, watched.signal);
  ::pthread_sigmask(SIG_BLOCK, &held, &before);
  if (stop_flag == 0 && reload_flag == 0) {
    pollfd watch{fd_, POLLIN, 0};
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(timeout);
    const timespec limit{whole.count(),
                         static_cast<long>(std::chrono::nanoseconds(timeout - whole).count())};
    ::ppoll(&watch, 1, &limit, &before);
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  std::array<char, 4096> events{};
  while (fd_ >= 0 && ::read(fd_, events.data(), events.size()) > 0) continue;
}

void notify_service_manager(std::string_view state) {
  const char* const path = std::getenv("NOTIFY_SOCKET");
  if (path == nullptr) return;
  const std::string_view name = path;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name.size() < 2 || name.size() >= sizeof address.sun_path) return;
  std::memcpy(address.sun_path, name.data(), name.size());
  if (name.front() == '@') address.sun_path[0] = '\0';  // abstract namespace
  const Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return;
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  ::sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL,
           reinterpret_cast<const sockaddr*>(&address), length);
}

}  // namespace paraph::sys
