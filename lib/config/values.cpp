#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/ascii.h"
#include "base/utf8.h"
#include "config/names.h"
#include "sys/disk_space.h"

namespace paraph::config {
namespace {

constexpr std::size_t max_digits = 18;  // fits long long

struct OldValue {
  std::string_view name;
  std::string_view old_value;
  std::string_view value;
};
constexpr std::array<OldValue, 21> old_values = {
    {{"visibility", "private", "conceal"},
     {"visibility", "public", "noconceal"},
     {"subscribe", "auth_notifydkim", "auth_notify"},
     {"subscribe", "auth_ownerdkim", "auth_owner"},
     {"subscribe", "authdkim", "auth"},
     {"add", "authdkim", "auth"},
     {"add", "ownerdkim", "owner"},
     {"unsubscribe", "auth_notifydkim", "auth_notify"},
     {"unsubscribe", "authdkim", "auth"},
     {"del", "authdkim", "auth"},
     {"del", "ownerdkim", "owner"},
     {"remind", "listmasterdkim", "listmaster"},
     {"remind", "ownerdkim", "owner"},
     {"review", "open", "public"},
     {"archive.mail_access", "open", "public"},
     {"default_user_options.reception", "html", "mail"},
     {"available_user_options.reception", "html", "mail"},
     {"verp_welcome", "owner", "off"},
     {"verp_welcome", "unique", "on"},
     {"verp_remind", "owner", "off"},
     {"verp_remind", "unique", "on"}}};

bool is_number(std::string_view value) {
  return !value.empty() && value.size() <= max_digits &&
         std::all_of(value.begin(), value.end(), ascii::is_digit);
}

// A scenario's name becomes a file's name (rule 35); commas are underscores.
bool is_scenario_name(std::string_view value) {
  const auto fits = [](char c) {
    return ascii::is_alnum(c) || std::string_view("-._,").find(c) != std::string_view::npos;
  };
  return !value.empty() && value.front() != '.' && value.find("..") == std::string_view::npos &&
         std::all_of(value.begin(), value.end(), fits);
}

bool is_one_of(std::string_view choices, std::string_view value) {
  const auto words = ascii::split(choices, "|");
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return ascii::iequals(word, value); });
}

constexpr std::string_view kLimiting = "words:";
constexpr std::string_view kWordSeparators = " \t,";

bool is_words(const Parameter& row) {
  return row.type == "words" || row.type.starts_with(kLimiting);
}

/// "SHA-256|SHA-512" or "OID": the words that such a row takes; empty for rows of other types.
std::string_view taken_words(const Parameter& row) {
  return row.type.starts_with(kLimiting) ? row.type.substr(kLimiting.size()) : std::string_view();
}

// X.660: the first arc is 0, 1 or 2; below 0 and 1 there are 40 arcs.
bool is_oid(std::string_view word) {
  const auto arcs = ascii::split(word, ".");
  const auto fits = [](std::string_view arc) {
    return !arc.empty() && std::all_of(arc.begin(), arc.end(), ascii::is_digit) &&
           (arc == "0" || arc.front() != '0');
  };
  const auto dots = static_cast<std::size_t>(std::count(word.begin(), word.end(), '.'));
  if (arcs.size() < 2 || dots != arcs.size() - 1 || !std::all_of(arcs.begin(), arcs.end(), fits))
    return false;
  const bool below_two = arcs[0] == "0" || arcs[0] == "1";
  return arcs[0] == "2" || (below_two && arcs[1].size() <= 2 && to_number(arcs[1]) < 40);
}

// "SHA-512", "SHA512" and "sha512" are one name.
std::string bare_name(std::string_view word) {
  std::string out;
  for (const char c : word)
    if (ascii::is_alnum(c)) out += c;
  return ascii::to_lower(out);
}

/// The word as the row spells it; nullopt: the row does not take it.
std::optional<std::string> taken_word(const Parameter& row, std::string_view word) {
  const auto taken = taken_words(row);
  if (taken == "OID") return is_oid(word) ? std::optional(std::string(word)) : std::nullopt;
  const auto choices = ascii::split(taken, "|");
  const auto found = std::find_if(choices.begin(), choices.end(), [&](std::string_view choice) {
    return bare_name(choice) == bare_name(word);
  });
  return found == choices.end() ? std::nullopt : std::optional(std::string(*found));
}

