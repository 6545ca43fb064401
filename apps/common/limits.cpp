#include <sys/resource.h>

#include <csignal>
#include <new>

#include "apps/common/hand.h"
#include "cms/memory.h"

namespace paraph::app {
namespace {

// No allocation from here on.
void die_of_memory() {
  say_last_words("over its memory limit (worker_memory)");
  static_cast<void>(std::signal(SIGABRT, SIG_DFL));
  static_cast<void>(std::raise(SIGABRT));
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
#else
constexpr bool kSanitized = false;
#endif

}  // namespace

void limit_memory(std::size_t octets) {
  std::set_new_handler(die_of_memory);
  cms::when_out_of_memory(die_of_memory);
  if (kSanitized || octets == 0) return;
  const rlimit limit{octets, octets};
  ::setrlimit(RLIMIT_DATA, &limit);
}

}  // namespace paraph::app
