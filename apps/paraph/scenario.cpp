// scenario eval, and what the scenario verbs share.

#include "apps/paraph/scenario.h"

#include <fmt/core.h>

#include "base/ascii.h"
#include "base/utf8.h"
#include "config/names.h"
#include "mail/address.h"
#include "pipeline/facts.h"
#include "scenario/address_patterns.h"
#include "smime/open.h"
#include "sys/file_system.h"

namespace paraph::app {
namespace {

constexpr std::size_t kMaxMessage = 512U << 20;
constexpr std::size_t kMaxFilter = 64U << 20;

using scenario::Scenario;

std::string canonical(const std::string& text) {
  const auto address = mail::AddrSpec::parse(text);
  return address ? address->canonical() : text;  // Sympa asks about "nobody" too
}

/// All that `scenario eval` was asked; `question` points into it.
struct Evaluation {
  NamedScenario named;
  scenario::Supposition supposed;
  std::optional<mail::MimeTree> message;
  pipeline::Question question;
  bool bare = false;     ///< no site is asked
  bool no_list = false;  ///< --list none
};

Result<void> read_method(const Invocation& call, pipeline::Question& question) {
  const std::string word = call.has("auth") ? call.option("auth") : "smtp";
  const auto method = scenario::method_from(word);
  if (!method) return Error::never(Errc::usage, "--auth: smtp, md5 or smime, not " + word);
  question.method = *method;
  return {};
}

Result<void> read_scenario(const Invocation& call, Evaluation& asked) {
  auto named = named_scenario(call.arguments[0]);
  if (!named) return std::move(named).error();
  asked.named = std::move(*named);
  if (call.has("rules")) {
    asked.named.file = Scenario::Source{call.option("rules") + "\n", "--rules"};
  } else if (const auto other = call.option("scenario"); other.find('/') != std::string::npos) {
    auto text = sys::read_file(other, kMaxScenarioFile);
    if (!text) return std::move(text).error();
    asked.named.file = Scenario::Source{std::move(*text), other};
  } else if (!other.empty()) {
    asked.named.name = other;
  }
  auto& question = asked.question;
  question.function = asked.named.function;
  question.scenario = asked.named.name;
  question.source = asked.named.file ? &*asked.named.file : nullptr;
  return {};
}

Result<void> read_place(Invocation& call, Evaluation& asked) {
  auto& question = asked.question;
  asked.no_list = call.option("list") == "none";
  const bool list = call.has("list") && !asked.no_list;
  asked.bare = question.source != nullptr && !list && !call.has("domain");
  if (asked.bare) return {};
  auto runtime = call.runtime();
  if (!runtime) return std::move(runtime).error();
  const auto& site = (*runtime)->site();
  question.domain = call.has("domain") ? call.option("domain") : site.domain();
  if (!list) return {};
  auto found = site.resolve_list(call.option("list"));
  if (!found) return std::move(found).error();
  question.list = *found;
  question.domain = found->domain();
  return {};
}

Result<void> read_people(const Invocation& call, Evaluation& asked) {
  auto& question = asked.question;
  const auto set = asked.supposed.variables.find("sender");
  if (set != asked.supposed.variables.end() && !set->second.empty())
    question.sender = canonical(set->second.front());
  if (call.has("sender")) question.sender = canonical(call.option("sender"));
  if (question.sender.empty() && (asked.bare || asked.supposed.roles))
    question.sender = "someone@example.org";
  if (question.sender.empty())
    return Error::never(Errc::usage, "--sender ADDRESS is needed: who asks?");
  if (call.has("email")) question.email = canonical(call.option("email"));
  return {};
}

Result<void> read_message(const Invocation& call, Evaluation& asked) {
  if (!call.has("message")) return {};
  auto octets = sys::read_file(call.option("message"), kMaxMessage);
  if (!octets) return std::move(octets).error();
  asked.message = mail::scan(mail::RawMessage(std::move(*octets)));
  asked.question.message = &*asked.message;
  // Without a key: an encrypted mail is taken for one that the list can open.
  smime::OpenContext nobody;
  nobody.at = sys::SystemClock().now();
  asked.question.message_encrypted = smime::open(*asked.message, nobody).protection.encrypted;
  return {};
}

Result<void> read_all(Invocation& call, Evaluation& asked) {
  auto supposed = supposition_of(call);
  if (!supposed) return std::move(supposed).error();
  asked.supposed = std::move(*supposed);
  auto& question = asked.question;
  if (auto read = read_method(call, question); !read) return read;
  if (auto read = read_scenario(call, asked); !read) return read;
  if (auto read = read_place(call, asked); !read) return read;
  if (auto read = read_people(call, asked); !read) return read;
  if (auto read = read_message(call, asked); !read) return read;
  question.supposed = &asked.supposed;
  return {};
}

// A default that stands for another parameter's value is none without a site.
std::string default_of(const scenario::Variable& variable) {
  const auto name = variable.name == "conf" ? pipeline::site_parameter(variable.key)
                                            : pipeline::list_parameter(variable.key).value_or("");
  const auto* row = config::find_parameter(name);
  return row == nullptr || row->fallback.find('$') != std::string_view::npos
             ? std::string()
             : std::string(row->fallback);
}

// Without a site: who has a role, and what a variable is, is what the command line says.
Result<scenario::Decision> decide_bare(Evaluation& asked) {
  const auto& question = asked.question;
  const auto& path = asked.named.file->path;
  auto compiled = Scenario::compile(question.function, *asked.named.file, library_beside(path));
  if (!compiled) return std::move(compiled).error();
  if (asked.no_list && compiled->needs_list()) return scenario::no_list();
  auto& supposed = asked.supposed;
  supposed.variables.try_emplace("sender", 1, question.sender);
  if (!question.email.empty()) supposed.variables.try_emplace("email", 1, question.email);
  supposed.search = [&path](std::string_view file, std::string_view address) {
    return search_beside(path, file, address);
  };
  scenario::BareFacts::World world{.message = question.message,
                                   .message_encrypted = question.message_encrypted,
                                   .now = sys::SystemClock().now(),
                                   .list = asked.no_list ? "" : "list",
                                   .environment = pipeline::environment,
                                   .parameter = default_of};
  const auto say = [&](std::string_view name, std::string& what) {
    const auto found = supposed.variables.find(std::string(name));
    if (found != supposed.variables.end() && !found->second.empty()) what = found->second.front();
  };
  say("listname", world.list);
  say("domain", world.domain);
  const scenario::BareFacts bare(std::move(world));
  return scenario::evaluate(*compiled, question.method, scenario::SupposedFacts(supposed, bare));
}

// Sympa's answers where there is nothing to evaluate; the daemons make mail wait instead (design §2).
Result<scenario::Decision> sympas_answer(const Error& error, scenario::AuthMethod method) {
  if (error.code() != Errc::config && error.code() != Errc::not_found) return error;
  Invocation::warn(error.what());
  auto decision = scenario::not_compiled();
  if (error.code() == Errc::not_found)
    decision.action.reason = method == scenario::AuthMethod::smtp ? "" : "no-rule-match";
  return decision;
}

std::size_t number_of(const scenario::Decision& decision) {
  return decision.rule && !decision.trace.empty() ? decision.trace.back().number : 0;
}

// The decision, then the rules that were tried, the last of which decided; with `operands` what each asked.
std::string to_text(const scenario::Decision& decision, bool operands) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& step : decision.trace) {
    rows.push_back({fmt::format("  {} {}", step.number, place_text(step.rule->place)),
                    step.rule->text, step.result});
    if (!operands) continue;
    for (const auto& [written, value] : step.operands)
      rows.push_back({"", fmt::format("    {} = {}", written, value), ""});
  }
  std::string text = scenario::to_string(decision.action);
  if (decision.rule)
    text += fmt::format("    (rule {}, {})", number_of(decision), place_text(decision.rule->place));
  return text + "\n" + table(rows);
}

}  // namespace

