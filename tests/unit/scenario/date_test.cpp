#include <catch2/catch.hpp>

#include "scenario/dates.h"

using namespace paraph;
using namespace paraph::scenario;

namespace {
const TimePoint kNow{std::chrono::seconds(1'709'294'400)};  // 2024-03-01T12:00:00Z

std::string read(std::string_view text) {
  const auto date = read_date(text, kNow);
  return date ? iso8601(TimePoint(std::chrono::seconds(*date))) : "no date";
}
}  // namespace

TEST_CASE("dates and durations") {
  const std::pair<const char*, const char*> rows[] = {
      {"", "2024-03-01T12:00:00Z"},
      {"1709294400", "2024-03-01T12:00:00Z"},
      {"2024-03-01T12:00:00Z", "2024-03-01T12:00:00Z"},
      {"execution_date", "2024-03-01T12:00:00Z"},
      {"execution_date+1d", "2024-03-02T12:00:00Z"},
      {"execution_date-1w1d", "2024-02-22T12:00:00Z"},
      {"execution_date+1y", "2025-03-01T12:00:00Z"},
      {"execution_date+2h30min5sec", "2024-03-01T14:30:05Z"},
      {"2024y", "2024-01-01T00:00:00Z"},
      {"2024y2m29d", "2024-02-29T00:00:00Z"},
      {"2024y2m29d23h59min59sec", "2024-02-29T23:59:59Z"},
      {"2024y2m+1m", "2024-03-01T00:00:00Z"},
      {"2023y2m+1m", "2023-03-01T00:00:00Z"},
      {"2023y11m15d+3m", "2024-02-15T00:00:00Z"},
      {"2024y3m15d-1m", "2024-02-13T00:00:00Z"},  // 31 days, as long as March
      {"2023y2m29d", "no date"},
      {"2024y13m", "no date"},
      {"yesterday", "no date"},
      {"execution_date+", "no date"},
      {"execution_date+1m1y", "no date"},
      {"execution_date+9999999d", "no date"},
      {"+1d", "no date"},
      {"execution_date+99999m", "no date"},
  };
  for (const auto& [text, expected] : rows) {
    INFO(text);
    CHECK(read(text) == expected);
  }
}
