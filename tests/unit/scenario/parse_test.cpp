#include <catch2/catch.hpp>

#include "scenario/fake_facts.h"

using namespace paraph;
using namespace paraph::scenario;

namespace {

std::vector<Problem> fatal(std::string_view text, const Scenario::Includer& include = no_includes) {
  std::vector<Problem> out;
  for (auto& problem : Scenario::check("send", {std::string(text), "send.test"}, include))
    if (problem.fatal) out.push_back(problem);
  return out;
}

}  // namespace

TEST_CASE("lines of every kind") {
  const auto scenario = compile(
      "title.gettext All\r\ntitle Plain # cut\rTITLE.pt-br Tudo\ntitle.de Alle\n\n# comment\nsend\n"
      "  is_owner([listname],[sender])\tsmime, md5,smtp  ->do_it , quiet , notify # and so "
      "on\r\ntrue() dkim,smtp -> request_auth([email])");
  REQUIRE(scenario);
  REQUIRE(scenario->rules().size() == 2);
  const auto& first = scenario->rules()[0];
  CHECK(first.methods == std::vector{AuthMethod::smime, AuthMethod::md5, AuthMethod::smtp});
  CHECK(first.action.quiet);
  CHECK(first.action.notify);
  CHECK(first.place.line == 8);
  CHECK(first.place.column == 3);
  CHECK(first.text == "is_owner([listname],[sender])\tsmime, md5,smtp  ->do_it , quiet , notify");
  const auto& second = scenario->rules()[1];
  CHECK(second.methods == std::vector{AuthMethod::smtp});
  CHECK(second.action.confirm_by_email);
  CHECK(scenario->title("de") == "Alle");
  CHECK(scenario->title("de-AT") == "Alle");
  CHECK(scenario->title("pt-BR") == "Tudo");
  CHECK(scenario->title("fr") == "Plain");
  CHECK(compile("title.gettext All\ntrue() -> do_it\n")->title("fr") == "All");
  CHECK(compile("true() -> do_it\n")->title("fr").empty());
}

TEST_CASE("actions and their arguments") {
  struct Row {
    const char* text;
    Action action;
    const char *reason, *tt2;
    bool quiet, notify;
  };
  const Row rows[] = {
      {"do_it", Action::do_it, "", "", false, false},
      {"do_it,notify", Action::do_it, "", "", false, true},
      {"reject", Action::reject, "", "", false, false},
      {"reject,quiet", Action::reject, "", "", true, false},
      {"reject(reason='send_closed')", Action::reject, "send_closed", "", false, false},
      {"reject( reason = \"send_closed\" ) , quiet", Action::reject, "send_closed", "", true,
       false},
      {"reject(tt2='add_closed')", Action::reject, "", "add_closed", false, false},
      {"reject('add_closed'),quiet", Action::reject, "", "add_closed", true, false},
      {"reject(reason=a,tt2='b')", Action::reject, "a", "b", false, false},
      {"reject()", Action::reject, "", "", false, false},
      {"reject(tt2='b.tt2')", Action::reject, "", "b", false, false},
      {"reject,notify", Action::reject, "", "", false, false},
      {"spam,quiet,notify", Action::spam, "", "", false, false},
      {"request_auth", Action::request_auth, "", "", false, false},
      {"request_auth([sender])", Action::request_auth, "", "", false, false},
      {"owner", Action::owner, "", "", false, false},
      {"editor", Action::editor, "", "", false, false},
      {"editorkey,quiet", Action::editorkey, "", "", true, false},
      {"listmaster", Action::listmaster, "", "", false, false},
      {"ham", Action::ham, "", "", false, false},
      {"spam", Action::spam, "", "", false, false},
      {"unsure", Action::unsure, "", "", false, false},
  };
  for (const auto& row : rows) {
    INFO(row.text);
    const auto scenario = compile("true() -> " + std::string(row.text));
    REQUIRE(scenario);
    const auto& action = scenario->rules()[0].action;
    CHECK(action.action == row.action);
    CHECK(action.reason == row.reason);
    CHECK(action.tt2 == row.tt2);
    CHECK(action.quiet == row.quiet);
    CHECK(action.notify == row.notify);
  }
  for (const auto* text : {"do_it,notify,quiet", "do_it,quiet,notify"})
    CHECK(to_string(compile("true() -> " + std::string(text))->rules()[0].action) == text);
}

TEST_CASE("methods stand between commas, and blanks join them to one that nobody has") {
  using M = std::vector<AuthMethod>;
  CHECK(compile("true() smtp, md5 ,smime -> do_it")->rules()[0].methods ==
        M{AuthMethod::smtp, AuthMethod::md5, AuthMethod::smime});
  CHECK(compile("true() smtp md5,smime -> do_it")->rules()[0].methods == M{AuthMethod::smime});
  CHECK(compile("true() smtp md5 -> do_it")->rules()[0].methods.empty());
  CHECK(compile("true() -> do_it")->rules()[0].methods == M{AuthMethod::smtp});
}

