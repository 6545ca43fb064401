#include "sys/disk_space.h"

#include <fmt/core.h>
#include <sys/statvfs.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <limits>
#include <utility>

#include "sys/descriptor.h"

namespace paraph::sys {
namespace {

constexpr std::array<std::pair<char, unsigned>, 3> kUnits{{{'K', 10}, {'M', 20}, {'G', 30}}};

bool below(std::uint64_t part, std::uint64_t whole, unsigned percent) {
  return static_cast<double>(part) < static_cast<double>(whole) * percent / 100;
}

std::string readable(std::uint64_t octets) {
  for (auto unit = kUnits.rbegin(); unit != kUnits.rend(); ++unit)
    if (octets >> unit->second != 0)
      return fmt::format("{:.1f}{}",
                         static_cast<double>(octets) / static_cast<double>(1ULL << unit->second),
                         unit->first);
  return fmt::format("{}", octets);
}

}  // namespace

Result<DiskSpace> disk_space(const std::string& path) {
  struct statvfs found {};
  if (::statvfs(path.c_str(), &found) != 0)
    return machine_error(errno, "look at the disk of", path);
  return DiskSpace{std::uint64_t{found.f_bavail} * found.f_frsize,
                   std::uint64_t{found.f_blocks} * found.f_frsize, found.f_favail, found.f_files};
}

std::optional<MinFree> MinFree::parse(std::string_view text) {
  MinFree wanted;
  wanted.text = text;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), wanted.octets);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (failed != std::errc{} || unit.size() > 1) return std::nullopt;
  if (unit.empty()) return wanted;
  if (unit == "%") {
    if (wanted.octets > 99) return std::nullopt;
    wanted.percent = static_cast<unsigned>(std::exchange(wanted.octets, 0));
    return wanted;
  }
  for (const auto& [letter, bits] : kUnits) {
    if ((unit[0] & ~0x20) != letter) continue;
    if (wanted.octets > std::numeric_limits<std::uint64_t>::max() >> bits) return std::nullopt;
    wanted.octets <<= bits;
    return wanted;
  }
  return std::nullopt;
}

std::optional<std::string> MinFree::lack(const DiskSpace& space) const {
  if (octets == 0 && percent == 0) return std::nullopt;
  const bool full = percent == 0 ? space.free < octets : below(space.free, space.total, percent);
  if (full) return fmt::format("{} free, less than spool_min_free {}", readable(space.free), text);
  const bool crowded =
      percent == 0 ? space.inodes < kInodes : below(space.inodes, space.inodes_total, percent);
  if (space.inodes_total != 0 && crowded)
    return fmt::format("{} inodes free, less than {}", space.inodes,
                       percent == 0 ? fmt::format("{}", kInodes) : "spool_min_free " + text);
  return std::nullopt;
}

}  // namespace paraph::sys
