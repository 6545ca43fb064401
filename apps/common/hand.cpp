// The worker's side of the board.

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <vector>

#include "apps/common/hand.h"
#include "apps/common/supervisor.h"
#include "sys/file_system.h"
#include "sys/process.h"

namespace paraph::app {
namespace {

Board* board = nullptr;
Slot* mine = nullptr;
bool first = true;

std::int64_t own_cpu_milliseconds() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return std::int64_t{used.tv_sec} * 1000 + used.tv_nsec / 1'000'000;
}

// The suspicions against one mail or packet.
bool is_about(const std::string& suspicion, std::string_view name) {
  return suspicion.compare(0, name.size(), name) == 0 &&
         (suspicion.size() == name.size() || suspicion[name.size()] == kLabelMark);
}

// The claim on it is ours: whoever shows it is about to move on, or dead.
bool others_show(std::string_view name) {
  return std::any_of(board->slots.begin(), board->slots.end(), [name](const Slot& slot) {
    return &slot != mine && !slot.in_hand.empty() && is_about(slot.in_hand.str(), name);
  });
}

}  // namespace

void sit_down(Board& shared, Slot& slot, bool is_first) {
  board = &shared;
  mine = &slot;
  first = is_first;
  mine->next_try = 0;
  next_step();
}

void say_last_words(std::string_view why) {
  if (mine != nullptr) mine->last_words.set(why);
}

void show_next_try(std::optional<std::chrono::milliseconds> pause) {
  if (mine == nullptr) return;
  const auto at = sys::SystemClock().now() +
                  std::chrono::ceil<std::chrono::seconds>(pause.value_or(std::chrono::seconds(0)));
  mine->next_try = pause ? epoch(at) : 0;
}

bool is_first_worker() {
  return first;
}

void report_ready() {
  if (mine != nullptr) mine->ready = true;
}

void await_count(std::string_view name) {
  constexpr timespec moment{0, 5'000'000};
  constexpr int kMoments = 2000;
  if (board == nullptr) return;
  for (int i = 0; i < kMoments && others_show(name) && !sys::stop_requested(); ++i)
    ::nanosleep(&moment, nullptr);
  std::atomic_thread_fence(std::memory_order_acquire);  // with clear() of the supervisor
}

void take_in_hand(std::string_view name) {
  if (mine == nullptr) return;
  mine->in_hand.set(name);
  next_step();
}

Settling::Settling() {
  if (mine != nullptr) mine->settling = true;
  next_step();
}

Settling::~Settling() {
  if (mine != nullptr) mine->settling = false;
}

bool settles_singly() {
  if (board == nullptr) return false;
  const auto now = steady_milliseconds();
  const auto until = board->singly_until.load();
  return until > now && until <= now + kSettleSingly;  // farther ahead: from before a reboot
}

void next_step() {
  if (mine == nullptr) return;
  mine->cpu_at_step = own_cpu_milliseconds();
  mine->step_began = steady_milliseconds();
}

Waiting::Waiting() {
  if (mine != nullptr) mine->step_began = 0;
}

Waiting::~Waiting() {
  next_step();
}

Verdict verdict_on(std::string_view name, std::string_view label) {
  if (board == nullptr) return {};
  Verdict verdict;
  for (const Suspect& suspect : board->suspects) {
    const auto state = suspect.state.load();
    if (state == Suspect::free) continue;
    const std::string held = suspect.name.str();
    if (!is_about(held, name)) continue;
    if (state == Suspect::condemned && held == Label::kept(label))
      return {Verdict::condemned, suspect.reason.str()};
    const auto now = steady_milliseconds();
    // Farther ahead than anybody is put off: from before a reboot.
    if (state == Suspect::suspected && suspect.not_before > now &&
        suspect.not_before <= now + kLongestSuspicion)
      verdict.kind = Verdict::not_yet;
  }
  return verdict;
}

std::string recipient_label(std::string_view name, std::string_view recipient) {
  return std::string(Label::kept(fmt::format("{}{}to {}", name, kLabelMark, recipient)));
}

std::map<std::string, std::string> held_against(std::string_view name) {
  std::map<std::string, std::string> held;
  if (board == nullptr) return held;
  for (const Suspect& suspect : board->suspects) {
    const auto state = suspect.state.load();
    if (state == Suspect::free || !is_about(suspect.name.str(), name)) continue;
    held[suspect.name.str()] = state == Suspect::condemned ? suspect.reason.str() : "";
  }
  return held;
}

std::set<std::string> suspected_names() {
  std::set<std::string> names;
  if (board == nullptr) return names;
  for (const Suspect& suspect : board->suspects) {
    if (suspect.state == Suspect::free) continue;
    const std::string label = suspect.name.str();
    names.insert(label.substr(0, label.find(kLabelMark)));
  }
  return names;
}

void absolve(std::string_view name) {
  if (board == nullptr) return;
  for (Suspect& suspect : board->suspects)
    if (suspect.state != Suspect::free && is_about(suspect.name.str(), name))
      suspect.state = Suspect::free;
}

#ifdef PARAPH_TEST_HOOKS
namespace {

void spin() {
  for (volatile bool forever = true; forever;) continue;
}

// Says so: a test that kills it earlier kills a worker with nothing in hand.
void hang() {
  fmt::print(stderr, "test hook: hangs\n");
  for (;;) ::pause();
}

void eat_memory() {
  constexpr std::size_t bite = 16U << 20U;
  for (std::vector<std::unique_ptr<char[]>> eaten;;)
    eaten.push_back(std::make_unique<char[]>(bite));
}

struct Poison {
  std::string_view how;
  void (*act)();
};
constexpr std::array kPoisons{Poison{"spin", spin}, Poison{"hang", hang},
                              Poison{"eat", eat_memory}};

}  // namespace

void crash_if_poisoned(std::string_view name) {
  const char* const poison = std::getenv("PARAPH_TEST_POISON");
  if (poison == nullptr || name.find(poison) == std::string_view::npos) return;
  const char* const how = std::getenv("PARAPH_TEST_POISON_HOW");
  for (const auto& row : kPoisons)
    if (how != nullptr && row.how == how) row.act();
  static_cast<void>(std::raise(SIGSEGV));
}
#else
void crash_if_poisoned(std::string_view) {}
#endif

}  // namespace paraph::app
