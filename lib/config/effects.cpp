// Which settings are told as having no effect yet.
#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "config/names.h"

namespace paraph::config {
namespace {

constexpr std::string_view holds_mail = "anonymous_sender";

std::string_view paragraph_of(std::string_view name) {
  return name.substr(0, name.find('.'));
}

// "archive" has keys with and keys without effect; "reply_to_header" has none with.
bool whole_paragraph_lacks_effect(std::string_view paragraph) {
  const auto& table = parameter_table();
  return std::none_of(table.begin(), table.end(), [&](const Parameter& row) {
    return paragraph_of(row.name) == paragraph && !row.help.empty();
  });
}

}  // namespace

bool lacks_effect(const Parameter& row, std::string_view value) {
  if (value.empty() || value == row.fallback) return false;
  return row.help.empty() || row.name == holds_mail;
}

bool changes_who_sees(std::string_view name) {
  static constexpr std::array<std::string_view, 22> names = {
      "anonymous_sender", "custom_header", "custom_subject", "digest", "footer_type",
      "max_list_members", "msg_topic", "personalization", "personalization_feature",
      "remove_outgoing_headers", "reply_to_header",
      // Who is a member, an owner, an editor.
      "editor_include", "include_file", "include_ldap_2level_query", "include_ldap_query",
      "include_remote_file", "include_remote_sympa_list", "include_sql_query", "include_sympa_list",
      "include_voot_group", "member_include", "owner_include"};
  return std::find(names.begin(), names.end(), paragraph_of(name)) != names.end();
}

std::string without_effect(std::string_view name) {
  if (name == holds_mail)
    return fmt::format("'{}' cannot be honoured yet: each post is held", name);
  const std::string_view paragraph = paragraph_of(name);
  return fmt::format("'{}' has no effect yet",
                     whole_paragraph_lacks_effect(paragraph) ? paragraph : name);
}

}  // namespace paraph::config
