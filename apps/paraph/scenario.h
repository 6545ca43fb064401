#pragma once

#include <string>

#include "apps/paraph/verb.h"
#include "pipeline/authorize.h"
#include "scenario/supposed_facts.h"

/// What the scenario verbs share.
namespace paraph::app {

constexpr std::size_t kMaxScenarioFile = 4U << 20;

/// A scenario that the command line names.
struct NamedScenario {
  std::string function;                            ///< "send"
  std::string name;                                ///< "private"; empty: as configured, or a FILE
  std::optional<scenario::Scenario::Source> file;  ///< read, when a FILE was named
};
/// "send", "send.private", or the path of a file of that name (- is stdin). Errors: usage, io.
[[nodiscard]] Result<NamedScenario> named_scenario(const std::string& argument);

/// "send" of "scenari/send.private".
[[nodiscard]] std::string function_of(const std::string& path);

/// What a file may name when no site is asked: includes and search_filters beside it.
[[nodiscard]] scenario::Scenario::Library library_beside(const std::string& path);
/// search() over search_filters/ beside the directory of `path`, or in it.
[[nodiscard]] Result<bool> search_beside(const std::string& path, std::string_view file,
                                         std::string_view address);

/// The options --role and --set, and whatever else is supposed.
[[nodiscard]] Result<scenario::Supposition> supposition_of(const Invocation& call);

[[nodiscard]] Json to_json(const scenario::RuleAction& action);
/// The action, the rule that decided and all that were tried, with the value of each operand.
[[nodiscard]] Json decision_json(const scenario::Decision& decision);
/// "send.private:5"
[[nodiscard]] std::string place_text(const scenario::Place& place);

}  // namespace paraph::app
