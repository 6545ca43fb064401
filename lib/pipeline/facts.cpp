#include "pipeline/facts.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/ascii.h"
#include "mail/address.h"
#include "scenario/message_values.h"

namespace paraph::pipeline {
namespace {

constexpr std::string_view kNobody = "nobody";
constexpr std::size_t kMaxFilter = 64U << 20;

using Values = Result<std::vector<std::string>>;
Error no_list(const scenario::Variable& variable) {
  return Error::never(Errc::config, variable.text + ": no list here");
}

Values one(std::string value) {
  return std::vector<std::string>{std::move(value)};
}

// Paragraphs `custom_vars` with a name and a value each.
std::string custom_variable(const config::ListConfig& config, std::string_view name) {
  const auto names = config.get_list("custom_vars.name");
  const auto values = config.get_list("custom_vars.value");
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end() || names.size() != values.size()) return {};
  return values[static_cast<std::size_t>(found - names.begin())];
}

bool is_listmaster_of(const config::Site& site, std::string_view address) {
  if (address == kNobody) return false;
  const auto listmasters = site.listmasters();
  return std::find(listmasters.begin(), listmasters.end(), address) != listmasters.end();
}

}  // namespace

Result<bool> has_role(const list::ListAddress& list, list::Role role, std::string_view address,
                      const Ports& ports) {
  if (role == list::Role::listmaster) return is_listmaster_of(ports.site, address);
  const auto admins = ports.directory.admins(list, role);
  if (!admins) return admins.error();
  if (admins->empty() && role == list::Role::editor)
    return has_role(list, list::Role::owner, address, ports);
  return std::any_of(admins->begin(), admins->end(),
                     [&](const list::Admin& admin) { return admin.email == address; });
}

std::string environment(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  return value == nullptr ? std::string() : value;
}

Error SiteFacts::failed(Error error) const {
  if (error.retry() == Retry::later && !machine_) machine_ = error;
  return error;
}

std::optional<list::ListAddress> SiteFacts::named(std::string_view list) const {
  const auto at = list.find('@');
  return at == std::string_view::npos
             ? list::ListAddress::parse(list, question_.domain)
             : list::ListAddress::parse(list.substr(0, at), list.substr(at + 1));
}

Result<bool> SiteFacts::is_subscriber(std::string_view list, std::string_view address) const {
  const auto where = named(list);
  if (!where) return false;
  auto member = ports_.directory.member(*where, address);
  if (!member) return failed(std::move(member).error());
  return member->has_value();
}

Result<bool> SiteFacts::serves(std::string_view list, list::Role role,
                               std::string_view address) const {
  const auto where = named(list);
  if (!where) return false;
  auto has = has_role(*where, role, address, ports_);
  if (!has) return failed(std::move(has).error());
  return has;
}

Result<bool> SiteFacts::is_owner(std::string_view list, std::string_view address) const {
  return serves(list, list::Role::owner, address);
}

Result<bool> SiteFacts::is_editor(std::string_view list, std::string_view address) const {
  return serves(list, list::Role::editor, address);
}

Result<bool> SiteFacts::is_listmaster(std::string_view address) const {
  return is_listmaster_of(ports_.site, address);
}

Result<bool> SiteFacts::has_list(std::string_view list) const {
  const auto where = named(list);
  if (!where) return false;
  auto found = ports_.site.resolve_list(where->str());
  if (found) return true;
  if (found.error().code() != Errc::not_found) return failed(std::move(found).error());
  return false;
}

