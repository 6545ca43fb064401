#include "spool/entry.h"

#include <algorithm>
#include <tuple>

#include "spool/names.h"

namespace paraph::spool {

bool is_reason(std::string_view name) {
  return name.size() > kReason.size() && name.substr(name.size() - kReason.size()) == kReason;
}

Entry describe(sys::FileSystem& fs, std::string_view spool, std::string_view path,
               const sys::FileInfo& file, bool trusted, std::string_view note) {
  Entry entry{.spool = std::string(spool),
              .name = file.name,
              .header = std::nullopt,
              .size = file.size,
              .modified = file.modified,
              .waits_for = read_note(fs, note)};
  const auto start = fs.read_start(path, kHeaderOctets);
  if (!start) return entry;
  if (auto header = read_spool_header(*start, trusted)) entry.header = std::move(*header);
  return entry;
}

void sort_by_time(std::vector<Entry>& entries) {
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.modified, a.name) < std::tie(b.modified, b.name);
  });
}

}  // namespace paraph::spool
