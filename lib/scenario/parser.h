#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "scenario/lexer.h"
#include "scenario/scenario.h"

namespace paraph::scenario {

/// A rule with the columns at which its pieces stand, for messages.
struct ParsedRule {
  Rule rule;
  std::size_t name_column = 1;
  std::vector<std::size_t> operand_columns;
  std::size_t action_column = 1;
};

/// rule = condition SP [methods] "->" action. nullopt with a fatal Remark when the line is none.
/// Grammar only: whether the condition exists and likes its operands is conditions.h's question.
[[nodiscard]] std::optional<ParsedRule> parse_rule(const RuleLine& line, Remarks& remarks);

/// "[word]", "[word->key]", each with an optional "[n]"; the cursor stands on the bracket. nullopt
/// leaves a Remark.
[[nodiscard]] std::optional<Variable> parse_variable(Cursor& cursor, Remarks& remarks);

/// The part after "->"; the cursor stands on its first character.
[[nodiscard]] std::optional<RuleAction> parse_action(Cursor& cursor, Remarks& remarks);

}  // namespace paraph::scenario
