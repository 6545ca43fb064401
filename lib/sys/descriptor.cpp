#include "sys/descriptor.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>

namespace paraph::sys {
namespace {

Errc errc_of(int code) {
  switch (code) {
    case ENOENT:
      return Errc::not_found;
    case EEXIST:
      return Errc::exists;
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP:  // a link where none may be (RESOLVE_NO_SYMLINKS, O_NOFOLLOW)
    case EXDEV:  // out of the root (RESOLVE_BENEATH)
      return Errc::denied;
    case EWOULDBLOCK:
      return Errc::busy;
    default:
      return Errc::io;
  }
}

}  // namespace

void Descriptor::reset() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Error machine_error(int code, std::string_view verb, std::string_view path) {
  return Error::later(errc_of(code),
                      fmt::format("{} {}: {}", verb, path, std::generic_category().message(code)));
}

int write_all(int fd, std::string_view octets) {
  while (!octets.empty()) {
    const ssize_t wrote = ::write(fd, octets.data(), octets.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return wrote < 0 ? errno : EIO;
    octets.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return 0;
}

int sync_all(int fd) {
  while (::fsync(fd) != 0)
    if (errno != EINTR) return errno;
  return 0;
}

int read_up_to(int fd, std::size_t count, std::string& out) {
  // The buffer follows the data, not the caller's limit: what he reserved, then steps that grow.
  constexpr std::size_t kFirst = 1U << 12U, kLast = 1U << 20U;
  const std::size_t end = out.size() + std::min(count, out.max_size() - out.size());
  while (out.size() < end) {
    const std::size_t before = out.size();
    const std::size_t reserved = out.capacity() - before;
    const std::size_t step = reserved > 0 ? reserved : std::clamp(before, kFirst, kLast);
    out.resize(before + std::min({end - before, step, kLast}));
    const ssize_t got = ::read(fd, out.data() + before, out.size() - before);
    const int code = errno;
    out.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) return 0;
    if (got < 0 && code != EINTR) return code;
  }
  return 0;
}

}  // namespace paraph::sys
