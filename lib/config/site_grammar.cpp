#include "config/site_grammar.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/ascii.h"
#include "sys/file_system.h"

namespace paraph::config {
namespace {

// Empty when the line is a good setting.
std::string_view fault_of(std::string_view line, std::string_view value) {
  if (ascii::is_wsp(line.front())) return "a setting starts in the first column";
  const auto forbidden = [](char c) { return ascii::is_control(c) && c != '\t'; };
  if (std::any_of(line.begin(), line.end(), forbidden)) return "control character";
  if (value.empty()) return "no value";
  // Sympa refuses `command` substitution too; read as text it would silently mean something else.
  if (value.size() > 1 && value.front() == '`' && value.back() == '`') return "value in backticks";
  return {};
}

}  // namespace

SiteLine read_site_line(std::string_view line) {
  line = ascii::trim_right(line);
  if (line.empty() || line.front() == '#' || line.front() == ';') return {};
  const std::string_view text = ascii::trim(line);
  const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
  SiteLine out{SiteLine::Kind::setting, text.substr(0, end), ascii::trim(text.substr(end)), {}};
  out.fault = fault_of(line, out.value);
  if (!out.fault.empty()) out.kind = SiteLine::Kind::wrong;
  return out;
}

Error config_error(std::string_view file, std::size_t line, std::string_view what) {
  return Error::later(Errc::config, fmt::format("{}:{}: {}", file, line, what));
}

std::string path_written_in(std::string_view file, std::string_view path) {
  return sys::join(sys::directory_of(file), path);
}

Result<SiteFile> read_site_file(const std::string& path) {
  auto text = sys::read_file(path, max_config_size);
  if (!text) return std::move(text).error();
  SiteFile file;
  file.path = sys::absolute(path);
  file.directory = sys::directory_of(file.path);
  file.text = *std::move(text);
  return file;
}

}  // namespace paraph::config
