#include <fmt/core.h>

#include <algorithm>

#include "base/utf8.h"
#include "config/names.h"

namespace paraph::config {
namespace {

constexpr std::size_t longest_word = 60;

// Damerau-Levenshtein with adjacent swaps ("sned" is one step from "send").
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] =
          std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

std::size_t tolerance(std::string_view word) {
  return word.size() < 4 ? 1 : word.size() < 8 ? 2 : 3;
}

}  // namespace

std::optional<std::string> closest(std::string_view word, const std::vector<std::string>& words) {
  if (word.empty() || word.size() > longest_word) return std::nullopt;
  std::optional<std::string> best;
  std::size_t least = tolerance(word) + 1;
  for (const std::string& candidate : words) {
    const std::size_t apart =
        std::max(word.size(), candidate.size()) - std::min(word.size(), candidate.size());
    if (apart >= least) continue;
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

std::string unknown_name(std::string_view name, Scope scope) {
  std::vector<std::string> names;
  for (const Parameter& row : parameter_table()) {
    if (allows(row, scope)) names.emplace_back(row.name);
  }
  std::string message = fmt::format("unknown parameter '{}'", utf8::printable(name, longest_word));
  if (const auto meant = closest(name, names))
    message += fmt::format(": did you mean '{}'?", *meant);
  return message;
}

}  // namespace paraph::config
