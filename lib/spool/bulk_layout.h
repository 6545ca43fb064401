#pragma once

#include <string>
#include <string_view>

#include "spool/header.h"
#include "spool/names.h"

/// Inside `spool` only: where things stand below spool/bulk.
namespace paraph::spool::bulk {

constexpr std::string_view kJournal = ".done";
constexpr std::size_t kMaxMessage = (std::size_t{1} << 30) + kHeaderOctets;
constexpr std::size_t kMaxPacket = std::size_t{64} << 20;

[[nodiscard]] inline std::string in(std::string_view directory, std::string_view name,
                                    std::string_view suffix = {}) {
  return std::string(directory).append("/").append(name).append(suffix);
}
[[nodiscard]] inline std::string packet_path(std::string_view name) {
  return in("pct", name);
}
[[nodiscard]] inline std::string journal_path(std::string_view name) {
  return in("pct", name, kJournal);
}
[[nodiscard]] inline std::string message_path(const QueueId& id) {
  return in("msg", id.str());
}
[[nodiscard]] inline std::string wait_note(std::string_view name) {
  return in(".wait", name);
}

}  // namespace paraph::spool::bulk
