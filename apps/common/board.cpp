#include "apps/common/board.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <new>
#include <utility>

namespace paraph::app {
namespace {

// Changes with the layout: a file of another version is begun anew.
constexpr std::uint64_t kMagic = 0x5041'5241'5048'0000U + (sizeof(Board) & 0xFFFFU);

void* map(int fd) {
  const int flags = fd < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED;
  void* page = ::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, flags, fd, 0);
  return page == MAP_FAILED ? nullptr : page;
}

std::string because(const std::string& path) {
  return path + ": " + std::strerror(errno);
}

// Blocks are taken now: writing to a mapped hole on a full disk would kill the writer.
bool has_room(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return false;
  const int failed = ::posix_fallocate(fd, 0, sizeof(Board));
  if (failed != 0) errno = failed;
  return failed == 0;
}

// Whoever reads the board locks it for an instant to see whether somebody lives on it.
bool lock(int fd) {
  constexpr timespec moment{0, 20'000'000};
  for (int tries = 0; tries < 5; ++tries) {
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return true;
    if (errno != EWOULDBLOCK) return false;
    ::nanosleep(&moment, nullptr);
  }
  errno = EWOULDBLOCK;
  return false;
}

// A mapping keeps its open file, and that its lock, also in children: so the lock is on another one.
void* map_apart(int fd, const std::string& path) {
  if (fd < 0) return map(fd);
  const int apart = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (apart < 0) return nullptr;
  void* const page = map(apart);
  ::close(apart);
  return page;
}

}  // namespace

std::uint64_t board_magic() {
  return kMagic;
}

std::int64_t steady_milliseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

Result<MappedBoard> MappedBoard::open(const std::string& path, std::string& note) {
  int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
  int other = 0;
  if (fd < 0) {
    note = because(path);
  } else if (!lock(fd)) {
    note = because(path);
    Board* const theirs = has_room(fd) ? static_cast<Board*>(map(fd)) : nullptr;
    if (theirs != nullptr) {
      other = theirs->supervisor;
      ::munmap(theirs, sizeof(Board));
    }
    ::close(std::exchange(fd, -1));
  } else if (!has_room(fd)) {
    note = because(path);
    ::close(std::exchange(fd, -1));
  }
  void* const page = map_apart(fd, path);
  if (page == nullptr) {
    const Error error = Error::later(Errc::io, "mmap of the workers' board: " + because(path));
    if (fd >= 0) ::close(fd);
    return error;
  }
  auto* board = static_cast<Board*>(page);
  if (fd < 0 || board->magic != kMagic) {
    board = new (page) Board;
    board->magic = kMagic;
  }
  return MappedBoard(board, fd, other);
}

MappedBoard::MappedBoard(MappedBoard&& other) noexcept
    : board_(std::exchange(other.board_, nullptr)),
      fd_(std::exchange(other.fd_, -1)),
      other_(other.other_) {}

void MappedBoard::leave_lock_to_parent() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

MappedBoard::~MappedBoard() {
  if (board_ != nullptr) ::munmap(board_, sizeof(Board));
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace paraph::app
