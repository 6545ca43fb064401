#include "apps/common/daemon_state.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "apps/common/board.h"

namespace paraph::app {
namespace {

struct Program {
  std::string_view name, spool;
};
constexpr std::array kDaemons{Program{"paraph-incoming", "msg"},
                              Program{"paraph-distribute", "bulk"}};

void describe(const Board& board, DaemonState& state) {
  state.pid = board.supervisor;
  state.since = TimePoint(std::chrono::seconds(board.since));
  state.last_beat = TimePoint(std::chrono::seconds(board.last_beat));
  state.deaths = board.deaths;
  bool ready = false;
  for (const Slot& slot : board.slots) {
    if (slot.pid == 0) continue;
    ++state.workers;
    if (slot.ready) ready = true;
    if (!slot.in_hand.empty()) state.in_hand.push_back(shown(slot.in_hand.str()));
    const TimePoint next{std::chrono::seconds(slot.next_try)};
    if (next != TimePoint{} && (!state.next_try || next < *state.next_try)) state.next_try = next;
  }
  if (!ready) state.trouble = board.trouble.str();
  for (const Suspect& suspect : board.suspects)
    if (suspect.state != Suspect::free)
      state.suspects.push_back({shown(suspect.name.str()), suspect.worker_deaths,
                                suspect.supervisor_deaths, suspect.reason.str()});
}

DaemonState read(const config::Site& site, std::string_view program) {
  DaemonState state;
  state.program = program;
  const int fd =
      ::open(state_path(site, program).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return state;
  // A shared lock fails for as long as a supervisor holds its own.
  state.running = ::flock(fd, LOCK_SH | LOCK_NB) != 0;
  ::flock(fd, LOCK_UN);  // at once: a supervisor may be about to start
  struct stat status {};
  if (::fstat(fd, &status) == 0 && status.st_size >= static_cast<off_t>(sizeof(Board))) {
    void* const page = ::mmap(nullptr, sizeof(Board), PROT_READ, MAP_SHARED, fd, 0);
    if (page != MAP_FAILED) {
      const auto* board = static_cast<const Board*>(page);
      if (board->magic == board_magic()) describe(*board, state);
      ::munmap(page, sizeof(Board));
    }
  }
  ::close(fd);
  if (!state.running) {
    state.workers = 0;
    state.in_hand.clear();
    state.trouble.clear();
    state.next_try.reset();
  }
  return state;
}

}  // namespace

std::string state_path(const config::Site& site, std::string_view program) {
  return site.spool_directory("tmp") + "/" + std::string(program) + ".state";
}

std::vector<DaemonState> daemon_states(const config::Site& site) {
  std::vector<DaemonState> states;
  for (const auto& program : kDaemons) states.push_back(read(site, program.name));
  return states;
}

const DaemonState* daemon_of(const std::vector<DaemonState>& daemons, std::string_view spool) {
  for (const auto& daemon : daemons)
    for (const auto& program : kDaemons)
      if (program.name == daemon.program && program.spool == spool) return &daemon;
  return nullptr;
}

}  // namespace paraph::app
