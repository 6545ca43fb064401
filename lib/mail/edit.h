#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "mail/raw_message.h"

namespace paraph::mail {

/// A change list against one RawMessage: what is not named is copied octet for octet, so a signed
/// body part stays signed. Laws: `Edit{m}.apply()` equals m; an edit of the header section leaves the
/// body's octets alone. Splices may be added in any order and must not overlap; several insertions
/// at one place keep their order and stand before what is replaced there.
class Edit {
 public:
  explicit Edit(RawMessage original);
  Edit& replace(ByteRange where, std::string text);
  Edit& remove(ByteRange where) { return replace(where, {}); }
  Edit& insert(std::size_t before, std::string text);
  /// Asserts that splices lie inside the message and do not overlap.
  [[nodiscard]] RawMessage apply() const;

 private:
  struct Splice {
    ByteRange where;
    std::string text;
  };
  RawMessage original_;
  std::vector<Splice> splices_;
};

}  // namespace paraph::mail
