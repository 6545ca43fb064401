#include "apps/common/supervisor.h"

#include <fmt/core.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <optional>
#include <vector>

#include "apps/common/exit_code.h"
#include "apps/common/hand.h"
#include "apps/common/runtime.h"
#include "base/utf8.h"
#include "sys/process.h"

namespace paraph::app {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMostWorkers = kMaxWorkers / 2;  // beside those of a killed supervisor
constexpr std::int64_t kLook = 100;         // milliseconds between two looks at the workers
constexpr std::int64_t kLookAtFile = 5000;  // whether another supervisor has left the state file
constexpr std::int64_t kFirstPause = 1000;  // before another worker, doubling
constexpr std::int64_t kLongestPause = 60'000;
constexpr std::int64_t kPatience = 60'000;  // for workers that were asked to stop
constexpr std::array<std::int64_t, kMaxAttempts> kRetryAfter{1000, 10'000, 0};

std::int64_t epoch_now() {
  return static_cast<std::int64_t>(::time(nullptr));
}

std::string death_of(int signal) {
  return fmt::format("a worker died of signal {} ({})", signal, strsignal(signal));
}

// nullopt: it is gone.
std::optional<std::int64_t> cpu_milliseconds(pid_t pid) {
  clockid_t clock{};
  timespec used{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &used) != 0)
    return std::nullopt;
  return std::int64_t{used.tv_sec} * 1000 + used.tv_nsec / 1'000'000;
}

// --- what is held against names

Suspect* find_suspect(Board& board, const std::string& name) {
  for (Suspect& suspect : board.suspects)
    if (suspect.state != Suspect::free && suspect.name.str() == name) return &suspect;
  return nullptr;
}

// A free place; else that of the one suspected least.
Suspect& place_for(Board& board) {
  Suspect* least = &board.suspects.front();
  for (Suspect& suspect : board.suspects) {
    if (suspect.state == Suspect::free) return suspect;
    if (suspect.worker_deaths + suspect.supervisor_deaths <
        least->worker_deaths + least->supervisor_deaths)
      least = &suspect;
  }
  return *least;
}

Suspect& suspect_named(Board& board, const std::string& name) {
  if (Suspect* known = find_suspect(board, name)) return *known;
  Suspect& fresh = place_for(board);
  fresh.state = Suspect::free;
  fresh.worker_deaths = 0;
  fresh.supervisor_deaths = 0;
  fresh.not_before = 0;
  fresh.name.set(name);
  fresh.reason.set({});
  fresh.state = Suspect::suspected;
  return fresh;
}

void count_attempt(Board& board, const std::string& name, const std::string& how) {
  Suspect& suspect = suspect_named(board, name);
  const int deaths = ++suspect.worker_deaths;
  suspect.reason.set(fmt::format("{} attempt{}: {}{}", deaths, deaths == 1 ? "" : "s", how,
                                 deaths == 1 ? "" : ", the last time"));
  if (deaths >= kMaxAttempts) {
    suspect.state = Suspect::condemned;
    return;
  }
  suspect.not_before = steady_milliseconds() + kRetryAfter.at(static_cast<std::size_t>(deaths - 1));
}

void count_supervisor_death(Board& board, const std::string& name) {
  Suspect& suspect = suspect_named(board, name);
  const int deaths = ++suspect.supervisor_deaths;
  if (suspect.state == Suspect::condemned) return;
  suspect.reason.set(fmt::format("{} times everything was killed with it in hand", deaths));
  if (deaths >= kMaxSupervisorDeaths) suspect.state = Suspect::condemned;
  suspect.not_before = steady_milliseconds() +
                       std::min<std::int64_t>(1000 << std::min(deaths, 9), kLongestSuspicion);
}

// What was counted elsewhere, about the same mails.
void adopt_suspects(const Board& from, Board& board) {
  for (const Suspect& counted : from.suspects) {
    if (counted.state == Suspect::free) continue;
    Suspect& suspect = suspect_named(board, counted.name.str());
    suspect.worker_deaths += counted.worker_deaths;
    suspect.supervisor_deaths += counted.supervisor_deaths;
    suspect.not_before = std::max(suspect.not_before.load(), counted.not_before.load());
    suspect.reason.set(counted.reason.str());
    suspect.state = std::max(suspect.state.load(), counted.state.load());
  }
}

// --- the crew

struct Worker {
  pid_t pid = 0;
  Slot* slot = nullptr;
  bool moves = false;         ///< the next one sits down on another board
  bool over = false;          ///< ended for good
  std::int64_t start_at = 0;  ///< not before
  std::int64_t pause = kFirstPause;
  int in_vain = 0;  ///< lives in a row that ended over no mail
};

class Supervisor {
 public:
  Supervisor(const Crew& crew, Plan plan, MappedBoard board)
      : crew_(crew), plan_(std::move(plan)), board_(std::move(board)), own_(getpid()) {
    move_in(0);
    take_places(std::clamp<std::size_t>(plan_.workers, 1, kMostWorkers));
    read_watchdog();
  }