TEST_CASE("what is wrong is said with its place and a way out") {
  struct Row {
    const char* text;
    std::size_t line, column;
    const char* says;
  };
  const Row rows[] = {
      {"is_subscribed([listname],[sender]) -> do_it", 1, 1, "did you mean is_subscriber?"},
      {"\n\nfoo bar -> do_it", 3, 5, "parentheses"},
      {"nonsense true() -> do_it", 1, 10, "parentheses"},
      {"???", 1, 1, "no rule, title or include"},
      {"true() smtpp -> do_it", 1, 8, "did you mean smtp?"},
      {"true()-> do_it", 1, 7, "white space"},
      {"true() smtp", 1, 12, "-> ACTION"},
      {"true() smtp ->", 1, 15, "no action"},
      {"true() -> doit", 1, 11, "did you mean do_it?"},
      {"true() -> do_it now", 1, 17, "nothing can follow"},
      {"true() -> do_it,quit", 1, 17, "did you mean quiet?"},
      {"true() -> do_it(x)", 1, 16, "takes no argument"},
      {"true() -> reject(reson='x')", 1, 18, "did you mean reason?"},
      {"true() -> reject(reason='../x')", 1, 26, "name of letters"},
      {"true() -> reject(reason='x'", 1, 28, "expected )"},
      {"true() -> request_auth(x)", 1, 24, "[email]"},
      {"true(a) -> do_it", 1, 1, "it is written true()"},
      {"equal([sender]) -> do_it", 1, 1, "has 1 operands"},
      {"equal([sender],a@b) -> do_it", 1, 17, "quote what is not one word"},
      {"equal([sender],'a,b') -> do_it", 1, 18, "between quotes"},
      {"equal([sender],'a", 1, 16, "never closed"},
      {"equal([sender]", 1, 15, "no closing )"},
      {"equal([sender],) -> do_it", 1, 1, "has 1 operands"},
      {"equal([sender],,a) -> do_it", 1, 16, "expected a [variable]"},
      {"equal([sender],'it's, so') -> do_it", 1, 20, "quote what is not one word"},
      {"equal([sender],'a' -> reject(reason='x')", 1, 20, "no closing )"},
      {"equal([sender],'a' smtp -> reject(reason='x')", 1, 25, "no closing )"},
      {"equal([sender->],a) -> do_it", 1, 16, "a variable is"},
      {"equal([msg_header->To][x],a) -> do_it", 1, 24, "a variable is"},
      {"equal([msg_header->To][99999999999],a) -> do_it", 1, 35, "a variable is"},
      {"equal([sender],/a/) -> do_it", 1, 16, "second operand of match"},
      {"equal([list->total]-1d,a) -> do_it", 1, 7, "older() and newer() only"},
      {"match([sender],[email]) -> do_it", 1, 16, "between slashes"},
      {"true() SMIME -> do_it", 1, 8, "did you mean smime?"},
      {"true() -> DO_IT", 1, 11, "did you mean do_it?"},
      {"match([sender],/a(b/) -> do_it", 1, 20, "regex: missing closing parenthesis"},
      {"match([sender],/a/i) -> do_it", 1, 19, "no flags"},
      {"match([sender],/a", 1, 16, "no closing /"},
      {"match([sender],/#a/) -> do_it", 1, 16, "# begins a comment"},
      {"older([subscriber->date],yesterday) -> do_it", 1, 26, "no date"},
      {"older([subscriber->date]+x,1) -> do_it", 1, 7, "duration"},
      {"search('people.sql',[sender]) -> do_it", 1, 8, "SQL and LDAP"},
      {"search(people.ldap) -> do_it", 1, 8, "people.ldap"},
      {"search('../x.txt') -> do_it", 1, 8, "without a directory"},
      {"search([sender]) -> do_it", 1, 8, "without a directory"},
      {"CustomCondition::mine([sender]) -> do_it", 1, 1, "Perl modules"},
      {"include('absent')", 1, 10, "no file include.absent"},
      {"include('../../etc/passwd')", 1, 12, "NAME has letters"},
      {"include('a') smtp -> do_it", 1, 14, "nothing else"},
  };
  for (const auto& row : rows) {
    INFO(row.text);
    const auto problems = fatal(row.text);
    REQUIRE_FALSE(problems.empty());
    CHECK(problems[0].place.file == "send.test");
    CHECK(problems[0].place.line == row.line);
    CHECK(problems[0].place.column == row.column);
    CHECK_THAT(problems[0].message, Catch::Contains(row.says));
    const auto scenario = compile(row.text);
    REQUIRE_FALSE(scenario);
    CHECK(scenario.error().retry() == Retry::later);
    CHECK_THAT(scenario.error().what(), Catch::StartsWith("send.test:" + std::to_string(row.line) +
                                                          ":" + std::to_string(row.column) + ": "));
  }
}

TEST_CASE("all problems are listed, not the first alone") {
  CHECK(fatal("foo() -> do_it\ntrue() -> bar\ntrue() -> do_it\n").size() == 2);
}

