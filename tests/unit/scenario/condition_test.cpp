// One row per case: a condition, and whether it holds for Ann's post of sample_facts().
#include <catch2/catch.hpp>
#include <ctime>

#include "scenario/fake_facts.h"

using namespace paraph::scenario;

namespace {

enum Outcome { yes, no, aborts };
struct Case {
  const char* condition;
  Outcome outcome;
};

Outcome outcome_of(const Decision& decision) {
  if (decision.action.reason == "error-performing-condition") return aborts;
  return decision.action.action == Action::do_it ? yes : no;
}

const Case kCases[] = {
    {"true()", yes},
    {"all()", yes},
    {"!true()", no},
    {"! true ( )", no},
    {"TRUE()", yes},
    {"is_subscriber([listname],[sender])", yes},
    {"is_subscriber(secure, 'ann@example.org')", yes},
    {"is_subscriber('secure', 'Ann <ANN@example.org>')", yes},
    {"is_subscriber(other,[sender])", no},
    {"is_subscriber([listname],[email])", no},
    {"!is_subscriber([listname],[email])", yes},
    {"is_subscriber([listname],[msg_header->To])", yes},
    {"is_subscriber([listname],nobody)", no},
    {"is_subscriber([listname],'[sender]')", yes},
    {"is_owner([listname],[sender])", no},
    {"is_owner([listname],'olga@example.org')", yes},
    {"is_owner([listname],'root@example.org')", yes},
    {"is_owner('absent','root@example.org')", no},
    {"!is_owner('absent','root@example.org')", yes},
    {"is_editor([listname],'ed@example.org')", yes},
    {"is_editor([listname],'root@example.org')", no},
    {"is_listmaster('root@example.org')", yes},
    {"is_listmaster([sender])", no},
    {"is_listmaster(nobody)", no},
    {"equal([sender],'ANN@EXAMPLE.ORG')", yes},
    {"equal([sender],[email])", no},
    {"equal([Sender],[sender])", no},
    {"equal([Sender],'')", yes},
    {"equal([execution_date],[current_date])", yes},
    {"less_than([execution_date],100)", no},
    {"equal([msg_header->X-Tag],second)", yes},
    {"equal([msg_header->X-Tag][0],second)", no},
    {"equal([msg_header->X-Tag][-1],third)", yes},
    {"equal([msg_header->X-Tag][+1],second)", yes},
    {"equal([msg_header->X-Tag][9],'')", yes},
    {"equal([msg_header->X-Absent],'')", yes},
    {"equal([msg_encrypted],smime)", yes},
    {"equal('[announce] hello',\"[announce] hello\")", yes},
    {"equal([list->unknown],1)", aborts},
    {"!equal([list->unknown],1)", aborts},
    {"match([msg_header->Subject],/^hello/)", yes},
    {"match([msg_header->Subject],/WORLD$/)", yes},
    {"match([msg_header->Subject],/goodbye|hello, /)", no},
    {"match([msg_header->X-Tag],/^sec/)", yes},
    {"match([msg_header->Subject],/o w/)", yes},
    {"match('a/b',/^a\\/b$/)", yes},
    {"match('a',//)", no},
    {"match([msg_header->To],/@[domain]/)", yes},
    {"match('x@listsXexample.org',/@[host]$/)", no},
    {"less_than([list->total],100)", yes},
    {"less_than(9,10)", yes},
    {"less_than(9,'10')", yes},
    {"less_than(-2,1)", yes},
    {"less_than(abc,abd)", yes},
    {"less_than(b,a)", no},
    {"less_than(5,5)", no},
    {"less_than('1e3','2e2')", no},
    {"less_than(9,'1e1')", yes},
    {"less_than(' +9 ',' 10')", yes},
    {"less_than('+-1',0)", yes},
    {"less_than(inf,1)", no},
    {"less_than('10','9a')", no},
    {"less_than(8,'9a')", yes},
    {"less_than('9a','10')", no},
    {"less_than(-1,'abc')", yes},
    {"less_than(1,'abc')", no},
    {"less_than(1,'')", no},
    {"less_than('-','.')", yes},
    {"match([sender],'ANN@')", yes},
    {"match([sender],bob)", no},
    {"match([sender],'')", no},
    {"equal([nobody->knows],'[nobody->knows]')", yes},
    {"equal([nobody->knows],'')", no},
    {"equal([sender->name],'')", no},
    {"equal([msg_part->size],'')", no},
    {"equal([nobody],'')", yes},
    {"equal('it's','it's')", yes},
    {"equal('a'b','a')", no},
    {"equal(\"say \"hi\"\",'say \"hi\"')", yes},
    {"equal([sender] 'ann@example.org')", yes},
    {"equal([sender],'ann@example.org',)", yes},
    {"equal( [sender] , 'ann@example.org' , )", yes},
    {"older(1,2)", yes},
    {"older(2,2)", yes},
    {"older(3,2)", no},
    {"newer(3,2)", yes},
    {"newer(2,2)", no},
    {"older([subscriber->date],[current_date])", yes},
    {"newer([subscriber->date],execution_date-1y)", no},
    {"older([subscriber->date],'execution_date-1m')", yes},
    {"newer('[subscriber->date]+4y',execution_date)", yes},
    {"newer([subscriber->date]+4y,execution_date)", yes},
    {"newer([current_date]+1sec,[current_date])", yes},
    {"older([subscriber->update_date],1)", no},
    {"newer('[subscriber->update_date]+1d',execution_date)", yes},
    {"equal([subscriber->update_date],'')", yes},
    {"newer([subscriber->update_date],'execution_date-1m')", yes},
    {"older([msg_header->Subject],[current_date])", yes},
    {"older([msg_header->Subject],1)", no},
    {"search('friends.txt',[sender])", yes},
    {"search(friends.txt)", yes},
    {"search('blocklist.txt',[sender])", no},
    {"search('absent.txt',[sender])", aborts},
    {"!search('absent.txt',[sender])", aborts},
    {"verify_netmask('192.0.2.0/24')", no},
    {"!verify_netmask('192.0.2.0/24')", yes},
    {"message(a,b)", aborts},
};

}  // namespace