  int run() {
    hold_child_signal();
    while (!done()) {
      pass_requests_on();
      take_over_file();
      reap();
      if (!stopping_) start_missing();
      watch_limits();
      tell_service_manager();
      sleep();
    }
    board_->supervisor = 0;
    return status_;
  }

 private:
  void move_in(std::int64_t deaths) {
    settle_the_past();
    board_->supervisor = own_;
    board_->since = began_;
    board_->deaths = deaths;
    board_->trouble.set({});
  }

  // The second of two daemons started by mistake counts in memory, and so does one that found no room. Once the file is
  // free it is this one's: else status would say that nobody works. Each worker ends after what it has in hand, and the
  // next one sits down there. (`once` ends by itself.)
  void take_over_file() {
    const auto now = steady_milliseconds();
    if (crew_.once || stopping_ || board_.in_file() || now < look_at_file_) return;
    look_at_file_ = now + kLookAtFile;
    MappedBoard::Obstacle obstacle;
    auto file = MappedBoard::open_file(plan_.state_file, obstacle);
    if (!file) return;
    left_ = std::exchange(board_, std::move(*file));
    move_in((*left_)->deaths);
    adopt_suspects(**left_, *board_);
    board_->singly_until = std::max(board_->singly_until.load(), (*left_)->singly_until.load());
    for (Worker& worker : workers_) worker.moves = true;
    fmt::print(stderr, "{}: {} is free, attempts are counted there from now on\n", crew_.program,
               plan_.state_file);
    tell_workers(SIGHUP);
  }

  // What was in hand when everything died at once.
  void settle_the_past() {
    const bool unclean = board_->supervisor != 0;
    for (Slot& slot : board_->slots) {
      if (lives(slot)) continue;  // a worker of the last supervisor, about to go: its own affair
      if (unclean && slot.pid != 0 && !slot.in_hand.empty())
        count_supervisor_death(*board_, slot.in_hand.str());
      if (unclean && slot.settling) suspect_settling();
      clear(slot);
    }
  }

  static bool lives(const Slot& slot) {
    if (slot.pid == 0 || (::kill(slot.pid, 0) != 0 && errno != EPERM)) return false;
    std::ifstream status(fmt::format("/proc/{}/stat", slot.pid.load()));  // "PID (NAME) S …"
    std::string text;
    std::getline(status, text);
    const auto state = text.rfind(") ");
    return state == std::string::npos || text.compare(state + 2, 1, "Z") != 0;
  }

  // One of several mails, nobody knows which: from now on it has to be in hand.
  void suspect_settling() { board_->singly_until = steady_milliseconds() + kSettleSingly; }

  [[nodiscard]] bool is_ours(const Slot& slot) const {
    return std::any_of(workers_.begin(), workers_.end(),
                       [&slot](const Worker& worker) { return worker.slot == &slot; });
  }

