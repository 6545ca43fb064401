#include "config/site_reader.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>

#include "base/ascii.h"
#include "base/utf8.h"
#include "config/names.h"
#include "mail/address.h"

namespace paraph::config {
namespace {

// Comparing with every name of the table is worth it for a person's typos, not for a megabyte of
// noise.
constexpr std::size_t max_hints = 50;

bool adds_up(std::string_view name) {
  return name == "listmaster" || name == "custom_robot_parameter";
}

bool is_domain(std::string_view text) {
  return list::ListAddress::parse("a", text).has_value();
}

}  // namespace

void SiteReader::warn(std::string message) {
  warn(Warning{{}, 0, std::move(message)});
}

void SiteReader::warn(Warning warning) {
  warning.file = file_;
  warning.line = line_;
  site_.warnings_.push_back(std::move(warning));
}

// Whether the name may be set here; a warning says why not, unless it is one of those passed over.
bool SiteReader::accepts(std::string_view name, Origin origin) {
  const Scope scope = origin == Origin::robot ? Scope::domain : Scope::site;
  const Parameter* row = find_parameter(name);
  if (row != nullptr && allows(*row, scope)) return true;
  if (row != nullptr) {
    warn(fmt::format("'{}' cannot be set {}", row->name,
                     scope == Scope::domain ? "for a domain" : "for the site"));
  } else if (!is_ignored_name(name)) {
    const bool hint = site_.warnings_.size() < max_hints;
    warn(hint ? unknown_name(name, scope)
              : fmt::format("unknown parameter '{}'", utf8::printable(name, 60)));
  }
  return false;
}

// A Sympa site is read as it is, without a word about each thing that is still missing.
bool SiteReader::tells_of_effects(Origin origin) const {
  const bool taken_over = site_.written("sympa_conf", {}) != nullptr;
  return origin == Origin::ours || (origin == Origin::robot && !taken_over);
}

Result<void> SiteReader::take(const SiteLine& line, Origin origin, Site::Values& values) {
  const std::string_view name = canonical_name(line.name);
  if (!accepts(name, origin)) return {};
  const Parameter& row = *find_parameter(name);
  Setting setting{normal_value(row, line.value), file_, line_};
  if (const auto fault = value_fault(row, setting.value)) {
    if (origin == Origin::ours) return config_error(file_, line_, fault->what);
    warn(warning_of(row, *fault, "the default holds"));
    if (fault->left == ValueFault::Left::nothing) return {};
  }
  if (tells_of_effects(origin) && lacks_effect(row, setting.value)) warn(without_effect(line.name));
  std::vector<Setting>& settings = values[std::string(name)];
  if (!adds_up(name)) settings.clear();
  settings.push_back(std::move(setting));
  return {};
}

Result<Site::Values> SiteReader::read(std::string_view text, const std::string& file,
                                      Origin origin) {
  Site::Values values;
  file_ = file;
  line_ = 0;
  for (const std::string_view each : ascii::lines(text)) {
    ++line_;
    const SiteLine line = read_site_line(each);
    if (line.kind == SiteLine::Kind::nothing) continue;
    if (line.kind == SiteLine::Kind::wrong) return config_error(file_, line_, line.fault);
    if (auto taken = take(line, origin, values); !taken) return std::move(taken).error();
  }
  return values;
}

void SiteReader::read_over(const Site::Values& values) {
  for (const auto& [name, settings] : values) site_.values_[name] = settings;
}

Result<void> SiteReader::read_sympa() {
  const auto* named = site_.written("sympa_conf", {});
  if (named == nullptr) return {};
  const Setting& setting = named->back();
  auto file = read_site_file(path_written_in(setting.file, setting.value));
  if (!file)
    return std::move(file).error().in(fmt::format("{}:{}: sympa_conf", setting.file, setting.line));
  auto theirs = read(file->text, file->path, Origin::sympa);
  if (!theirs) return std::move(theirs).error();
  site_.values_.merge(*theirs);  // what our own file names stays
  return {};
}

Result<void> SiteReader::read_robot(const std::string& domain, const std::string& file) {
  auto text = sys::read_file(file, max_config_size);
  if (!text)
    return text.error().code() == Errc::not_found ? Result<void>() : std::move(text).error();
  auto values = read(*text, file, Origin::robot);
  if (!values) return std::move(values).error();
  site_.domains_[domain] = *std::move(values);
  return {};
}

Result<void> SiteReader::read_robots() {
  const std::string etc = site_.path_of("etc");
  std::vector<std::string> names;
  std::error_code failure;
  for (std::filesystem::directory_iterator it(etc, failure), end; !failure && it != end;
       it.increment(failure)) {
    std::string name = it->path().filename().string();
    // "charset.conf" beside the domains looks like one and is a file.
    std::error_code ignored;
    if (is_domain(name) && it->is_directory(ignored)) names.push_back(std::move(name));
  }
  if (failure && failure != std::errc::no_such_file_or_directory) {
    return Error::later(Errc::io, fmt::format("{}: {}", etc, failure.message()));
  }
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    if (auto done = read_robot(ascii::to_lower(name), etc + "/" + name + "/robot.conf"); !done)
      return done;
  }
  return {};
}

