// Laws: parse_cases() never crashes and never gives more than 100,000 cases; an Error names its line; each case can be run
// and ends in a decision; AddressPatterns finds every line of its text that is a whole address.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/ascii.h"
#include "scenario/address_patterns.h"
#include "scenario/cases.h"

using namespace paraph;
using namespace paraph::scenario;

namespace {

void require(bool law) {
  if (!law) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  static const auto scenario =
      Scenario::compile("send",
                        {"is_subscriber([listname],[sender]) smtp,md5 -> "
                         "do_it\nmatch([msg_header->Subject],/a/) -> owner\n"
                         "older([subscriber->date],[current_date]) smime -> editor\n",
                         "fuzz"},
                        [](std::string_view) { return std::nullopt; });
  const auto cases = parse_cases(text, "fuzz.test");
  if (cases) {
    require(cases->size() <= 100'000);
    for (std::size_t i = 0; i < cases->size() && i < 200; ++i) {
      const auto decision = run_case((*cases)[i], *scenario);
      require(decision.rule.has_value() || !decision.action.reason.empty());
    }
  } else {
    require(cases.error().what().rfind("fuzz.test:", 0) == 0);
  }
  const AddressPatterns patterns(text);
  for (const auto line : ascii::lines(text)) {
    const auto address = ascii::trim(line);
    if (address.empty() || address.front() == '#' || address.front() == ';') continue;
    require(patterns.matches(address));
  }
  return 0;
}
