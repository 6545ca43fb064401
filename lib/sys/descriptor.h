#pragma once

#include <string_view>
#include <utility>

#include "base/result.h"

/// Inside `sys` only: descriptors, checked reads and writes, errno as an Error.
namespace paraph::sys {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { reset(); }
  void reset();
  [[nodiscard]] int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// "rename /var/spool/x: No space left on device", always Retry::later.
[[nodiscard]] Error machine_error(int code, std::string_view verb, std::string_view path);

/// 0 or an errno. EINTR and short writes are handled; a write of nothing is EIO.
[[nodiscard]] int write_all(int fd, std::string_view octets);
[[nodiscard]] int sync_all(int fd);
/// At most `count` octets, appended to `out`; 0 or an errno.
[[nodiscard]] int read_up_to(int fd, std::size_t count, std::string& out);

}  // namespace paraph::sys
