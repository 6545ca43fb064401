// A very small regular expression, matched without backtracking.
#include <array>
#include <bitset>
#include <vector>

#include "base/ascii.h"
#include "template/value.h"

namespace paraph::tt2 {
namespace {

using Set = std::bitset<256>;

struct Atom {
  Set set;
  bool may_skip = false;    // ? and *
  bool may_repeat = false;  // * and +
};
struct Program {
  std::vector<Atom> atoms;
  bool from_start = false, to_end = false;
};

std::size_t octet(char c) {
  return static_cast<unsigned char>(c);
}

Set class_of(char letter) {
  const char kind = ascii::lower(letter);
  Set set;
  for (std::size_t i = 0; i < set.size(); ++i) {
    const char c = static_cast<char>(i);
    const bool word = ascii::is_alnum(c) || c == '_';
    const bool space = ascii::is_space(c) || c == '\f' || c == '\v';
    set[i] = kind == 's' ? space : kind == 'd' ? ascii::is_digit(c) : word;
  }
  return kind == letter ? set : ~set;
}

bool is_class(char c) {
  return std::string_view("sSdDwW").find(c) != std::string_view::npos;
}

// "\x" at `at`: a class or the character itself.
std::optional<Set> escaped(std::string_view pattern, std::size_t& at) {
  if (at + 1 >= pattern.size()) return std::nullopt;
  const char c = pattern[at + 1];
  at += 2;
  if (is_class(c)) return class_of(c);
  if (ascii::is_alnum(c)) return std::nullopt;
  Set set;
  return set.set(octet(c));
}

std::optional<Set> bracketed(std::string_view pattern, std::size_t& at) {
  Set set;
  ++at;
  const bool negated = at < pattern.size() && pattern[at] == '^';
  if (negated) ++at;
  for (bool first = true; at < pattern.size() && (first || pattern[at] != ']'); first = false) {
    if (pattern[at] == '\\') {
      const auto inner = escaped(pattern, at);
      if (!inner) return std::nullopt;
      set |= *inner;
    } else if (at + 2 < pattern.size() && pattern[at + 1] == '-' && pattern[at + 2] != ']') {
      for (std::size_t c = octet(pattern[at]); c <= octet(pattern[at + 2]); ++c) set.set(c);
      at += 3;
    } else {
      set.set(octet(pattern[at++]));
    }
  }
  if (at >= pattern.size()) return std::nullopt;
  ++at;
  return negated ? ~set : set;
}

std::optional<Set> next_set(std::string_view pattern, std::size_t& at) {
  const char c = pattern[at];
  if (c == '\\') return escaped(pattern, at);
  if (c == '[') return bracketed(pattern, at);
  if (std::string_view("(){}|*+?^$").find(c) != std::string_view::npos) return std::nullopt;
  ++at;
  Set set;
  if (c == '.') return set.set().reset(octet('\n'));
  return set.set(octet(c));
}

std::optional<Program> compile(std::string_view pattern) {
  Program program;
  std::size_t at = 0;
  if (!pattern.empty() && pattern.front() == '^') program.from_start = true, at = 1;
  while (at < pattern.size()) {
    if (pattern[at] == '$' && at + 1 == pattern.size()) {
      program.to_end = true;
      break;
    }
    const auto set = next_set(pattern, at);
    if (!set) return std::nullopt;
    Atom atom{*set};
    const char quantifier = at < pattern.size() ? pattern[at] : '\0';
    atom.may_skip = quantifier == '*' || quantifier == '?';
    atom.may_repeat = quantifier == '*' || quantifier == '+';
    if (atom.may_skip || atom.may_repeat) ++at;
    program.atoms.push_back(atom);
  }
  return program;
}

// states[i]: the atoms before i have matched.
void skip_ahead(const Program& program, std::vector<bool>& states) {
  for (std::size_t i = 0; i < program.atoms.size(); ++i)
    if (states[i] && program.atoms[i].may_skip) states[i + 1] = true;
}

}  // namespace

std::optional<bool> simple_match(std::string_view text, std::string_view pattern) {
  constexpr std::size_t longest = 256;
  const auto program = pattern.size() <= longest ? compile(pattern) : std::nullopt;
  if (!program) return std::nullopt;
  const std::size_t last = program->atoms.size();
  std::vector<bool> states(last + 1);
  for (std::size_t at = 0; at <= text.size(); ++at) {
    if (at == 0 || !program->from_start) states[0] = true;
    skip_ahead(*program, states);
    const bool at_end = at == text.size() || (at + 1 == text.size() && text[at] == '\n');
    if (states[last] && (!program->to_end || at_end)) return true;
    if (at == text.size()) break;
    std::vector<bool> next(last + 1);
    for (std::size_t i = 0; i < last; ++i) {
      if (!states[i] || !program->atoms[i].set[octet(text[at])]) continue;
      next[i + 1] = true;
      if (program->atoms[i].may_repeat) next[i] = true;
    }
    states = std::move(next);
  }
  return false;
}

}  // namespace paraph::tt2