TEST_CASE("every condition decides as its row says") {
  const auto facts = sample_facts();
  for (const auto& row : kCases) {
    INFO(row.condition);
    const auto scenario = compile(std::string(row.condition) + " -> do_it\n");
    REQUIRE(scenario);
    CHECK(outcome_of(evaluate(*scenario, AuthMethod::smtp, facts)) == row.outcome);
  }
}

TEST_CASE("every condition of the table is tried above and its usage compiles") {
  for (const auto& row : condition_table()) {
    INFO(row.name);
    bool tried = false;
    for (const auto& c : kCases)
      tried = tried || std::string(c.condition).find(row.name) != std::string::npos;
    CHECK(tried);
    CHECK(compile(std::string(row.usage) + " -> do_it\n"));
  }
}

TEST_CASE("a database that is down rejects, also under !") {
  auto facts = sample_facts();
  facts.broken = true;
  const auto scenario = compile("!is_subscriber([listname],[sender]) -> do_it\ntrue() -> do_it\n");
  REQUIRE(scenario);
  const auto decision = evaluate(*scenario, AuthMethod::smtp, facts);
  CHECK(decision.action.action == Action::reject);
  CHECK(decision.action.reason == "error-performing-condition");
  REQUIRE(decision.trace.size() == 1);
  CHECK(decision.trace[0].result.find("database is locked") != std::string::npos);
}

TEST_CASE("a regex that explodes rejects, also under !, and soon") {
  auto facts = sample_facts();
  const char* const evil[] = {"(a+)+$", "(a|aa)+$", "^(([a-z])+.)+[A-Z]([a-z])+$",
                              ".{0,300}.{0,300}[^\\x01-\\x7f]", "(x|y)*z"};
  for (const char* regex : evil) {
    for (const std::size_t length : {40U, 5000U, 60000U}) {
      INFO(regex << " on " << length);
      facts.variables["msg_header->Subject"] = {std::string(length, 'a') + "!"};
      const auto scenario =
          compile("!match([msg_header->Subject],/" + std::string(regex) + "/) -> do_it\n");
      REQUIRE(scenario);
      const std::clock_t before = std::clock();
      const auto decision = evaluate(*scenario, AuthMethod::smtp, facts);
      CHECK(std::clock() - before < 10 * CLOCKS_PER_SEC);
      const bool sound = outcome_of(decision) == aborts || outcome_of(decision) == yes;
      CHECK(sound);
      if (std::string(regex) == "(a+)+$") CHECK(outcome_of(decision) == aborts);
      const bool slow_everywhere = regex[0] == '.' && length == 60000;
      if (slow_everywhere)
        CHECK(decision.trace[0].result.find("time for matching") != std::string::npos);
    }
  }
}

TEST_CASE("a value of more than 64 KiB is not matched in part") {
  auto facts = sample_facts();
  const auto scenario = compile("match([msg_header->Subject],/^a/) -> do_it\n");
  REQUIRE(scenario);
  facts.variables["msg_header->Subject"] = {std::string(65536, 'a')};
  CHECK(outcome_of(evaluate(*scenario, AuthMethod::smtp, facts)) == yes);
  facts.variables["msg_header->Subject"] = {std::string(65537, 'a')};
  CHECK(outcome_of(evaluate(*scenario, AuthMethod::smtp, facts)) == aborts);
}

TEST_CASE("a match is found wherever the windows of the search end") {
  auto facts = sample_facts();
  const auto scenario = compile("match([msg_header->Subject],/(?<=x)needle\\b/) -> do_it\n");
  REQUIRE(scenario);
  for (const std::size_t at : {0U, 509U, 510U, 511U, 512U, 513U, 1023U, 1024U, 60000U}) {
    INFO(at);
    facts.variables["msg_header->Subject"] = {std::string(at, '\xE4') + "xneedle"};
    CHECK(outcome_of(evaluate(*scenario, AuthMethod::smtp, facts)) == yes);
  }
}
