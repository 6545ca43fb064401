#include "base/ports.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

namespace paraph {
namespace {

struct Civil {
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<std::chrono::seconds> time;
  std::chrono::weekday weekday;
};

Civil civil(TimePoint at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  return {std::chrono::year_month_day{day}, std::chrono::hh_mm_ss<std::chrono::seconds>{at - day},
          std::chrono::weekday{day}};
}

}  // namespace

std::string iso8601(TimePoint at) {
  const auto [date, time, weekday] = civil(at);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

namespace {

std::optional<long long> number(std::string_view digits) {
  long long value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size() || digits.empty()) return {};
  return value;
}

// `count` digits at the front, taken off; nullopt when they are not there.
std::optional<int> digits(std::string_view& text, std::size_t count) {
  const auto front = text.substr(0, count);
  if (front.size() < count ||
      !std::all_of(front.begin(), front.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return std::nullopt;
  text.remove_prefix(count);
  return static_cast<int>(*number(front));
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// "Z", "+02:00", "-0530": seconds east of UTC.
std::optional<int> zone(std::string_view text) {
  if (text == "Z" || text.empty()) return 0;
  const int sign = text.front() == '-' ? -1 : 1;
  if (!take(text, "+") && !take(text, "-")) return std::nullopt;
  const auto hours = digits(text, 2);
  take(text, ":");
  const auto minutes = digits(text, 2);
  if (!hours || !minutes || !text.empty() || *hours > 14 || *minutes > 59) return std::nullopt;
  return sign * (*hours * 3600 + *minutes * 60);
}

// ISO 8601: a date, or a date and a time with or without seconds and zone (none: UTC).
std::optional<TimePoint> calendar_time(std::string_view text) {
  const auto year = digits(text, 4);
  if (!year || !take(text, "-")) return std::nullopt;
  const auto month = digits(text, 2);
  if (!month || !take(text, "-")) return std::nullopt;
  const auto day = digits(text, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  if (text.empty()) return std::chrono::sys_days{date};
  if (!take(text, "T")) return std::nullopt;
  const auto hour = digits(text, 2);
  if (!hour || !take(text, ":")) return std::nullopt;
  const auto minute = digits(text, 2);
  const auto second = minute && take(text, ":") ? digits(text, 2) : std::optional(0);
  const auto east = second ? zone(text) : std::nullopt;
  if (!minute || !second || !east || *hour > 23 || *minute > 59 || *second > 60)
    return std::nullopt;
  return std::chrono::sys_days{date} +
         std::chrono::seconds(*hour * 3600 + *minute * 60 + *second - *east);
}

}  // namespace

std::optional<TimePoint> parse_time(std::string_view text) {
  if (text.size() > 4 && text[4] == '-') return calendar_time(text);
  const auto value = number(text);
  // Year 9999: what iso8601() can print, and far from overflow in date arithmetic.
  if (!value || *value < 0 || *value > 253402300799LL) return std::nullopt;
  return TimePoint{std::chrono::seconds(*value)};
}

std::string rfc5322_date(TimePoint at) {
  constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto [date, time, weekday] = civil(at);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000", days[weekday.c_encoding()],
                     static_cast<unsigned>(date.day()),
                     months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

}  // namespace paraph
