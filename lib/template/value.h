#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "template/template.h"

/// What Template Toolkit (that is, Perl) says about values: truth, numbers, and the methods after a
/// dot.
namespace paraph::tt2 {

/// Shared, never changed: walking a.b.c copies nothing.
using Ref = std::shared_ptr<const Value>;

/// Longest text that a template may make, piece or whole.
inline constexpr std::size_t kMaxText = 10 * 1024 * 1024;

[[nodiscard]] Ref make_ref(Value value);
[[nodiscard]] const Ref& empty_ref();
/// "" and "0" are false; a list or hash is true even when empty.
[[nodiscard]] bool truth(const Value& value);
/// Perl's reading: the number that the text begins with, else 0.
[[nodiscard]] double number(std::string_view text);
/// What a value prints as; lists and hashes print nothing.
[[nodiscard]] const std::string& text_of(const Value& value);

/// A member of a hash, an item of a list by number, or a method (size, first, join …); empty when
/// there is none. `spend` pays for what is copied. An Error for a pattern that .match() does not
/// understand.
using Spend = std::function<bool(std::size_t)>;
[[nodiscard]] Result<Ref> member(const Ref& of, std::string_view name,
                                 const std::vector<Ref>& arguments, const Spend& spend);

/// What copying a value costs, about in octets / 16; nullopt when it nests deeper than 32.
[[nodiscard]] std::optional<std::size_t> weight(const Value& value, int depth = 0);

/// Whether `pattern` occurs in `text`: characters, . ^ $ \s \S \d \D \w \W, [sets], and * + ? after
/// one of them. Time is the product of the lengths at worst. nullopt for anything else (groups,
/// alternatives).
[[nodiscard]] std::optional<bool> simple_match(std::string_view text, std::string_view pattern);

}  // namespace paraph::tt2
