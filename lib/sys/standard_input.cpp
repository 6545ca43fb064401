#include "sys/standard_input.h"

#include <unistd.h>

#include "sys/descriptor.h"

namespace paraph::sys {

Result<std::string_view> StandardInput::next() {
  buffer_.clear();
  if (const int code = read_up_to(STDIN_FILENO, chunk_, buffer_); code != 0)
    return machine_error(code, "read", "standard input");
  return std::string_view(buffer_);
}

}  // namespace paraph::sys