  // Null: all are taken, by workers of supervisors that were killed.
  Slot* free_place() {
    for (Slot& slot : board_->slots)
      if (slot.pid == 0 && !is_ours(slot)) return &slot;
    return nullptr;
  }

  // More workers, at free places.
  void take_places(std::size_t count) {
    while (workers_.size() < count) {
      Slot* const place = free_place();
      if (place == nullptr) return;
      workers_.emplace_back().slot = place;
    }
  }

  void clear_places_of_the_gone() {
    for (Slot& slot : board_->slots) {
      if (is_ours(slot) || slot.pid == 0 || lives(slot)) continue;
      // Of a supervisor that was killed. Who goes by himself has put down what he had.
      if (!slot.in_hand.empty()) count_supervisor_death(*board_, slot.in_hand.str());
      clear(slot);
    }
  }

  static void clear(Slot& slot) {
    // Counted before cleared, for await_count().
    std::atomic_thread_fence(std::memory_order_release);
    slot.pid = 0;
    slot.step_began = 0;
    slot.ready = false;
    slot.settling = false;
    slot.in_hand.set({});
    slot.last_words.set({});
  }

  // SIGCHLD only ends sleep(); workers get the old mask back.
  void hold_child_signal() {
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &child, &mask_);
  }

  void sleep() const {
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    const timespec look{0, kLook * 1'000'000};
    if (!done()) ::sigtimedwait(&child, nullptr, &look);
  }

  [[nodiscard]] bool done() const {
    return std::all_of(workers_.begin(), workers_.end(), [this](const Worker& worker) {
      return worker.pid == 0 && (worker.over || stopping_);
    });
  }

  static Slot& slot_of(const Worker& worker) { return *worker.slot; }

  void tell_workers(int signal) const {
    for (const Worker& worker : workers_)
      if (worker.pid != 0) ::kill(worker.pid, signal);
  }

  void pass_requests_on() {
    if (!stopping_ && sys::stop_requested()) {
      stopping_ = true;
      stop_until_ = steady_milliseconds() + kPatience;
      sys::notify_service_manager("STOPPING=1");
      tell_workers(SIGTERM);
    }
    if (sys::take_reload_request() && !stopping_) reload();
    if (stopping_ && steady_milliseconds() > stop_until_) {
      fmt::print(stderr, "{}: error: workers that do not stop are killed\n", crew_.program);
      stop_until_ += kPatience;
      tell_workers(SIGKILL);
    }
  }

