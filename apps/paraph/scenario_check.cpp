// scenario check.

#include <fmt/core.h>

#include "apps/paraph/scenario.h"
#include "base/utf8.h"
#include "sys/file_system.h"

namespace paraph::app {
namespace {

Json to_json(const scenario::Problem& problem) {
  return {{"file", problem.place.file},
          {"line", problem.place.line},
          {"column", problem.place.column},
          {"fatal", problem.fatal},
          {"message", problem.message},
          {"hint", problem.hint.empty() ? Json(nullptr) : Json(problem.hint)}};
}

std::string to_text(const scenario::Problem& problem) {
  auto text = fmt::format("{}:{}:{}: {}: {}\n", utf8::printable(problem.place.file, 400),
                          problem.place.line, problem.place.column,
                          problem.fatal ? "error" : "warning", problem.message);
  if (!problem.hint.empty()) text += fmt::format("    hint: {}\n", problem.hint);
  return text;
}

// What stands beside the file, else what the site has, when there is one.
scenario::Scenario::Library library_for(Invocation& call, const std::string& path) {
  auto beside = library_beside(sys::absolute(path));
  const auto site = call.site();
  if (!site) return beside;
  const auto below = pipeline::library_of(**site, std::nullopt, (*site)->domain());
  scenario::Scenario::Library both([beside, below](std::string_view name) {
    auto found = beside.include(name);
    return found ? found : below.include(name);
  });
  both.has_list_parameter = beside.has_list_parameter;
  both.has_template = below.has_template;
  both.has_filter = [beside, below](std::string_view file) {
    return beside.has_filter(file) || below.has_filter(file);
  };
  return both;
}

}  // namespace

Result<int> scenario_check(Invocation& call) {
  Json json = Json::array();
  std::string text;
  int code = kOk;
  for (const auto& path : call.arguments) {
    auto source = sys::read_file(path, kMaxScenarioFile);
    if (!source) return std::move(source).error();
    const auto problems = scenario::Scenario::check(function_of(path), {std::move(*source), path},
                                                    library_for(call, path));
    for (const auto& problem : problems) {
      if (problem.fatal) code = kDataError;
      json.push_back(to_json(problem));
      text += to_text(problem);
    }
    if (problems.empty()) text += utf8::printable(path, 400) + ": good\n";
  }
  call.print(json, text);
  return code;
}

}  // namespace paraph::app
