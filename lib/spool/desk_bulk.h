#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "spool/bulk_layout.h"
#include "spool/place.h"

/// Inside `spool` only: the verbs of Desk for spool/bulk, and what all verbs share.
namespace paraph::spool::desk {

/// The one verb of a person that has commands of its own: `paraph moderation`, `paraph request`.
inline constexpr std::string_view kDecide = "decide";

/// The claim of one file, for a person; its errors are those of Desk's verbs.
[[nodiscard]] Result<std::unique_ptr<sys::FileLock>> take(sys::FileSystem& fs,
                                                          const std::string& path);
/// Whether `verb` leads out of the state; the Error names the verbs that do.
[[nodiscard]] Result<void> applies(std::string_view verb, const Place& place);

[[nodiscard]] Result<void> retry_message(sys::FileSystem& fs, const std::string& name,
                                         TimePoint now);
[[nodiscard]] Result<void> retry_packet(sys::FileSystem& fs, const std::string& name,
                                        TimePoint now);
[[nodiscard]] Result<void> drop_message(sys::FileSystem& fs, const std::string& name);
/// A quarantined packet, or a quarantined message without one.
[[nodiscard]] Result<void> drop_quarantined(sys::FileSystem& fs, const std::string& name);
[[nodiscard]] Result<std::size_t> flush(sys::FileSystem& fs, TimePoint now);
/// Of the message of that id, in whichever state; where it would be when there is none.
[[nodiscard]] Result<std::string> message_path(sys::FileSystem& fs, const QueueId& id);

}  // namespace paraph::spool::desk
