#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace paraph::mail {

/// A stretch of octets of one RawMessage. Positions are kept, views are made at the moment of use.
struct ByteRange {
  std::size_t offset = 0;
  std::size_t length = 0;
  [[nodiscard]] std::size_t end() const { return offset + length; }
  [[nodiscard]] bool empty() const { return length == 0; }
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

/// The octets of a message, as they arrived; immutable, cheap to copy (shared). Line ends are
/// whatever came: LF from a pipe, CRLF from SMTP, or a mixture. The memory is cleansed when the last
/// copy goes, so that a decrypted message leaves nothing behind.
class RawMessage {
 public:
  RawMessage();
  explicit RawMessage(std::string octets);

  [[nodiscard]] std::string_view octets() const { return *octets_; }
  [[nodiscard]] std::size_t size() const { return octets_->size(); }
  /// The octets of `range`, cut at the end of the message.
  [[nodiscard]] std::string_view at(ByteRange range) const;

 private:
  std::shared_ptr<const std::string> octets_;
};

}  // namespace paraph::mail
