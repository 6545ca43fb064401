#include "mail/raw_message.h"

#include <cstring>
#include <utility>

namespace paraph::mail {
namespace {

// The whole capacity: what an earlier, longer value left behind the end goes too. explicit_bzero
// because an optimizer may drop a memset before delete.
void cleanse_and_delete(std::string* octets) {
  octets->resize(octets->capacity());
  ::explicit_bzero(octets->data(), octets->size());
  delete octets;
}

std::shared_ptr<const std::string> share(std::string&& octets) {
  return {new std::string(std::move(octets)), cleanse_and_delete};
}

}  // namespace

RawMessage::RawMessage() {
  static const auto empty = std::make_shared<const std::string>();
  octets_ = empty;
}

RawMessage::RawMessage(std::string octets) : octets_(share(std::move(octets))) {}

std::string_view RawMessage::at(ByteRange range) const {
  const std::string_view all = octets();
  return range.offset >= all.size() ? std::string_view{} : all.substr(range.offset, range.length);
}

}  // namespace paraph::mail
