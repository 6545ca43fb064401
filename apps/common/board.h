#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

/// What a supervisor and its workers tell each other: memory that all of them map. It lives in spool/tmp/PROGRAM.state,
/// so that the next supervisor learns what was in hand when everything was killed at once (security rule 45), and
/// `paraph status` sees who is at work. Nothing in it is needed to lose no mail: it only counts deaths.
///
/// Texts are written by one process and may be read half written by another; every reader tolerates that, and what
/// decides (a sentence) is published with its state, last.
namespace paraph::app {

/// Marks a board of this layout.
[[nodiscard]] std::uint64_t board_magic();
/// Milliseconds of a clock that only goes forward, is the same in all processes, and stands while the machine is suspended
/// (CLOCK_MONOTONIC): nobody has worked meanwhile, so nobody is over a limit. It begins anew with each boot, which no
/// other clock that cannot be set would survive either; readers of a board from before it are told by their bounds.
[[nodiscard]] std::int64_t steady_milliseconds();

constexpr std::size_t kMaxWorkers = 64;
constexpr std::size_t kMaxSuspects = 256;

template <std::size_t N>
class SharedText {
 public:
  /// What is left of a text: what decides compares that.
  [[nodiscard]] static std::string_view kept(std::string_view text) {
    return text.substr(0, N - 1);
  }
  void set(std::string_view text) {
    text = kept(text);
    text.copy(octets_.data(), text.size());
    octets_[text.size()] = '\0';
  }
  [[nodiscard]] std::string str() const {
    const std::string_view all(octets_.data(), N);
    return std::string(all.substr(0, all.find('\0')));
  }
  [[nodiscard]] bool empty() const { return octets_[0] == '\0'; }

 private:
  std::array<char, N> octets_{};
};

/// What is in hand, and what deaths are counted against: "NAME", "NAME/after 12" or "NAME/to a@example.org". The mark is an
/// octet that no file name has.
using Label = SharedText<384>;
constexpr char kLabelMark = '/';
/// As people read it: "NAME to a@example.org".
[[nodiscard]] std::string shown(std::string label);

/// One worker, as it describes itself.
struct Slot {
  std::atomic<std::int32_t> pid{0};
  std::atomic<std::int64_t> step_began{
      0};  ///< steady_milliseconds(); 0: the clock stands (an MTA is waited for)
  std::atomic<std::int64_t> cpu_at_step{0};  ///< its CPU milliseconds then
  std::atomic<bool> ready{false};
  std::atomic<bool> settling{
      false};  ///< ends several gathered mails together, none of them is in hand
  std::atomic<std::int64_t> next_try{
      0};  ///< epoch seconds: when it tries again what waits for the machine; 0: nothing does
  Label in_hand;               ///< empty: nothing
  SharedText<512> last_words;  ///< why it is about to die, when it or its supervisor knows
};

/// A name that workers died on.
struct Suspect {
  enum State : std::uint32_t { free = 0, suspected = 1, condemned = 2 };
  std::atomic<std::uint32_t> state{free};
  std::atomic<std::int32_t> worker_deaths{0};
  std::atomic<std::int32_t> supervisor_deaths{0};
  std::atomic<std::int64_t> not_before{0};  ///< steady_milliseconds() of the next attempt
  Label name;
  SharedText<256> reason;
};

struct Board {
  std::uint64_t magic = 0;
  std::atomic<std::int32_t> supervisor{0};  ///< 0 after an orderly end
  std::atomic<std::int64_t> since{0};       ///< epoch seconds
  std::atomic<std::int64_t> deaths{0};      ///< of workers, since then
  std::atomic<std::int64_t> last_beat{0};   ///< epoch seconds, of the supervisor
  std::atomic<std::int64_t> singly_until{
      0};                   ///< steady_milliseconds(); mails are settled one by one
  SharedText<512> trouble;  ///< why the last worker could not begin; empty once one is ready
  std::array<Slot, kMaxWorkers> slots;
  std::array<Suspect, kMaxSuspects> suspects;
};
static_assert(std::atomic<std::int64_t>::is_always_lock_free);

/// The board of one program, mapped. Of two supervisors on one site the second gets a board of its own in memory: both
/// work (claims keep them apart), each counts for itself.
class MappedBoard {
 public:
  /// Why a board is not kept in its file.
  struct Obstacle {
    std::string note;  ///< empty: there is none
    int other = 0;     ///< somebody else's supervisor lives on the file; its pid
  };
  /// `path`: the state file, made when missing. In memory where there is an obstacle.
  [[nodiscard]] static Result<MappedBoard> open(const std::string& path, Obstacle& obstacle);
  /// In the file, or not at all.
  [[nodiscard]] static std::optional<MappedBoard> open_file(const std::string& path,
                                                            Obstacle& obstacle);
  MappedBoard(MappedBoard&& other) noexcept;
  MappedBoard& operator=(MappedBoard&& other) noexcept;
  MappedBoard(const MappedBoard&) = delete;
  MappedBoard& operator=(const MappedBoard&) = delete;
  ~MappedBoard();
  [[nodiscard]] Board& operator*() const { return *board_; }
  [[nodiscard]] Board* operator->() const { return board_; }
  [[nodiscard]] bool in_file() const { return fd_ >= 0; }
  /// In a child: the lock goes with the supervisor, not with the last of its workers.
  void leave_lock_to_parent();

 private:
  MappedBoard(void* page, int fd);
  Board* board_;
  int fd_;  ///< locked for as long as it is open; -1: in memory
};

}  // namespace paraph::app
