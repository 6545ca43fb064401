#include "scenario/supposed_facts.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/utf8.h"
#include "mail/address.h"
#include "scenario/suggest.h"

namespace paraph::scenario {
namespace {

using Kind = SupposedRole::Kind;
struct RoleWord {
  std::string_view word;
  std::optional<Kind> kind;
};
constexpr std::array kRoles{
    RoleWord{"member", Kind::member},   RoleWord{"owner", Kind::owner},
    RoleWord{"editor", Kind::editor},   RoleWord{"listmaster", Kind::listmaster},
    RoleWord{"stranger", std::nullopt}, RoleWord{"subscriber", Kind::member},
    RoleWord{"none", std::nullopt}};
constexpr std::size_t kShownRoles = 5;  // the rest are synonyms

std::string canonical(std::string_view address) {
  const auto parsed = mail::AddrSpec::parse(address);
  return parsed ? parsed->canonical() : ascii::to_lower(address);
}

// What a rule's list operand is called: without its domain when that is `domain`.
std::string_view bare_name(std::string_view list, std::string_view domain) {
  const auto at = list.find('@');
  return at != std::string_view::npos && ascii::iequals(list.substr(at + 1), domain)
             ? list.substr(0, at)
             : list;
}

std::string key_of(const Variable& variable) {
  return variable.key.empty() ? variable.name
                              : variable.name + "->" + ascii::to_lower(variable.key);
}

}  // namespace

const std::vector<std::string_view>& role_words() {
  static const auto words = [] {
    std::vector<std::string_view> out;
    for (std::size_t i = 0; i < kShownRoles; ++i) out.push_back(kRoles[i].word);
    return out;
  }();
  return words;
}

Result<std::vector<SupposedRole>> parse_roles(std::string_view text) {
  std::vector<SupposedRole> roles;
  for (const auto piece : ascii::split(text, ", ")) {
    const auto word = piece.substr(0, piece.find(':'));
    const auto row = std::find_if(kRoles.begin(), kRoles.end(), [&](const RoleWord& known) {
      return ascii::iequals(known.word, word);
    });
    if (row == kRoles.end())
      return Error::never(Errc::usage, fmt::format("\"{}\" is no role{}", utf8::printable(word, 40),
                                                   did_you_mean(word, role_words())))
          .with_hint("roles: member, owner, editor, listmaster, stranger");
    if (!row->kind) continue;
    const auto rest = piece.substr(std::min(piece.size(), word.size() + 1));
    const auto colon = rest.find(':');
    roles.push_back({*row->kind, ascii::to_lower(rest.substr(0, colon)),
                     colon == std::string_view::npos ? "" : canonical(rest.substr(colon + 1))});
  }
  return roles;
}

Result<void> Supposition::set(std::string_view assignment) {
  const auto equals = assignment.find('=');
  auto name = ascii::trim(assignment.substr(0, equals));
  if (!name.empty() && name.front() == '[' && name.back() == ']')
    name = name.substr(1, name.size() - 2);
  if (equals == std::string_view::npos || name.empty())
    return Error::never(Errc::usage, fmt::format("\"{}\": a variable is set by NAME=VALUE",
                                                 utf8::printable(assignment, 60)));
  variables[ascii::to_lower(name)].emplace_back(assignment.substr(equals + 1));
  return {};
}

std::string SupposedFacts::first(std::string_view name) const {
  const auto values = variable({std::string(name), "", std::nullopt, std::string(name)});
  return values && !values->empty() ? values->front() : std::string();
}

bool SupposedFacts::is_the_list(std::string_view list) const {
  return ascii::iequals(bare_name(list, first("domain")), first("listname"));
}

bool SupposedFacts::has(Kind kind, std::string_view list, std::string_view address) const {
  const std::string domain = first("domain"), sender = canonical(first("sender"));
  return std::any_of(
      supposed_.roles->begin(), supposed_.roles->end(), [&](const SupposedRole& role) {
        const bool there = kind == Kind::listmaster ||
                           (role.list.empty() ? is_the_list(list)
                                              : ascii::iequals(bare_name(role.list, domain),
                                                               bare_name(list, domain)));
        return role.kind == kind && there &&
               (role.address.empty() ? sender : role.address) == address;
      });
}

Result<bool> SupposedFacts::is_subscriber(std::string_view list, std::string_view address) const {
  return supposed_.roles ? has(Kind::member, list, address) : below_.is_subscriber(list, address);
}

Result<bool> SupposedFacts::is_owner(std::string_view list, std::string_view address) const {
  return supposed_.roles ? has(Kind::owner, list, address) : below_.is_owner(list, address);
}

Result<bool> SupposedFacts::is_editor(std::string_view list, std::string_view address) const {
  return supposed_.roles ? has(Kind::editor, list, address) : below_.is_editor(list, address);
}

Result<bool> SupposedFacts::is_listmaster(std::string_view address) const {
  return supposed_.roles ? has(Kind::listmaster, {}, address) : below_.is_listmaster(address);
}

Result<bool> SupposedFacts::has_list(std::string_view list) const {
  const std::string domain = first("domain");
  const auto named = [&](const SupposedRole& role) {
    return ascii::iequals(bare_name(role.list, domain), bare_name(list, domain));
  };
  const bool supposed =
      supposed_.roles && std::any_of(supposed_.roles->begin(), supposed_.roles->end(), named);
  return supposed || is_the_list(list) ? Result<bool>(true) : below_.has_list(list);
}

// As Sympa's tables would have it: who asks is known, and a supposed member has a row.
std::optional<std::string> SupposedFacts::supposed_row(const Variable& variable) const {
  const auto key = key_of(variable);
  if (key == "user->email" && supposed_.variables.count("sender") != 0) return first("sender");
  if (!supposed_.roles) return std::nullopt;
  if (key != "subscriber->email" && key != "subscriber->reception") return std::nullopt;
  if (!has(Kind::member, first("listname"), canonical(first("sender")))) return std::nullopt;
  return key == "subscriber->email" ? first("sender") : "mail";
}

Result<std::vector<std::string>> SupposedFacts::variable(const Variable& variable) const {
  const auto& all = supposed_.variables;
  auto found = all.find(key_of(variable));
  // One name for both: what is said of the one holds for the other.
  if (found == all.end() && (variable.name == "header" || variable.name == "msg_header"))
    found = all.find(
        key_of({variable.name == "header" ? "msg_header" : "header", variable.key, {}, {}}));
  if (found == all.end() && variable.name == "host") found = all.find("domain");
  if (found == all.end() && variable.name == "email") found = all.find("sender");
  if (found == all.end())
    if (const auto row = supposed_row(variable)) return std::vector<std::string>{*row};
  if (found == all.end()) return below_.variable(variable);
  return indexed(found->second, variable.index);
}

Result<bool> SupposedFacts::search(std::string_view file, std::string_view address) const {
  return supposed_.search ? supposed_.search(file, address) : below_.search(file, address);
}

Result<bool> BareFacts::has_list(std::string_view list) const {
  return ascii::iequals(bare_name(list, world_.domain), world_.list);
}

Result<std::vector<std::string>> BareFacts::variable(const Variable& variable) const {
  if (variable.name == "env" && world_.environment)
    return std::vector<std::string>{world_.environment(variable.key)};
  if (auto values =
          message_values(variable, {world_.message, world_.list, world_.message_encrypted}))
    return *values;
  if (variable.name == "subscriber" && world_.list.empty())
    return Error::never(Errc::config, variable.text + ": no list here");
  const std::map<std::string_view, std::string> known{
      {"sender", "nobody"},
      {"email", "nobody"},
      {"remote_host", "unknown_host"},
      {"listname", world_.list},
      {"domain", world_.domain},
      {"host", world_.list.empty() ? "" : world_.domain},
      {"conf->domain", world_.domain},
      {"conf->host", world_.domain},
      {"list->name", world_.list},
      {"list->address", world_.list + "@" + world_.domain},
      {"list->total", "0"}};
  const auto found = known.find(key_of(variable));
  if (found != known.end()) return std::vector<std::string>{found->second};
  const bool parameter = variable.name == "conf" || variable.name == "list";
  return std::vector<std::string>{parameter && world_.parameter ? world_.parameter(variable) : ""};
}

Result<bool> BareFacts::search(std::string_view file, std::string_view /*address*/) const {
  if (file == "blocklist.txt") return false;
  return Error::never(Errc::not_found, fmt::format("search_filters/{} is on no level", file));
}

}  // namespace paraph::scenario
