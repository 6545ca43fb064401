// Laws of packets and journals. Whatever stands in the file, reading it yields only recipients without control characters,
// each once; what was read is written and read back the same; cutting a journal loses outcomes and invents none.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "spool/journal.h"

namespace {

using namespace paraph;

void require(bool law) {
  if (!law) std::abort();
}

bool clean(std::string_view text) {
  return !text.empty() && std::none_of(text.begin(), text.end(), ascii::is_control);
}

void check_packet(std::string_view input) {
  const auto recipients = spool::read_recipients(input);
  if (!recipients) return;
  std::set<std::string> once(recipients->begin(), recipients->end());
  require(once.size() == recipients->size() && !once.empty());
  for (const auto& recipient : *recipients) require(clean(recipient));
  const auto again = spool::read_recipients(spool::write_recipients(*recipients));
  require(again && *again == *recipients);
}

bool same(const spool::CopyOutcome& a, const spool::CopyOutcome& b) {
  return a.recipient == b.recipient && a.outcome == b.outcome && a.certificate == b.certificate &&
         a.cipher == b.cipher && a.detail == b.detail;
}

void check_journal(std::string_view input) {
  const auto journal = spool::read_journal(input);
  for (const auto& copy : journal.done) require(clean(copy.recipient));
  // Written fields are bounded, so the second writing is what must not change any more.
  const auto once = spool::read_journal(spool::write_outcomes(journal.done));
  require(!once.damaged && once.done.size() == journal.done.size());
  const auto twice = spool::read_journal(spool::write_outcomes(once.done));
  require(
      std::equal(once.done.begin(), once.done.end(), twice.done.begin(), twice.done.end(), same));
  const auto cut = spool::read_journal(input.substr(0, input.size() / 2));
  require(cut.done.size() <= journal.done.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check_packet(input);
  check_journal(input);
  return 0;
}
