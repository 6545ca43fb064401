#include "sys/watch.h"

#include <fmt/core.h>
#include <linux/magic.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "sys/descriptor.h"

namespace paraph::sys {
namespace {

// Every change goes through this kernel, and inotify hears of it. Not so on network file systems,
// FUSE and overlays, where somebody else may write beneath.
constexpr std::array<std::uint32_t, 4> kLocal = {EXT4_SUPER_MAGIC, 0x58465342 /* XFS */,
                                                 BTRFS_SUPER_MAGIC, TMPFS_MAGIC};

constexpr std::uint32_t kChanges = IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE | IN_MOVED_FROM |
                                   IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_DELETE_SELF |
                                   IN_MOVE_SELF;

class InotifyWatch final : public Watch {
 public:
  explicit InotifyWatch(Descriptor events) : events_(std::move(events)) {}

  // What exactly happened does not matter, an overflow of the queue is an event as well. When the
  // directory is gone or unmounted, no more will come (IN_IGNORED).
  bool quiet() override {
    int waiting = 0;
    if (!lost_ && ::ioctl(events_.get(), FIONREAD, &waiting) == 0 && waiting == 0) return true;
    if (!lost_) take();
    return false;
  }

 private:
  void take() {
    alignas(inotify_event) std::array<char, 4096> buffer;
    for (;;) {
      const ssize_t got = ::read(events_.get(), buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) {
        lost_ = lost_ || got == 0 || errno != EAGAIN;
        return;
      }
      for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
        const auto* const event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
        lost_ = lost_ || (event->mask & (IN_IGNORED | IN_UNMOUNT)) != 0;
        at += sizeof(inotify_event) + event->len;
      }
    }
  }

  Descriptor events_;
  bool lost_ = false;
};

}  // namespace

std::unique_ptr<Watch> watch_directory(int directory) {
  struct statfs system {};
  if (::fstatfs(directory, &system) != 0 ||
      std::find(kLocal.begin(), kLocal.end(), static_cast<std::uint32_t>(system.f_type)) ==
          kLocal.end())
    return nullptr;
  Descriptor events(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  // The open directory itself, whatever its path leads to by now.
  if (!events ||
      ::inotify_add_watch(events.get(), fmt::format("/proc/self/fd/{}", directory).c_str(),
                          kChanges | IN_ONLYDIR) < 0)
    return nullptr;
  return std::make_unique<InotifyWatch>(std::move(events));
}

}  // namespace paraph::sys
