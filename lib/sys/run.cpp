#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string>

#include "sys/descriptor.h"
#include "sys/gather.h"
#include "sys/process.h"

namespace paraph::sys {
namespace {

using Instant = std::chrono::steady_clock::time_point;
constexpr std::size_t kKeptErr = 4096;
constexpr std::size_t kPipe = 65'536;  // what a pipe holds by itself
constexpr int kBigPipe = 1 << 20;

struct Pipe {
  Descriptor read, write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return machine_error(errno, "make", "pipe");
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

// Destroys what posix_spawn(3) was told, however the function is left.
struct SpawnPlan {
  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
  SpawnPlan() {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
  }
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
};

// Own process group, so that a time limit ends grandchildren too; no signal setting of ours is
// inherited.
Result<pid_t> start(const std::vector<std::string>& argv, int input, int err) {
  SpawnPlan plan;
  ::posix_spawn_file_actions_adddup2(&plan.actions, input, STDIN_FILENO);
  ::posix_spawn_file_actions_addopen(&plan.actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_adddup2(&plan.actions, err, STDERR_FILENO);
  ::posix_spawn_file_actions_addclosefrom_np(&plan.actions, STDERR_FILENO + 1);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  ::posix_spawnattr_setsigmask(&plan.attributes, &none);
  ::posix_spawnattr_setsigdefault(&plan.attributes, &all);
  ::posix_spawnattr_setflags(
      &plan.attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::vector<char*> arguments;
  for (const auto& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  pid_t pid = -1;
  const int code = ::posix_spawn(&pid, argv.front().c_str(), &plan.actions, &plan.attributes,
                                 arguments.data(), environ);
  if (code != 0) return machine_error(code, "run", argv.front());
  return pid;
}

// A child that does not read to the end is its own affair; our process may not have been told to
// ignore SIGPIPE.
ssize_t write_unsignalled(int fd, Gather& octets) {
  sigset_t broken_pipe, before;
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &broken_pipe, &before);
  const ssize_t wrote = ::writev(fd, octets.vectors(), static_cast<int>(octets.count()));
  const int code = errno;
  const timespec at_once{};
  if (wrote < 0 && code == EPIPE) ::sigtimedwait(&broken_pipe, nullptr, &at_once);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = code;
  return wrote;
}

// Feeds, listens and reaps one child.
class Child {
 public:
  Child(pid_t pid, Descriptor input, Descriptor unread, Descriptor err, Gather left,
        std::size_t octets)
      : pid_(pid),
        input_(std::move(input)),
        unread_(std::move(unread)),
        err_(std::move(err)),
        left_(left),
        unsent_(octets) {
    ::fcntl(input_.get(), F_SETFL, O_NONBLOCK);
    ::fcntl(err_.get(), F_SETFL, O_NONBLOCK);
    if (left_.done()) input_ = Descriptor();
  }

  Result<Finished> wait(Instant deadline) {
    int status = 0;
    for (;;) {
      const pid_t reaped = ::waitpid(pid_, &status, WNOHANG);
      if (reaped < 0 && errno != EINTR) return machine_error(errno, "wait for", "child");
      if (reaped == pid_) break;
      if (std::chrono::steady_clock::now() >= deadline) ::kill(-pid_, SIGKILL);
      turn();
    }
    listen();
    return Finished{WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), heard_,
                    unread()};
  }

 private:
  // At most 20 ms: a grandchild may hold the pipes open after the child's end.
  void turn() {
    std::array<pollfd, 2> ends{{{input_.get(), POLLOUT, 0}, {err_.get(), POLLIN, 0}}};
    if (::poll(ends.data(), ends.size(), 20) <= 0) return;
    if (ends[0].revents != 0) feed();
    if (ends[1].revents != 0) listen();
  }

  void feed() {
    const ssize_t wrote = write_unsignalled(input_.get(), left_);
    if (wrote > 0) {
      left_.take(static_cast<std::size_t>(wrote));
      unsent_ -= static_cast<std::size_t>(wrote);
    }
    const bool broken = wrote < 0 && errno != EAGAIN && errno != EINTR;
    if (left_.done() || broken) input_ = Descriptor();
  }

  void listen() {
    std::array<char, 4096> buffer{};
    for (ssize_t got = 1; err_ && got > 0;) {
      got = ::read(err_.get(), buffer.data(), buffer.size());
      const auto count = static_cast<std::size_t>(std::max<ssize_t>(got, 0));
      heard_.append(buffer.data(), std::min(count, kKeptErr - heard_.size()));
      if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) err_ = Descriptor();
    }
  }

  // What lies in the pipe, and what never got there.
  [[nodiscard]] std::size_t unread() const {
    int waiting = 0;
    if (::ioctl(unread_.get(), FIONREAD, &waiting) != 0) waiting = 0;
    return unsent_ + static_cast<std::size_t>(waiting);
  }

  pid_t pid_;
  Descriptor input_;
  Descriptor unread_;  // our own reading end of its input: only to see what it left
  Descriptor err_;
  Gather left_;
  std::size_t unsent_;
  std::string heard_;
};

}  // namespace

Result<Finished> run(const std::vector<std::string>& argv,
                     std::initializer_list<std::string_view> input, std::chrono::seconds limit) {
  if (argv.empty() || argv.front().find('/') == std::string::npos)
    return Error::never(Errc::config, "a program to run must be named by its path");
  auto to_child = make_pipe();
  if (!to_child) return std::move(to_child).error();
  auto from_child = make_pipe();
  if (!from_child) return std::move(from_child).error();
  const auto pid = start(argv, to_child->read.get(), from_child->write.get());
  if (!pid) return pid.error();
  from_child->write = Descriptor();
  std::size_t octets = 0;
  for (const auto piece : input) octets += piece.size();
  // With 64 KB a big message costs a change of process every 64 KB. Refused, it is only slower.
  if (octets > kPipe) (void)::fcntl(to_child->write.get(), F_SETPIPE_SZ, kBigPipe);
  Child child(*pid, std::move(to_child->write), std::move(to_child->read),
              std::move(from_child->read), Gather(input), octets);
  return child.wait(std::chrono::steady_clock::now() + limit);
}

}  // namespace paraph::sys
