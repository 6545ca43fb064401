#include "config/names.h"

#include <algorithm>
#include <map>
#include <set>

namespace paraph::config {
namespace {

struct Alias {
  std::string_view old_name;
  std::string_view name;
};
const std::vector<Alias>& aliases() {
  static const std::vector<Alias> rows = {
      // clang-format off
      {"arc_parameters.arc_private_key_path", "arc_parameters.private_key_path"},
      {"arc_private_key_path", "arc_parameters.private_key_path"},
      {"arc_parameters.arc_selector", "arc_parameters.selector"},
      {"arc_selector", "arc_parameters.selector"},
      {"arc_parameters.arc_signer_domain", "arc_parameters.signer_domain"},
      {"arc_signer_domain", "arc_parameters.signer_domain"},
      {"archive_mail_access", "archive.mail_access"},
      {"default_archive_quota", "archive.quota"},
      {"archive_web_access", "archive.web_access"},
      {"bounce_halt_rate", "bounce.halt_rate"},
      {"bounce_warn_rate", "bounce.warn_rate"},
      {"default_bounce_level1_rate", "bouncers_level1.rate"},
      {"default_bounce_level2_rate", "bouncers_level2.rate"},
      {"custom-header", "custom_header"},
      {"custom-subject", "custom_subject"},
      {"include_sql_query.host", "include_sql_query.db_host"},
      {"include_sql_ca.host", "include_sql_ca.db_host"},
      {"include_sql_query.f_dir", "include_sql_query.db_name"},
      {"include_sql_ca.f_dir", "include_sql_ca.db_name"},
      {"include_sql_query.connect_options", "include_sql_query.db_options"},
      {"include_sql_ca.connect_options", "include_sql_ca.db_options"},
      {"include_sql_query.passwd", "include_sql_query.db_passwd"},
      {"include_sql_ca.passwd", "include_sql_ca.db_passwd"},
      {"include_sql_query.user", "include_sql_query.db_user"},
      {"include_sql_ca.user", "include_sql_ca.db_user"},
      {"dkim_private_key_path", "dkim_parameters.private_key_path"},
      {"dkim_selector", "dkim_parameters.selector"},
      {"dkim_signer_domain", "dkim_parameters.signer_domain"},
      {"dmarc_protection_domain_regex", "dmarc_protection.domain_regex"},
      {"dmarc_protection_mode", "dmarc_protection.mode"},
      {"dmarc_protection_other_email", "dmarc_protection.other_email"},
      {"dmarc_protection_phrase", "dmarc_protection.phrase"},
      {"domains_blacklist", "domains_blocklist"},
      {"forced_reply-to", "forced_reply_to"},
      {"forced_replyto", "forced_reply_to"},
      {"email_gecos", "gecos"},
      {"key_password", "key_passwd"},
      {"default_max_list_members", "max_list_members"},
      {"max-size", "max_size"},
      {"tracking.message_delivery_notification", "tracking.message_disposition_notification"},
      {"merge_feature", "personalization_feature"},
      {"default_list_priority", "priority"},
      {"default_remind_task", "remind_task"},
      {"reply-to", "reply_to"},
      {"replyto", "reply_to"},
      {"d_edit", "shared_doc.d_edit"},
      {"d_read", "shared_doc.d_read"},
      {"default_shared_quota", "shared_doc.quota"},
      {"default_sql_fetch_timeout", "sql_fetch_timeout"},
      {"subscription", "subscribe"},
      {"log_socket_type", "syslog_socket.type"},
      {"tracking_delivery_status_notification", "tracking.delivery_status_notification"},
      {"tracking_message_disposition_notification", "tracking.message_disposition_notification"},
      {"tracking_default_retention_period", "tracking.retention_period"},
      {"tracking_message_delivery_notification", "tracking_message_disposition_notification"},
      {"default_ttl", "ttl"},
      {"unsubscription", "unsubscribe"},
      {"use_blacklist", "use_blocklist"},
      {"remind_return_path", "verp_remind"},
      {"welcome_return_path", "verp_welcome"},
      {"host", "domain"},
      // clang-format on
  };
  return rows;
}

using Names = std::set<std::string_view>;

// Names that Sympa itself no longer heeds, and paragraphs of owners and editors: these live in the
// database.
const Names& obsolete_names() {
  static const Names names = {
      "account",
      "antispam_feature",
      "antispam_tag_header_ham_regexp",
      "antispam_tag_header_name",
      "antispam_tag_header_spam_regexp",
      "archive.access",
      "archive.period",
      "archived_pidfile",
      "automatic_list_prefix",
      "bounce.halt_rate",
      "bounced_pidfile",
      "clean_delay_queueother",
      "cookie",
      "creation.date",
      "default_distribution_ttl",
      "distribution_mode",
      "dkim_parameters.header_list",
      "edit_list",
      "editor",
      "editor.email",
      "editor.gecos",
      "editor.info",
      "editor.reception",
      "editor.visibility",
      "expire_task",
      "filesystem_encoding",
      "html_editor_file",
      "include_list",
      "include_remote_sympa_list.cert",
      "latest_instantiation.date",
      "localedir",
      "lock_method",
      "log_condition",
      "log_module",
      "msgcat",
      "openssl",
      "owner",
      "owner.email",
      "owner.gecos",
      "owner.info",
      "owner.profile",
      "owner.reception",
      "owner.visibility",
      "pidfile",
      "pidfile_bulk",
      "pidfile_creation",
      "pidfile_distribute",
      "queuedistribute",
      "queueexpire",
      "sort",
      "task_manager_pidfile",
      "tri",
      "trusted_ca_options",
      "update.date",
      "user_data_source",
      "web_archive",
      "web_archive.access",
      "web_archive.max_month",
      "web_archive.quota",
  };
  return names;
}

// Settings of Sympa's web pages, and data sources by LDAP.
const Names& web_names() {
  static const Names names = {
      "anonymous_session_table_ttl",
      "bcrypt_cost",
      "bg_color",
      "color_0",
      "color_1",
      "color_10",
      "color_11",
      "color_12",
      "color_13",
      "color_14",
      "color_15",
      "color_2",
      "color_3",
      "color_4",
      "color_5",
      "color_6",
      "color_7",
      "color_8",
      "color_9",
      "cookie_domain",
      "cookie_expire",
      "cookie_refresh",
      "css_path",
      "css_url",
      "dark_color",
      "default_home",
      "error_color",
      "export",
      "favicon_url",
      "htmlarea_url",
      "http_host",
      "include_ldap_2level_ca",
      "include_ldap_2level_query",
      "include_ldap_ca",
      "include_ldap_query",
      "include_voot_group",
      "ldap_export_connection_timeout",
      "ldap_export_dnmanager",
      "ldap_export_host",
      "ldap_export_name",
      "ldap_export_password",
      "ldap_export_suffix",
      "ldap_force_canonical_email",
      "light_color",
      "log_facility",
      "logo_html_definition",
      "main_menu_custom_button_1_target",
      "main_menu_custom_button_1_title",
      "main_menu_custom_button_1_url",
      "main_menu_custom_button_2_target",
      "main_menu_custom_button_2_title",
      "main_menu_custom_button_2_url",
      "main_menu_custom_button_3_target",
      "main_menu_custom_button_3_title",
      "main_menu_custom_button_3_url",
      "max_wrong_password",
      "mhonarc",
      "one_time_ticket_lifetime",
      "one_time_ticket_lockout",
      "one_time_ticket_table_ttl",
      "password_case",
      "password_hash",
      "password_hash_update",
      "password_validation",
      "pictures_feature",
      "pictures_max_size",
      "pictures_path",
      "pictures_url",
      "purge_challenge_table_task",
      "purge_one_time_ticket_table_task",
      "purge_session_table_task",
      "reporting_spam_script_path",
      "review_page_size",
      "selected_color",
      "session_table_ttl",
      "shaded_color",
      "shared_doc",
      "shared_doc.d_edit",
      "shared_doc.d_read",
      "shared_doc.quota",
      "shared_feature",
      "soap_url",
      "soap_url_local",
      "spam_protection",
      "static_content_path",
      "static_content_url",
      "text_color",
      "use_fast_cgi",
      "use_html_editor",
      "viewlogs_page_size",
      "web_archive_spam_protection",
      "web_recode_to",
      "wwsympa_url_local",
  };
  return names;
}

using Index = std::map<std::string_view, const Parameter*>;
const Index& index() {
  static const Index rows = [] {
    Index out;
    for (const Parameter& row : parameter_table()) out[row.name] = &row;
    return out;
  }();
  return rows;
}

const Names& paragraph_names() {
  static const Names names = [] {
    Names out;
    for (const Parameter& row : parameter_table()) {
      if (const std::size_t dot = row.name.find('.'); dot != std::string_view::npos)
        out.insert(row.name.substr(0, dot));
    }
    return out;
  }();
  return names;
}

}  // namespace

const Parameter* find_parameter(std::string_view name) {
  const auto found = index().find(name);
  return found == index().end() ? nullptr : found->second;
}

std::string_view canonical_name(std::string_view name) {
  // Two steps at most in today's table; the bound keeps a mistake in it from hanging a mail queue.
  for (int step = 0; step < 4; ++step) {
    const auto& rows = aliases();
    const auto row = std::find_if(rows.begin(), rows.end(),
                                  [&](const Alias& each) { return each.old_name == name; });
    if (row == rows.end()) break;
    name = row->name;
  }
  return name;
}

bool is_ignored_name(std::string_view name) {
  return obsolete_names().count(name) != 0 || web_names().count(name) != 0;
}

bool is_paragraph(std::string_view name) {
  return paragraph_names().count(name) != 0;
}

const std::vector<std::string_view>& required_keys() {
  static const std::vector<std::string_view> keys = {
      "digest.days",
      "digest.hour",
      "digest.minute",
      "msg_topic.name",
      "msg_topic.title",
      "member_include.source",
      "owner_include.source",
      "editor_include.source",
      "include_remote_file.url",
      "include_sympa_list.listname",
      "include_remote_sympa_list.host",
      "include_remote_sympa_list.path",
      "include_sql_query.db_type",
      "include_sql_query.db_name",
      "include_sql_query.sql_query",
      "include_sql_ca.db_type",
      "include_sql_ca.db_name",
      "include_sql_ca.sql_query",
      "include_sql_ca.email_entry",
      "custom_attribute.id",
      "custom_attribute.name",
      "custom_vars.name",
      "custom_vars.value",
      "latest_instantiation.date_epoch",
      "creation.email",
      "creation.date_epoch",
      "update.date_epoch",
  };
  return keys;
}

}  // namespace paraph::config
