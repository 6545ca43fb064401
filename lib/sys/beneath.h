#pragma once

#include <string>
#include <string_view>

#include "sys/descriptor.h"
#include "sys/file_system.h"

/// Inside `sys` only: the one place where a path below a root becomes a descriptor (security rule
/// 2).
namespace paraph::sys {

/// Whether the text is a relative path of plain components: no "", ".", "..", NUL, leading or
/// trailing '/'.
[[nodiscard]] bool plain_path(std::string_view path);

/// A directory below `root` ("" is the root itself), no link followed. Without one, errno says why.
[[nodiscard]] Descriptor open_directory(int root, const std::string& path, Resolve resolve);

}  // namespace paraph::sys