std::string spelled_words(const Parameter& row, std::string_view value) {
  std::string out;
  for (const std::string& word : value_pieces(row, value))
    out += (out.empty() ? "" : ", ") + taken_word(row, word).value_or(word);
  return out.empty() ? std::string(value) : out;  // "none"
}

std::optional<ValueFault> words_fault(const Parameter& row, std::string_view value) {
  const auto words = value_pieces(row, value);
  const auto fits = [&](const std::string& word) { return taken_word(row, word).has_value(); };
  const auto bad = std::find_if_not(words.begin(), words.end(), fits);
  if (bad == words.end()) return std::nullopt;
  const auto taken = taken_words(row);
  const bool any_good = std::any_of(words.begin(), words.end(), fits);
  return ValueFault{
      fmt::format("'{}' takes {}, with commas or blanks between them, and not '{}'", row.name,
                  taken == "OID" ? std::string("dotted OIDs, as 1.3.6.1.4.1.99999.1")
                                 : fmt::format("{}", fmt::join(ascii::split(taken, "|"), ", ")),
                  utf8::printable(*bad, 60)),
      any_good ? ValueFault::Left::good_words : ValueFault::Left::refusal};
}

}  // namespace

std::optional<ValueFault> value_fault(const Parameter& row, std::string_view value) {
  if (row.type == "number" && !is_number(value))
    return ValueFault{fmt::format("'{}' needs a number", row.name)};
  if (row.type == "size" && !sys::MinFree::parse(value))
    return ValueFault{fmt::format("'{}' needs a size: 512K, 100M, 2G, 5% or 0", row.name)};
  if (row.type.find("scenario:") == 0 && !is_scenario_name(value)) {
    return ValueFault{fmt::format("'{}' needs the name of a scenario", row.name)};
  }
  if (!taken_words(row).empty()) return words_fault(row, value);
  if (row.type.find('|') != std::string_view::npos && !is_one_of(row.type, value)) {
    return ValueFault{fmt::format("'{}' must be one of {}", row.name, row.type)};
  }
  return std::nullopt;
}

Warning warning_of(const Parameter& row, const ValueFault& fault, std::string_view ignored) {
  const bool refuses = fault.left == ValueFault::Left::refusal;
  const std::string_view effect = refuses ? "nothing is accepted, and no signature counts"
                                  : fault.left == ValueFault::Left::good_words ? "the others hold"
                                                                               : ignored;
  return {{}, 0, fmt::format("{}; {}", fault.what, effect), std::string(refuses ? row.name : "")};
}

std::string normal_value(const Parameter& row, std::string_view value) {
  for (const OldValue& old : old_values) {
    if (old.name == row.name && ascii::iequals(old.old_value, value)) return std::string(old.value);
  }
  if (!taken_words(row).empty()) return spelled_words(row, value);
  std::string out(value);
  if (row.type.find("scenario:") == 0) std::replace(out.begin(), out.end(), ',', '_');
  if (row.type.find('|') == std::string_view::npos) return out;
  for (const std::string_view choice : ascii::split(row.type, "|")) {
    if (ascii::iequals(choice, value)) return std::string(choice);
  }
  return out;
}

std::vector<std::string> value_pieces(const Parameter& row, std::string_view value) {
  const bool words = is_words(row);
  if (row.type != "list" && !words)
    return value.empty() ? std::vector<std::string>{} : std::vector{std::string(value)};
  if (ascii::iequals(value, "none")) return {};
  const auto pieces = ascii::split(value, words ? kWordSeparators : ",");
  // Only commas: no word is not the empty list, which limits nothing.
  if (pieces.empty() && !taken_words(row).empty() && !value.empty()) return {std::string(value)};
  return {pieces.begin(), pieces.end()};
}

Setting shown(const Parameter& row, Setting setting) {
  if (row.type == "secret" && !setting.value.empty()) setting.value = "********";
  return setting;
}

Setting joined(const std::vector<Setting>& settings) {
  Setting out = settings.empty() ? Setting{} : settings.back();
  out.value.clear();
  for (const Setting& each : settings) {
    if (!out.value.empty()) out.value += ", ";
    out.value += each.value;
  }
  return out;
}

long long to_number(std::string_view value) {
  long long number = 0;
  std::from_chars(value.data(), value.data() + value.size(), number);
  return number;
}

bool is_secret(std::string_view name) {
  const Parameter* row = find_parameter(name);
  return row != nullptr && row->type == "secret";
}

}  // namespace paraph::config
