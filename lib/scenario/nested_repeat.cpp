#include <vector>

#include "base/ascii.h"
#include "scenario/regex.h"

namespace paraph::scenario {
namespace {

// Octets of the unbounded quantifier that stands at `at`: "*", "+", "{2,}"; 0 when there is none.
std::size_t unbounded_at(std::string_view source, std::size_t at) {
  if (at >= source.size()) return 0;
  if (source[at] == '*' || source[at] == '+') return 1;
  if (source[at] != '{') return 0;
  std::size_t end = at + 1;
  while (end < source.size() && ascii::is_digit(source[end])) ++end;
  return source.substr(end, 2) == ",}" ? end + 2 - at : 0;
}

// Behind the character class that begins at `at`.
std::size_t class_end(std::string_view source, std::size_t at) {
  std::size_t end = at + 1;
  if (source.substr(end, 1) == "^") ++end;
  if (source.substr(end, 1) == "]") ++end;
  while (end < source.size() && source[end] != ']') end += source[end] == '\\' ? 2 : 1;
  return end + 1;
}

}  // namespace

std::optional<std::size_t> nested_repeat(std::string_view source) {
  struct Group {
    bool atomic = false, repeats = false;
  };
  std::vector<Group> open(1);
  Group closed;  // what stands before `at`, when that is a group
  for (std::size_t at = 0; at < source.size();) {
    if (const auto length = unbounded_at(source, at); length != 0) {
      const bool possessive = source.substr(at + length, 1) == "+";
      if (closed.repeats && !closed.atomic && !possessive) return at;
      if (!possessive) open.back().repeats = true;
      closed = {};
      at += length + (possessive ? 1 : 0);
      continue;
    }
    closed = {};
    switch (source[at]) {
      case '\\':
        at += 2;
        break;
      case '[':
        at = class_end(source, at);
        break;
      case '(':
        open.push_back({source.substr(at, 3) == "(?>"});
        ++at;
        break;
      case ')':
        if (open.size() > 1) {
          closed = open.back();
          open.pop_back();
          open.back().repeats = open.back().repeats || (closed.repeats && !closed.atomic);
        }
        ++at;
        break;
      default:
        ++at;
    }
  }
  return std::nullopt;
}

}  // namespace paraph::scenario
