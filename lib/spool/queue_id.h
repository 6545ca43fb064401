#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ports.h"

namespace paraph::spool {

/// The ingest id: 20 characters of lower-case base32: 36 bits of time, then 64 random bits. Given by paraph-queue,
/// it survives rename, hold, retry and release. Only parsing and making yield one, so a path built from it needs no
/// second check.
class QueueId {
 public:
  [[nodiscard]] static std::optional<QueueId> parse(std::string_view text);
  [[nodiscard]] static QueueId make(TimePoint at, Random& random);
  /// The id of something made from this mail (an answer, a notice): the same every time, so that a repeat after a crash
  /// finds what is there.
  [[nodiscard]] QueueId derive(std::string_view purpose, const Digest& digest) const;
  /// The id of what no single mail has caused: the same for the same `text` and time.
  [[nodiscard]] static QueueId of(std::string_view text, TimePoint at, const Digest& digest);
  /// The time in it, to the second: what "oldest first" sorts by (the text itself does not sort by time).
  [[nodiscard]] TimePoint made_at() const;
  [[nodiscard]] const std::string& str() const { return text_; }
  friend auto operator<=>(const QueueId&, const QueueId&) = default;

 private:
  explicit QueueId(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace paraph::spool