TEST_CASE("warnings") {
  const auto warns = [](std::string_view text, std::string_view says) {
    for (const auto& p :
         Scenario::check("send", {std::string(text), "send.private_smime"}, no_includes))
      if (!p.fatal && p.message.find(says) != std::string::npos) return true;
    return false;
  };
  CHECK(warns("true() -> do_it", "promises S/MIME"));
  CHECK(warns("true() -> do_it", "no final true() rule for smime"));
  CHECK(warns("true() -> reject\ntrue() smtp -> do_it", "line 1 has decided"));
  CHECK(warns("equal([sendr],x) -> reject", "did you mean sender?"));
  CHECK(warns("equal([msg_header],x) -> reject", "needs a key"));
  CHECK(warns("true() -> ham", "means nothing in a send scenario"));
  CHECK(warns("search(a.txt,[email]) -> reject", "always looks for [sender]"));
  CHECK(warns("send", "lone word"));
  CHECK_FALSE(warns("true() smtp,md5,smime -> reject", ""));
}

TEST_CASE("includes, nested and looping") {
  const std::map<std::string, std::string, std::less<>> files{
      {"outer", "include('inner')\ntrue() md5 -> owner\n"},
      {"inner", "title No\ntrue() smime -> editor\n"},
      {"a", "include b"},
      {"b", "include(a)"},
      {"bad", "\nfoo() -> do_it\n"},
      {"send.header", "is_listmaster([sender]) -> do_it"}};
  const Scenario::Includer include = [&](std::string_view name) -> std::optional<Scenario::Source> {
    const auto found = files.find(name);
    if (found == files.end()) return std::nullopt;
    return Scenario::Source{found->second, "include." + found->first};
  };
  const auto scenario = compile("title Yes\ninclude('outer')\ntrue() -> reject\n", include);
  REQUIRE(scenario);
  REQUIRE(scenario->rules().size() == 4);
  CHECK(scenario->rules()[0].place.file == "include.send.header");
  CHECK(scenario->rules()[1].action.action == Action::editor);
  CHECK(scenario->rules()[2].action.action == Action::owner);
  CHECK(scenario->rules()[3].place.line == 3);
  CHECK(scenario->title("en") == "Yes");
  CHECK_THAT(fatal("include('a')", include).at(0).message, Catch::Contains("includes itself"));
  const auto bad = fatal("include('bad')", include).at(0);
  CHECK(bad.place.file == "include.bad");
  CHECK(bad.place.line == 2);

  const auto blocked = Scenario::compile("send", {"true() -> do_it", "send.x"}, include,
                                         {{std::string(blocklist_rule()), "use_blocklist"}});
  REQUIRE(blocked);
  REQUIRE(blocked->rules().size() == 3);
  auto facts = sample_facts();
  CHECK(evaluate(*blocked, AuthMethod::smtp, facts).action.action == Action::do_it);
  facts.files["blocklist.txt"] = {"ann@example.org"};
  for (const auto method :
       {AuthMethod::smtp, AuthMethod::md5, AuthMethod::smime, AuthMethod::pgp}) {
    const auto decision = evaluate(*blocked, method, facts);
    CHECK(decision.action.action == Action::reject);
    CHECK(decision.action.quiet);
    CHECK(decision.rule->place.file == "use_blocklist");
  }
}

TEST_CASE("large files end in bounded time") {
  std::string rules;
  for (int i = 0; i < 100'000; ++i) rules += "all()->x\n";
  CHECK_FALSE(fatal(rules).empty());
  rules.clear();
  for (int i = 0; i < 100'001; ++i) rules += "all() ->ham\n";
  CHECK_THAT(fatal(rules.substr(0, 1024 * 1024 - 4)).size(),
             Catch::Predicate<std::size_t>([](std::size_t n) { return n <= 1; }));
  CHECK_THAT(fatal(std::string(1024 * 1024 + 1, '#')).at(0).message,
             Catch::Contains("larger than"));
  CHECK(fatal(std::string(1024 * 1024, '#')).empty());
  const Scenario::Includer include = [&](std::string_view name) -> std::optional<Scenario::Source> {
    if (name == "many") return Scenario::Source{rules.substr(0, 900'000), "include.many"};
    return std::nullopt;
  };
  CHECK_THAT(fatal("include('many')\ninclude('many')\n", include).at(0).message,
             Catch::Contains("more than 100000 rules"));
}

TEST_CASE("Latin-1 and BOM") {
  auto facts = sample_facts();
  facts.variables["msg_header->Subject"] = {"Gr\xC3\xBC\xC3\x9F"};
  const auto latin =
      compile("title Gr\xFC\xDF\nmatch([msg_header->Subject],/gr\xDC\xDF/) -> do_it\n");
  REQUIRE(latin);
  CHECK(latin->title("") == "Gr\xC3\xBC\xC3\x9F");
  CHECK(evaluate(*latin, AuthMethod::smtp, facts).action.action == Action::do_it);
  CHECK(compile("\xEF\xBB\xBFtrue() -> do_it"));
}
