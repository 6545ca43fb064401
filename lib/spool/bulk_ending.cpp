#include <algorithm>

#include "spool/bulk_layout.h"

namespace paraph::spool::bulk {

Result<std::vector<std::string>> packets_of(sys::FileSystem& fs, std::string_view directory,
                                            const QueueId& id) {
  const auto parse = directory == kBad ? PacketName::parse_quarantined : PacketName::parse;
  auto names = names_in(fs, directory);
  if (!names) return names;
  names->erase(std::remove_if(names->begin(), names->end(),
                              [&](const std::string& name) {
                                const auto packet = parse(name);
                                return !packet || packet->id != id;
                              }),
               names->end());
  std::sort(names->begin(), names->end());
  return names;
}

Result<bool> has_packet(sys::FileSystem& fs, std::string_view directory, const QueueId& id) {
  const auto packets = packets_of(fs, directory, id);
  if (!packets) return packets.error();
  return !packets->empty();
}

Result<void> mark_ended(sys::FileSystem& fs, const QueueId& id) {
  if (auto made = fs.make_directory(kEnded); !made) return made;
  auto marked = fs.write_new(in(kEnded, id.str()), {});
  if (!marked && marked.error().code() != Errc::exists) return marked;
  return fs.sync_directory(kEnded);
}

Result<std::unique_ptr<sys::FileLock>> lock_message(sys::FileSystem& fs, const QueueId& id) {
  for (const auto& path : {message_path(id), held_path(id), in(kBad, id.str())}) {
    auto lock = fs.lock(path);
    if (lock || lock.error().code() != Errc::not_found) return lock;
  }
  return std::unique_ptr<sys::FileLock>();
}

// Who has the lock ends it himself, or brings a packet back; if not, the next look at the spool ends it.
Result<void> end_message(sys::FileSystem& fs, const QueueId& id) {
  const auto lock = lock_message(fs, id);
  if (!lock) return lock.error().code() == Errc::busy ? Result<void>() : lock.error();
  return end_locked(fs, id);
}

Result<void> end_locked(sys::FileSystem& fs, const QueueId& id) {
  // Under the lock nobody brings a packet back; before it, somebody may have.
  const auto back = has_packet(fs, kPackets, id);
  if (!back) return back.error();
  if (*back) return {};
  if (auto marked = mark_ended(fs, id); !marked) return marked;
  const auto quarantined = has_packet(fs, kBad, id);
  if (!quarantined) return quarantined.error();
  // Held while its last packet was at work, it ends all the same.
  for (const auto& from : {message_path(id), held_path(id)}) {
    if (!*quarantined) {
      if (auto removed = fs.remove(from, true); !removed) return removed;
      continue;
    }
    const auto place = free_name(fs, kBad, id.str());
    if (!place) return place.error();
    auto moved = fs.rename_new(from, in(kBad, *place));
    if (moved) return moved;
    if (moved.error().code() != Errc::not_found) return moved;
  }
  return {};
}

}  // namespace paraph::spool::bulk
