#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/ascii.h"
#include "base/utf8.h"
#include "config/names.h"
#include "config/site.h"
#include "config/site_grammar.h"

namespace paraph::config {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kListsKept = 1000;          // some kilobytes each
constexpr std::string_view key_folder = "sympa";  // home/sympa holds the site's keys and is no list

struct StockFolder {
  std::string_view folder;
  std::string_view stock;
};
constexpr std::array<StockFolder, 2> stock_folders = {
    {{"scenari", "scenarios"}, {"mail_tt2", "templates/mail_tt2"}}};

std::string_view stock_folder(std::string_view folder) {
  for (const StockFolder& row : stock_folders) {
    if (row.folder == folder) return row.stock;
  }
  return folder;
}

// Rule 35: a name stands for a file in a search directory and for nothing else.
bool is_plain_name(std::string_view name) {
  return !name.empty() && name.front() != '.' && name.find('/') == std::string_view::npos &&
         name.find("..") == std::string_view::npos &&
         std::none_of(name.begin(), name.end(), ascii::is_control);
}

bool is_directory(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

Error io_error(const std::string& path, const std::error_code& failure) {
  return Error::later(Errc::io, fmt::format("{}: {}", path, failure.message()));
}

// Whether a directory is a list's: it has a `config`. A machine's failure is not a "no".
Result<bool> has_config(const std::string& directory) {
  std::error_code failure;
  const fs::file_status status = fs::status(directory + "/config", failure);
  if (status.type() == fs::file_type::not_found) return false;
  if (failure) return io_error(directory + "/config", failure);
  return status.type() == fs::file_type::regular;
}

Result<void> append_lists(const std::string& base, const std::string& domain,
                          std::vector<list::ListAddress>& out) {
  std::error_code failure;
  for (fs::directory_iterator it(base, failure), end; !failure && it != end;
       it.increment(failure)) {
    const std::string name = it->path().filename().string();
    const auto address = list::ListAddress::parse(name, domain);
    // A directory in capitals would be found under no address.
    if (!address || address->name() != name || name == key_folder) continue;
    const auto is_list = has_config(it->path().string());
    if (!is_list) return is_list.error();
    if (*is_list) out.push_back(*address);
  }
  if (failure && failure != std::errc::no_such_file_or_directory) return io_error(base, failure);
  return {};
}

}  // namespace

Site::Kept& Site::kept() const {
  if (!kept_) kept_ = std::make_shared<Kept>(Kept{sys::FileCache<ListConfig>(kListsKept), {}, {}});
  return *kept_;
}

void Site::look_again() const {
  kept().in_passes = true;
  kept().bases.clear();
  kept().lists.look_again();
}

std::string Site::list_base(std::string_view domain) const {
  if (const auto known = kept().bases.find(domain); known != kept().bases.end())
    return known->second;
  const std::string home = path_of("home");
  const std::string own = home + "/" + std::string(domain);
  const std::string base = domain == get("domain") && !is_directory(own) ? home : own;
  if (kept().in_passes) kept().bases.emplace(domain, base);
  return base;
}

std::string Site::list_directory(const list::ListAddress& list) const {
  return list_base(list.domain()) + "/" + list.name();
}

std::string Site::site_key_directory() const {
  return path_of("home") + "/" + std::string(key_folder);
}

Result<std::vector<list::ListAddress>> Site::lists() const {
  std::vector<list::ListAddress> out;
  for (const std::string& domain : domains()) {
    if (auto done = append_lists(list_base(domain), domain, out); !done)
      return std::move(done).error();
  }
  std::sort(out.begin(), out.end());
  return out;
}

Result<list::ListAddress> Site::resolve_list(std::string_view text) const {
  const std::vector<std::string> known = domains();
  const std::size_t at = text.find('@');
  const std::string shown_text = utf8::printable(text, 120);
  if (at == std::string_view::npos && known.size() > 1) {
    return Error::never(Errc::not_found, fmt::format("'{}': there are several domains", shown_text))
        .with_hint(fmt::format("write {}@{}", shown_text, known.front()));
  }
  const std::string domain = ascii::to_lower(
      at == std::string_view::npos ? std::string_view(known.front()) : text.substr(at + 1));
  const auto address = list::ListAddress::parse(text.substr(0, at), domain);
  if (address && address->name() != key_folder &&
      std::find(known.begin(), known.end(), domain) != known.end()) {
    const std::string directory = list_directory(*address);
    if (kept().lists.find(directory + "/config")) return *address;
    const auto is_list = has_config(directory);
    if (!is_list) return is_list.error();
    if (*is_list) return *address;
  }
  std::string message = fmt::format("there is no list '{}'", shown_text);
  if (const auto all = lists()) {
    std::vector<std::string> names;
    for (const list::ListAddress& each : *all)
      names.push_back(at == std::string_view::npos ? each.name() : each.str());
    if (const auto meant = closest(ascii::to_lower(text), names))
      message += fmt::format(": did you mean '{}'?", *meant);
  }
  return Error::never(Errc::not_found, std::move(message)).with_hint("paraph lists");
}

std::vector<std::string> Site::search_path(const std::optional<list::ListAddress>& list,
                                           std::string_view domain, std::string_view folder) const {
  std::vector<std::string> out;
  const std::string own_domain = list ? list->domain() : ascii::to_lower(domain);
  const std::string etc = path_of("etc");
  const std::string below = "/" + std::string(folder);
  if (list) out.push_back(list_directory(*list) + below);
  if (is_plain_name(own_domain)) out.push_back(etc + "/" + own_domain + below);
  out.push_back(etc + below);
  out.push_back(path_of("default_dir") + "/" + std::string(stock_folder(folder)));
  return out;
}

Result<std::optional<Site::Found>> Site::find_file(const std::optional<list::ListAddress>& list,
                                                   std::string_view domain, std::string_view folder,
                                                   std::string_view name) const {
  sys::Sightings unused;
  return find_file(list, domain, folder, name, unused);
}

Result<std::optional<Site::Found>> Site::find_file(const std::optional<list::ListAddress>& list,
                                                   std::string_view domain, std::string_view folder,
                                                   std::string_view name,
                                                   sys::Sightings& seen) const {
  if (!is_plain_name(name)) return std::optional<Found>();
  for (const std::string& directory : search_path(list, domain, folder)) {
    seen.note(directory + "/" + std::string(name));
    auto root = sys::open_root(directory);
    auto text =
        root ? (*root)->read(name, max_config_size) : Result<std::string>(std::move(root).error());
    if (text) return std::optional(Found{*std::move(text), directory + "/" + std::string(name)});
    // A nearer file that is there and cannot be read (permissions, a link) must not give way to a
    // laxer one.
    if (text.error().code() != Errc::not_found) return std::move(text).error();
  }
  return std::optional<Found>();
}

}  // namespace paraph::config
