#pragma once

#include <string>
#include <vector>

#include "apps/paraph/verb.h"

namespace paraph::app {

/// These addresses have certificates that they had not: what distribution needs of them is noted, and the encrypted posts
/// that they missed meanwhile are on their way, which stderr tells.
[[nodiscard]] Result<void> send_what_was_missed(const std::vector<std::string>& addresses,
                                                Runtime& runtime);

}  // namespace paraph::app
