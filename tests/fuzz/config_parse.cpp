// Laws of paraph.conf's parser: never crashes; an Error has its line in the file; every warning
// has; and the values read, written out again one line each, are read as the same values without an
// Error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "config/site.h"

using paraph::config::parameter_table;
using paraph::config::Site;

namespace {

constexpr const char* path = "/site/paraph.conf";

void require(bool law) {
  if (!law) std::abort();
}

bool was_written(const Site& site, std::string_view name) {
  return !site.setting(name).file.empty();
}

std::string written_out(const Site& site) {
  std::string text;
  for (const auto& row : parameter_table()) {
    if (was_written(site, row.name))
      text += std::string(row.name) + " " + site.get(row.name) + "\n";
  }
  return text;
}

void check(std::string_view text) {
  const auto site = Site::parse(text, path);
  if (!site) return require(site.error().what().find(path) == 0);
  const std::size_t lines = paraph::ascii::lines(text).size();
  for (const auto& warning : site->warnings())
    require(warning.line >= 1 && warning.line <= lines && warning.file == path);
  const auto again = Site::parse(written_out(*site), path);
  require(again.has_value());
  for (const auto& row : parameter_table()) {
    require(site->get(row.name) == again->get(row.name));
    require(site->setting(row.name).line <= lines);
    if (row.type == "number") require(site->number(row.name) >= 0);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(text);
  // With the two lines that every site has, or most inputs would end at their absence.
  check("domain example.org\nlistmaster a@example.org\n" + std::string(text));
  return 0;
}
