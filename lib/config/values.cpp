#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/ascii.h"
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

}  // namespace

std::optional<std::string> value_fault(const Parameter& row, std::string_view value) {
  if (row.type == "number" && !is_number(value))
    return fmt::format("'{}' needs a number", row.name);
  if (row.type == "size" && !sys::MinFree::parse(value))
    return fmt::format("'{}' needs a size: 512K, 100M, 2G, 5% or 0", row.name);
  if (row.type.find("scenario:") == 0 && !is_scenario_name(value)) {
    return fmt::format("'{}' needs the name of a scenario", row.name);
  }
  if (row.type.find('|') != std::string_view::npos && !is_one_of(row.type, value)) {
    return fmt::format("'{}' must be one of {}", row.name, row.type);
  }
  return std::nullopt;
}

std::string normal_value(const Parameter& row, std::string_view value) {
  for (const OldValue& old : old_values) {
    if (old.name == row.name && ascii::iequals(old.old_value, value)) return std::string(old.value);
  }
  std::string out(value);
  if (row.type.find("scenario:") == 0) std::replace(out.begin(), out.end(), ',', '_');
  if (row.type.find('|') == std::string_view::npos) return out;
  for (const std::string_view choice : ascii::split(row.type, "|")) {
    if (ascii::iequals(choice, value)) return std::string(choice);
  }
  return out;
}

std::vector<std::string> value_pieces(const Parameter& row, std::string_view value) {
  const bool words = row.type == "words";
  if (row.type != "list" && !words)
    return value.empty() ? std::vector<std::string>{} : std::vector{std::string(value)};
  if (ascii::iequals(value, "none")) return {};
  const auto pieces = ascii::split(value, words ? " \t," : ",");
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
