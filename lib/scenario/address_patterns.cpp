#include "scenario/address_patterns.h"

#include <algorithm>
#include <limits>

#include "base/ascii.h"

namespace paraph::scenario {
namespace {

// What follows the last "@"; of a text without one, npos.
std::string_view domain_of(std::string_view text) {
  const auto at = text.rfind('@');
  return at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
}

bool matches_star(std::string_view pattern, std::string_view address) {
  const auto star = pattern.find('*');
  const auto head = pattern.substr(0, star), tail = pattern.substr(star + 1);
  return address.size() >= head.size() + tail.size() && address.substr(0, head.size()) == head &&
         address.substr(address.size() - tail.size()) == tail;
}

}  // namespace

AddressPatterns::AddressPatterns(std::string text) : text_(std::move(text)) {
  text_.resize(std::min<std::size_t>(text_.size(), std::numeric_limits<std::uint32_t>::max()));
  std::transform(text_.begin(), text_.end(), text_.begin(), ascii::lower);
  const std::string_view all = text_;
  for (std::size_t at = 0; at < all.size();) {
    const auto end = std::min(all.find_first_of("\r\n", at), all.size());
    add(all.substr(at, end - at));
    at = end + 1;
  }
  std::sort(whole_.begin(), whole_.end(), [&](Line a, Line b) { return text_of(a) < text_of(b); });
  std::sort(domain_.begin(), domain_.end(),
            [&](Line a, Line b) { return domain_of(text_of(a)) < domain_of(text_of(b)); });
}

void AddressPatterns::add(std::string_view line) {
  line = ascii::trim(line);
  if (line.empty() || line.front() == '#' || line.front() == ';') return;
  const Line where{static_cast<std::uint32_t>(line.data() - text_.data()),
                   static_cast<std::uint32_t>(line.size())};
  const auto star = line.find('*');
  const auto at = line.rfind('@');
  if (star == std::string_view::npos)
    whole_.push_back(where);
  else if (at != std::string_view::npos && star < at)
    domain_.push_back(where);
  else
    open_.push_back(where);
}

bool AddressPatterns::matches(std::string_view address) const {
  const std::string wanted = ascii::to_lower(address);
  const auto whole =
      std::lower_bound(whole_.begin(), whole_.end(), wanted,
                       [&](Line line, const auto& value) { return text_of(line) < value; });
  if (whole != whole_.end() && text_of(*whole) == wanted) return true;
  const auto domain = domain_of(wanted);
  auto next = std::lower_bound(
      domain_.begin(), domain_.end(), domain,
      [&](Line line, const auto& value) { return domain_of(text_of(line)) < value; });
  for (; next != domain_.end() && domain_of(text_of(*next)) == domain; ++next)
    if (matches_star(text_of(*next), wanted)) return true;
  return std::any_of(open_.begin(), open_.end(),
                     [&](Line line) { return matches_star(text_of(line), wanted); });
}

}  // namespace paraph::scenario
