#pragma once

#include <array>
#include <string_view>

#include "scenario/lexer.h"
#include "scenario/parser.h"
#include "scenario/regex.h"
#include "scenario/scenario.h"

/// One row per condition: its name, what its operands are, and what makes it true.
namespace paraph::scenario {

enum class OperandKind : std::uint8_t { list, address, text, regex, date, file, netmask };

/// What a running condition may use.
class Asking {
 public:
  Asking(const Facts& facts, RegexBudget& budget, TraceStep& step)
      : facts_(facts), budget_(budget), step_(step) {}

  [[nodiscard]] const Facts& facts() const { return facts_; }
  [[nodiscard]] RegexBudget& budget() { return budget_; }
  /// Every value of an operand, at least one unless it speaks of parts; recorded in the trace.
  [[nodiscard]] Result<std::vector<std::string>> values(const Operand& operand);
  /// The first of them.
  [[nodiscard]] Result<std::string> value(const Operand& operand);
  void note(std::string_view operand, std::string_view value);

 private:
  const Facts& facts_;
  RegexBudget& budget_;
  TraceStep& step_;
};

using Verdict = Result<bool> (*)(const Condition& condition, Asking& asking);

struct ConditionSpec {
  ConditionRow row;
  std::array<OperandKind, 2> kinds;
  Verdict holds;
};
[[nodiscard]] const ConditionSpec* find_condition(std::string_view name);

/// Finds the condition's row; looks at number and kinds of operands, and at what they name. Regexes are compiled
/// elsewhere. Says all it finds.
void check_condition(ParsedRule& parsed, const Scenario::Library& library, Remarks& remarks);

/// The condition with its negation; an Error aborts the evaluation and is never negated.
[[nodiscard]] Result<bool> holds(const Condition& condition, Asking& asking);

}  // namespace paraph::scenario
