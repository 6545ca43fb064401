#include "config/list_reader.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/ascii.h"
#include "base/utf8.h"
#include "mail/address.h"

namespace paraph::config {
namespace {

constexpr std::size_t max_hints = 50;

// Paragraphs that may stand several times; a second one of any other kind replaces the first.
const std::set<std::string_view>& repeatable() {
  static const std::set<std::string_view> names = {"custom_attribute",
                                                   "custom_vars",
                                                   "editor_include",
                                                   "include_remote_file",
                                                   "include_remote_sympa_list",
                                                   "include_sql_ca",
                                                   "include_sql_query",
                                                   "include_sympa_list",
                                                   "member_include",
                                                   "msg_topic",
                                                   "owner_include"};
  return names;
}

const Parameter* list_row(std::string_view name) {
  const Parameter* row = find_parameter(name);
  return row != nullptr && allows(*row, Scope::list) ? row : nullptr;
}

std::string_view paragraph_of(std::string_view key) {
  return key.substr(0, key.find('.'));
}

// Sympa takes the brackets off a tag of one word: the template puts them back.
std::string_view without_brackets(std::string_view value) {
  if (value.size() < 3 || value.front() != '[' || value.back() != ']') return value;
  const std::string_view inner = value.substr(1, value.size() - 2);
  return inner.find_first_of(" \t[]") == std::string_view::npos ? inner : value;
}

bool is_small_number(std::string_view text, long long below) {
  const bool digits =
      !text.empty() && text.size() <= 2 && std::all_of(text.begin(), text.end(), ascii::is_digit);
  return digits && to_number(text) < below;
}

std::string quoted(std::string_view text) {
  return "'" + utf8::printable(text, 60) + "'";
}

}  // namespace

void ListConfigReader::warn(std::size_t line, std::string message) {
  warn(line, Warning{{}, 0, std::move(message)});
}

void ListConfigReader::warn(std::size_t line, Warning warning) {
  warning.file = file_;
  warning.line = line;
  config_.warnings_.push_back(std::move(warning));
}

void ListConfigReader::read(std::string_view text) {
  std::size_t number = 0;
  for (const std::string_view line : ascii::lines(text)) add_line(ascii::trim(line), ++number);
  end_paragraph();
}

void ListConfigReader::add_line(std::string_view text, std::size_t number) {
  if (text.empty()) return end_paragraph();
  if (text.front() == '#') return;
  const auto forbidden = [](char c) { return ascii::is_control(c) && c != '\t'; };
  if (std::any_of(text.begin(), text.end(), forbidden))
    return warn(number, "control character; the line is ignored");
  const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
  lines_.push_back({number, text.substr(0, end), ascii::trim(text.substr(end))});
}

void ListConfigReader::end_paragraph() {
  if (lines_.empty()) return;
  Paragraph lines;
  lines.swap(lines_);
  const std::string_view name = canonical_name(lines.front().name);
  if (name == "reply_to" || name == "forced_reply_to")
    return read_reply_to(lines, name != "reply_to");
  if (name == "digest" && !lines.front().value.empty()) return read_digest(lines.front());
  if (list_row(name) != nullptr) return read_single(name, lines);
  if (is_paragraph(name)) return read_structured(name, lines);
  // Of the list's domain and of owners and editors the directory and the database know better.
  if (is_ignored_name(lines.front().name) || lines.front().name == "host") {
    if (changes_who_sees(name)) warn(lines.front().number, without_effect(name));
    return;
  }
  const bool hint = config_.warnings_.size() < max_hints;
  warn(lines.front().number, hint ? unknown_name(lines.front().name, Scope::list)
                                  : "unknown parameter " + quoted(lines.front().name));
}

bool ListConfigReader::take(const Parameter& row, const Line& line, std::string_view value,
                            Values& values) {
  if (value.empty()) return true;  // as if the line were not there
  if (row.type.find("scenario:") == 0 && value == "default") return true;
  std::string normal = normal_value(row, value);
  if (auto fault = value_fault(row, normal)) {
    warn(line.number, warning_of(row, *fault, "ignored"));
    if (fault->left == ValueFault::Left::nothing) return false;
  }
  values[std::string(row.name)].push_back({std::move(normal), file_, line.number});
  return true;
}

void ListConfigReader::store(Values values) {
  for (auto& [name, settings] : values) {
    auto& kept = config_.values_[name];
    const bool adds_up =
        find_parameter(name)->multiple || repeatable().count(paragraph_of(name)) != 0;
    if (!kept.empty() && !adds_up) {
      warn(settings.back().line, fmt::format("'{}' is given twice; the last one holds", name));
      kept.clear();
    }
    kept.insert(kept.end(), settings.begin(), settings.end());
  }
  warn_without_effect(values);
}

// Once for a paragraph, with the line of the first key that has none.
void ListConfigReader::warn_without_effect(const Values& values) {
  const bool taken_over = !config_.site_->get("sympa_conf").empty();
  std::map<std::string, std::size_t> found;
  for (const auto& [name, settings] : values) {
    const Setting& last = settings.back();
    if (!lacks_effect(*find_parameter(name), last.value) || (taken_over && !changes_who_sees(name)))
      continue;
    const auto [entry, first] = found.emplace(without_effect(name), last.line);
    if (!first) entry->second = std::min(entry->second, last.line);
  }
  for (const auto& [message, line] : found) warn(line, message);
}

void ListConfigReader::read_single(std::string_view name, const Paragraph& lines) {
  for (std::size_t i = 1; i < lines.size(); ++i) {
    warn(lines[i].number,
         fmt::format("{} follows '{}' without a blank line; ignored", quoted(lines[i].name), name));
  }
  const Line& line = lines.front();
  Values values;
  const bool good =
      take(*list_row(name), line,
           name == "custom_subject" ? without_brackets(line.value) : line.value, values);
  if (good) store(std::move(values));
}

void ListConfigReader::read_structured(std::string_view name, const Paragraph& lines) {
  if (!lines.front().value.empty())
    warn(lines.front().number, fmt::format("'{}' takes lines of KEY VALUE", name));
  Values values;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const Line& line = lines[i];
    const std::string written = fmt::format("{}.{}", name, line.name);
    const Parameter* row = list_row(canonical_name(written));
    if (row != nullptr) {
      // A bad value is as if the key were not there.
      static_cast<void>(take(*row, line, line.value, values));
    } else if (!is_ignored_name(written)) {
      warn(line.number, fmt::format("unknown key {} in '{}'", quoted(line.name), name));
    }
  }
  for (const std::string_view key : required_keys()) {
    if (paragraph_of(key) == name && values.find(key) == values.end()) {
      return warn(lines.front().number,
                  fmt::format("'{}' has no '{}'; ignored", name, key.substr(name.size() + 1)));
    }
  }
  store(std::move(values));
}

