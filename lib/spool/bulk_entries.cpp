#include <array>
#include <map>
#include <set>
#include <tuple>

#include "spool/bulk_layout.h"
#include "spool/entry.h"
#include "spool/journal.h"
#include "spool/spool.h"

namespace paraph::spool {
namespace {

using Entries = std::map<std::string, Entry, std::less<>>;

/// What packets of a message have in common with each other: counted here, shown in its entry.
void count_copies(sys::FileSystem& fs, std::string_view packet, std::string_view journal,
                  Entry& entry) {
  const auto text = fs.read(packet, bulk::kMaxPacket);
  const auto written = fs.read(journal, bulk::kMaxPacket);
  const auto recipients = text ? read_recipients(*text) : std::nullopt;
  const auto done = read_journal(written ? std::string_view(*written) : std::string_view()).done;
  entry.journal = entry.journal || written.has_value();
  entry.recipients_done += done.size();
  if (recipients) entry.recipients_left += without(*recipients, done).size();
}

// No lock is kept: a packet that ends meanwhile is simply no longer counted.
void add_packet(sys::FileSystem& fs, const sys::FileInfo& file, TimePoint now, Entry& entry,
                std::size_t& due) {
  count_copies(fs, bulk::packet_path(file.name), bulk::journal_path(file.name), entry);
  if (entry.waits_for.empty()) read_reason(fs, bulk::wait_note(file.name), entry);
  if (entry.state == State::waiting && at_work(fs, bulk::packet_path(file.name)))
    entry.state = State::at_work;
  if (!postponed(file.modified, now)) {
    ++due;
  } else if (!entry.next_try || file.modified < *entry.next_try) {
    entry.next_try = file.modified;
  }
}

Result<Entries> messages_in(sys::FileSystem& fs, std::string_view directory, State state) {
  const auto files = list_in(fs, directory);
  if (!files) return files.error();
  Entries by_id;
  for (const auto& file : *files)
    if (file.regular && QueueId::parse(file.name))
      by_id.emplace(file.name, describe(fs, {"bulk", state, file.name}, in(directory, file.name),
                                        file, true, {}));
  return by_id;
}

// The header that belongs to a quarantined packet, wherever its message is by now.
std::optional<SpoolHeader> header_of(sys::FileSystem& fs, const QueueId& id) {
  for (const auto directory : {bulk::kMessages, kHeld, kBad}) {
    const auto start = fs.read_start(in(directory, id.str()), kHeaderOctets);
    if (!start) continue;
    if (auto header = read_spool_header(*start, true)) return std::move(*header);
  }
  return std::nullopt;
}

// Each quarantined packet, and each message without any.
Result<void> add_quarantined(sys::FileSystem& fs, std::vector<Entry>& found) {
  const auto files = list_in(fs, kBad);
  if (!files) return files.error();
  std::map<std::string, std::optional<SpoolHeader>> headers;
  for (const auto& file : *files) {
    const auto packet = PacketName::parse_quarantined(file.name);
    if (!packet || !file.regular) continue;
    const std::string path = in(kBad, file.name);
    Entry entry = describe(fs, {"bulk", State::quarantined, file.name}, path, file, true,
                           path + std::string(kReason));
    const auto [known, fresh] = headers.try_emplace(packet->id.str());
    if (fresh) known->second = header_of(fs, packet->id);
    entry.header = known->second;
    count_copies(fs, path, path + std::string(bulk::kJournal), entry);
    found.push_back(std::move(entry));
  }
  for (const auto& file : *files)
    if (file.regular && QueueId::parse(file.name) && headers.count(file.name) == 0)
      found.push_back(describe(fs, {"bulk", State::quarantined, file.name}, in(kBad, file.name),
                               file, true, {}));
  return {};
}

}  // namespace

Result<std::vector<Entry>> BulkSpool::entries(TimePoint now) {
  auto by_id = messages_in(*fs_, bulk::kMessages, State::waiting);
  if (!by_id) return std::move(by_id).error();
  auto held = messages_in(*fs_, kHeld, State::held);
  if (!held) return std::move(held).error();
  by_id->merge(*held);
  const auto packets = list_in(*fs_, bulk::kPackets);
  if (!packets) return packets.error();
  std::map<std::string_view, std::size_t> due;
  for (const auto& file : *packets) {
    const auto name = PacketName::parse(file.name);
    const auto message = name && file.regular ? by_id->find(name->id.str()) : by_id->end();
    if (message != by_id->end()) add_packet(*fs_, file, now, message->second, due[message->first]);
  }
  std::vector<Entry> found;
  for (auto& [id, entry] : *by_id) {
    if (entry.next_try && entry.state == State::waiting && due[id] == 0)
      entry.state = State::postponed;
    found.push_back(std::move(entry));
  }
  if (auto added = add_quarantined(*fs_, found); !added) return std::move(added).error();
  sort_by_time(found);
  return found;
}

}  // namespace paraph::spool
