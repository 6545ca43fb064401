#include "scenario/suggest.h"

#include <algorithm>
#include <numeric>

#include "base/ascii.h"

namespace paraph::scenario {
namespace {

constexpr std::size_t kLongestWord = 40;

// Levenshtein distance, one row at a time.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known) {
  if (word.empty() || word.size() > kLongestWord) return {};
  const std::string lower = ascii::to_lower(word);
  std::string_view nearest;
  std::size_t best = 1 + std::max<std::size_t>(1, lower.size() / 3);
  for (const auto candidate : known) {
    const std::size_t d = distance(lower, candidate);
    if (d < best) best = d, nearest = candidate;
  }
  return nearest.empty() ? std::string() : ": did you mean " + std::string(nearest) + "?";
}

}  // namespace paraph::scenario
