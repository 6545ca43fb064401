#include "mail/edit.h"

#include <algorithm>
#include <cassert>
#include <tuple>
#include <utility>

namespace paraph::mail {

Edit::Edit(RawMessage original) : original_(std::move(original)) {}

Edit& Edit::replace(ByteRange where, std::string text) {
  splices_.push_back({where, std::move(text)});
  return *this;
}

Edit& Edit::insert(std::size_t before, std::string text) {
  return replace({before, 0}, std::move(text));
}

RawMessage Edit::apply() const {
  if (splices_.empty()) return original_;
  auto ordered = splices_;
  // Stable, and empty ranges first: an insertion stands before what is replaced at the same place.
  std::stable_sort(ordered.begin(), ordered.end(), [](const Splice& a, const Splice& b) {
    return std::tuple(a.where.offset, !a.where.empty()) <
           std::tuple(b.where.offset, !b.where.empty());
  });
  const auto octets = original_.octets();
  std::string out;
  std::size_t added = 0;
  for (const auto& splice : ordered) added += splice.text.size();
  out.reserve(octets.size() + added);
  std::size_t copied = 0;
  for (const auto& [where, text] : ordered) {
    assert(where.offset >= copied && "splices overlap");
    assert(where.offset <= octets.size() && where.length <= octets.size() - where.offset);
    out += octets.substr(copied, where.offset - copied);
    out += text;
    copied = where.end();
  }
  out += octets.substr(copied);
  return RawMessage(std::move(out));
}

}  // namespace paraph::mail
