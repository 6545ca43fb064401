#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/site.h"

/// Names of parameters and how to find them; for this module only.
namespace paraph::config {

/// Sympa's mail parameters that have no effect here yet: known, so that an existing configuration
/// loads without complaint; without help text.
[[nodiscard]] const std::vector<Parameter>& sympa_parameters();

/// The row of a name; nullptr when the table has none.
[[nodiscard]] const Parameter* find_parameter(std::string_view name);
/// Follows old spellings ("default_ttl" → "ttl") to today's name.
[[nodiscard]] std::string_view canonical_name(std::string_view name);
/// Whether a value that was written deserves to be told as doing nothing yet: of a parameter that
/// has no effect, and not its default. `anonymous_sender`, which only makes mail wait, is told too.
[[nodiscard]] bool lacks_effect(const Parameter& row, std::string_view value);
/// Names of a list's config, and first parts of dotted ones, that change who reads or sees what:
/// those whose lack of effect is told even in a list taken over from Sympa.
[[nodiscard]] bool changes_who_sees(std::string_view name);
/// "'custom_subject' has no effect yet"; for the keys of a paragraph without any effect, the
/// paragraph.
[[nodiscard]] std::string without_effect(std::string_view name);
/// Sympa's names that do nothing: obsolete ones, and those of its web pages.
[[nodiscard]] bool is_ignored_name(std::string_view name);
/// "reply_to_header": the part before the dot of some row.
[[nodiscard]] bool is_paragraph(std::string_view name);
/// Dotted keys without which their paragraph means nothing.
[[nodiscard]] const std::vector<std::string_view>& required_keys();

[[nodiscard]] inline bool allows(const Parameter& row, Scope scope) {
  return (row.scopes & static_cast<unsigned>(scope)) != 0;
}

/// What somebody may have meant: the word at the smallest edit distance, when it is small for the
/// word's length.
[[nodiscard]] std::optional<std::string> closest(std::string_view word,
                                                 const std::vector<std::string>& words);
/// "unknown parameter 'sned': did you mean 'send'?" for names of that scope.
[[nodiscard]] std::string unknown_name(std::string_view name, Scope scope);

/// Why a value does not fit its row's type, and what becomes of it. It is ignored, unless its words
/// narrow what is accepted ("words:…"): without the line more would be let in than was meant, so its
/// good words hold, and when it has none, nothing is accepted.
struct ValueFault {
  enum class Left : std::uint8_t { nothing, good_words, refusal };
  std::string what;  ///< "'nrcpt' needs a number"
  Left left = Left::nothing;
};
/// nullopt: it fits.
[[nodiscard]] std::optional<ValueFault> value_fault(const Parameter& row, std::string_view value);
/// The warning about it; `ignored` says what holds instead of a value that is ignored.
[[nodiscard]] Warning warning_of(const Parameter& row, const ValueFault& fault,
                                 std::string_view ignored);
/// The value as the rest of the program expects it: Sympa's old words replaced (visibility
/// "private" → "conceal"), choices in the table's spelling ("sha512" → "SHA-512"), commas of a
/// scenario's name as underscores.
[[nodiscard]] std::string normal_value(const Parameter& row, std::string_view value);

/// One value, or the pieces of a list, by the row's type.
[[nodiscard]] std::vector<std::string> value_pieces(const Parameter& row, std::string_view value);
/// Secrets masked.
[[nodiscard]] Setting shown(const Parameter& row, Setting setting);
/// All lines of a name as one: values joined by ", ", the place of the last.
[[nodiscard]] Setting joined(const std::vector<Setting>& settings);
[[nodiscard]] long long to_number(std::string_view value);

}  // namespace paraph::config
