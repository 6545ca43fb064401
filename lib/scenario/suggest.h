#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace paraph::scenario {

/// ": did you mean NEAREST?" when one of `known` is near enough to `word` to be a slip, else "".
[[nodiscard]] std::string did_you_mean(std::string_view word,
                                       const std::vector<std::string_view>& known);

}  // namespace paraph::scenario
