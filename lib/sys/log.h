#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace paraph::sys {

/// One line per event, `event key=value …`, to syslog (facility mail) and, when stderr is a terminal or a file of
/// the caller's choice, to stderr. Values go through utf8::printable() here, the one sink of rule 44, and are
/// quoted when they hold a space; no overload takes a Sealed.
enum class Level : unsigned char { debug, info, warning, error, alert };

class Log {
 public:
  virtual ~Log() = default;
  using Field = std::pair<std::string_view, std::string_view>;
  virtual void write(Level level, std::string_view event, std::initializer_list<Field> fields) = 0;
};

/// Lines look like `paraph-incoming[123]: rejected id=4xkq2 list=secure@… reason=…`. `to_stderr` from `minimum` up.
[[nodiscard]] std::unique_ptr<Log> open_log(std::string_view program, bool to_stderr,
                                            Level minimum);
/// For tests and the line writer above: the text after the program's name.
[[nodiscard]] std::string format_event(std::string_view event,
                                       std::initializer_list<Log::Field> fields);

}  // namespace paraph::sys
