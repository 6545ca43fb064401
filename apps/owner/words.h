#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace paraph::app {

constexpr std::size_t kMaxCommand = 64U << 10;  ///< octets
constexpr std::size_t kMaxWords = 1000;

/// The words of $SSH_ORIGINAL_COMMAND, of which no shell sees anything. Spaces part them; '…' and "…" hold spaces, a
/// backslash takes the next character as it is (in "…" before \ " $ ` alone, in '…' never). Whatever a shell would do more
/// with is Errc::denied: control characters, line ends too; outside quotes ; & | < > ( ) $ ` * ? [ ] { } ! # ~; in "…" $
/// and `. A quote without its end, and what is beyond the limits, as well.
[[nodiscard]] Result<std::vector<std::string>> command_words(std::string_view command);

}  // namespace paraph::app
