#pragma once

#include <string_view>
#include <vector>

#include "spool/spool.h"

/// Inside `spool` only: what `spool list` shows of one file.
namespace paraph::spool {

[[nodiscard]] bool is_reason(std::string_view name);

/// Whether a worker has it at this moment. Takes the lock for an instant.
[[nodiscard]] bool at_work(sys::FileSystem& fs, std::string_view path);

/// `path` below `fs`; `note` is the path of its .reason or .wait file. next_try and the figures of bulk stay empty.
[[nodiscard]] Entry describe(sys::FileSystem& fs, const Place& place, std::string_view path,
                             const sys::FileInfo& file, bool trusted, std::string_view note);
/// Reads `note` into the entry, and since when it says the same.
void read_reason(sys::FileSystem& fs, std::string_view note, Entry& entry);
void sort_by_time(std::vector<Entry>& entries);

}  // namespace paraph::spool
