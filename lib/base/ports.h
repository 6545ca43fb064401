#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

/// Time, randomness and hashing as ports, so that every test can hold them still. `sys` implements
/// Clock, `cms` implements Random and Digest (it owns OpenSSL).
namespace paraph {

using TimePoint = std::chrono::sys_seconds;

class Clock {
 public:
  virtual ~Clock() = default;
  /// Wall time; may jump backwards.
  [[nodiscard]] virtual TimePoint now() const = 0;
};

class FixedClock final : public Clock {
 public:
  explicit FixedClock(TimePoint at) : at_(at) {}
  [[nodiscard]] TimePoint now() const override { return at_; }

 private:
  TimePoint at_;
};

class Random {
 public:
  virtual ~Random() = default;
  /// `count` cryptographically strong octets. Aborts the process when the machine has none.
  [[nodiscard]] virtual std::string octets(std::size_t count) = 0;
};

class Digest {
 public:
  virtual ~Digest() = default;
  [[nodiscard]] virtual std::string sha256(std::string_view octets) const = 0;
  [[nodiscard]] virtual std::string hmac_sha256(std::string_view key,
                                                std::string_view octets) const = 0;
};

/// "2026-11-23T16:30:42Z".
[[nodiscard]] std::string iso8601(TimePoint at);
/// Reads ISO 8601 ("2026-11-23", "2026-11-23T16:30", "…:42Z", "…:42+02:00"; without a zone: UTC) and a bare epoch number;
/// nullopt for anything else.
[[nodiscard]] std::optional<TimePoint> parse_time(std::string_view text);
/// RFC 5322 §3.3 date-time in UTC: "Mon, 23 Nov 2026 16:30:42 +0000".
[[nodiscard]] std::string rfc5322_date(TimePoint at);
[[nodiscard]] inline long long epoch(TimePoint at) {
  return at.time_since_epoch().count();
}

}  // namespace paraph
