#pragma once

#include <memory>

#include "sys/file_system.h"

namespace paraph::sys {

/// FileSystem::watch() for an open directory; inside `sys` only.
[[nodiscard]] std::unique_ptr<Watch> watch_directory(int directory);

}  // namespace paraph::sys
