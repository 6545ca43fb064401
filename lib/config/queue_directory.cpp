#include <algorithm>
#include <array>
#include <cassert>
#include <map>

#include "base/ascii.h"
#include "config/names.h"
#include "config/site.h"
#include "config/site_grammar.h"

namespace paraph::config {
namespace {

constexpr std::string_view kMinFree = "spool_min_free";
constexpr std::array<std::string_view, 5> wanted = {"spool", "queue", "queuebounce", "sympa_conf",
                                                    kMinFree};

using Paths = std::map<std::string_view, std::string>;  // and kMinFree, as it is written

// Lines of other names are not looked at: a typo among them is the business of the daemons, and
// must not turn mail away here. A broken line of ours does: mail put into the default directory
// instead would never be found again.
Result<Paths> read_paths(const SiteFile& file) {
  Paths paths;
  std::size_t number = 0;
  for (const std::string_view text : ascii::lines(file.text)) {
    ++number;
    const SiteLine line = read_site_line(text);
    const auto* const name = std::find(wanted.begin(), wanted.end(), line.name);
    if (name == wanted.end()) continue;
    if (line.kind == SiteLine::Kind::wrong) return config_error(file.path, number, line.fault);
    const bool is_path = *name != kMinFree;
    if (!is_path)
      if (const auto fault = value_fault(*find_parameter(kMinFree), line.value))
        return config_error(file.path, number, fault->what);
    paths[*name] = is_path ? path_written_in(file.path, line.value) : std::string(line.value);
  }
  return paths;
}

std::string default_folder(std::string_view parameter) {
  return parameter == "queuebounce" ? "bounce" : "msg";
}

}  // namespace

Result<Queue> read_queue(const std::string& config_path, std::string_view parameter) {
  assert(parameter == "queue" || parameter == "queuebounce");
  auto own = read_site_file(config_path);
  if (!own) return std::move(own).error();
  auto read = read_paths(*own);
  if (!read) return std::move(read).error();
  Paths paths = *std::move(read);
  if (const auto sympa = paths.find("sympa_conf"); sympa != paths.end()) {
    auto file = read_site_file(sympa->second);
    if (!file) return std::move(file).error().in(own->path + ": sympa_conf");
    auto theirs = read_paths(*file);
    if (!theirs) return std::move(theirs).error();
    paths.merge(*theirs);  // what our own file names stays
  }
  const auto written = [&](std::string_view name, std::string fallback) {
    const auto found = paths.find(name);
    return found == paths.end() ? std::move(fallback) : found->second;
  };
  const std::string base = written("spool", own->directory + "/spool");
  const auto min_free =
      sys::MinFree::parse(written(kMinFree, std::string(find_parameter(kMinFree)->fallback)));
  assert(min_free);
  return Queue{written(parameter, base + "/" + default_folder(parameter)), *min_free};
}

}  // namespace paraph::config