// "digest 1,3,5 13:26": days from Sunday = 0, and a time.
void ListConfigReader::read_digest(const Line& line) {
  const auto words = ascii::split(line.value, " \t");
  const auto time =
      words.size() == 2 ? ascii::split(words[1], ":") : std::vector<std::string_view>();
  const auto days = words.empty() ? std::vector<std::string_view>() : ascii::split(words[0], ",");
  const bool good_days =
      !days.empty() && std::all_of(days.begin(), days.end(),
                                   [](std::string_view day) { return is_small_number(day, 7); });
  if (!good_days || time.size() != 2 || !is_small_number(time[0], 24) ||
      !is_small_number(time[1], 60)) {
    return warn(line.number, "'digest' needs days and a time, as in: digest 1,4 13:26");
  }
  Values values;
  for (const auto& [name, value] :
       {std::pair("digest.days", words[0]), std::pair("digest.hour", time[0]),
        std::pair("digest.minute", time[1])}) {
    values[name].push_back({std::string(value), file_, line.number});
  }
  store(std::move(values));
}

// The form before reply_to_header: one value, or an address.
void ListConfigReader::read_reply_to(const Paragraph& lines, bool forced) {
  const Line& line = lines.front();
  const auto address = mail::AddrSpec::parse(line.value);
  Values values;
  const std::string_view value = address ? std::string_view("other_email") : line.value;
  if (!take(*list_row("reply_to_header.value"), line, value, values)) return;
  const std::string canonical = address ? address->canonical() : std::string();
  static_cast<void>(take(*list_row("reply_to_header.other_email"), line, canonical, values));
  static_cast<void>(
      take(*list_row("reply_to_header.apply"), line, forced ? "forced" : "respect", values));
  store(std::move(values));
}

}  // namespace paraph::config
