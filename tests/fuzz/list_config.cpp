// Laws of a list's config: never crashes and always loads; every warning has its line in the file;
// and the values read, written out again as paragraphs, are read as the same values without a
// warning.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "config/site.h"

using paraph::config::ListConfig;
using paraph::config::Parameter;
using paraph::config::parameter_table;
using paraph::config::Scope;
using paraph::config::Site;

namespace {

void require(bool law) {
  if (!law) std::abort();
}

const Site& site() {
  static const Site one =
      *Site::parse("domain example.org\nlistmaster a@example.org\n", "/site/paraph.conf");
  return one;
}

ListConfig parsed(std::string_view text) {
  return ListConfig::parse(site(), *paraph::list::ListAddress::parse("a", "example.org"), text);
}

bool of_list(const Parameter& row) {
  return (row.scopes & static_cast<unsigned>(Scope::list)) != 0;
}

// One paragraph of each name, keys of one paragraph together; what may be repeated is one line per
// value.
std::string written_out(const ListConfig& config) {
  std::map<std::string, std::string, std::less<>> paragraphs;
  std::string text;
  for (const Parameter& row : parameter_table()) {
    if (!of_list(row) || config.setting(row.name).file.empty()) continue;
    const std::size_t dot = row.name.find('.');
    if (dot != std::string_view::npos) {
      std::string& paragraph = paragraphs[std::string(row.name.substr(0, dot))];
      paragraph += std::string(row.name.substr(dot + 1)) + " " + config.get(row.name) + "\n";
    } else if (row.multiple) {
      for (const std::string& value : config.get_list(row.name))
        text += std::string(row.name) + " " + value + "\n\n";
    } else {
      text += std::string(row.name) + " " + config.get(row.name) + "\n\n";
    }
  }
  for (const auto& [name, lines] : paragraphs) text += name + "\n" + lines + "\n";
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const ListConfig config = parsed(text);
  const std::size_t lines = paraph::ascii::lines(text).size();
  for (const auto& warning : config.warnings()) require(warning.line >= 1 && warning.line <= lines);
  const ListConfig again = parsed(written_out(config));
  for (const Parameter& row : parameter_table()) {
    // A list's value has no line of its own; what a paragraph repeats is one key with several
    // values.
    if (of_list(row) && !row.multiple) require(config.get(row.name) == again.get(row.name));
    require(config.get_list(row.name) == again.get_list(row.name) || row.type == "text" ||
            row.type == "word" || row.name.find('.') != std::string_view::npos);
  }
  require(config.scenario("send") == again.scenario("send"));
  return 0;
}
