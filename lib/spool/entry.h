#pragma once

#include <string_view>
#include <vector>

#include "spool/spool.h"

/// Inside `spool` only: what `spool list` shows of one file.
namespace paraph::spool {

constexpr std::string_view kReason = ".reason";
[[nodiscard]] bool is_reason(std::string_view name);

/// `path` below `fs`; `note` is the path of its .reason or .wait file.
[[nodiscard]] Entry describe(sys::FileSystem& fs, std::string_view spool, std::string_view path,
                             const sys::FileInfo& file, bool trusted, std::string_view note);
void sort_by_time(std::vector<Entry>& entries);

}  // namespace paraph::spool
