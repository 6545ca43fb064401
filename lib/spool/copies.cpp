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

std::optional<TimePoint> last_out(sys::FileSystem& fs) {
  std::optional<TimePoint> last;
  const auto look = [&](std::string_view directory, auto counts) {
    const auto files = list_in(fs, directory);
    if (!files) return;
    for (const auto& file : *files)
      if (counts(file) && (!last || *last < file.modified)) last = file.modified;
  };
  // A journal without an outcome is that of a packet that was only claimed.
  const auto has_outcome = [](const sys::FileInfo& file) {
    return file.size > 0 && std::string_view(file.name).ends_with(bulk::kJournal);
  };
  look(bulk::kEnded, [](const sys::FileInfo&) { return true; });
  look(bulk::kPackets, has_outcome);
  look(kBad, has_outcome);
  return last;
}

}  // namespace paraph::spool
