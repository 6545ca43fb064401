#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

/// The line grammar of sympa.conf, paraph.conf and robot.conf; for this module only.
///
///     line    = blank | comment | setting
///     comment = ("#" | ";") in the first column
///     setting = NAME WSP+ VALUE        NAME in the first column; VALUE to the end of the line,
///     right-trimmed
namespace paraph::config {

/// A configuration file larger than this is not one.
constexpr std::size_t max_config_size = 1U << 20U;

struct SiteLine {
  enum class Kind : unsigned char { nothing, setting, wrong };
  Kind kind = Kind::nothing;
  std::string_view name;  ///< also of a wrong line: its first word
  std::string_view value;
  std::string_view fault;  ///< of a wrong line: what is wrong with it
};

/// Reads one line (without its end). `fault` never quotes the line: it may hold a passphrase.
[[nodiscard]] SiteLine read_site_line(std::string_view line);

/// "/etc/paraph/paraph.conf:12: what" as an Error that waits for the administrator.
[[nodiscard]] Error config_error(std::string_view file, std::size_t line, std::string_view what);

/// Absolute form of a path written in `file`: relative ones stand below the file's directory.
[[nodiscard]] std::string path_written_in(std::string_view file, std::string_view path);

/// The configuration file itself, absolute, and the site directory around it.
struct SiteFile {
  std::string path;
  std::string directory;
  std::string text;
};
[[nodiscard]] Result<SiteFile> read_site_file(const std::string& path);

}  // namespace paraph::config
