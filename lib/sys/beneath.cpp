#include "sys/beneath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace paraph::sys {
namespace {

constexpr int kDirectory = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;

Descriptor by_component(int root, const std::string& path) {
  Descriptor at(::openat(root, ".", kDirectory));
  for (std::size_t from = 0; at && from < path.size();) {
    const std::size_t end = std::min(path.find('/', from), path.size());
    at = Descriptor(::openat(at.get(), path.substr(from, end - from).c_str(), kDirectory));
    from = end + 1;
  }
  return at;
}

}  // namespace

bool plain_path(std::string_view path) {
  if (path.empty() || path.find('\0') != std::string_view::npos) return false;
  for (std::size_t from = 0; from <= path.size();) {
    const std::size_t end = std::min(path.find('/', from), path.size());
    const auto component = path.substr(from, end - from);
    if (component.empty() || component == "." || component == "..") return false;
    from = end + 1;
  }
  return true;
}

Descriptor open_directory(int root, const std::string& path, Resolve resolve) {
  if (resolve == Resolve::kernel) {
    open_how how{};
    how.flags = kDirectory;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
    const long fd =
        ::syscall(SYS_openat2, root, path.empty() ? "." : path.c_str(), &how, sizeof how);
    // EPERM is what a seccomp filter says that does not know the call.
    if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) return Descriptor(static_cast<int>(fd));
  }
  return by_component(root, path);
}

}  // namespace paraph::sys
