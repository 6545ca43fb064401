#include <fmt/core.h>

#include <algorithm>
#include <bitset>
#include <vector>

#include "base/ascii.h"
#include "scenario/lexer.h"
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

// "{2}", "{2,3}" at `at`: its octets, or 0.
std::size_t bounded_at(std::string_view source, std::size_t at) {
  const auto end = source.find_first_not_of("0123456789,", at + 1);
  return source.substr(at, 1) == "{" && source.substr(end, 1) == "}" ? end + 1 - at : 0;
}

// The character that an atom stands for, when it stands for one.
char literal_of(std::string_view atom) {
  constexpr std::string_view special = "\\()[]{}.*+?|^$";
  if (atom.size() == 1 && special.find(atom[0]) == std::string_view::npos) return atom[0];
  const bool escaped = atom.size() == 2 && atom[0] == '\\' && atom[1] > ' ' && !is_word(atom[1]);
  return escaped ? atom[1] : '\0';
}

// Behind "(", "(?:", "(?<name>" and the like; before the ")" of "(?i)".
std::size_t behind_opening(std::string_view source, std::size_t at) {
  if (source.substr(at, 2) != "(?") return at + 1;
  const auto end = std::min(source.find_first_of(":>=!)", at + 2), source.size());
  return end + (source.substr(end, 1) == ")" ? 0 : 1);
}

using Chars = std::bitset<128>;

// The ASCII characters that an atom can match.
Chars chars_of(std::string_view atom) {
  Chars chars;
  if (const char c = literal_of(atom); c != '\0') {
    // In lower case, which the sets of other atoms hold too: regexes ignore case.
    if (static_cast<unsigned char>(c) < chars.size())
      chars.set(static_cast<unsigned char>(ascii::lower(c)));
    return chars;
  }
  RegexFault fault;
  RegexBudget budget;
  const auto pattern = Pattern::compile(fmt::format("^{}$", atom), false, fault);
  if (!pattern) return chars;
  for (std::size_t i = 1; i < chars.size(); ++i) {
    const char c = static_cast<char>(i);
    const auto found = pattern->search({&c, 1}, budget);
    chars.set(i, found && *found);
  }
  return chars;
}

bool can_match(std::string_view atom, char c) {
  RegexFault fault;
  RegexBudget budget;
  const auto pattern = Pattern::compile(fmt::format("^{}$", atom), false, fault);
  const auto found = pattern ? pattern->search({&c, 1}, budget) : Result<bool>(true);
  return !found || *found;
}

/// What stands between two "|".
struct Alternative {
  std::vector<std::string_view> atoms;
  bool fixed = true;  ///< nothing in it repeats, and no group
};

constexpr std::size_t kMostAlternatives = 40;

// Whether repeating them can read a text in two ways: (a|a)*, (a|aa)+, not (a|ab)*.
bool is_ambiguous(const std::vector<Alternative>& all) {
  if (all.size() < 2 || all.size() > kMostAlternatives) return false;
  std::vector<std::vector<Chars>> read;
  for (const auto& each : all) {
    if (!each.fixed || each.atoms.empty()) continue;
    auto& chars = read.emplace_back();
    for (const auto atom : each.atoms) chars.push_back(chars_of(atom));
  }
  const auto may_begin = [&](const Chars& chars) {
    return std::any_of(read.begin(), read.end(),
                       [&](const auto& other) { return (other.front() & chars).any(); });
  };
  for (const auto& one : read)
    for (const auto& other : read) {
      if (&one == &other || one.size() > other.size()) continue;
      std::size_t same = 0;
      while (same < one.size() && (one[same] & other[same]).any()) ++same;
      if (same == one.size() && (same == other.size() || may_begin(other[same]))) return true;
    }
  return false;
}

/// A group as far as it was read.
struct Group {
  bool atomic = false;
  bool repeats = false;  ///< something in it has no bound
  bool fenced = false;   ///< that one thing stands beside a character that it cannot match
  bool plain = true;     ///< neither alternatives nor groups in it
  std::size_t quantifiers = 0;
  std::size_t atoms = 0;
  std::string_view last = {};    ///< the atom before, unless something else stands between
  std::string_view before = {};  ///< and the one before that
  std::string_view flood = {};   ///< the atom before, when it was repeated without a bound
  std::vector<Alternative> alternatives = std::vector<Alternative>(1);

  void pass(std::string_view atom) {
    before = last;
    last = atom;
    ++atoms;
    alternatives.back().atoms.push_back(atom);
  }
  void interrupt() { before = last = {}; }
  /// Repeating it, a text can be read in one way only: "(\w+\.)*", "(-[a-z]+)*".
  [[nodiscard]] bool one_way() const { return fenced && plain && quantifiers == 1; }
};