Result<void> SiteReader::check_listmasters() {
  const auto* lines = site_.written("listmaster", {});
  if (lines == nullptr) {
    return Error::later(Errc::config, site_.path_ + ": no 'listmaster'")
        .with_hint("add the line: listmaster YOU@YOUR.DOMAIN");
  }
  for (const Setting& setting : *lines) {
    for (const std::string_view address : ascii::split(setting.value, ",")) {
      if (mail::AddrSpec::parse(address)) continue;
      file_ = setting.file;
      line_ = setting.line;
      warn(fmt::format("'{}' is not an address", utf8::printable(address, 100)));
    }
  }
  if (site_.listmasters().empty())
    return config_error(lines->back().file, lines->back().line, "no valid 'listmaster'");
  return {};
}

Result<void> SiteReader::check() {
  const auto* domain = site_.written("domain", {});
  if (domain == nullptr) {
    return Error::later(Errc::config, site_.path_ + ": no 'domain'")
        .with_hint("add the line: domain YOUR.DOMAIN");
  }
  const Setting& name = domain->back();
  if (!is_domain(name.value))
    return config_error(name.file, name.line, "'domain' needs a mail domain");
  site_.values_["domain"].back().value = ascii::to_lower(name.value);
  if (const auto* type = site_.written("db_type", {});
      type != nullptr && !ascii::iequals(type->back().value, "sqlite")) {
    return config_error(type->back().file, type->back().line,
                        "'db_type': only SQLite is supported");
  }
  return check_listmasters();
}

Result<Site> SiteReader::load(const std::string& path) {
  auto file = read_site_file(path);
  if (!file) return std::move(file).error();
  SiteReader reader;
  reader.site_.path_ = file->path;
  reader.site_.directory_ = file->directory;
  auto own = reader.read(file->text, file->path, Origin::ours);
  if (!own) return std::move(own).error();
  reader.read_over(*own);
  if (auto done = reader.read_sympa(); !done) return std::move(done).error();
  if (auto done = reader.check(); !done) return std::move(done).error();
  if (auto done = reader.read_robots(); !done) return std::move(done).error();
  return std::move(reader.site_);
}

Result<Site> SiteReader::parse(std::string_view text, const std::string& path) {
  SiteReader reader;
  reader.site_.path_ = path;
  reader.site_.directory_ = sys::directory_of(path);
  auto own = reader.read(text, path, Origin::ours);
  if (!own) return std::move(own).error();
  reader.read_over(*own);
  if (auto done = reader.check(); !done) return std::move(done).error();
  return std::move(reader.site_);
}

Result<Site> Site::load(const std::string& path) {
  return SiteReader::load(path);
}

Result<Site> Site::parse(std::string_view text, const std::string& path) {
  return SiteReader::parse(text, path);
}

}  // namespace paraph::config
