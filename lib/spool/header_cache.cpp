#include "spool/header_cache.h"

#include <utility>

#include "spool/names.h"

namespace paraph::spool {
namespace {

// Nearly every header is shorter than the first; only a hostile or damaged one makes us read on.
constexpr std::size_t kUsual = 2048;

std::optional<SpoolHeader> read(sys::FileSystem& fs, const std::string& path, bool trusted) {
  for (const std::size_t count : {kUsual, kHeaderOctets}) {
    const auto start = fs.read_start(path, count);
    if (!start) return std::nullopt;
    if (auto header = read_spool_header(*start, trusted)) return std::move(*header);
    if (start->size() < count) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

const HeaderCache::Headers& HeaderCache::look_at(sys::FileSystem& fs, std::string_view directory,
                                                 const std::vector<std::string>& names,
                                                 bool trusted) {
  Headers seen;
  for (const auto& name : names) {
    auto known = known_.extract(name);
    if (known.empty())
      seen.emplace(name, read(fs, in(directory, name), trusted));
    else
      seen.insert(std::move(known));
  }
  known_ = std::move(seen);
  return known_;
}

}  // namespace paraph::spool
