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

std::set<std::string> table_names() {
  std::set<std::string> out;
  for (const auto& row : parameter_table()) out.insert(std::string(row.name));
  return out;
}

std::set<std::string> all_matches(const std::string& text, const std::string& pattern) {
  const std::regex expression(pattern);
  std::set<std::string> out;
  for (std::sregex_iterator it(text.begin(), text.end(), expression), end; it != end; ++it) out.insert((*it)[1]);
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
  std::size_t explained = 0;
  for (const auto& row : parameter_table()) {
    if (row.help.empty()) continue;
    ++explained;
    INFO(row.name);
    CHECK(row.help.back() == '.');
  }
  CHECK(explained > 90);
}

TEST_CASE("old names lead to names of the table") {
  for (const char* name : {"default_ttl", "max-size", "subscription", "unsubscription", "welcome_return_path",
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

TEST_CASE("the manual page and the table name the same parameters") {
  const std::string page = testing::slurp(PARAPH_SOURCE_DIR "/lib/config/paraph.conf.5");
  const std::string all = page.substr(page.find(".SH PARAMETERS"), page.find(".SH FILES") - page.find(".SH PARAMETERS"));
  const auto documented = all_matches(all, "(?:^|\n)\\.BR? ([a-z0-9_.]+)(?= |\n)");
  CHECK(documented == table_names());
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
