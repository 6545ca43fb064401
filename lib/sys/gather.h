#pragma once

#include <sys/uio.h>

#include <array>
#include <cassert>
#include <cstddef>
#include <initializer_list>
#include <string_view>

/// Several stretches of octets for one writev(2) or sendmsg(2), and how far they have gone.
namespace paraph::sys {

class Gather {
 public:
  static constexpr std::size_t kMost = 4;
  /// The octets must outlive it.
  Gather(std::initializer_list<std::string_view> pieces) {
    assert(pieces.size() <= kMost);
    for (const auto piece : pieces)
      if (!piece.empty()) vectors_.at(end_++) = {const_cast<char*>(piece.data()), piece.size()};
  }
  [[nodiscard]] bool done() const { return begin_ == end_; }
  [[nodiscard]] iovec* vectors() { return vectors_.data() + begin_; }
  [[nodiscard]] std::size_t count() const { return end_ - begin_; }
  /// `octets` of them have been written.
  void take(std::size_t octets) {
    for (; octets > 0 && !done(); ++begin_) {
      iovec& first = vectors_.at(begin_);
      if (octets < first.iov_len) {
        first = {static_cast<char*>(first.iov_base) + octets, first.iov_len - octets};
        return;
      }
      octets -= first.iov_len;
    }
  }

 private:
  std::array<iovec, kMost> vectors_{};
  std::size_t begin_ = 0, end_ = 0;
};

}  // namespace paraph::sys
