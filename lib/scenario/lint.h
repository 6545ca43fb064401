#pragma once

#include <string_view>
#include <vector>

#include "scenario/parser.h"
#include "scenario/scenario.h"

/// Warnings about scenarios that are correct and perhaps not what was meant.
namespace paraph::scenario {

/// Of one rule: an action that scenarios of `function` do not use, a search() for somebody else.
void lint_action(std::string_view function, const ParsedRule& parsed, Remarks& remarks);

/// Of the whole: rules never reached, requests that no rule decides, smtp where the name promises
/// more.
void lint(std::string_view function, const Scenario& scenario, std::vector<Problem>& problems);

}  // namespace paraph::scenario
