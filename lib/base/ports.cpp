#include "base/ports.h"

#include <fmt/core.h>

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

std::optional<TimePoint> parse_time(std::string_view text) {
  const auto number = [](std::string_view digits) -> std::optional<long long> {
    long long value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size() || digits.empty()) return {};
    return value;
  };
  if (text.size() == 20 && text[4] == '-' && text[7] == '-' && text[10] == 'T' && text[13] == ':' &&
      text[16] == ':' && text[19] == 'Z') {
    std::array<long long, 6> part{};
    constexpr std::array<std::pair<std::size_t, std::size_t>, 6> where{
        {{0, 4}, {5, 2}, {8, 2}, {11, 2}, {14, 2}, {17, 2}}};
    for (std::size_t i = 0; i < part.size(); ++i) {
      const auto value = number(text.substr(where[i].first, where[i].second));
      if (!value || *value < 0) return std::nullopt;
      part[i] = *value;
    }
    const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(part[0])),
                                           std::chrono::month(static_cast<unsigned>(part[1])),
                                           std::chrono::day(static_cast<unsigned>(part[2]))};
    if (!date.ok() || part[3] > 23 || part[4] > 59 || part[5] > 60) return std::nullopt;
    return std::chrono::sys_days{date} +
           std::chrono::seconds(part[3] * 3600 + part[4] * 60 + part[5]);
  }
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
