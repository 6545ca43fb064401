#include "spool/entry.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "spool/names.h"

namespace paraph::spool {

bool is_reason(std::string_view name) {
  return name.size() > kReason.size() && name.substr(name.size() - kReason.size()) == kReason;
}

std::string_view to_string(State state) {
  static constexpr std::array<std::string_view, 5> words{"waiting", "at_work", "postponed", "held",
                                                         "quarantined"};
  return words.at(static_cast<std::size_t>(state));
}

std::string Entry::id() const {
  if (header) return header->id.str();
  if (const auto packet = PacketName::parse_quarantined(name)) return packet->id.str();
  const auto id = QueueId::parse(name);
  return id ? id->str() : std::string();
}

bool at_work(sys::FileSystem& fs, std::string_view path) {
  const auto lock = fs.lock(path);
  return !lock && lock.error().code() == Errc::busy;
}

// write_note() leaves a note alone that says the same already, so its time is that of the first.
void read_reason(sys::FileSystem& fs, std::string_view note, Entry& entry) {
  entry.waits_for = read_note(fs, note);
  if (entry.waits_for.empty()) return;
  if (const auto file = fs.info(note)) entry.noted = file->modified;
}

Entry describe(sys::FileSystem& fs, const Place& place, std::string_view path,
               const sys::FileInfo& file, bool trusted, std::string_view note) {
  Entry entry{.spool = place.spool,
              .state = place.state,
              .name = place.name,
              .header = std::nullopt,
              .size = file.size,
              .modified = file.modified,
              .next_try = std::nullopt,
              .waits_for = {},
              .noted = std::nullopt};
  read_reason(fs, note, entry);
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
