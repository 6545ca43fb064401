#include <catch2/catch.hpp>

#include "scenario/fake_facts.h"
#include "scenario/regex.h"

using namespace paraph::scenario;

namespace {

constexpr const char* kEnd = "\ntrue() smtp,md5,smime -> reject\n";

/// A scenario of which the linter has exactly this to say, beside its last rule.
struct Row {
  const char* function;
  const char* name;
  const char* rules;
  std::size_t line, column;
  const char* message;
  bool fatal;
};
const Row kRows[] = {
    {"send", "x", "is_subscribr([listname],[sender]) -> do_it", 1, 1, "did you mean is_subscriber?",
     true},
    {"send", "x", "\n is_owner([listname]) -> do_it", 2, 2, "1 operands", true},
    {"send", "x", "CustomCondition::mine([sender]) -> do_it", 1, 1, "Perl modules", true},
    {"send", "x", "search('a.sql',[sender]) -> do_it", 1, 8, "a.sql: SQL and LDAP", true},
    {"send", "x", "search(a.ldap) -> do_it", 1, 8, "a.ldap: SQL and LDAP", true},
    {"send", "x", "search('../a.txt') -> do_it", 1, 8, "without a directory", true},
    {"send", "x", "search('absent.txt') -> do_it", 1, 8, "no search_filters/absent.txt", false},
    {"send", "x", "match([sender],/(/) -> do_it", 1, 18, "regex: ", true},
    {"send", "x", "match([sender],/(a+)+$/) -> do_it", 1, 21, "can take very long", false},
    {"send", "x", "equal([list->colour],'x') -> do_it", 1, 7, "no such list parameter", true},
    {"send", "x", "equal([conf->colour],'x') -> do_it", 1, 7, "no such parameter of the site",
     false},
    {"send", "x", "equal([sendr],'x') -> do_it", 1, 7, "did you mean sender?", false},
    {"send", "x", "equal([sender] [email]) -> do_it", 1, 16, "comma is missing", false},
    {"send", "x", "equal([sender],[email],) -> do_it", 1, 23, "nothing follows this comma", false},
    {"send", "x", "match([sender],'ann') -> do_it", 1, 16, "taken as a regex", false},
    {"send", "x", "equal([sender->x],a) -> do_it", 1, 7, "there is no [sender->x]", false},
    {"send", "x", "equal([msg_part->size],a) -> do_it", 1, 7, "there is no [msg_part->size]",
     false},
    {"send", "x", "equal([custom_var->x],a) -> do_it", 1, 7, "did you mean custom_vars?", false},
    {"send", "x", "include('absent')", 1, 10, "no file include.absent", true},
    {"send", "x", "verify_netmask('300.1.1.1') -> do_it", 1, 16, "no range of addresses", false},
    {"subscribe", "x", "equal(a,b) -> editorkey", 1, 15, "means nothing in a subscribe", false},
    {"send", "x", "equal(a,b) -> do_itt", 1, 15, "did you mean do_it?", true},
    {"sent", "x", "equal(a,b) smtp -> do_it", 1, 1, "did you mean send?", false},
    {"send", "x", "!all() smtp -> do_it", 1, 2, "never holds: !all()", false},
    {"send", "SMIME_only", "equal(a,b) smtp -> do_it", 1, 1, "promises S/MIME", false},
    {"send", "auth_only", "equal(a,b) smtp -> do_it", 1, 1, "promises a confirmation", false},
    {"send", "x", "true(a) -> do_it\nequal(a,b) smtp -> do_it", 1, 1, "1 operands", true},
    {"send", "private_smime", "equal(a,b) smtp -> do_it", 1, 1, "promises S/MIME", false},
    {"send", "private_smime", "equal(a,b) md5,smime -> do_it", 1, 1, "does it for md5", false},
    {"add", "auth", "equal(a,b) smtp -> do_it", 1, 1, "promises a confirmation", false},
    {"send", "x", "equal(a,b) smtp md5 -> do_it", 1, 12, "a method that nobody has", false},
    {"send", "x", "equal(a,b) -> reject(tt2='gone')", 1, 15, "no mail_tt2/gone.tt2", false},
    {"send", "x", "equal(a,b) pgp -> do_it", 1, 1, "nobody is authenticated by pgp", false},
    {"send", "x", "equal(a,b) smtp -> do_it\nequal(A,b) smtp -> editor", 2, 1, "line 1 has decided",
     false},
    {"send", "x",
     "equal(a,b) smtp -> do_it\nequal(c,d) dkim,md5 -> editor\nequal(e,f) dkim -> editor", 3, 1,
     "tells dkim from smtp", false},
};

std::vector<Problem> problems_of(const Row& row) {
  Scenario::Library library(no_includes);
  library.has_list_parameter = [](std::string_view name) { return name == "total"; };
  library.has_site_parameter = [](std::string_view name) { return name == "domain"; };
  library.has_template = [](std::string_view name) { return name == "there"; };
  library.has_filter = [](std::string_view file) { return file == "there.txt"; };
  return Scenario::check(
      row.function, {std::string(row.rules) + kEnd, std::string(row.function) + "." + row.name},
      library);
}

}  // namespace