Json decision_json(const scenario::Decision& decision) {
  Json json = to_json(decision.action);
  json["rule"] = nullptr;
  json["trace"] = Json::array();
  if (decision.rule)
    json["rule"] = {{"number", number_of(decision)},
                    {"file", decision.rule->place.file},
                    {"line", decision.rule->place.line},
                    {"text", decision.rule->text}};
  for (const auto& step : decision.trace) {
    Json operands = Json::object();
    for (const auto& [written, value] : step.operands) operands[written] = value;
    json["trace"].push_back(
        {{"number", step.number},
         {"rule", fmt::format("{}:{}", step.rule->place.file, step.rule->place.line)},
         {"text", step.rule->text},
         {"operands", operands},
         {"result", step.result}});
  }
  return json;
}

std::string place_text(const scenario::Place& place) {
  return fmt::format("{}:{}", place.file.substr(place.file.rfind('/') + 1), place.line);
}

std::string function_of(const std::string& path) {
  const std::string name = path.substr(path.rfind('/') + 1);
  return name.substr(0, name.find('.'));
}

Result<NamedScenario> named_scenario(const std::string& argument) {
  const bool path = argument == "-" || argument.find('/') != std::string::npos;
  const auto dot = argument.find('.');
  if (!path) {
    if (dot == std::string::npos) return NamedScenario{argument, "", std::nullopt};
    return NamedScenario{argument.substr(0, dot), argument.substr(dot + 1), std::nullopt};
  }
  auto text = sys::read_file(argument, kMaxScenarioFile);
  if (!text) return std::move(text).error();
  return NamedScenario{argument == "-" ? "send" : function_of(argument), "",
                       Scenario::Source{std::move(*text), argument}};
}

