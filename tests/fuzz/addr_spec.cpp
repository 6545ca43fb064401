// Laws of addresses: what was parsed prints as something that parses to an equal value, the
// canonical form is its own canonical form, and a list never holds more than its parts allow.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/utf8.h"
#include "mail/address.h"

using namespace paraph::mail;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_address(const AddrSpec& address) {
  const auto again = AddrSpec::parse(address.str());
  require(again && *again == address && again->str() == address.str());
  require(address.str().size() <= 254 && paraph::utf8::valid(address.str()));
  for (const char c : address.str()) require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  const auto canonical = AddrSpec::parse(address.canonical());
  require(canonical && canonical->canonical() == address.canonical() && *canonical == address);
  const auto alone = parse_mailbox(address.str());
  require(alone && alone->address == address && alone->display_name.empty());
  const auto quoted = parse_mailbox("\"x@y.example, \" <" + address.str() + "> (z@y.example)");
  require(quoted && quoted->address == address);
  require(filesystem_decode(filesystem_encode(address.str())) == address.str());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto address = AddrSpec::parse(text)) check_address(*address);
  const auto list = parse_address_list(text);
  require(list.mailboxes.size() <= 10'000);
  for (const auto& mailbox : list.mailboxes) check_address(mailbox.address);
  if (const auto only = parse_mailbox(text)) {
    require(list.well_formed && list.mailboxes.size() == 1 && !list.had_group);
    require(list.mailboxes[0].address == only->address);
  }
  (void)canonical_message_id(text);
  (void)decode_words(text);
  const auto encoded = encode_words(text);
  require(encoded.find_first_of(std::string("\r\n\0", 3)) == std::string::npos);
  const auto decoded = decode_words(encoded);
  require(paraph::utf8::valid(decoded) && decode_words(encode_words(decoded)) == decoded);
  require(filesystem_decode(filesystem_encode(text)) == text);
  return 0;
}
