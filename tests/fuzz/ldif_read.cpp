// Laws of the LDIF reader: never crashes, gives no more of an entry than its limits, names every problem with a line that
// exists, and an entry without a value of use is not given.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "store/ldif.h"

using namespace paraph;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  (void)store::is_ldif(text);
  std::size_t last = 0;
  const auto done = store::read_ldif(text, [&](const store::LdifEntry& entry) -> Result<void> {
    require(entry.line > last && entry.line <= lines);
    last = entry.line;
    require(entry.addresses.size() <= store::kLdifMostValues);
    require(entry.problems.size() <= store::kLdifMostValues);
    require(!entry.certificates.empty() || !entry.problems.empty());
    for (const auto& problem : entry.problems) require(problem.rfind("line ", 0) == 0);
    return {};
  });
  require(done.has_value());
  return 0;
}
