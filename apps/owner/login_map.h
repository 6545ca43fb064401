#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

/// Which address a login of the machine has: /etc/paraph/owners, format in paraph-owner(8).
namespace paraph::app {

using LoginMap = std::map<std::string, std::string, std::less<>>;  ///< login → canonical address

constexpr const char* kLoginMap = "/etc/paraph/owners";
constexpr std::size_t kMaxLoginMap = 1U << 20;  ///< octets
constexpr std::size_t kMaxLogins = 10'000;
constexpr std::size_t kMaxLogin = 256;  ///< octets of a login

/// One `LOGIN ADDRESS` a line, blanks between; empty lines and lines that begin with # are passed over. One line that is
/// wrong, or a login twice, and none counts: Errc::config, with file and line.
[[nodiscard]] Result<LoginMap> parse_login_map(std::string_view text, const std::string& path);

/// Reads it. A file or directory that somebody besides root could write, or a link, is Errc::denied.
[[nodiscard]] Result<LoginMap> read_login_map(const std::string& path);

}  // namespace paraph::app
