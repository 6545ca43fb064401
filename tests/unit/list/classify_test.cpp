#include <catch2/catch.hpp>

#include "list/list.h"

using namespace paraph::list;

namespace {

AddressRules stock() {
  AddressRules rules;
  rules.main_domain = "example.org";
  return rules;
}

struct Row {
  const char* local;
  AddressKind kind;
  const char* list;
};

void check(const std::vector<Row>& rows, std::string_view domain, const AddressRules& rules) {
  for (const Row& row : rows) {
    INFO(row.local << "@" << domain);
    const Destination to = classify(row.local, domain, rules);
    CHECK(to.kind == row.kind);
    CHECK(to.list_name == row.list);
    CHECK(to.domain == "example.org");
  }
}

}  // namespace

TEST_CASE("the table of address kinds") {
  check({{"secure", AddressKind::post, "secure"},
         {"Secure", AddressKind::post, "secure"},
         {"secure-request", AddressKind::owner, "secure"},
         {"SECURE-Request", AddressKind::owner, "secure"},
         {"secure-editor", AddressKind::editor, "secure"},
         {"secure-subscribe", AddressKind::subscribe, "secure"},
         {"secure-unsubscribe", AddressKind::unsubscribe, "secure"},
         {"secure-owner", AddressKind::return_path, "secure"},
         {"sympa", AddressKind::sympa, ""},
         {"listmaster", AddressKind::listmaster, ""},
         {"sympa-request", AddressKind::sympa_owner, ""},
         {"sympa-owner", AddressKind::sympa_owner, ""},
         {"sympa-editor", AddressKind::editor, "sympa"},
         {"a-request-owner", AddressKind::return_path, "a-request"},
         {"a-owner-request", AddressKind::owner, "a-owner"},
         {"a-subscribe-unsubscribe", AddressKind::unsubscribe, "a-subscribe"},
         {"-request", AddressKind::post, "-request"},
         {"-owner", AddressKind::post, "-owner"},
         {"request", AddressKind::post, "request"},
         {"", AddressKind::unknown, ""}},
        "Example.Org", stock());
}

TEST_CASE("another command address leaves sympa@ of the main domain in place") {
  AddressRules rules = stock();
  rules.email = "Lists";
  rules.listmaster_email = "admins";
  check({{"sympa", AddressKind::sympa, ""},
         {"lists", AddressKind::sympa, ""},
         {"lists-request", AddressKind::sympa_owner, ""},
         {"sympa-request", AddressKind::owner, "sympa"},
         {"admins", AddressKind::listmaster, ""},
         {"listmaster", AddressKind::post, "listmaster"}},
        "example.org", rules);
  CHECK(classify("sympa", "other.example", rules).kind == AddressKind::post);
  CHECK(classify("lists", "other.example", rules).kind == AddressKind::sympa);
}

TEST_CASE("suffixes of the site's own") {
  AddressRules rules = stock();
  rules.return_path_suffix = "-bounces";
  rules.list_check_suffixes = {"request", "owner", "bar", "foo-bar", "editor"};
  check({{"a-bounces", AddressKind::return_path, "a"},
         {"a-owner", AddressKind::unknown, "a-owner"},
         {"a-foo-bar", AddressKind::unknown, "a-foo-bar"},
         {"a-subscribe", AddressKind::post, "a-subscribe"},
         {"a-editor", AddressKind::editor, "a"}},
        "example.org", rules);
  rules.list_check_suffixes.clear();
  check({{"a-request", AddressKind::post, "a-request"}}, "example.org", rules);
  rules.return_path_suffix.clear();
  check({{"a-bounces", AddressKind::post, "a-bounces"}}, "example.org", rules);
}
