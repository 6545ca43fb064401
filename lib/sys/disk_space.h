#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace paraph::sys {

/// What a file system has left for this process's user.
struct DiskSpace {
  std::uint64_t free = 0, total = 0;           ///< octets
  std::uint64_t inodes = 0, inodes_total = 0;  ///< both 0 where the file system does not count them
};
[[nodiscard]] Result<DiskSpace> disk_space(const std::string& path);

/// How much of a file system is to stay free: "512K", "100M", "2G", plain octets, or "5%" of it. "0": nothing is asked.
struct MinFree {
  std::uint64_t octets = 0;
  unsigned percent = 0;  ///< one of the two is 0
  std::string text;      ///< as it was written
  [[nodiscard]] static std::optional<MinFree> parse(std::string_view text);
  /// nullopt, or what there is too little of, for a person: "12.3M free, less than spool_min_free 100M". Of inodes too:
  /// kInodes, or the same percentage.
  [[nodiscard]] std::optional<std::string> lack(const DiskSpace& space) const;
  static constexpr std::uint64_t kInodes = 1000;
};

}  // namespace paraph::sys
