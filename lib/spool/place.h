#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ports.h"
#include "spool/header.h"

namespace paraph::spool {

/// How a mail stands, for people. The first three are one place on disk (`live`); the others are directories.
enum class State : std::uint8_t {
  waiting,      ///< a worker takes it with the next look
  at_work,      ///< a worker has it
  postponed,    ///< tried again at Entry::next_try
  held,         ///< somebody stopped it (hold/); nobody works on it until it is released
  quarantined,  ///< in bad/, with its reason
};
[[nodiscard]] std::string_view to_string(State state);
[[nodiscard]] constexpr bool live(State state) {
  return state < State::held;
}

/// Where one mail was seen: the handle that verbs for people take. It may have moved on since, which the verb says.
struct Place {
  std::string spool;  ///< "msg", "bulk", "auth" or "moderation"
  State state = State::waiting;
  std::string name;  ///< file name; of a message in bulk its id, of a quarantined packet "ID.NNNN"
};

/// One row of `spool list`.
struct Entry {
  std::string spool;  ///< as in Place
  State state = State::waiting;
  std::string name;
  std::optional<SpoolHeader>
      header;  ///< absent when unreadable; of a quarantined packet its message's
  std::uint64_t size = 0;
  TimePoint modified;
  std::optional<TimePoint> next_try;  ///< of the packets that are postponed, the first
  std::string waits_for;              ///< .reason of a quarantined, note of a waiting mail
  std::optional<TimePoint> noted;     ///< since when that is the reason
  bool journal = false;               ///< bulk: some copies have an outcome
  std::size_t recipients_left = 0;    ///< bulk
  std::size_t recipients_done = 0;

  [[nodiscard]] Place place() const { return {spool, state, name}; }
  /// The ingest id: from the header, else from the name where that is made of it; empty when both are of no use.
  [[nodiscard]] std::string id() const;
};

}  // namespace paraph::spool
