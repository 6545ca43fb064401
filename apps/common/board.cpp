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
void* map_apart(const std::string& path) {
  const int apart = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (apart < 0) return nullptr;
  void* const page = map(apart);
  ::close(apart);
  return page;
}

int supervisor_on(int fd) {
  auto* const theirs = has_room(fd) ? static_cast<Board*>(map(fd)) : nullptr;
  if (theirs == nullptr) return 0;
  const int pid = theirs->supervisor;
  ::munmap(theirs, sizeof(Board));
  return pid;
}

}  // namespace

std::string shown(std::string label) {
  if (const auto mark = label.find(kLabelMark); mark != std::string::npos) label[mark] = ' ';
  return label;
}

std::uint64_t board_magic() {
  return kMagic;
}

std::int64_t steady_milliseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

std::optional<MappedBoard> MappedBoard::open_file(const std::string& path, Obstacle& obstacle) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
  const bool locked = fd >= 0 && lock(fd);
  void* const page = locked && has_room(fd) ? map_apart(path) : nullptr;
  if (page != nullptr) return MappedBoard(page, fd);
  obstacle.note = because(path);
  if (fd < 0) return std::nullopt;
  if (!locked) obstacle.other = supervisor_on(fd);
  ::close(fd);
  return std::nullopt;
}

Result<MappedBoard> MappedBoard::open(const std::string& path, Obstacle& obstacle) {
  if (auto kept = open_file(path, obstacle)) return std::move(*kept);
  if (void* const page = map(-1)) return MappedBoard(page, -1);
  return Error::later(Errc::io, "mmap of the workers' board: " + because(path));
}

MappedBoard::MappedBoard(void* page, int fd) : board_(static_cast<Board*>(page)), fd_(fd) {
  if (board_->magic == kMagic) return;
  board_ = new (page) Board;
  board_->magic = kMagic;
}

MappedBoard::MappedBoard(MappedBoard&& other) noexcept
    : board_(std::exchange(other.board_, nullptr)), fd_(std::exchange(other.fd_, -1)) {}

MappedBoard& MappedBoard::operator=(MappedBoard&& other) noexcept {
  std::swap(board_, other.board_);
  std::swap(fd_, other.fd_);
  return *this;
}

void MappedBoard::leave_lock_to_parent() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

MappedBoard::~MappedBoard() {
  if (board_ != nullptr) ::munmap(board_, sizeof(Board));
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace paraph::app
