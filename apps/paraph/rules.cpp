// scenario eval, scenario check.

#include <fmt/core.h>

#include "apps/paraph/verb.h"
#include "mail/address.h"
#include "pipeline/authorize.h"
#include "sys/file_system.h"

namespace paraph::app {
namespace {

constexpr std::size_t kMaxMessage = 512U << 20;
constexpr std::size_t kMaxScenario = 4U << 20;

Result<pipeline::Question> question_of(Invocation& call) {
  auto runtime = call.runtime();
  if (!runtime) return std::move(runtime).error();
  const auto& site = (*runtime)->site();
  pipeline::Question question;
  question.function = call.arguments[0];
  question.domain = call.has("domain") ? call.option("domain") : site.domain();
  if (call.has("list")) {
    auto list = site.resolve_list(call.option("list"));
    if (!list) return std::move(list).error();
    question.list = *list;
    question.domain = list->domain();
  }
  question.scenario = call.option("scenario");
  const auto method = scenario::method_from(call.has("auth") ? call.option("auth") : "smtp");
  if (!method)
    return Error::never(Errc::usage, "--auth: smtp, md5 or smime, not " + call.option("auth"));
  question.method = *method;
  const auto canonical = [](const std::string& text) -> std::string {
    const auto address = mail::AddrSpec::parse(text);
    return address ? address->canonical() : text;  // Sympa asks about "nobody" too
  };
  if (!call.has("sender"))
    return Error::never(Errc::usage, "--sender ADDRESS is needed: who asks?");
  question.sender = canonical(call.option("sender"));
  if (call.has("email")) question.email = canonical(call.option("email"));
  return question;
}

Json to_json(const scenario::Decision& decision) {
  const auto& action = decision.action;
  Json json{{"action", scenario::to_string(action.action)},
            {"reason", action.reason.empty() ? Json(nullptr) : Json(action.reason)},
            {"tt2", action.tt2.empty() ? Json(nullptr) : Json(action.tt2)},
            {"quiet", action.quiet},
            {"notify", action.notify},
            {"rule", nullptr},
            {"trace", Json::array()}};
  if (decision.rule)
    json["rule"] = {{"file", decision.rule->place.file},
                    {"line", decision.rule->place.line},
                    {"text", decision.rule->text}};
  for (const auto& step : decision.trace) {
    Json operands = Json::object();
    for (const auto& [written, value] : step.operands) operands[written] = value;
    json["trace"].push_back(
        {{"rule", fmt::format("{}:{}", step.rule.place.file, step.rule.place.line)},
         {"text", step.rule.text},
         {"operands", operands},
         {"result", step.result}});
  }
  return json;
}

std::string to_text(const scenario::Decision& decision) {
  const auto& action = decision.action;
  std::string text = std::string(scenario::to_string(action.action));
  if (!action.reason.empty()) text += fmt::format("(reason='{}')", action.reason);
  if (!action.tt2.empty()) text += fmt::format("(tt2='{}')", action.tt2);
  if (action.quiet) text += ",quiet";
  if (action.notify) text += ",notify";
  text += "\n";
  std::vector<std::vector<std::string>> rows;
  for (const auto& step : decision.trace)
    rows.push_back(
        {fmt::format("  {}:{}", step.rule.place.file.substr(step.rule.place.file.rfind('/') + 1),
                     step.rule.place.line),
         step.rule.text, step.result});
  return text + table(rows);
}

}  // namespace

Result<int> scenario_eval(Invocation& call) {
  auto question = question_of(call);
  if (!question) return std::move(question).error();
  std::optional<mail::MimeTree> message;
  if (call.has("message")) {
    auto octets = sys::read_file(call.option("message"), kMaxMessage);
    if (!octets) return std::move(octets).error();
    message = mail::scan(mail::RawMessage(std::move(*octets)));
    question->message = &*message;
  }
  auto decision = pipeline::authorize(*question, (*call.runtime())->ports());
  if (!decision) {
    // Sympa's answer to a scenario that does not compile; the daemons make mail wait instead
    // (design §2).
    if (decision.error().code() != Errc::config && decision.error().code() != Errc::not_found)
      return std::move(decision).error();
    Invocation::warn(decision.error().what());
    scenario::Decision rejected;
    rejected.action.reason = "not-compiled";
    decision = rejected;
  }
  call.print(to_json(*decision), to_text(*decision));
  return kOk;
}

Result<int> scenario_check(Invocation& call) {
  Json json = Json::array();
  std::string text;
  int code = kOk;
  for (const auto& path : call.arguments) {
    auto source = sys::read_file(path, kMaxScenario);
    if (!source) return std::move(source).error();
    const std::string name = path.substr(path.rfind('/') + 1);
    const std::string directory = sys::directory_of(sys::absolute(path));
    const auto include =
        [&](std::string_view included) -> std::optional<scenario::Scenario::Source> {
      const std::string file = fmt::format("{}/include.{}", directory, included);
      auto found = sys::read_file(file, kMaxScenario);
      if (!found) return std::nullopt;
      return scenario::Scenario::Source{std::move(*found), file};
    };
    const auto problems =
        scenario::Scenario::check(name.substr(0, name.find('.')), {*source, path}, include);
    for (const auto& problem : problems) {
      if (problem.fatal) code = kDataError;
      json.push_back({{"file", problem.place.file},
                      {"line", problem.place.line},
                      {"column", problem.place.column},
                      {"fatal", problem.fatal},
                      {"message", problem.message}});
      text +=
          fmt::format("{}:{}:{}: {}: {}\n", problem.place.file, problem.place.line,
                      problem.place.column, problem.fatal ? "error" : "warning", problem.message);
    }
    if (problems.empty()) text += path + ": good\n";
  }
  call.print(json, text);
  return code;
}

}  // namespace paraph::app
