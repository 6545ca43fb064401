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

constexpr std::array<std::string_view, 2> kDaemons{"paraph-incoming", "paraph-distribute"};

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
  }
  return state;
}

}  // namespace

std::string state_path(const config::Site& site, std::string_view program) {
  return site.spool_directory("tmp") + "/" + std::string(program) + ".state";
}

std::vector<DaemonState> daemon_states(const config::Site& site) {
  std::vector<DaemonState> states;
  for (const auto program : kDaemons) states.push_back(read(site, program));
  return states;
}

}  // namespace paraph::app
