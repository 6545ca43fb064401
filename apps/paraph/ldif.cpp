#include "apps/paraph/ldif.h"

#include <fmt/core.h>

#include "base/ascii.h"
#include "base/encode.h"

namespace paraph::app {
namespace {

struct Line {
  std::size_t number;
  std::string text;
};

// RFC 2849: a line that begins with a space continues the one before.
std::vector<Line> logical_lines(std::string_view text) {
  std::vector<Line> out;
  std::size_t number = 0;
  for (const auto line : ascii::lines(text)) {
    ++number;
    if (!line.empty() && line.front() == ' ' && !out.empty() && !out.back().text.empty())
      out.back().text += line.substr(1);
    else
      out.push_back({number, std::string(line)});
  }
  return out;
}

struct Field {
  std::string name;  ///< without options, lower case
  std::string value;
  bool encoded = false;
};

Field field_of(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return {};
  Field field;
  const auto name = line.substr(0, colon);
  field.name = ascii::to_lower(name.substr(0, name.find(';')));
  auto rest = line.substr(colon + 1);
  field.encoded = !rest.empty() && rest.front() == ':';
  if (field.encoded) rest.remove_prefix(1);
  field.value = ascii::trim(rest);
  return field;
}

}  // namespace

bool is_ldif(std::string_view text) {
  for (const auto line : ascii::lines(text.substr(0, 4096))) {
    if (line.empty() || line.front() == '#') continue;
    return ascii::istarts_with(line, "version:") || ascii::istarts_with(line, "dn:");
  }
  return false;
}

Result<std::vector<LdifEntry>> read_ldif(std::string_view text) {
  std::vector<LdifEntry> entries(1);
  for (const auto& [number, line] : logical_lines(text)) {
    if (line.empty()) {
      entries.emplace_back();
      continue;
    }
    if (line.front() == '#') continue;
    const auto field = field_of(line);
    if (field.name == "mail" && !field.encoded) entries.back().addresses.push_back(field.value);
    if (field.name != "usercertificate" && field.name != "usersmimecertificate") continue;
    const auto octets = base64_decode(field.value);
    auto found =
        octets ? cms::Certificate::from_any(*octets)
               : Result<std::vector<cms::Certificate>>(Error::never(Errc::corrupt, "not base64"));
    if (!found) return std::move(found).error().in(fmt::format("line {}", number));
    for (auto& certificate : *found) entries.back().certificates.push_back(std::move(certificate));
  }
  return entries;
}

}  // namespace paraph::app
