#include "spool/header_cache.h"

#include <algorithm>
#include <utility>

#include "spool/names.h"

namespace paraph::spool {
namespace {

// Nearly every header is shorter than the first; only a hostile or damaged one makes us read on.
constexpr std::size_t kUsual = 2048;

Result<SpoolHeader> read(sys::FileSystem& fs, const std::string& path, bool trusted) {
  const auto start = fs.read_start(path, kUsual);
  if (!start) return start.error();
  auto header = read_spool_header(*start, trusted);
  if (header || start->size() < kUsual) return header;
  const auto all = fs.read_start(path, kHeaderOctets);
  return all ? read_spool_header(*all, trusted) : all.error();
}

}  // namespace

const HeaderCache::Headers& HeaderCache::look_at(sys::FileSystem& fs, std::string_view directory,
                                                 const std::vector<std::string>& names,
                                                 bool trusted, std::size_t most) {
  Headers seen;
  std::vector<std::string_view> to_read, again;
  for (const auto& name : names) {
    auto known = known_.extract(name);
    if (known.empty()) {
      to_read.push_back(name);
      continue;
    }
    // A disk that failed once may work now.
    if (!known.mapped()) again.push_back(name);
    seen.insert(std::move(known));
  }
  to_read.insert(to_read.end(), again.begin(), again.end());
  to_read.resize(std::min(to_read.size(), most));
  for (const auto name : to_read) {
    auto header = read(fs, in(directory, name), trusted);
    seen.insert_or_assign(std::string(name),
                          header ? std::optional(std::move(*header)) : std::nullopt);
  }
  known_ = std::move(seen);
  return known_;
}

Result<SpoolHeader> HeaderCache::find(sys::FileSystem& fs, std::string_view directory,
                                      std::string_view name, bool trusted) const {
  const auto known = known_.find(name);
  if (known != known_.end() && known->second) return *known->second;
  return read(fs, in(directory, name), trusted);
}

}  // namespace paraph::spool
