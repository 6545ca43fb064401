#include "sys/log.h"

#include <fmt/core.h>
#include <syslog.h>
#include <unistd.h>

#include <array>

#include "base/utf8.h"
#include "sys/descriptor.h"

namespace paraph::sys {
namespace {

constexpr std::array kPriority{LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERR, LOG_ALERT};

std::string format_value(std::string_view value) {
  const std::string shown = utf8::printable(value);
  if (!shown.empty() && shown.find_first_of(" \"") == std::string::npos) return shown;
  std::string quoted = "\"";
  for (const char c : shown) {
    if (c == '"') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

class SystemLog final : public Log {
 public:
  SystemLog(std::string_view program, bool to_stderr, Level minimum)
      : program_(program), to_stderr_(to_stderr), minimum_(minimum) {
    ::openlog(program_.c_str(), LOG_PID, LOG_MAIL);  // keeps the pointer
  }
  ~SystemLog() override { ::closelog(); }
  SystemLog(const SystemLog&) = delete;
  SystemLog& operator=(const SystemLog&) = delete;

  void write(Level level, std::string_view event, std::initializer_list<Field> fields) override {
    const std::string text = format_event(event, fields);
    ::syslog(kPriority.at(static_cast<std::size_t>(level)), "%s", text.c_str());
    if (!to_stderr_ || level < minimum_) return;
    // One write: lines of several workers on one stderr do not mix. A log that fails stops nothing.
    static_cast<void>(
        write_all(STDERR_FILENO, fmt::format("{}[{}]: {}\n", program_, ::getpid(), text)));
  }

 private:
  const std::string program_;
  const bool to_stderr_;
  const Level minimum_;
};

}  // namespace

std::string format_event(std::string_view event, std::initializer_list<Log::Field> fields) {
  std::string line(event);
  for (const auto& [key, value] : fields) line += fmt::format(" {}={}", key, format_value(value));
  return line;
}

std::unique_ptr<Log> open_log(std::string_view program, bool to_stderr, Level minimum) {
  return std::make_unique<SystemLog>(program, to_stderr, minimum);
}

}  // namespace paraph::sys
