#include <catch2/catch.hpp>
#include <regex>
#include <set>

#include "config/names.h"
#include "config/site.h"
#include "support/pki.h"

using namespace paraph;
using config::parameter_table;
using config::Scope;

namespace {

// Names of the table: those with an effect, those without, or all.
std::set<std::string> table_names(bool with = true, bool without = true) {
  std::set<std::string> out;
  for (const auto& row : parameter_table())
    if (row.help.empty() ? without : with) out.insert(std::string(row.name));
  return out;
}

std::set<std::string> all_matches(const std::string& text, const std::string& pattern) {
  const std::regex expression(pattern);
  std::set<std::string> out;
  for (std::sregex_iterator it(text.begin(), text.end(), expression), end; it != end; ++it)
    out.insert((*it)[1]);
  return out;
}

}  // namespace

TEST_CASE("no name stands twice and each has a scope and a type") {
  CHECK(table_names().size() == parameter_table().size());
  CHECK(parameter_table().size() > 300);
  for (const auto& row : parameter_table()) {
    INFO(row.name);
    CHECK(row.scopes != 0);
    CHECK_FALSE(row.type.empty());
    CHECK(config::find_parameter(row.name) == &row);
    CHECK(config::canonical_name(row.name) == row.name);
    CHECK_FALSE(config::is_ignored_name(row.name));
  }
}

TEST_CASE("each default fits its own type") {
  for (const auto& row : parameter_table()) {
    if (row.fallback.empty()) continue;
    INFO(row.name << ": " << row.fallback);
    CHECK_FALSE(config::value_fault(row, row.fallback));
    CHECK(config::normal_value(row, row.fallback) == row.fallback);
  }
}

TEST_CASE("each parameter with an effect has one sentence of help") {
  for (const auto& row : parameter_table()) {
    if (row.help.empty()) continue;
    INFO(row.name);
    CHECK(row.help.back() == '.');
  }
  CHECK(table_names(true, false).size() > 60);
  CHECK(table_names(false, true).size() > 200);
}

TEST_CASE("old names lead to names of the table") {
  for (const char* name :
       {"default_ttl", "max-size", "subscription", "unsubscription", "welcome_return_path",
        "tracking_message_delivery_notification", "arc_parameters.arc_selector",
        "include_sql_query.host", "host", "email_gecos", "custom-subject"}) {
    INFO(name);
    CHECK(config::find_parameter(config::canonical_name(name)) != nullptr);
  }
}

TEST_CASE("required keys are keys of the table") {
  for (const auto key : config::required_keys()) {
    INFO(key);
    CHECK(config::find_parameter(key) != nullptr);
  }
}

TEST_CASE("the manual page and the table name the same parameters, with and without effect") {
  const std::string page = testing::slurp(PARAPH_SOURCE_DIR "/lib/config/paraph.conf.5");
  const auto section = [&](const char* from, const char* to) {
    return page.substr(page.find(from), page.find(to) - page.find(from));
  };
  const std::string name = "(?:^|\n)\\.BR? ([a-z0-9_.]+)(?= |\n)";
  CHECK(all_matches(section(".SH PARAMETERS", ".SS Known, no effect yet"), name) ==
        table_names(true, false));
  CHECK(all_matches(section(".SS Known, no effect yet", ".SH FILES"), name) ==
        table_names(false, true));
}

TEST_CASE("what is told as having no effect") {
  const auto told = [](std::string_view name, std::string_view value) {
    const auto* row = config::find_parameter(name);
    REQUIRE(row != nullptr);
    return config::lacks_effect(*row, value);
  };
  CHECK(told("custom_subject", "Secure"));
  CHECK(told("log_level", "3"));
  CHECK_FALSE(told("log_level", "0"));  // the default
  CHECK_FALSE(told("custom_subject", ""));
  CHECK_FALSE(told("send", "closed"));
  CHECK(told("anonymous_sender", "nobody"));  // it has one: nothing leaves
  CHECK(config::without_effect("anonymous_sender") ==
        "'anonymous_sender' cannot be honoured yet: each post is held");
  CHECK(config::without_effect("reply_to_header.apply") == "'reply_to_header' has no effect yet");
  CHECK(config::without_effect("archive.quota") == "'archive.quota' has no effect yet");
  CHECK(config::changes_who_sees("reply_to_header.value"));
  CHECK(config::changes_who_sees("include_sql_query.sql_query"));
  CHECK_FALSE(config::changes_who_sees("priority"));
  CHECK_FALSE(config::changes_who_sees("archive.quota"));
}

TEST_CASE("the example configuration loads, with its comments taken off too") {
  const std::string text = testing::slurp(PARAPH_SOURCE_DIR "/etc/paraph.conf");
  const auto plain = config::Site::parse(text, "/site/paraph.conf");
  REQUIRE(plain);
  CHECK(plain->warnings().empty());
  // What stands behind # without a blank is a setting with its default.
  const auto switched = all_matches(text, "\n#([a-z_]+ [^\n]*)");
  CHECK(switched.size() > 10);
  std::string open = text;
  for (const std::string& line : switched) open += line + "\n";
  const auto site = config::Site::parse(open, "/site/paraph.conf");
  REQUIRE(site);
  CHECK(site->warnings().empty());
  for (const std::string& line : switched) {
    const std::string name = line.substr(0, line.find(' '));
    if (name == "sympa_conf" || name == "key_passwd_file") continue;
    INFO(line);
    CHECK(site->get(name) == plain->get(name));
  }
}
