#include "sys/file_system.h"

namespace paraph::sys {

TimePoint SystemClock::now() const {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

}  // namespace paraph::sys