Values SiteFacts::variable(const scenario::Variable& variable) const {
  const auto& list = question_.list;
  const scenario::MessageView view{question_.message,
                                   list ? std::string_view(list->name()) : std::string_view(),
                                   question_.message_encrypted};
  if (auto values = scenario::message_values(variable, view)) return *values;
  if (variable.name == "conf") {
    const auto name = site_parameter(variable.key);
    return one(name.empty() ? std::string{} : ports_.site.get(name, question_.domain));
  }
  if (variable.name == "list") {
    if (!list) return no_list(variable);
    if (variable.key == "name") return one(list->name());
    if (variable.key == "address") return one(list->str());
    if (variable.key == "host") return one(list->domain());
    if (variable.key == "total") {
      auto count = ports_.directory.count(*list);
      if (!count) return failed(std::move(count).error());
      return one(std::to_string(*count));
    }
    const auto parameter = list_parameter(variable.key);
    if (!parameter) return Error::never(Errc::config, variable.text + ": no such list parameter");
    if (parameter->empty()) return one({});
    auto configured = config::ListConfig::load(ports_.site, *list);
    if (!configured) return failed(std::move(configured).error());
    return one(configured->get(*parameter));
  }
  if (variable.name == "custom_vars" && list) {
    auto configured = config::ListConfig::load(ports_.site, *list);
    if (!configured) return failed(std::move(configured).error());
    return one(custom_variable(*configured, variable.key));
  }
  if (variable.name == "subscriber") {
    if (!list) return no_list(variable);
    auto member = ports_.directory.member(*list, question_.sender);
    if (!member) return failed(std::move(member).error());
    if (!*member) return one({});
    const auto& row = **member;
    if (variable.key == "email") return one(row.email);
    if (variable.key == "gecos") return one(row.gecos);
    if (variable.key == "reception") return one(std::string(list::to_string(row.reception)));
    if (variable.key == "visibility") return one(row.conceal ? "conceal" : "noconceal");
    if (variable.key == "date") return one(std::to_string(epoch(row.since)));
    auto value = ports_.directory.member_value(*list, question_.sender, variable.key);
    if (!value) return failed(std::move(value).error());
    return one(std::move(*value));
  }
  if (variable.name == "user") {
    auto value = ports_.directory.user_value(question_.sender, variable.key);
    if (!value) return failed(std::move(value).error());
    if (value->empty() && variable.key == "email" && question_.sender != kNobody)
      return one(question_.sender);  // as if Sympa had met him just now
    return one(std::move(*value));
  }
  if (variable.name == "env") return one(environment(variable.key));

  struct Plain {
    std::string_view name;
    std::string (*value)(const Question&);
  };
  static constexpr std::array plain{
      Plain{"sender", [](const Question& q) { return q.sender; }},
      Plain{"email", [](const Question& q) { return q.email.empty() ? q.sender : q.email; }},
      Plain{"domain", [](const Question& q) { return q.domain; }},
      Plain{"host", [](const Question& q) { return q.list ? q.domain : std::string{}; }},
      Plain{"listname", [](const Question& q) { return q.list ? q.list->name() : std::string{}; }},
      Plain{"remote_host", [](const Question&) { return std::string("unknown_host"); }},
  };
  for (const auto& row : plain)
    if (row.name == variable.name) return one(row.value(question_));
  return one({});  // Sympa: any other context key is an empty string
}

Result<bool> SiteFacts::search(std::string_view file, std::string_view address) const {
  // Rule 35: a rule may name a file of search_filters/, never a path.
  if (file.find('/') != std::string_view::npos || file.starts_with('.'))
    return Error::never(Errc::denied, fmt::format("search('{}'): not a plain file name", file));
  bool found = false;
  for (const auto& directory :
       ports_.site.search_path(question_.list, question_.domain, "search_filters")) {
    auto patterns = patterns_of(directory, std::string(file));
    if (!patterns) return failed(std::move(patterns).error());
    if (!**patterns) continue;
    found = true;
    if ((*patterns)->value().matches(address)) return true;
  }
  if (!found && file != "blocklist.txt")
    return Error::never(Errc::not_found, fmt::format("search_filters/{} is on no level", file));
  return false;
}

Result<std::shared_ptr<const FilterPatterns>> SiteFacts::patterns_of(
    const std::string& directory, const std::string& file) const {
  const std::string path = sys::join(directory, file);
  if (auto kept = ports_.cache.filters.find(path)) return kept;
  sys::Sightings seen;
  seen.note(path);
  auto root = sys::open_root(directory);
  auto text = root ? (*root)->read(file, kMaxFilter) : Result<std::string>(root.error());
  const bool missing = !text && text.error().code() == Errc::not_found;
  if (!text && !missing) return std::move(text).error();
  return ports_.cache.filters.keep(
      path, std::move(seen),
      missing ? FilterPatterns() : FilterPatterns(scenario::AddressPatterns(std::move(*text))));
}

}  // namespace paraph::pipeline