TEST_CASE("the linter names place, reason and remedy") {
  for (const auto& row : kRows) {
    INFO(row.rules);
    const auto problems = problems_of(row);
    REQUIRE(problems.size() == 1);
    const auto& problem = problems.front();
    INFO(problem.message);
    CHECK(problem.place.line == row.line);
    CHECK(problem.place.column == row.column);
    CHECK(problem.message.find(row.message) != std::string::npos);
    CHECK(problem.fatal == row.fatal);
    CHECK(!problem.hint.empty());
  }
  CHECK(problems_of({"send", "x", "search('there.txt') -> do_it\nequal([list->total],1) -> editor",
                     0, 0, "", false})
            .empty());
  // Who is on the list already is told so, whatever the name promises.
  CHECK(problems_of({"subscribe", "smime",
                     "is_subscriber([listname],[email]) smtp,md5,smime -> do_it", 0, 0, "", false})
            .empty());
}

TEST_CASE("a name for some people promises that not everybody may") {
  const auto problems = [](const char* path) {
    return Scenario::check("send", {"true() smtp,md5,smime -> do_it\n", path},
                           Scenario::Library(no_includes));
  };
  for (const auto* path : {"send.closed", "send.editorkeyonly", "send.private", "send.owners"}) {
    INFO(path);
    REQUIRE(problems(path).size() == 1);
    CHECK(problems(path).front().message.find("promises a circle") != std::string::npos);
  }
  for (const auto* path : {"send.public", "send.open", "send.noconceal"})
    CHECK(problems(path).empty());
}

TEST_CASE("an author is no promise of a confirmation") {
  CHECK(Scenario::check(
            "send", {std::string("equal(a,b) smtp -> do_it") + kEnd, "/site/scenari/send.authors"},
            no_includes)
            .empty());
}

TEST_CASE("no rule for the end is said for every method") {
  const auto problems = Scenario::check("send", {"true() smime -> do_it\n", "send.x"}, no_includes);
  REQUIRE(problems.size() == 2);
  CHECK(problems[0].message.find("no final true() rule for smtp") == 0);
  CHECK(problems[1].message.find("no final true() rule for md5") == 0);
  // A condition and its contrary leave nothing.
  CHECK(Scenario::check("send",
                        {"equal([sender],[email]) smtp,md5,smime -> "
                         "do_it\n!equal([sender],[email]) smtp,md5,smime -> reject\n",
                         "send.x"},
                        no_includes)
            .empty());
}

TEST_CASE("dkim is smtp, unless the file tells them apart") {
  const auto facts = sample_facts();
  const auto synonym = compile("true() dkim,md5 -> do_it");
  CHECK(evaluate(*synonym, AuthMethod::smtp, facts).action.action == Action::do_it);
  const auto apart = compile("true() dkim,md5 -> do_it\ntrue() smtp -> request_auth,editorkey");
  const auto decision = evaluate(*apart, AuthMethod::smtp, facts);
  CHECK(to_string(decision.action) == "request_auth,editorkey");
  CHECK(decision.action.then_moderate);
  CHECK(evaluate(*apart, AuthMethod::md5, facts).action.action == Action::do_it);
}

TEST_CASE("a repeat within a repeat") {
  for (const auto* bad :
       {"(a+)+",          "(a*)*b",      "(?:x|y+)*",     "((a+)b)+",       "(.*a){2,}",
        "([^)]+)+",       "(\\w+x)*",    "(A+a)*",        "(\\w+\\.?)*",    "(,?[^,]+)*",
        "(\\w+\\.\\w+)*", "(a{2}\\w+)*", "(\\w+\\.|x+)*", "(\\w+\\.|\\w)*", "(\\w+\\.\\w?)*",
        "([.\\w]+\\.)*",  "(?:\\w+)*",   "(?<n>\\w+)*",   "(-[a-z]+|b)*",   "((\\w+\\.)\\w?)*",
        "(a-\\w+)*",      "(a|aa)+$",    "(a|a)*b",       "(.*a){20}",      ".*.*.*x",
        "(\\w|\\d)+",     "(x|[a-z])*",  "(.*a){1,20}",   "(A|aa)*"}) {
    INFO(bad);
    CHECK(nested_repeat(bad));
  }
  for (const auto* good : {"a+b*",
                           "(a+)?",
                           "(?>a+)+",
                           "(a++)+",
                           "(ab)+",
                           "[(a+)+]",
                           "\\(a+\\)+",
                           "(a+){2,3}",
                           ")+",
                           "(",
                           "@(\\w+\\.)*example",
                           "^([^,]+, )*x",
                           "(-[a-z]+)*",
                           "(\\d+?:)+",
                           "(a+b)*",
                           "(?:\\w+\\.)+org",
                           "(a|ab)*",
                           "(foo|bar|baz)+",
                           ".*foo.*bar",
                           "(?>a|aa)+",
                           "\\w+\\s*x",
                           "(ab|ac)*"}) {
    INFO(good);
    CHECK_FALSE(nested_repeat(good));
  }
}
