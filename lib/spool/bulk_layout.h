#pragma once

#include <string>
#include <string_view>

#include "spool/header.h"
#include "spool/names.h"

/// Inside `spool` only: where things stand below spool/bulk, and how a message ends there.
namespace paraph::spool::bulk {

constexpr std::string_view kMessages = "msg";
constexpr std::string_view kPackets = "pct";
constexpr std::string_view kEnded = "done";
constexpr std::string_view kJournal = ".done";
constexpr std::size_t kMaxMessage = (std::size_t{1} << 30) + kHeaderOctets;
constexpr std::size_t kMaxPacket = std::size_t{64} << 20;

[[nodiscard]] inline std::string packet_path(std::string_view name) {
  return in(kPackets, name);
}
[[nodiscard]] inline std::string journal_path(std::string_view name) {
  return in(kPackets, name, kJournal);
}
[[nodiscard]] inline std::string message_path(const QueueId& id) {
  return in(kMessages, id.str());
}
[[nodiscard]] inline std::string held_path(const QueueId& id) {
  return in(kHeld, id.str());
}
[[nodiscard]] inline std::string wait_note(std::string_view name) {
  return in(kNotes, name);
}

/// Names of the packets of one message in `directory` (pct or bad).
[[nodiscard]] Result<std::vector<std::string>> packets_of(sys::FileSystem& fs,
                                                          std::string_view directory,
                                                          const QueueId& id);
[[nodiscard]] Result<bool> has_packet(sys::FileSystem& fs, std::string_view directory,
                                      const QueueId& id);
/// Makes done/ID: from here on a repeat does not send again.
[[nodiscard]] Result<void> mark_ended(sys::FileSystem& fs, const QueueId& id);
/// After the last packet, also when the message is held: marks it, then removes it or, when packets of it are
/// quarantined, moves it to them. Several workers may come here for one message; each step finds the other's work done.
[[nodiscard]] Result<void> end_message(sys::FileSystem& fs, const QueueId& id);
/// The same for who has lock_message() already.
[[nodiscard]] Result<void> end_locked(sys::FileSystem& fs, const QueueId& id);
/// The right to end a message or to bring a packet of it back, wherever it stands. Null: it is gone.
[[nodiscard]] Result<std::unique_ptr<sys::FileLock>> lock_message(sys::FileSystem& fs,
                                                                  const QueueId& id);

}  // namespace paraph::spool::bulk
