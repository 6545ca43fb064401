// scenario table, scenario test.

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <set>

#include "apps/paraph/scenario.h"
#include "base/ascii.h"
#include "base/utf8.h"
#include "scenario/address_patterns.h"
#include "scenario/cases.h"
#include "sys/file_system.h"

namespace paraph::app {
namespace {

using scenario::AuthMethod;
using scenario::Scenario;

constexpr std::array kMethods{AuthMethod::smtp, AuthMethod::md5, AuthMethod::smime};
constexpr std::string_view kCases = ".test";

/// A scenario file, compiled, with its path.
struct Compiled {
  Scenario scenario;
  std::string function;
};

Result<Compiled> compile_named(Invocation& call, const std::string& argument) {
  auto named = named_scenario(argument);
  if (!named) return std::move(named).error();
  if (named->file) {
    auto compiled = Scenario::compile(named->function, *named->file,
                                      library_beside(sys::absolute(named->file->path)));
    if (!compiled) return std::move(compiled).error();
    return Compiled{std::move(*compiled), named->function};
  }
  auto site = call.site();
  if (!site) return std::move(site).error();
  pipeline::Question question;
  question.function = named->function;
  question.scenario = named->name;
  question.domain = (*site)->domain();
  if (call.has("list")) {
    auto list = (*site)->resolve_list(call.option("list"));
    if (!list) return std::move(list).error();
    question.list = *list;
    question.domain = list->domain();
  }
  auto compiled = pipeline::load_scenario(question, **site);
  if (!compiled) return std::move(compiled).error();
  return Compiled{std::move(*compiled), named->function};
}

// What a decision turns on besides the role of whoever asks: "[msg_part->type]", "search('friends.txt')".
std::vector<std::string> other_grounds(const Scenario& scenario) {
  static const std::set<std::string_view> kKnown{"sender", "listname", "domain", "host"};
  std::set<std::string> grounds;
  for (const auto& rule : scenario.rules()) {
    const auto& operands = rule.condition.operands;
    for (const auto& operand : operands)
      if (const auto* variable = std::get_if<scenario::Variable>(&operand))
        if (kKnown.count(variable->name) == 0) grounds.insert(variable->text);
    if (rule.condition.name != "search") continue;
    if (const auto* file = std::get_if<scenario::Literal>(&operands[0]);
        file != nullptr && file->text != "blocklist.txt")
      grounds.insert(fmt::format("search('{}')", file->text));
  }
  return {grounds.begin(), grounds.end()};
}

// The decision without the names that only a trace needs.
std::string cell_of(const scenario::RuleAction& action) {
  auto text = scenario::to_string(action);
  for (const std::string_view noise : {"reason='", "tt2='"})
    if (const auto at = text.find(noise); at != std::string::npos) text.erase(at, noise.size());
  text.erase(std::remove(text.begin(), text.end(), '\''), text.end());
  return text;
}

scenario::Decision decide(const Scenario& scenario, std::string_view role, AuthMethod method,
                          const std::string& mail, const scenario::Supposition& supposed) {
  scenario::Case one{{}, std::string(role), method, mail, supposed, {}};
  one.supposed.roles = *scenario::parse_roles(role);
  one.supposed.variables.try_emplace("sender", 1, "someone@example.org");
  return scenario::run_case(one, scenario);
}

/// Whose files a case file may use besides those beside it; without a site, nobody's.
struct CaseFile {
  std::string path;
  std::string domain;
  std::optional<list::ListAddress> list;
};

/// What `scenario test` found out.
struct Tally {
  Json json = Json::array();
  std::string text;
  std::size_t good = 0, bad = 0;
};

// The file beside the scenario, else the one that the site has for whoever uses it.
Result<bool> search_for(Invocation& call, const CaseFile& whose, const std::string& path,
                        std::string_view file, std::string_view address) {
  auto beside = search_beside(path, file, address);
  if (beside || beside.error().code() != Errc::not_found || whose.domain.empty()) return beside;
  auto site = call.site();
  if (!site) return std::move(site).error();
  auto found = (*site)->find_file(whose.list, whose.domain, "search_filters", file);
  if (!found || !*found) return beside;
  return scenario::AddressPatterns(std::move((*found)->text)).matches(address);
}

Result<Scenario> compile_for(Invocation& call, const CaseFile& whose, const std::string& path) {
  auto text = sys::read_file(path, kMaxScenarioFile);
  if (!text) return std::move(text).error();
  auto library = library_beside(sys::absolute(path));
  if (!whose.domain.empty()) {
    auto site = call.site();
    if (!site) return std::move(site).error();
    const auto below = pipeline::library_of(**site, whose.list, whose.domain);
    library.include = [beside = library.include, below](std::string_view name) {
      auto found = beside(name);
      return found ? found : below.include(name);
    };
  }
  return Scenario::compile(function_of(path), {std::move(*text), path}, library);
}

void run_cases(Invocation& call, const CaseFile& whose, const std::vector<scenario::Case>& cases,
               const Scenario& scenario, const std::string& path, Tally& tally) {
  const std::size_t before = tally.bad;
  for (auto one : cases) {
    one.supposed.search = [&](std::string_view file, std::string_view address) {
      return search_for(call, whose, path, file, address);
    };
    const auto decision = scenario::run_case(one, scenario);
    if (decision.action == one.expected) {
      ++tally.good;
      continue;
    }
    ++tally.bad;
    const auto expected = scenario::to_string(one.expected);
    const auto decided = scenario::to_string(decision.action);
    tally.json.push_back({{"file", one.place.file},
                          {"line", one.place.line},
                          {"who", one.who},
                          {"method", scenario::to_string(one.method)},
                          {"mail", one.mail},
                          {"expected", expected},
                          {"decided", decided}});
    tally.text += fmt::format(
        "{}:{}: {} by {}, mail {}: expected {}, decided {}{}\n",
        utf8::printable(one.place.file, 400), one.place.line, one.who,
        scenario::to_string(one.method), one.mail, expected, decided,
        decision.rule ? fmt::format(" (line {})", decision.rule->place.line) : std::string());
  }
  if (tally.bad == before)
    tally.text += fmt::format("{}: {} cases good\n", utf8::printable(path, 400), cases.size());
}

// `path` is a scenario or its NAME.test.
Result<void> test_file(Invocation& call, const CaseFile& whose, Tally& tally) {
  std::string path = whose.path;
  if (ascii::iends_with(path, kCases)) path.resize(path.size() - kCases.size());
  if (path.find('/') == std::string::npos) path = "./" + path;
  auto text = sys::read_file(path + std::string(kCases), kMaxScenarioFile);
  if (!text) return std::move(text).error().with_hint("write into it: member,owner smime -> do_it");
  auto cases = scenario::parse_cases(*text, path + std::string(kCases));
  if (!cases) return std::move(cases).error();
  auto compiled = compile_for(call, whose, path);
  if (!compiled) return std::move(compiled).error();
  run_cases(call, whose, *cases, *compiled, path, tally);
  return {};
}

// Every NAME.test of the scenari/ directories of stock, site, domains and lists, each once.
Result<std::vector<CaseFile>> all_tests(Invocation& call) {
  auto site = call.site();
  if (!site) return std::move(site).error();
  auto lists = (*site)->lists();
  if (!lists) return std::move(lists).error();
  std::map<std::string, CaseFile> files;
  std::error_code ignored;
  const auto look = [&](const std::optional<list::ListAddress>& list, const std::string& domain) {
    for (const auto& directory : (*site)->search_path(list, domain, "scenari"))
      for (const auto& entry : std::filesystem::directory_iterator(directory, ignored))
        if (ascii::iends_with(entry.path().string(), kCases))
          files.try_emplace(entry.path().string(), CaseFile{entry.path().string(), domain, list});
  };
  for (const auto& domain : (*site)->domains()) look(std::nullopt, domain);
  for (const auto& list : *lists) look(list, list.domain());
  std::vector<CaseFile> sorted;
  for (auto& [path, file] : files) sorted.push_back(std::move(file));
  return sorted;
}

}  // namespace

Result<int> scenario_table(Invocation& call) {
  auto compiled = compile_named(call, call.arguments[0]);
  if (!compiled) return std::move(compiled).error();
  auto supposed = supposition_of(call);
  if (!supposed) return std::move(supposed).error();
  const std::string mail = call.has("mail")               ? call.option("mail")
                           : compiled->function == "send" ? "plain"
                                                          : "none";
  if (!scenario::sample_mail(mail).known)
    return Error::never(Errc::usage, "--mail: none, plain, multi or bcc, not " + mail);

  const auto& scenario = compiled->scenario;
  const auto grounds = other_grounds(scenario);
  Json json{{"file", scenario.path()}, {"title", scenario.title("")}, {"mail", mail}};
  json["decisions"] = Json::array();
  std::vector<std::vector<std::string>> rows{{""}};
  for (const auto method : kMethods) rows[0].emplace_back(scenario::to_string(method));
  for (const auto role : scenario::role_words()) {
    rows.push_back({std::string(role)});
    for (const auto method : kMethods) {
      const auto decision = decide(scenario, role, method, mail, *supposed);
      rows.back().push_back(cell_of(decision.action));
      Json one{{"role", role}, {"method", scenario::to_string(method)}};
      one.update(to_json(decision.action));
      one["line"] = decision.rule ? Json(decision.rule->place.line) : Json(nullptr);
      json["decisions"].push_back(std::move(one));
    }
  }
  json["depends_on"] = grounds;
  std::string text = fmt::format("{}: {}\n", utf8::printable(scenario.path(), 400),
                                 utf8::printable(scenario.title(""), 200)) +
                     app::table(rows);
  std::string also;
  for (const auto& ground : grounds) also += " " + utf8::printable(ground, 80);
  if (!also.empty()) text += fmt::format("depends on{} too; here: mail {}\n", also, mail);
  call.print(json, text);
  return kOk;
}

Result<int> scenario_test(Invocation& call) {
  std::vector<CaseFile> files;
  for (const auto& path : call.arguments) files.push_back({path, {}, std::nullopt});
  if (files.empty()) {
    auto all = all_tests(call);
    if (!all) return std::move(all).error();
    files = std::move(*all);
  }
  Tally tally;
  for (const auto& file : files)
    if (auto tested = test_file(call, file, tally); !tested) return std::move(tested).error();
  tally.text += fmt::format("{} cases good, {} failed\n", tally.good, tally.bad);
  call.print({{"good", tally.good}, {"failed", tally.bad}, {"failures", tally.json}}, tally.text);
  return tally.bad == 0 ? kOk : kDataError;
}

}  // namespace paraph::app
