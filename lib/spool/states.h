#pragma once

#include <array>
#include <string_view>

/// The state table of the spools: the one place where it is written as data. spool(7) and ARCHITECTURE.md have the same
/// rows (ctest `docs`), tests/unit/spool/states_test.cpp walks every arrow, and Desk reads here what a person may do.
namespace paraph::spool {

struct StateRow {
  std::string_view code;
  std::string_view
      files;  ///< below the spool directory; NAME of a mail in msg, ID its ingest id, NNNN a packet
  std::string_view meaning;
};
inline constexpr std::array kStates{
    StateRow{"S1", "msg/T.NAME",
             "being written by the queue; a crash leaves it, the MTA tries again"},
    StateRow{"S2", "msg/NAME", "accepted: from here we owe an ending"},
    StateRow{"S3", "msg/NAME, locked", "a worker has it (flock); if it dies, S2 again"},
    StateRow{"S4", "outputs exist",
             "under names made from the ingest id; a repeat finds and keeps them"},
    StateRow{"S5", "msg/NAME gone", "ended; the ledger row says how"},
    StateRow{"S6", "msg/bad/NAME + .reason", "quarantined"},
    StateRow{"S7", "msg/hold/NAME", "held by a person: nobody works on it until it is released"},
    StateRow{"B1", "bulk/msg/ID + bulk/pct/ID.NNNN",
             "a message and packets of at most packet_size recipients, claimed one by one"},
    StateRow{"B2", "bulk/pct/ID.NNNN.done",
             "journal: outcome per recipient; a restart goes on after it"},
    StateRow{"B3", "bulk/done/ID",
             "all packets ended; empty, kept for a day: a repeat does not send again"},
    StateRow{"B4", "bulk/bad/ID.NNNN + .done + .reason, bulk/bad/ID",
             "quarantined packets and, after the last packet, their message"},
    StateRow{"B5", "bulk/hold/ID",
             "held by a person: its packets stay in pct/ and nobody claims one"},
    StateRow{"H1", "auth/ID or moderation/ID + .reason", "waits for a person's decision"},
};

/// No file: before the first state and after the last.
inline constexpr std::string_view kNowhere = "-";

enum class By : unsigned char { queue, incoming, distribute, person };
[[nodiscard]] constexpr std::string_view to_string(By by) {
  constexpr std::array<std::string_view, 4> words{"paraph-queue", "paraph-incoming",
                                                  "paraph-distribute", "a person"};
  return words[static_cast<std::size_t>(by)];
}

struct ArrowRow {
  std::string_view from, to;
  By by;
  std::string_view verb;
};
/// Every way from one state into another. What is not here does not happen.
inline constexpr std::array kArrows{
    ArrowRow{"-", "S1", By::queue, "write"},
    ArrowRow{"S1", "S2", By::queue, "accept"},
    ArrowRow{"S1", "-", By::incoming, "forget"},  // nobody wrote to it for a day
    ArrowRow{"S2", "S3", By::incoming, "claim"},
    ArrowRow{"S3", "S2", By::incoming,
             "die"},  // or wait: the claim ends with the process or its object
    ArrowRow{"S3", "S4", By::incoming, "perform"},
    ArrowRow{"S4", "S5", By::incoming, "finish"},
    ArrowRow{"S3", "S6", By::incoming, "quarantine"},
    ArrowRow{"S2", "S2", By::person, "retry"},
    ArrowRow{"S2", "S7", By::person, "hold"},
    ArrowRow{"S2", "S5", By::person, "drop"},
    ArrowRow{"S6", "S2", By::person, "retry"},
    ArrowRow{"S6", "S5", By::person, "drop"},
    ArrowRow{"S7", "S2", By::person, "release"},
    ArrowRow{"S7", "S5", By::person, "drop"},
    ArrowRow{"-", "B1", By::incoming, "enqueue"},
    ArrowRow{"-", "B1", By::distribute, "enqueue"},  // alarms, summaries, posts that were missed
    ArrowRow{"-", "B1", By::person, "enqueue"},      // notices and missed posts, by `paraph`
    ArrowRow{"B1", "B2", By::distribute, "record"},
    ArrowRow{"B1", "B1", By::distribute, "postpone"},
    ArrowRow{"B1", "B4", By::distribute, "quarantine"},
    ArrowRow{"B2", "B2", By::distribute, "postpone"},
    ArrowRow{"B2", "B3", By::distribute, "finish"},
    ArrowRow{"B2", "B4", By::distribute, "finish"},  // another packet of it is quarantined
    ArrowRow{"B2", "B4", By::distribute, "quarantine"},
    ArrowRow{"B3", "-", By::distribute, "forget"},  // after a day
    ArrowRow{"B1", "B1", By::person, "retry"},
    ArrowRow{"B1", "B5", By::person, "hold"},
    ArrowRow{"B1", "B3", By::person, "drop"},
    ArrowRow{"B2", "B2", By::person, "retry"},
    ArrowRow{"B2", "B5", By::person, "hold"},
    ArrowRow{"B2", "B3", By::person, "drop"},
    ArrowRow{"B4", "B1", By::person, "retry"},
    ArrowRow{"B4", "B3", By::person, "drop"},
    ArrowRow{"B5", "B1", By::person, "release"},
    ArrowRow{"B5", "B3", By::person, "drop"},
    ArrowRow{"B5", "B3", By::distribute, "finish"},  // its last packet was at work when it was held
    ArrowRow{"B5", "B4", By::distribute, "finish"},  // and another one is quarantined
    ArrowRow{"B5", "B4", By::distribute, "quarantine"},  // that last packet itself
    ArrowRow{"-", "H1", By::incoming, "hold"},
    ArrowRow{"H1", "S2", By::person, "decide"},  // with his word in its header: it is judged again
    ArrowRow{"H1", "-", By::person, "drop"},
    ArrowRow{"H1", "-", By::incoming, "expire"},
};

}  // namespace paraph::spool
