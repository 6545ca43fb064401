#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spool/header.h"
#include "sys/file_system.h"

namespace paraph::spool {

/// Internal headers of waiting mail by file name: a spool asks for the order of the same mails at every look, and a file
/// under its name never changes.
class HeaderCache {
 public:
  /// Headers of `directory`/NAME for each name, nullopt where unreadable; forgets all others.
  using Headers = std::map<std::string, std::optional<SpoolHeader>, std::less<>>;
  const Headers& look_at(sys::FileSystem& fs, std::string_view directory,
                         const std::vector<std::string>& names, bool trusted);

 private:
  Headers known_;
};

}  // namespace paraph::spool
