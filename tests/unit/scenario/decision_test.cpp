// What the stock scenarios decide, and how a decision explains itself.
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "scenario/fake_facts.h"

using namespace paraph;
using namespace paraph::scenario;

namespace {

Scenario stock(const std::string& name) {
  const std::string path = std::string(PARAPH_SOURCE_DIR) + "/scenarios/" + name;
  std::ifstream in(path);
  REQUIRE(in);
  std::stringstream text;
  text << in.rdbuf();
  auto problems = Scenario::check("send", {text.str(), path}, no_includes);
  CHECK(problems.empty());
  auto scenario = Scenario::compile("send", {text.str(), path}, no_includes);
  REQUIRE(scenario);
  return std::move(*scenario);
}

// Who may post, per method; everybody else is rejected for `reason`.
struct Policy {
  const char* name;
  const char* roles;  // of: Member, Owner, Editor, Listmaster, Stranger
  const char* methods;
  const char* reason;
};
const Policy kPolicies[] = {
    {"send.public", "MOELS", "smtp md5 smime", ""},
    {"send.private", "MOEL", "smtp md5 smime", "send_subscriber"},
    {"send.private_smime", "MOEL", "smime", "send_subscriber_smime"},
    {"send.closed", "", "", "send_closed"},
};
const std::pair<char, const char*> kPeople[] = {{'M', "ann@example.org"},
                                                {'O', "olga@example.org"},
                                                {'E', "ed@example.org"},
                                                {'L', "root@example.org"},
                                                {'S', "eve@example.org"}};

}  // namespace

TEST_CASE("stock send scenarios") {
  for (const auto& policy : kPolicies) {
    const auto scenario = stock(policy.name);
    CHECK_FALSE(scenario.title("en").empty());
    for (const auto& [role, address] : kPeople) {
      for (const auto method : {AuthMethod::smtp, AuthMethod::md5, AuthMethod::smime}) {
        INFO(policy.name << " " << role << " " << to_string(method));
        auto facts = sample_facts();
        facts.variables["sender"] = {address};
        const auto decision = evaluate(scenario, method, facts);
        const bool allowed =
            std::string_view(policy.roles).find(role) != std::string_view::npos &&
            std::string_view(policy.methods).find(to_string(method)) != std::string_view::npos;
        CHECK(decision.action.action == (allowed ? Action::do_it : Action::reject));
        CHECK(decision.action.reason == (allowed ? "" : policy.reason));
        CHECK_FALSE(decision.action.quiet);
        REQUIRE(decision.rule);
      }
    }
  }
}

TEST_CASE("the trace tells each rule tried, with values") {
  const auto scenario = stock("send.private_smime");
  auto facts = sample_facts();
  facts.variables["sender"] = {"eve@example.org\x1b[31m"};
  const auto decision = evaluate(scenario, AuthMethod::smime, facts);
  REQUIRE(decision.trace.size() == 4);
  CHECK(decision.trace[0].rule->text == scenario.rules()[0].text);
  CHECK(decision.trace[0].result == "no");
  REQUIRE(decision.trace[0].operands.size() == 2);
  CHECK(decision.trace[0].operands[0] ==
        std::pair<std::string, std::string>{"[listname]", "secure"});
  CHECK(decision.trace[0].operands[1].second.find('\x1b') == std::string::npos);
  CHECK(decision.trace[3].result == "yes");
  CHECK(evaluate(scenario, AuthMethod::smtp, facts).trace[0].result == "method smtp not listed");
}

TEST_CASE("bodies are never shown") {
  auto facts = sample_facts();
  facts.variables["msg_body"] = {"canary"};
  const auto scenario = compile("match([msg_body],/canary/) -> do_it");
  const auto decision = evaluate(*scenario, AuthMethod::smtp, facts);
  CHECK(decision.action.action == Action::do_it);
  CHECK(decision.trace[0].operands[0].second == "<6 octets>");
}

TEST_CASE("no rule, no method") {
  const auto facts = sample_facts();
  const auto smtp_only = compile("true() -> do_it");
  CHECK(evaluate(*smtp_only, AuthMethod::smtp, facts).action.action == Action::do_it);
  const auto none = evaluate(*smtp_only, AuthMethod::smime, facts);
  CHECK(none.action.action == Action::reject);
  CHECK(none.action.reason == "no-rule-match");
  CHECK_FALSE(none.rule);
  CHECK(evaluate(*compile(""), AuthMethod::smtp, facts).action.reason == "no-rule-match");
  CHECK(not_compiled().action.reason == "not-compiled");
  // pgp is accepted in files, and a rule for the three methods is one for everybody.
  CHECK(evaluate(*compile("true() pgp -> do_it"), AuthMethod::smtp, facts).action.reason ==
        "no-rule-match");
  CHECK(
      evaluate(*compile("true() smtp,md5,smime -> do_it"), AuthMethod::pgp, facts).action.action ==
      Action::do_it);
}

TEST_CASE("words") {
  CHECK(method_from("dkim") == AuthMethod::smtp);
  CHECK(method_from("SMIME") == AuthMethod::smime);
  CHECK_FALSE(method_from("gpg"));
  CHECK(to_string(AuthMethod::smtp) == "smtp");
  CHECK(to_string(Action::editorkey) == "editorkey");
}
