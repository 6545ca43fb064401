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
  /// Headers of `directory`/NAME for those of `names` that have been read, nullopt where that failed; forgets all others.
  /// Each look reads at most `most` more, the first that it meets, and then once more what could not be read.
  using Headers = std::map<std::string, std::optional<SpoolHeader>, std::less<>>;
  const Headers& look_at(sys::FileSystem& fs, std::string_view directory,
                         const std::vector<std::string>& names, bool trusted, std::size_t most);
  /// As it was read by some look, or read now and not kept. Errors `never`: it is damaged.
  [[nodiscard]] Result<SpoolHeader> find(sys::FileSystem& fs, std::string_view directory,
                                         std::string_view name, bool trusted) const;

 private:
  Headers known_;
};

}  // namespace paraph::spool
