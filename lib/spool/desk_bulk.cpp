#include "spool/desk_bulk.h"

#include <fmt/core.h>

#include <algorithm>

#include "spool/spool.h"
#include "spool/states.h"

namespace paraph::spool::desk {
namespace {

// The state of a place, as the table has it. What is live in bulk is B1 or, with a journal, B2: one for a person.
std::string_view state_of(const Place& place) {
  if (place.spool == "auth" || place.spool == "moderation") return "H1";
  const bool bulk = place.spool == "bulk";
  if (place.state == State::held) return bulk ? "B5" : "S7";
  if (place.state == State::quarantined) return bulk ? "B4" : "S6";
  return bulk ? "B1" : "S2";
}

constexpr bool leads_out(const ArrowRow& arrow, std::string_view state) {
  return arrow.by == By::person && arrow.from == state;
}
constexpr bool has_verb(std::string_view state, std::string_view verb) {
  return std::any_of(kArrows.begin(), kArrows.end(), [=](const ArrowRow& arrow) {
    return leads_out(arrow, state) && arrow.verb == verb;
  });
}
static_assert(std::all_of(kArrows.begin(), kArrows.end(),
                          [](const ArrowRow& arrow) {
                            return has_verb("B1", arrow.verb) == has_verb("B2", arrow.verb);
                          }),
              "a person may do the same with B1 and B2, which a Place does not tell apart");

// Where the message of a packet stands; empty: nowhere.
Result<std::string> message_place(sys::FileSystem& fs, const QueueId& id) {
  for (const auto directory : {bulk::kMessages, kHeld, kBad}) {
    std::string path = in(directory, id.str());
    const auto present = fs.exists(path);
    if (!present && present.error().code() != Errc::not_found) return present.error();
    if (present && *present) return path;
  }
  return std::string();
}

Result<void> make_due(sys::FileSystem& fs, const std::string& packet, TimePoint now) {
  const std::string path = bulk::packet_path(packet);
  const auto lock = take(fs, path);
  if (!lock) return lock.error();
  return fs.set_modified(path, now);
}

Result<void> remove_packet(sys::FileSystem& fs, std::string_view directory,
                           const std::string& packet) {
  const std::string path = in(directory, packet);
  // Packet before journal: a packet without its journal would be sent all over again.
  if (auto removed = fs.remove(path, true); !removed) return removed;
  if (auto removed = fs.remove(path + std::string(bulk::kJournal), false); !removed) return removed;
  static_cast<void>(fs.remove(path + std::string(kReason), false));
  static_cast<void>(fs.remove(bulk::wait_note(packet), false));
  return {};
}

Result<void> remove_packets(sys::FileSystem& fs, const QueueId& id) {
  for (const auto directory : {bulk::kPackets, kBad}) {
    const auto packets = bulk::packets_of(fs, directory, id);
    if (!packets) return packets.error();
    for (const auto& packet : *packets)
      if (auto removed = remove_packet(fs, directory, packet); !removed) return removed;
  }
  return {};
}

// Nobody claims a packet of a held message, so what is free now stays free.
Result<void> require_idle(sys::FileSystem& fs, const QueueId& id) {
  const auto packets = bulk::packets_of(fs, bulk::kPackets, id);
  if (!packets) return packets.error();
  for (const auto& packet : *packets) {
    const auto lock = take(fs, bulk::packet_path(packet));
    if (!lock && lock.error().code() != Errc::not_found) return lock.error();
  }
  return {};
}

}  // namespace

Result<void> applies(std::string_view verb, const Place& place) {
  if (place.name.empty() || place.name.find('/') != std::string::npos)
    return Error::never(Errc::not_found, place.name + ": no such mail in any spool")
        .with_hint("paraph spool list");
  std::string others;
  for (const auto& arrow : kArrows) {
    if (!leads_out(arrow, state_of(place))) continue;
    if (arrow.verb == verb) return {};
    if (arrow.verb != kDecide)
      others += fmt::format("{}paraph spool {}", others.empty() ? "" : ", ", arrow.verb);
  }
  return Error::never(Errc::usage,
                      fmt::format("{} in spool {} is {}: '{}' is nothing for it", place.name,
                                  place.spool, to_string(place.state), verb))
      .with_hint(others);
}

Result<void> retry_message(sys::FileSystem& fs, const std::string& name, TimePoint now) {
  const auto id = QueueId::parse(name);
  if (!id) return Error::never(Errc::not_found, name + ": no message of that id");
  const auto packets = bulk::packets_of(fs, bulk::kPackets, *id);
  if (!packets) return packets.error();
  std::optional<Error> busy;
  std::size_t due = 0;
  for (const auto& packet : *packets) {
    auto made = make_due(fs, packet, now);
    if (made)
      ++due;
    else if (made.error().code() == Errc::busy)
      busy = std::move(made).error();
    else if (made.error().code() != Errc::not_found)
      return made;
  }
  if (due == 0 && busy) return *busy;
  return {};
}

// The journal first: a packet without it would be sent all over again. A crash between the two leaves a journal without
// a packet, which BulkSpool::pending() brings back here.
Result<void> retry_packet(sys::FileSystem& fs, const std::string& name, TimePoint now) {
  const auto packet = PacketName::parse_quarantined(name);
  const std::string from = in(kBad, name);
  if (!packet)
    return Error::never(Errc::usage, fs.full_path(from) + ": it has no packet left to send")
        .with_hint("paraph spool drop");
  const auto lock = take(fs, from);
  if (!lock) return lock.error();
  // Its message must not end meanwhile for want of a packet.
  const auto whole = bulk::lock_message(fs, packet->id);
  if (!whole) return whole.error();
  const auto message = message_place(fs, packet->id);
  if (!message) return message.error();
  if (message->empty())
    return Error::never(Errc::not_found, fs.full_path(from) + ": its message is gone")
        .with_hint("paraph spool drop");
  const std::string to = bulk::packet_path(packet->str());
  const auto taken = fs.exists(to);
  if (!taken) return taken.error();
  if (*taken) return Error::later(Errc::exists, fs.full_path(to) + ": there already");
  auto journal =
      fs.rename_new(from + std::string(bulk::kJournal), bulk::journal_path(packet->str()));
  if (!journal && journal.error().code() != Errc::not_found) return journal;
  if (auto moved = fs.rename_new(from, to); !moved) return moved;
  static_cast<void>(fs.set_modified(to, now));
  if (*message == in(kBad, packet->id.str())) {
    auto followed = fs.rename_new(*message, bulk::message_path(packet->id));
    // A look of the daemon may have done it.
    if (!followed && followed.error().code() != Errc::not_found) return followed;
  }
  static_cast<void>(fs.remove(from + std::string(kReason), false));
  return {};
}

Result<void> drop_message(sys::FileSystem& fs, const std::string& name) {
  const auto id = QueueId::parse(name);
  if (!id) return Error::never(Errc::not_found, name + ": no message of that id");
  const auto there = message_place(fs, *id);
  if (!there) return there.error();
  const bool was_live = *there != bulk::held_path(*id);
  const auto lock = take(fs, was_live ? bulk::message_path(*id) : *there);
  if (!lock) return lock.error();
  if (was_live) {
    if (auto made = fs.make_directory(kHeld); !made) return made;
    if (auto held = fs.rename_new(*there, bulk::held_path(*id)); !held) return held;
  }
  if (auto idle = require_idle(fs, *id); !idle) {
    if (was_live) static_cast<void>(fs.rename_new(bulk::held_path(*id), *there));
    return idle;
  }
  // A crash from here on leaves a held message with fewer packets, to be dropped once more.
  if (auto removed = remove_packets(fs, *id); !removed) return removed;
  return bulk::end_locked(fs, *id);
}

Result<void> drop_quarantined(sys::FileSystem& fs, const std::string& name) {
  const auto packet = PacketName::parse_quarantined(name);
  const auto id = packet ? std::optional(packet->id) : QueueId::parse(name);
  const auto lock = take(fs, in(kBad, name));
  if (!lock) return lock.error();
  const auto whole =
      packet ? bulk::lock_message(fs, packet->id) : Result<std::unique_ptr<sys::FileLock>>(nullptr);
  if (!whole) return whole.error();
  if (auto removed = remove_packet(fs, kBad, name); !removed) return removed;
  if (!id) return {};
  const auto more = bulk::has_packet(fs, kBad, *id);
  if (!more) return more.error();
  const auto live = bulk::has_packet(fs, bulk::kPackets, *id);
  if (!live) return live.error();
  return *more || *live ? Result<void>() : fs.remove(in(kBad, id->str()), true);
}

Result<std::size_t> flush(sys::FileSystem& fs, TimePoint now) {
  const auto files = list_in(fs, bulk::kPackets);
  if (!files) return files.error();
  std::size_t count = 0;
  for (const auto& file : *files) {
    if (!file.regular || !PacketName::parse(file.name) || !postponed(file.modified, now)) continue;
    auto made = make_due(fs, file.name, now);
    if (made)
      ++count;
    else if (made.error().code() != Errc::busy && made.error().code() != Errc::not_found)
      return std::move(made).error();
  }
  return count;
}

Result<std::string> message_path(sys::FileSystem& fs, const QueueId& id) {
  auto path = message_place(fs, id);
  return path && path->empty() ? bulk::message_path(id) : path;
}

}  // namespace paraph::spool::desk
