#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "scenario/scenario.h"

/// The fixed words of the language, as tables.
namespace paraph::scenario {

[[nodiscard]] std::optional<Action> action_from(std::string_view word);
[[nodiscard]] const std::vector<std::string_view>& action_words();
[[nodiscard]] const std::vector<std::string_view>& method_words();

/// A variable the language knows: "[msg_header->FIELD]" has a key, "[sender]" has none.
struct VariableRow {
  std::string_view name;
  bool has_key;
};
[[nodiscard]] const VariableRow* find_variable(std::string_view name);
[[nodiscard]] const std::vector<std::string_view>& variable_words();

/// Actions that mean something in scenarios of `function`; nullptr when the function is not known.
[[nodiscard]] const std::vector<Action>* actions_of(std::string_view function);
[[nodiscard]] const std::vector<std::string_view>& function_words();

}  // namespace paraph::scenario
