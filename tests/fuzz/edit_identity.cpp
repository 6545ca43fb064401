// Laws of Edit: without splices it is the message; splices in the header section leave the body's
// octets alone; cutting the message into splices that repeat it changes nothing.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "mail/edit.h"
#include "mail/entity.h"

using namespace paraph::mail;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

// Inserts fields around those of the header section and removes some: `choices` says which.
void check_header_edit(const MimeTree& tree, std::uint8_t choices) {
  const auto& message = tree.message();
  const auto& root = tree.root();
  Edit edit(message);
  std::size_t expected = message.size();
  const auto insert = [&](std::size_t where) {
    edit.insert(where, "X-New: 1\r\n");
    expected += 10;
  };
  for (std::size_t i = 0; i < root.fields.size(); ++i) {
    const auto choice = (choices >> (i % 7)) & 3U;
    if ((choice & 1U) != 0) insert(root.fields[i].whole.offset);
    if ((choice & 2U) == 0) continue;
    edit.remove(root.fields[i].whole);
    expected -= root.fields[i].whole.length;
  }
  insert(root.header.end());
  const auto edited = edit.apply();
  require(edited.size() == expected);
  const auto after = message.octets().substr(root.header.end());
  require(edited.size() >= after.size());
  require(edited.octets().substr(edited.size() - after.size()) == after);
  require(edited.octets().substr(0, root.header.offset) ==
          message.octets().substr(0, root.header.offset));
}

// Replaces every `step` octets by themselves, the last piece first.
void check_repeat(const RawMessage& message, std::size_t step) {
  Edit edit(message);
  for (std::size_t pieces = (message.size() + step - 1) / step; pieces-- > 0;) {
    const ByteRange piece{pieces * step, std::min(step, message.size() - pieces * step)};
    edit.replace(piece, std::string(message.at(piece))).insert(piece.offset, "");
  }
  require(edit.apply().octets() == message.octets());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::uint8_t choices = data[0];
  const RawMessage message(std::string(reinterpret_cast<const char*>(data + 1), size - 1));
  require(Edit(message).apply().octets() == message.octets());
  check_header_edit(scan(message), choices);
  check_repeat(message, std::size_t{choices} + 1);
  return 0;
}
