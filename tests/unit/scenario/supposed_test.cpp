#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "scenario/cases.h"
#include "scenario/fake_facts.h"

using namespace paraph;
using namespace paraph::scenario;

namespace {

std::string text_of(const std::filesystem::path& path) {
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

Decision ask(std::string_view rules, const Supposition& supposed,
             AuthMethod method = AuthMethod::smtp) {
  const auto scenario = compile(rules);
  REQUIRE(scenario);
  const auto facts = sample_facts();
  return evaluate(*scenario, method, SupposedFacts(supposed, facts));
}

Supposition with(std::initializer_list<const char*> assignments) {
  Supposition supposed;
  for (const auto* each : assignments) REQUIRE(supposed.set(each));
  return supposed;
}

bool holds(std::string_view condition, const Supposition& supposed) {
  return ask(std::string(condition) + " -> do_it", supposed).action.action == Action::do_it;
}

}  // namespace

TEST_CASE("what is supposed goes before what is so") {
  CHECK(holds("is_subscriber([listname],[sender])", {}));
  auto supposed = with({"sender=eve@example.org"});
  CHECK_FALSE(holds("is_subscriber([listname],[sender])", supposed));
  supposed.roles = *parse_roles("member,editor:other");
  CHECK(holds("is_subscriber([listname],[sender])", supposed));
  CHECK(holds("is_subscriber('secure@lists.example.org',[sender])", supposed));
  CHECK_FALSE(holds("is_subscriber('secure@elsewhere.example.org',[sender])", supposed));
  CHECK_FALSE(holds("is_editor([listname],[sender])", supposed));
  CHECK(holds("is_editor(other,[sender])", supposed));
  CHECK_FALSE(holds("is_owner([listname],'olga@example.org')", supposed));
  supposed.roles = *parse_roles("owner:secure:Olga@example.org listmaster");
  CHECK(holds("is_owner([listname],'olga@example.org')", supposed));
  CHECK(holds("is_listmaster([sender])", supposed));
  CHECK(parse_roles("stranger")->empty());
  CHECK_FALSE(parse_roles("membre"));
}

TEST_CASE("variables are set by name, several times for several values") {
  const auto supposed = with({"[msg_header->subject]=Hi = there", "header->X-Tag=a",
                              "header->x-tag=b", "remote_addr=192.0.2.1", "custom_vars->Level=7"});
  CHECK(holds("equal([header->Subject],'Hi = there')", supposed));
  CHECK(holds("equal([msg_header->X-Tag],b)", supposed));
  CHECK(holds("equal([msg_header->X-Tag][-2],a)", supposed));
  CHECK(holds("less_than([custom_vars->level],8)", supposed));
  CHECK_FALSE(holds("equal([msg_part->type],'')", supposed));
  CHECK_FALSE(holds("is_subscriber([msg_part->body],[msg_part->body])", supposed));
  CHECK(holds("verify_netmask('192.0.2.0/24')", supposed));
  CHECK_FALSE(holds("verify_netmask('198.51.100.0/24')", supposed));
  CHECK(ask("!verify_netmask('nonsense') -> do_it", supposed).action.reason ==
        "error-performing-condition");
  CHECK_FALSE(Supposition().set("no assignment"));
  CHECK_FALSE(Supposition().set("=value"));
  Supposition later;
  later.at = TimePoint(std::chrono::seconds(1'900'000'000));
  CHECK(holds("newer([current_date],1800000000)", later));
}

TEST_CASE("the parts of a message") {
  const auto message = mail::scan(mail::RawMessage(
      "To: \"List\" <secure@example.org>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nX-Tag: "
      "1\r\nX-Tag:\r\n 2\r\n"
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n"
      "Content-Transfer-Encoding: quoted-printable\r\n\r\na=3Db\r\n--b\r\nContent-Type: "
      "image/png\r\n\r\nx\r\n"
      "--b--\r\n"));
  const BareFacts facts({.message = &message, .now = {}, .list = "secure"});
  const auto decide = [&](std::string_view condition) {
    const auto scenario = compile(std::string(condition) + " -> do_it");
    REQUIRE(scenario);
    return evaluate(*scenario, AuthMethod::smtp, facts).action.action == Action::do_it;
  };
  CHECK(decide("equal([msg_header->Subject],'Grüße')"));
  CHECK(decide("equal([header->x-tag],2)"));
  CHECK(decide("equal([header->x-tag][0],1)"));
  CHECK(decide("equal([msg_part->type],'image/png')"));
  CHECK(decide("match([msg_part->body],/^a=b/)"));
  CHECK(decide("equal([msg_body],'')"));
  CHECK(decide("equal([is_bcc],0)"));
  CHECK(decide("equal([msg->decoded_subject],'Grüße')"));
  CHECK(decide("less_than(100,[msg->size])"));
  CHECK(decide("equal([msg_encrypted],'')"));
  CHECK(decide("equal([unheard_of],'')"));

  const auto plain = mail::scan(mail::RawMessage("To: x@example.org\r\n\r\na=3Db\r\n"));
  const BareFacts other({.message = &plain, .now = {}, .list = "secure"});
  const auto scenario = compile("equal([is_bcc],1) -> reject\nmatch([msg_body],/a=3Db/) -> do_it");
  CHECK(evaluate(*scenario, AuthMethod::smtp, other).action.action == Action::reject);
}

TEST_CASE("cases multiply, and say where they are wrong") {
  const auto cases = parse_cases(
      "# comment\n\nmember+owner,stranger smtp,md5 mail=plain,bcc 'subject=a b' -> "
      "reject(reason='x'),quiet\n* * -> do_it\n",
      "x.test");
  REQUIRE(cases);
  CHECK(cases->size() == 8 + 15);
  CHECK(cases->front().supposed.roles->size() == 2);
  CHECK(cases->front().supposed.variables.at("subject").front() == "a b");
  CHECK(cases->front().place.line == 3);
  CHECK(to_string(cases->front().expected) == "reject(reason='x'),quiet");
  for (const auto* bad : {"member smtp do_it", "member smtq -> do_it", "membre smtp -> do_it",
                          "member smtp -> do", "member smtp mail=odd -> do_it",
                          "member smtp at=never -> do_it", "member smtp x -> do_it", "-> do_it"}) {
    INFO(bad);
    const auto parsed = parse_cases(bad, "x.test");
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().what().find("x.test:1:") == 0);
  }
}

// scenarios/: every stock scenario is without reproach, and decides what its cases say.
TEST_CASE("stock scenarios keep to their cases") {
  std::size_t files = 0, count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(PARAPH_SOURCE_DIR "/scenarios")) {
    const auto path = entry.path().string();
    if (entry.path().extension() == ".test") continue;
    const auto name = entry.path().filename().string();
    const auto function = name.substr(0, name.find('.'));
    INFO(path);
    const Scenario::Source source{text_of(path), path};
    for (const auto& problem : Scenario::check(function, source, no_includes)) {
      INFO(problem.place.line << ": " << problem.message);
      CHECK(false);
    }
    const auto scenario = Scenario::compile(function, source, no_includes);
    REQUIRE(scenario);
    CHECK_FALSE(scenario->title("").empty());
    const auto cases = parse_cases(text_of(path + ".test"), path + ".test");
    REQUIRE(cases);
    CHECK(!cases->empty());
    for (const auto& one : *cases) {
      const auto decision = run_case(one, *scenario);
      INFO(one.place.line << ": " << one.who << " " << to_string(one.method) << " " << one.mail);
      CHECK(to_string(decision.action) == to_string(one.expected));
    }
    ++files;
    count += cases->size();
  }
  CHECK(files >= 117);
  CHECK(count >= 2500);
}