  // sd_notify(3): nothing of it before the first READY, and in any case READY when it is over, so that `systemctl reload`
  // ends. The time is what Type=notify-reload asks for.
  void reload() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    if (told_ready_)
      sys::notify_service_manager(
          fmt::format("RELOADING=1\nMONOTONIC_USEC={}",
                      std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000));
    take_new_plan();
    if (told_ready_) sys::notify_service_manager("READY=1");
  }

  // Workers end after what they have in hand, and the next ones read the new configuration.
  void take_new_plan() {
    auto fresh = crew_.plan();
    if (!fresh) {
      complain(crew_.program,
               std::move(fresh).error().in("reload (going on with the old configuration)"));
      return;
    }
    plan_ = std::move(*fresh);
    const auto wanted = std::clamp<std::size_t>(plan_.workers, 1, kMostWorkers);
    take_places(wanted);
    for (std::size_t i = 0; i < workers_.size(); ++i) workers_[i].over = i >= wanted;
    tell_workers(SIGHUP);
  }

  void reap() {
    for (Worker& worker : workers_) {
      if (worker.pid == 0) continue;
      int status = 0;
      const pid_t ended = ::waitpid(worker.pid, &status, WNOHANG);
      if (ended == 0 || (ended < 0 && errno == EINTR)) continue;
      if (ended > 0 && WIFSIGNALED(status))
        bury(worker, WTERMSIG(status));
      else
        dismiss(worker, ended > 0 ? WEXITSTATUS(status) : kSoftware);
      clear(slot_of(worker));
      worker.pid = 0;
    }
  }

  void bury(Worker& worker, int signal) {
    const Slot& slot = slot_of(worker);
    const std::string name = slot.in_hand.str();
    const std::string words = slot.last_words.str();
    const std::string how = words.empty() ? death_of(signal) : death_of(signal) + ", " + words;
    fmt::print(stderr, "{}: error: {}, in hand: {}\n", crew_.program, how,
               slot.settling  ? "several that have ended"
               : name.empty() ? "nothing"
                              : utf8::printable(shown(name)));
    if (stopping_) {
      status_ = kTemporary;
      return;
    }
    ++board_->deaths;
    if (slot.settling) suspect_settling();
    const Suspect* const suspect = find_suspect(*board_, name);
    const bool condemned = suspect != nullptr && suspect->state == Suspect::condemned;
    if (!name.empty()) count_attempt(*board_, name, how);
    // Not about a mail (memory, a broken library), or quarantine itself kills: do not spin.
    if (name.empty() && !slot.settling) board_->trouble.set(how);
    if (name.empty() || condemned) return in_vain(worker);
    worker.pause = kFirstPause;
    worker.in_vain = 0;
  }

  // With `once` there is an end to it: cron would add one more crew each minute.
  void in_vain(Worker& worker) {
    if (!crew_.once || ++worker.in_vain < kMaxAttempts) return pause(worker);
    worker.over = true;
    status_ = kTemporary;
    fmt::print(stderr,
               "{}: error: {} workers in a row came to nothing, the mail waits\n{}: hint: paraph "
               "status\n",
               crew_.program, worker.in_vain, crew_.program);
  }

  void dismiss(Worker& worker, int status) {
    if (status == kAgain || stopping_) {
      worker.pause = kFirstPause;
      return;
    }
    if (status != kOk) {
      const std::string words = slot_of(worker).last_words.str();
      board_->trouble.set(words.empty() ? fmt::format("a worker ended with status {}", status)
                                        : words);
    }
    if (crew_.once) {
      worker.over = true;
      if (status != kOk) status_ = status;
      return;
    }
    pause(worker);  // it has said why on stderr
  }

  static void pause(Worker& worker) {
    worker.start_at = steady_milliseconds() + worker.pause;
    worker.pause = std::min(worker.pause * 2, kLongestPause);
  }

  void start_missing() {
    const auto now = steady_milliseconds();
    for (Worker& worker : workers_)
      if (worker.pid == 0 && !worker.over && worker.start_at <= now) start(worker);
  }

  // Whether it has a place on the board.
  bool seat(Worker& worker) {
    if (!worker.moves) return true;
    Slot* const place = free_place();
    if (place == nullptr) return false;
    worker.slot = place;
    worker.moves = false;
    return true;
  }

  void start(Worker& worker) {
    if (!seat(worker)) return pause(worker);
    Slot& slot = slot_of(worker);
    clear(slot);
    std::fflush(nullptr);
    const pid_t pid = ::fork();
    if (pid == 0) become_worker(slot, &worker == workers_.data());
    if (pid < 0) {
      const std::string why = fmt::format("fork: {}", std::strerror(errno));
      fmt::print(stderr, "{}: error: {}\n", crew_.program, why);
      board_->trouble.set(why);
      return in_vain(worker);
    }
    worker.pid = pid;
    slot.pid = pid;
    slot.step_began = steady_milliseconds();
    slot.cpu_at_step = 0;
  }

  [[noreturn]] void become_worker(Slot& slot, bool first) {
    // A worker outlives no supervisor: it stops between two mails. (The check closes the gap before prctl.)
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != own_) ::_exit(kTemporary);
    ::sigprocmask(SIG_SETMASK, &mask_, nullptr);
    board_.leave_lock_to_parent();
    sit_down(*board_, slot, first);
    limit_memory(plan_.limits.memory);
    const int status = crew_.work();
    std::fflush(nullptr);
    ::_exit(status);
  }

  void watch_limits() {
    clear_places_of_the_gone();
    const auto now = steady_milliseconds();
    for (const Worker& worker : workers_) {
      if (worker.pid == 0) continue;
      Slot& slot = slot_of(worker);
      const std::int64_t began = slot.step_began;
      const std::int64_t before = slot.cpu_at_step;
      const auto cpu = cpu_milliseconds(worker.pid);
      const auto over = [](std::int64_t used, std::chrono::seconds limit) {
        return limit.count() > 0 && used > limit.count() * 1000;
      };
      if (began != 0 && over(now - began, plan_.limits.wall))
        end(worker,
            fmt::format("over its time limit of {} s (worker_time)", plan_.limits.wall.count()));
      else if (cpu && over(*cpu - before, plan_.limits.cpu))
        end(worker, fmt::format("over its limit of {} s of processor time (worker_cpu)",
                                plan_.limits.cpu.count()));
    }
  }

  void end(const Worker& worker, const std::string& why) {
    slot_of(worker).last_words.set(why);
    ::kill(worker.pid, SIGKILL);
  }

  // sd_watchdog_enabled(3), by its environment.
  void read_watchdog() {
    const char* const period = std::getenv("WATCHDOG_USEC");
    const char* const whose = std::getenv("WATCHDOG_PID");
    if (period == nullptr || (whose != nullptr && std::atoi(whose) != own_)) return;
    watchdog_every_ = std::max<std::int64_t>(std::atoll(period) / 1000 / 2, 1);
  }

  void tell_service_manager() {
    board_->last_beat = epoch_now();
    const auto now = steady_milliseconds();
    if (watchdog_every_ > 0 && now >= watchdog_next_) {
      watchdog_next_ = now + watchdog_every_;
      sys::notify_service_manager("WATCHDOG=1");
    }
    const bool ready = std::any_of(workers_.begin(), workers_.end(), [](const Worker& worker) {
      return worker.pid != 0 && slot_of(worker).ready;
    });
    if (ready && !board_->trouble.empty()) board_->trouble.set({});
    if (!ready || told_ready_ || stopping_) return;
    told_ready_ = true;
    sys::notify_service_manager("READY=1");
  }

  const Crew& crew_;
  Plan plan_;
  MappedBoard board_;
  std::optional<MappedBoard> left_;  ///< in memory, for workers that began there
  pid_t own_;
  std::int64_t began_ = epoch_now();
  std::int64_t look_at_file_ = steady_milliseconds() + kLookAtFile;
  sigset_t mask_{};
  std::vector<Worker> workers_;
  bool stopping_ = false;
  bool told_ready_ = false;
  std::int64_t stop_until_ = 0;
  std::int64_t watchdog_every_ = 0;
  std::int64_t watchdog_next_ = 0;
  int status_ = kOk;
};

}  // namespace

int supervise(const Crew& crew) {
  auto plan = crew.plan();
  if (!plan) return complain(crew.program, plan.error());
  MappedBoard::Obstacle obstacle;
  auto board = MappedBoard::open(plan->state_file, obstacle);
  if (!board) return complain(crew.program, board.error());
  // `--once` beside a daemon is usual; two daemons are not, though claims keep them apart.
  if (!obstacle.note.empty() && (obstacle.other == 0 || !crew.once))
    fmt::print(stderr, "{}: warning: {}\n", crew.program,
               obstacle.other == 0
                   ? "attempts are counted in memory only: " + obstacle.note
                   : fmt::format("another one works on this site already, pid {}; both go on",
                                 obstacle.other));
  return Supervisor(crew, std::move(*plan), std::move(*board)).run();
}

}  // namespace paraph::app
