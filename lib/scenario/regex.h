#pragma once

#include <cstddef>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

/// PCRE2, the only place that includes it: Perl's syntax, caseless, with limits everywhere.
namespace paraph::scenario {

struct RegexFault {
  std::size_t offset = 0;  ///< in the pattern
  std::string message;
};

/// The processor time (never the wall's: a busy machine must not reject mail) that all regexes of
/// one evaluation share. PCRE2 counts steps per starting point, so a long subject could cost 65,536
/// times that limit; this one bounds their sum.
class RegexBudget {
 public:
  explicit RegexBudget(std::clock_t time = 2 * CLOCKS_PER_SEC) : left_(time) {}
  [[nodiscard]] bool allows(std::clock_t spent) const { return spent < left_; }
  void charge(std::clock_t spent) { left_ -= spent; }

 private:
  std::clock_t left_;
};

class Pattern {
 public:
  static constexpr std::size_t kMaxPattern = 16 * 1024;
  static constexpr std::size_t kMaxSubject = 64 * 1024;

  /// Null and `fault` filled when `source` is no regex.
  [[nodiscard]] static std::shared_ptr<const Pattern> compile(std::string_view source, bool jit,
                                                              RegexFault& fault);
  ~Pattern();
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  /// Whether it occurs in `subject`; an Error when a limit was hit.
  [[nodiscard]] Result<bool> search(std::string_view subject, RegexBudget& budget) const;

 private:
  struct Code;
  [[nodiscard]] Result<bool> search_until(std::string_view subject, std::clock_t start,
                                          const RegexBudget& budget) const;
  explicit Pattern(std::unique_ptr<Code> code);
  std::unique_ptr<Code> code_;
};

/// Where repeats can read one text in many ways: a repeated group that repeats inside, (a+)+ and (.*a){20}, or whose
/// alternatives overlap, (a|aa)+, or three repeats of the same characters in a row, .*.*.*x. A guess from the text alone,
/// for the linter; slower than compiling it.
[[nodiscard]] std::optional<std::size_t> nested_repeat(std::string_view source);

/// Whether the domain has to be put in before `source` can be compiled.
[[nodiscard]] bool has_domain_placeholder(std::string_view source);
/// "[domain]" and "[host]" become `domain`, its dots (and whatever else a regex could mistake)
/// escaped.
[[nodiscard]] std::string with_domain(std::string_view source, std::string_view domain);

}  // namespace paraph::scenario
