#include "sys/kernel_random.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>

namespace paraph::sys {

std::string KernelRandom::octets(std::size_t count) {
  std::string out(count, '\0');
  for (std::size_t have = 0; have < count;) {
    const ssize_t got = ::getrandom(out.data() + have, count - have, 0);
    if (got < 0 && errno != EINTR) std::abort();  // the port's promise: never weak octets
    if (got > 0) have += static_cast<std::size_t>(got);
  }
  return out;
}

}  // namespace paraph::sys
