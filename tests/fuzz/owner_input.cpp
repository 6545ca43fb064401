// Laws: the words of an ssh command hold no control character, and each, put in quotes, is one word again; a login map
// is refused with a line, or has logins without blanks and canonical addresses.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "apps/owner/login_map.h"
#include "apps/owner/words.h"
#include "base/ascii.h"
#include "mail/address.h"

using namespace paraph;
using namespace paraph::app;

namespace {

void require(bool law) {
  if (!law) std::abort();
}

std::string quoted(const std::string& word) {
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

void check_words(const std::string& text) {
  const auto words = command_words(text);
  if (!words) return require(words.error().code() == Errc::denied);
  require(words->size() <= kMaxWords);
  std::string again;
  for (const auto& word : *words) {
    require(std::none_of(word.begin(), word.end(), ascii::is_control));
    again += quoted(word) + " ";
  }
  if (again.size() > kMaxCommand) return;
  const auto same = command_words(again);
  require(same && *same == *words);
}

void check_map(const std::string& text) {
  const auto map = parse_login_map(text, "owners");
  if (!map) return require(map.error().what().rfind("owners:", 0) == 0);
  require(map->size() <= kMaxLogins);
  for (const auto& [login, address] : *map) {
    require(!login.empty() && login.find_first_of(" \t") == std::string::npos);
    const auto parsed = mail::AddrSpec::parse(address);
    require(parsed && parsed->canonical() == address);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  check_words(text);
  check_map(text);
  return 0;
}