// Whether the atom that repeats is followed by a character that it cannot match, or alone behind one.
bool fenced(const Group& group, std::string_view behind) {
  const auto differs = [&](char c) { return c != '\0' && !can_match(group.last, c); };
  if (group.last.empty()) return false;
  if (behind.substr(0, 1) == ")") return group.atoms == 2 && differs(literal_of(group.before));
  return differs(literal_of(behind.substr(0, behind.substr(0, 1) == "\\" ? 2 : 1)));
}

/// Reads a regex from left to right.
struct Reader {
  std::string_view source;
  std::vector<Group> open = std::vector<Group>(1);
  Group closed = {};  ///< what stands right before, when that is a group
  std::size_t at = 0;
  const char* flood_end = nullptr;  ///< behind the last quantifier without a bound
  std::size_t floods = 0;           ///< that followed each other, of the same characters

  [[nodiscard]] bool next_is(char c) const {
    return source.substr(at, 1) == std::string_view(&c, 1);
  }
  // Whether what repeats here repeats inside, too.
  bool take_unbounded(std::size_t length) {
    at += length;
    const bool possessive = next_is('+');
    if (!possessive && is_dangerous(closed)) return true;
    at += possessive || next_is('?') ? 1 : 0;
    auto& group = open.back();
    const auto repeated = group.last;
    const bool goes_on = !possessive && !repeated.empty() && repeated.data() == flood_end &&
                         (chars_of(group.flood) & chars_of(repeated)).any();
    floods = goes_on ? floods + 1 : 1;
    constexpr std::size_t kFlood = 3;  // .*.*x takes the square of the text, .*.*.*x its cube
    if (floods == kFlood) return true;
    group.flood = possessive ? std::string_view() : repeated;
    flood_end = source.data() + at;
    group.alternatives.back().fixed = false;
    ++group.quantifiers;
    group.repeats = group.repeats || !possessive;
    group.fenced = open.size() > 1 && fenced(group, source.substr(at));
    group.interrupt();
    return false;
  }
  static bool is_dangerous(const Group& repeated) {
    if (repeated.atomic) return false;
    return (repeated.repeats && !repeated.one_way()) || is_ambiguous(repeated.alternatives);
  }
  // Whether it repeats many times what repeats inside: (.*a){20}.
  bool take_bounded() {
    ++open.back().quantifiers;
    open.back().interrupt();
    open.back().alternatives.back().fixed = false;
    const auto length = std::max<std::size_t>(1, bounded_at(source, at));
    const auto counts = source.substr(at, length);
    at += length;
    return many(counts) && !closed.atomic && closed.repeats && !closed.one_way();
  }
  // {4}, {1,20} and the like.
  static bool many(std::string_view counts) {
    const auto last = counts.find_last_of("{,");
    const auto most = counts.substr(std::min(last, counts.size() - 1) + 1);
    constexpr std::size_t kFew = 3;
    return most.size() > 2 || (most.size() == 2 && static_cast<std::size_t>(most[0] - '0') > kFew);
  }
  void take_atom(std::size_t end) {
    open.back().pass(source.substr(at, end - at));
    at = end;
  }
  void take_opening() {
    open.back().interrupt();
    open.back().plain = false;
    open.back().alternatives.back().fixed = false;
    open.push_back({source.substr(at, 3) == "(?>"});
    at = behind_opening(source, at);
  }
  void take_closing() {
    ++at;
    if (open.size() == 1) return;
    closed = open.back();
    open.pop_back();
    open.back().repeats = open.back().repeats || (closed.repeats && !closed.atomic);
  }
  void take_alternative() {
    ++at;
    open.back().interrupt();
    open.back().plain = false;
    open.back().alternatives.emplace_back();
  }
};

}  // namespace

std::optional<std::size_t> nested_repeat(std::string_view source) {
  Reader reader{source};
  while (reader.at < source.size()) {
    const std::size_t at = reader.at;
    if (const auto length = unbounded_at(source, at); length != 0) {
      if (reader.take_unbounded(length)) return at;
      reader.closed = {};
      continue;
    }
    if (source[at] == '{' || source[at] == '?') {
      if (reader.take_bounded()) return at;
      reader.closed = {};
      continue;
    }
    reader.closed = {};
    switch (source[at]) {
      case '\\':
        reader.take_atom(at + 2);
        break;
      case '[':
        reader.take_atom(class_end(source, at));
        break;
      case '(':
        reader.take_opening();
        break;
      case ')':
        reader.take_closing();
        break;
      case '|':
        reader.take_alternative();
        break;
      default:
        reader.take_atom(at + 1);
    }
  }
  return std::nullopt;
}

}  // namespace paraph::scenario