Scenario::Library library_beside(const std::string& path) {
  Scenario::Library known([path](std::string_view name) {
    return pipeline::file_beside(path, fmt::format("include.{}", name));
  });
  known.has_list_parameter = pipeline::is_list_parameter;
  known.has_site_parameter = [](std::string_view name) {
    return !pipeline::site_parameter(name).empty();
  };
  known.has_filter = [path](std::string_view file) {
    const auto found = search_beside(path, file, "nobody");
    return found || found.error().code() != Errc::not_found;
  };
  return known;
}

Result<bool> search_beside(const std::string& path, std::string_view file,
                           std::string_view address) {
  const auto directory = sys::directory_of(sys::absolute(path));
  for (const auto* folder : {"../search_filters", "search_filters", "."}) {
    auto root = sys::open_root(sys::join(directory, folder));
    if (!root) continue;
    auto text = (*root)->read(std::string(file), kMaxFilter);
    if (text) return scenario::AddressPatterns(std::move(*text)).matches(address);
    if (text.error().code() != Errc::not_found) return std::move(text).error();
  }
  if (file == "blocklist.txt") return false;
  return Error::never(Errc::not_found, fmt::format("no search_filters/{}", file))
      .with_hint("put it beside the directory of " + path);
}

Result<scenario::Supposition> supposition_of(const Invocation& call) {
  scenario::Supposition supposed;
  if (call.has("role")) {
    auto roles = scenario::parse_roles(call.option("role"));
    if (!roles) return std::move(roles).error();
    supposed.roles = std::move(*roles);
  }
  for (const auto& assignment : call.all("set"))
    if (auto set = supposed.set(assignment); !set) return std::move(set).error();
  for (const auto* name : {"remote-host", "remote-addr"}) {
    if (!call.has(name)) continue;
    std::string variable = name;
    variable[variable.find('-')] = '_';
    supposed.variables[variable] = {call.option(name)};
  }
  if (call.has("at")) {
    supposed.at = parse_time(call.option("at"));
    if (!supposed.at) return Error::never(Errc::usage, "--at: no time: " + call.option("at"));
  }
  return supposed;
}

Json to_json(const scenario::RuleAction& action) {
  return {{"action", scenario::to_string(action.action)},
          {"reason", action.reason.empty() ? Json(nullptr) : Json(action.reason)},
          {"tt2", action.tt2.empty() ? Json(nullptr) : Json(action.tt2)},
          {"quiet", action.quiet},
          {"notify", action.notify},
          {"confirm", action.action != scenario::Action::request_auth ? Json(nullptr)
                      : action.confirm_by_email                       ? Json("email")
                                                                      : Json("sender")},
          {"decision", scenario::to_string(action)}};
}

Result<int> scenario_eval(Invocation& call) {
  Evaluation asked;
  if (auto read = read_all(call, asked); !read) return std::move(read).error();
  auto decision = asked.bare ? decide_bare(asked)
                             : pipeline::authorize(asked.question, (*call.runtime())->ports());
  if (!decision) decision = sympas_answer(decision.error(), asked.question.method);
  if (!decision) return std::move(decision).error();
  call.print(decision_json(*decision), to_text(*decision, call.has("trace")));
  return kOk;
}

}  // namespace paraph::app
