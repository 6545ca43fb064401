#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace paraph::sys {

/// stdin in pieces, octet for octet. A NextChunk.
class StandardInput {
 public:
  explicit StandardInput(std::size_t chunk) : chunk_(chunk) {}
  /// A full chunk, or what is left before the end; empty at the end. Lives until the next call.
  [[nodiscard]] Result<std::string_view> next();

 private:
  std::size_t chunk_;
  std::string buffer_;
};

}  // namespace paraph::sys
