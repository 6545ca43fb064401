#include "scenario/dates.h"

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <chrono>
#include <optional>

#include "base/ascii.h"
#include "base/utf8.h"

namespace paraph::scenario {
namespace {

constexpr long long kDay = 86'400;
constexpr std::size_t kMaxDigits = 6;

struct Fields {
  long long years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0;
};
struct Unit {
  std::string_view word;
  long long Fields::*field;
};
// In the order in which they may stand.
constexpr std::array kUnits{Unit{"y", &Fields::years},    Unit{"m", &Fields::months},
                            Unit{"w", &Fields::weeks},    Unit{"d", &Fields::days},
                            Unit{"h", &Fields::hours},    Unit{"min", &Fields::minutes},
                            Unit{"sec", &Fields::seconds}};

std::string_view take_letters(std::string_view text) {
  std::size_t n = 0;
  while (n < text.size() && ascii::is_alpha(text[n])) ++n;
  return text.substr(0, n);
}

// 1y2m3w4d5h6min7sec, each unit once and in this order; at least one.
std::optional<Fields> read_fields(std::string_view text) {
  Fields fields;
  std::size_t next = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    long long number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const auto digits = static_cast<std::size_t>(end - text.data());
    if (error != std::errc() || !ascii::is_digit(text.front()) || digits > kMaxDigits)
      return std::nullopt;
    text.remove_prefix(digits);
    const auto word = take_letters(text);
    while (next < kUnits.size() && !ascii::iequals(kUnits[next].word, word)) ++next;
    if (next == kUnits.size()) return std::nullopt;
    fields.*kUnits[next++].field = number;
    text.remove_prefix(word.size());
  }
  return fields;
}

// 2025y3m1d…: a calendar date; month and day default to the first.
std::optional<long long> read_absolute(std::string_view text) {
  if (text.size() < 5 || ascii::lower(text[4]) != 'y') return std::nullopt;
  const auto f = read_fields(text);
  if (!f || f->weeks != 0 || f->years > 9999 || f->months > 12 || f->days > 31 || f->hours > 23 ||
      f->minutes > 59 || f->seconds > 59)
    return std::nullopt;
  using namespace std::chrono;
  const year_month_day date{year(static_cast<int>(f->years)),
                            month(static_cast<unsigned>(f->months == 0 ? 1 : f->months)),
                            day(static_cast<unsigned>(f->days == 0 ? 1 : f->days))};
  if (!date.ok()) return std::nullopt;
  return sys_days(date).time_since_epoch().count() * kDay + f->hours * 3600 + f->minutes * 60 +
         f->seconds;
}

long long months_from(long long at, long long count) {
  using namespace std::chrono;
  const sys_days start{floor<days>(TimePoint(seconds(at)))};
  const year_month_day date{start};
  const year_month first{date.year(), date.month()};
  const year_month last = first + months(static_cast<int>(count));
  return (sys_days(last / 1) - sys_days(first / 1)).count() * kDay;
}

Error no_date(std::string_view text) {
  return Error::never(Errc::config, fmt::format("\"{}\" is no date: write an epoch number, "
                                                "execution_date, 2025y3m1d, or one of them and +1w",
                                                utf8::printable(text, 60)));
}

constexpr long long kFarthest = 20'000LL * 365 * kDay;  // within the range of std::chrono::year

Result<long long> read_point(std::string_view text, TimePoint now) {
  if (text.empty() || ascii::iequals(text, "execution_date") ||
      ascii::iequals(text, "current_date"))
    return epoch(now);
  if (const auto absolute = read_absolute(text)) return *absolute;
  const auto point = parse_time(text);
  if (!point || epoch(*point) > kFarthest || epoch(*point) < -kFarthest) return no_date(text);
  return epoch(*point);
}

}  // namespace

std::size_t duration_at(std::string_view text) {
  const std::size_t sign = text.find_last_of("+-");
  if (sign == std::string_view::npos || sign == 0) return std::string_view::npos;
  return read_fields(text.substr(sign + 1)) ? sign : std::string_view::npos;
}

Result<long long> read_date(std::string_view text, TimePoint now) {
  text = ascii::trim(text);
  const std::size_t sign = duration_at(text);
  if (sign == std::string_view::npos) return read_point(text, now);
  auto start = read_point(text.substr(0, sign), now);
  if (!start) return start;
  const auto f = *read_fields(text.substr(sign + 1));
  if (f.months > 12'000) return no_date(text);
  const long long duration = months_from(*start, f.months) +
                             ((f.years * 365 + f.weeks * 7 + f.days) * 24 + f.hours) * 3600 +
                             f.minutes * 60 + f.seconds;
  return text[sign] == '+' ? *start + duration : *start - duration;
}

}  // namespace paraph::scenario
