#include "apps/owner/login_map.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/ascii.h"
#include "base/utf8.h"
#include "mail/address.h"
#include "sys/file_system.h"

namespace paraph::app {
namespace {

Error wrong(const std::string& path, std::size_t line, std::string_view what) {
  return Error::never(Errc::config, fmt::format("{}:{}: {}", path, line, what))
      .with_hint("write LOGIN ADDRESS, one a line");
}

bool is_login(std::string_view text) {
  return !text.empty() && text.size() <= kMaxLogin &&
         std::none_of(text.begin(), text.end(), ascii::is_control);
}

// Whoever could write it could say that he is somebody else.
Result<void> belongs_to_root(const std::string& path, bool directory) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0)
    return Error::never(Errc::denied, fmt::format("{}: {}", path,
                                                  errno == ENOENT ? "there is no such file"
                                                                  : "cannot be looked at"))
        .with_hint("man paraph-owner");
  const bool kind = directory ? S_ISDIR(found.st_mode) : S_ISREG(found.st_mode);
  if (kind && found.st_uid == 0 && (found.st_mode & 0022U) == 0) return {};
  return Error::never(Errc::denied,
                      fmt::format("{}: must be a {} of root that nobody else can write", path,
                                  directory ? "directory" : "file"))
      .with_hint(fmt::format("chown root {0} && chmod go-w {0}", path));
}

}  // namespace

Result<LoginMap> parse_login_map(std::string_view text, const std::string& path) {
  LoginMap map;
  std::size_t number = 0;
  for (const auto line : ascii::lines(text)) {
    ++number;
    const auto entry = ascii::trim(line);
    if (entry.empty() || entry.front() == '#') continue;
    const auto end = std::min(entry.find_first_of(" \t"), entry.size());
    const auto login = entry.substr(0, end);
    if (!is_login(login)) return wrong(path, number, "not a login");
    const auto address = mail::AddrSpec::parse(ascii::trim(entry.substr(end)));
    if (!address) return wrong(path, number, "a login and one address are needed");
    if (!map.emplace(login, address->canonical()).second)
      return wrong(path, number, fmt::format("{} stands there twice", utf8::printable(login, 64)));
    if (map.size() > kMaxLogins) return wrong(path, number, "too many logins");
  }
  return map;
}

Result<LoginMap> read_login_map(const std::string& path) {
  for (const auto& [place, directory] :
       {std::pair{sys::directory_of(path), true}, std::pair{path, false}})
    if (auto safe = belongs_to_root(place, directory); !safe) return std::move(safe).error();
  auto text = sys::read_file(path, kMaxLoginMap);
  if (!text) return std::move(text).error();
  return parse_login_map(*text, path);
}

}  // namespace paraph::app
