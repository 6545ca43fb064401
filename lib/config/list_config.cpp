#include <fmt/core.h>

#include <cassert>

#include "config/list_reader.h"
#include "config/names.h"
#include "config/site.h"
#include "config/site_grammar.h"

namespace paraph::config {
namespace {

const Parameter& row_of(std::string_view name) {
  const Parameter* row = find_parameter(name);
  assert(row != nullptr && "a parameter that the table does not have");
  return *row;
}

}  // namespace

ListConfig ListConfig::parse(const Site& site, const list::ListAddress& list,
                             std::string_view text) {
  ListConfig config(list);
  config.site_ = &site;
  config.directory_ = site.list_directory(list);
  ListConfigReader(config, config.directory_ + "/config").read(text);
  return config;
}

Result<ListConfig> ListConfig::load(const Site& site, const list::ListAddress& list) {
  const std::string path = site.list_directory(list) + "/config";
  auto config = site.kept().lists.find(path);
  if (!config) {
    sys::Sightings seen;
    seen.note(path);
    auto text = sys::read_file(path, max_config_size);
    if (!text) return std::move(text).error().in(fmt::format("list {}", list.str()));
    config = site.kept().lists.keep(path, std::move(seen), parse(site, list, *text));
  }
  ListConfig copy = *config;
  copy.site_ = &site;  // a Site may have been moved since
  return copy;
}

std::vector<Setting> ListConfig::effective(std::string_view name) const {
  const Parameter& row = row_of(name);
  if (const auto found = values_.find(name); found != values_.end()) return found->second;
  const bool inherits = allows(row, Scope::site) || allows(row, Scope::domain);
  if (const auto* lines = inherits ? site_->written(name, address_.domain()) : nullptr)
    return *lines;
  return {Setting{site_->fallback(row), {}, 0}};
}

Setting ListConfig::setting(std::string_view name) const {
  return shown(row_of(name), joined(effective(name)));
}

std::string ListConfig::get(std::string_view name) const {
  return joined(effective(name)).value;
}

long long ListConfig::number(std::string_view name) const {
  return to_number(get(name));
}

std::vector<std::string> ListConfig::get_list(std::string_view name) const {
  const Parameter& row = row_of(name);
  std::vector<std::string> out;
  for (const Setting& setting : effective(name)) {
    for (std::string& piece : value_pieces(row, setting.value)) out.push_back(std::move(piece));
  }
  return out;
}

std::string ListConfig::path_of(std::string_view name) const {
  const auto own = values_.find(name);
  return own == values_.end() ? site_->path_of(name)
                              : path_written_in(own->second.back().file, own->second.back().value);
}

std::string ListConfig::scenario(std::string_view function) const {
  for (const Parameter& row : parameter_table()) {
    if (row.type.find("scenario:") == 0 && row.type.substr(row.type.find(':') + 1) == function)
      return get(row.name);
  }
  return {};
}

}  // namespace paraph::config
