#include "spool/copies.h"

#include "spool/bulk_layout.h"
#include "spool/journal.h"

namespace paraph::spool {
namespace {

void add_packet(sys::FileSystem& fs, const std::string& path, Copies& copies) {
  const auto text = fs.read(path, bulk::kMaxPacket);
  const auto written = fs.read(path + std::string(bulk::kJournal), bulk::kMaxPacket);
  const auto recipients = text ? read_recipients(*text) : std::nullopt;
  auto done = read_journal(written ? std::string_view(*written) : std::string_view()).done;
  if (recipients)
    for (auto& recipient : without(*recipients, done)) copies.left.push_back(std::move(recipient));
  for (auto& copy : done) copies.done.push_back(std::move(copy));
}

}  // namespace

Result<Copies> copies_of(sys::FileSystem& fs, const Place& place) {
  Copies copies;
  if (place.spool != "bulk") return copies;
  if (PacketName::parse_quarantined(place.name)) {
    add_packet(fs, in(kBad, place.name), copies);
    return copies;
  }
  const auto id = QueueId::parse(place.name);
  if (!id) return copies;
  const auto packets = bulk::packets_of(fs, bulk::kPackets, *id);
  if (!packets) return packets.error();
  for (const auto& packet : *packets) add_packet(fs, bulk::packet_path(packet), copies);
  return copies;
}

std::optional<TimePoint> last_ended(sys::FileSystem& fs) {
  std::optional<TimePoint> last;
  const auto ended = list_in(fs, bulk::kEnded);
  if (!ended) return last;
  for (const auto& file : *ended)
    if (!last || *last < file.modified) last = file.modified;
  return last;
}

}  // namespace paraph::spool
