#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "template/ast.h"

namespace paraph::tt2 {

/// Blocks and expressions nest at most 32 deep each. Errors name path and line.
[[nodiscard]] Result<Template> parse(std::string_view text, const std::string& path);

}  // namespace paraph::tt2
