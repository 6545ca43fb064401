// Laws: a script is bounded; each command, written, is one line that is read as the same command; a fault quotes nothing of
// the text that could not stand in a mail of ours.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/ascii.h"
#include "command/command.h"

using namespace paraph;

namespace {

void require(bool law) {
  if (!law) std::abort();
}

void check(const command::Script& script) {
  require(script.commands.size() <= command::Script::kMost);
  require(script.faults.size() <= command::Script::kMost + 1);
  for (const auto& each : script.commands) {
    const auto written = command::to_string(each, true);
    require(std::none_of(written.begin(), written.end(), ascii::is_control));
    const auto again = command::read_line(written);
    require(again && again->command && command::to_string(*again->command, true) == written);
  }
  for (const auto& fault : script.faults)
    require(std::none_of(fault.what.begin(), fault.what.end(), ascii::is_control));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  check(command::read_text(text));
  check(command::read_subject(text));
  return 0;
}
