#pragma once

#include "sys/file_system.h"

struct stat;

/// Inside `sys` only.
namespace paraph::sys {

[[nodiscard]] FileIdentity to_identity(const struct stat& st);

}  // namespace paraph::sys
