#include "apps/common/supervisor.h"

#include <fmt/core.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <new>
#include <thread>

#include "apps/common/exit_code.h"
#include "sys/process.h"

namespace paraph::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kLook = milliseconds(100);
constexpr milliseconds kLongestPause = seconds(60);

/// One page that both processes see.
struct Shared {
  std::array<char, 512> in_hand{};
  std::atomic<bool> ready{false};
};
Shared* shared = nullptr;

/// The supervisor's memory; a worker inherits it as it stood at the fork.
struct Attempts {
  std::map<std::string, int, std::less<>> count;
  std::map<std::string, std::string, std::less<>> condemned;
};
Attempts& attempts() {
  static Attempts all;
  return all;
}

std::string in_hand() {
  return shared == nullptr ? std::string{} : std::string(shared->in_hand.data());
}

/// What a worker came to: its exit status, or the signal it died of.
struct Ending {
  int status = 0;
  int signal = 0;
};

// Waits for the worker, and passes on what the supervisor itself is asked.
Ending wait_for(pid_t worker) {
  bool told_ready = false;
  bool told_stop = false;
  for (;;) {
    int status = 0;
    const pid_t ended = waitpid(worker, &status, WNOHANG);
    if (ended == worker) {
      if (WIFSIGNALED(status)) return {0, WTERMSIG(status)};
      if (WIFEXITED(status)) return {WEXITSTATUS(status), 0};
    }
    if (ended < 0 && errno != EINTR) return {kSoftware, 0};
    if (!told_ready && shared->ready) {
      sys::notify_service_manager("READY=1");
      told_ready = true;
    }
    if (!told_stop && sys::stop_requested()) {
      sys::notify_service_manager("STOPPING=1");
      kill(worker, SIGTERM);
      told_stop = true;
    }
    if (sys::take_reload_request()) kill(worker, SIGHUP);
    std::this_thread::sleep_for(told_ready ? kLook : milliseconds(5));
  }
}

void count_death(std::string_view program, int signal) {
  const std::string name = in_hand();
  fmt::print(stderr, "{}: error: a worker died of signal {} ({}), in hand: {}\n", program, signal,
             strsignal(signal), name.empty() ? "nothing" : name);
  if (name.empty()) return;
  const int tries = ++attempts().count[name];
  if (tries >= kMaxAttempts)
    attempts().condemned[name] = fmt::format(
        "{} attempts: a worker died of signal {} ({}) each time", tries, signal, strsignal(signal));
}

// The worker just forked carries the sentence out. A mail that a person puts back afterwards is
// judged anew, and a worker that dies before it got there has one more death to pass it on.
void forget_condemned() {
  for (const auto& [name, why] : attempts().condemned) attempts().count[name] = kMaxAttempts - 1;
  attempts().condemned.clear();
}

}  // namespace

void take_in_hand(std::string_view name) {
  if (shared == nullptr) return;
  const std::size_t length = std::min(name.size(), shared->in_hand.size() - 1);
  std::copy_n(name.data(), length, shared->in_hand.data());
  shared->in_hand.at(length) = '\0';
}

std::string condemned(std::string_view name) {
  const auto found = attempts().condemned.find(name);
  return found == attempts().condemned.end() ? std::string{} : found->second;
}

void crash_if_poisoned([[maybe_unused]] std::string_view name) {
#ifdef PARAPH_TEST_HOOKS
  if (!condemned(name).empty()) return;
  const char* poison = std::getenv("PARAPH_TEST_POISON");
  if (poison != nullptr && name.find(poison) != std::string_view::npos) std::raise(SIGKILL);
#endif
}

void report_ready() {
  if (shared != nullptr) shared->ready = true;
}

int supervise(std::string_view program, const std::function<int()>& work) {
  void* page =
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) {
    fmt::print(stderr, "{}: error: mmap: {}\n", program, std::strerror(errno));
    return kTemporary;
  }
  shared = new (page) Shared;
  const pid_t supervisor = getpid();
  milliseconds pause = seconds(1);
  for (;;) {
    take_in_hand({});
    const pid_t worker = fork();
    if (worker < 0) {
      fmt::print(stderr, "{}: error: fork: {}\n", program, std::strerror(errno));
      return kTemporary;
    }
    if (worker == 0) {
      // A worker outlives no supervisor: it stops between two mails. (The check closes the gap
      // before prctl.)
      prctl(PR_SET_PDEATHSIG, SIGTERM);
      if (getppid() != supervisor) _exit(kTemporary);
      const int status = work();
      std::fflush(nullptr);
      _exit(status);
    }
    forget_condemned();
    const Ending ending = wait_for(worker);
    if (ending.signal == 0) return ending.status;
    count_death(program, ending.signal);
    if (sys::stop_requested()) return kTemporary;
    if (in_hand().empty()) {  // not about a mail: memory, a broken library; do not spin
      std::this_thread::sleep_for(pause);
      pause = std::min(pause * 2, kLongestPause);
    }
  }
}

}  // namespace paraph::app
