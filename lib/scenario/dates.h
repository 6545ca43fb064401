#pragma once

#include <functional>
#include <string_view>

#include "base/ports.h"
#include "base/result.h"

namespace paraph::scenario {

/// A date operand of older() and newer(), in UTC:
///   "" (now) | epoch | ISO 8601 | execution_date | 2025y3m1d[Nh][Nmin][Nsec], each but "" perhaps
///   followed by
///   + or - and a duration [Ny][Nm][Nw][Nd][Nh][Nmin][Nsec].
/// A year is 365 days; months last as long as the calendar months that follow the date, with either
/// sign (Sympa's).
[[nodiscard]] Result<long long> read_date(std::string_view text, TimePoint now);

/// Where the duration begins ("+1w"), or npos: "execution_date-1w" → 14.
[[nodiscard]] std::size_t duration_at(std::string_view text);

}  // namespace paraph::scenario
