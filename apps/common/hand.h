#pragma once

#include <cstdint>
#include <string_view>

#include "apps/common/board.h"

/// For apps/common only: how a worker is put at its place on the board.
namespace paraph::app {

/// Longest pause before a suspect is tried again, in milliseconds.
constexpr std::int64_t kLongestSuspicion = 600'000;

/// How long mails are settled singly after a death in settling: longer than all attempts of one mail take.
constexpr std::int64_t kSettleSingly = 600'000;

void sit_down(Board& shared, Slot& slot, bool is_first);
/// Why the worker is about to end.
void say_last_words(std::string_view why);

/// Memory beyond `octets` ends the process with its last words: half a result of a library that ran out of memory must
/// never pass for a fact about a mail. Nothing under a sanitizer.
void limit_memory(std::size_t octets);

}  // namespace paraph::app
