#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spool/spool.h"

/// Inside `spool` only: what stands in packets and journals.
namespace paraph::spool {

struct Journal {
  std::vector<CopyOutcome> done;
  bool damaged = false;  ///< some line was cut or is not ours: rewrite before appending
};
/// Fields but the recipient are cut to a bounded length: a detail to 200 octets.
[[nodiscard]] std::string write_outcome(const CopyOutcome& copy);
[[nodiscard]] std::string write_outcomes(const std::vector<CopyOutcome>& done);
/// What one outcome for each of them takes at most.
[[nodiscard]] std::size_t journal_room(const std::vector<std::string>& recipients);
[[nodiscard]] Journal read_journal(std::string_view text);

[[nodiscard]] std::string write_recipients(const std::vector<std::string>& recipients);
/// Whether it can stand in a packet: not empty and without control characters, which no address has.
[[nodiscard]] bool is_recipient(std::string_view text);
/// Each once. nullopt: empty, cut or damaged.
[[nodiscard]] std::optional<std::vector<std::string>> read_recipients(std::string_view text);

/// Recipients that have no outcome.
[[nodiscard]] std::vector<std::string> without(const std::vector<std::string>& recipients,
                                               const std::vector<CopyOutcome>& done);

}  // namespace paraph::spool
