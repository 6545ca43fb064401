#include <map>

#include "spool/bulk_layout.h"
#include "spool/entry.h"
#include "spool/journal.h"
#include "spool/spool.h"

namespace paraph::spool {
namespace {

using Entries = std::map<std::string, Entry, std::less<>>;

// No lock is taken: a packet that ends meanwhile is simply no longer counted.
void count_packet(sys::FileSystem& fs, const std::string& packet, Entries& by_id) {
  const auto name = PacketName::parse(packet);
  const auto found = name ? by_id.find(name->id.str()) : by_id.end();
  if (found == by_id.end()) return;
  Entry& entry = found->second;
  const auto text = fs.read(bulk::packet_path(packet), bulk::kMaxPacket);
  const auto written = fs.read(bulk::journal_path(packet), bulk::kMaxPacket);
  const auto recipients = text ? read_recipients(*text) : std::nullopt;
  const auto done = read_journal(written ? std::string_view(*written) : std::string_view()).done;
  entry.recipients_done += done.size();
  if (recipients) entry.recipients_left += without(*recipients, done).size();
  if (entry.waits_for.empty()) entry.waits_for = read_note(fs, bulk::wait_note(packet));
}

}  // namespace

Result<std::vector<Entry>> BulkSpool::entries() {
  const auto messages = list_in(*fs_, "msg");
  if (!messages) return messages.error();
  const auto packets = names_in(*fs_, "pct");
  if (!packets) return packets.error();
  const auto quarantined = list_in(*fs_, "bad");
  if (!quarantined) return quarantined.error();
  Entries by_id;
  for (const auto& file : *messages)
    if (file.regular && QueueId::parse(file.name))
      by_id.emplace(file.name, describe(*fs_, "bulk", bulk::in("msg", file.name), file, true, {}));
  for (const auto& packet : *packets) count_packet(*fs_, packet, by_id);
  std::vector<Entry> found;
  for (auto& [id, entry] : by_id) found.push_back(std::move(entry));
  for (const auto& file : *quarantined) {
    if (!PacketName::parse_quarantined(file.name)) continue;
    const std::string path = bulk::in("bad", file.name);
    found.push_back(describe(*fs_, "bad", path, file, true, path + std::string(kReason)));
  }
  sort_by_time(found);
  return found;
}

}  // namespace paraph::spool
