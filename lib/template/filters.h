#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "template/value.h"

namespace paraph::tt2 {

/// One row per filter, `text | name(arguments)`.
struct FilterRow {
  std::string_view name;
  std::string (*apply)(const std::string& text, const std::vector<Ref>& arguments);
};
[[nodiscard]] const std::vector<FilterRow>& filter_table();
[[nodiscard]] const FilterRow* find_filter(std::string_view name);

}  // namespace paraph::tt2
