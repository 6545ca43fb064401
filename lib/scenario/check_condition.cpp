// What can be wrong with a condition before anybody asks it.
#include <fmt/core.h>
#include <fmt/format.h>

#include "base/utf8.h"
#include "scenario/conditions.h"
#include "scenario/dates.h"
#include "scenario/network.h"
#include "scenario/suggest.h"
#include "scenario/words.h"

namespace paraph::scenario {
namespace {

std::vector<std::string_view> condition_words() {
  std::vector<std::string_view> words;
  for (const auto& row : condition_table()) words.push_back(row.name);
  return words;
}

void unknown_condition(const ParsedRule& parsed, Remarks& remarks) {
  const auto& name = parsed.rule.condition.name;
  const bool custom = ascii::istarts_with(name, "customcondition");
  remarks.push_back(
      {parsed.name_column,
       custom ? fmt::format("{}: custom conditions are Perl modules and are not supported",
                            utf8::printable(name, 60))
              : fmt::format("unknown condition {}{}", utf8::printable(name, 60),
                            did_you_mean(name, condition_words())),
       true,
       custom ? "say it with search() and a file that a program of yours writes"
              : fmt::format("there are {}", fmt::join(condition_words(), ", "))});
}

using Say = void (*)(const Operand& operand, std::size_t column, Remarks& remarks);

void no_regex(const Operand& operand, std::size_t column, Remarks& remarks) {
  if (std::holds_alternative<Regex>(operand))
    remarks.push_back({column, "a /regex/ can only be the second operand of match()"});
}

void regex_only(const Operand& operand, std::size_t column, Remarks& remarks) {
  const auto* regex = std::get_if<Regex>(&operand);
  if (regex == nullptr)
    remarks.push_back({column, "the second operand of match() is a /regex/ between slashes"});
  if (regex != nullptr && regex->source.empty())
    remarks.push_back({column, "an empty regex never matches", false});
}

void date_text(const Operand& operand, std::size_t column, Remarks& remarks) {
  no_regex(operand, column, remarks);
  const auto* literal = std::get_if<Literal>(&operand);
  if (literal == nullptr) return;
  std::string text = literal->text;
  if (!text.empty() && text.front() == '[') {
    const std::size_t sign = duration_at(text);
    if (sign == std::string::npos || text[sign - 1] != ']') {
      remarks.push_back({column, "after a variable comes a duration such as +1w or -2m15d"});
      return;
    }
    text = "0" + text.substr(sign);
  }
  const auto date = read_date(text, TimePoint());
  if (!date) remarks.push_back({column, date.error().what()});
}

// Security rule 35: a name resolves beneath search_filters only.
void filter_file(const Operand& operand, std::size_t column, Remarks& remarks) {
  const auto* literal = std::get_if<Literal>(&operand);
  const std::string_view name =
      literal != nullptr ? std::string_view(literal->text) : std::string_view();
  const auto named = utf8::printable(name, 60);
  if (ascii::iends_with(name, ".sql") || ascii::iends_with(name, ".ldap")) {
    remarks.push_back(
        {column,
         fmt::format("{}: SQL and LDAP filters are not supported, only .txt files are", named),
         true, "write what the query finds into a .txt file of search_filters, by cron"});
  } else if (!ascii::iends_with(name, ".txt") || name.front() == '.' ||
             name.find('/') != std::string_view::npos ||
             name.find('\0') != std::string_view::npos) {
    remarks.push_back(
        {column, "search() wants the name of a .txt file of search_filters, without a directory"});
  }
}

void netmask(const Operand& operand, std::size_t column, Remarks& remarks) {
  no_regex(operand, column, remarks);
  const auto* literal = std::get_if<Literal>(&operand);
  if (literal == nullptr || Network::parse(literal->text)) return;
  remarks.push_back({column,
                     fmt::format("\"{}\" is no range of addresses: reaching this rule rejects",
                                 utf8::printable(literal->text, 60)),
                     false, "write '192.0.2.0/24', '192.0.2.0:255.255.255.0' or any"});
}

Say rule_for(OperandKind kind) {
  switch (kind) {
    case OperandKind::regex:
      return regex_only;
    case OperandKind::date:
      return date_text;
    case OperandKind::file:
      return filter_file;
    case OperandKind::netmask:
      return netmask;
    default:
      return no_regex;
  }
}

// A variable's name and key must be ones we know, or it is empty for ever.
void check_words(const Operand& operand, OperandKind kind, std::size_t column,
                 const Scenario::Library& library, Remarks& remarks) {
  if (const auto* variable = std::get_if<Variable>(&operand)) {
    const auto* row = find_variable(variable->name);
    if (row == nullptr) {
      remarks.push_back({column,
                         fmt::format("unknown variable {}, always empty{}", variable->text,
                                     did_you_mean(variable->name, variable_words())),
                         false});
    } else if (row->has_key && variable->key.empty()) {
      remarks.push_back({column, fmt::format("[{}] needs a key: [name->key]", row->name), false});
    } else if (row->name == "list" && library.has_list_parameter &&
               !library.has_list_parameter(variable->key)) {
      remarks.push_back(
          {column, fmt::format("{}: no such list parameter", variable->text), true,
           "paraph config show LIST names them; name, address and total are there too"});
    } else if (row->name == "conf" && library.has_site_parameter &&
               !library.has_site_parameter(variable->key)) {
      remarks.push_back(
          {column, fmt::format("{}: no such parameter of the site, always empty", variable->text),
           false, "paraph config show names them; host is the domain"});
    }
    return;
  }
  const auto* literal = std::get_if<Literal>(&operand);
  if (literal == nullptr || kind == OperandKind::date || literal->text.empty() ||
      literal->text.front() != '[')
    return;
  const std::size_t sign = duration_at(literal->text);
  if (sign != std::string::npos && literal->text[sign - 1] == ']')
    remarks.push_back({column, "arithmetic on a variable works in older() and newer() only"});
}

// Sympa takes a text for a regex, and a name with a key that it does not know for a text.
void as_sympa_means(Operand& operand, OperandKind kind, std::size_t column, Remarks& remarks) {
  if (const auto* literal = std::get_if<Literal>(&operand);
      literal != nullptr && kind == OperandKind::regex) {
    remarks.push_back({column, "this text is taken as a regex", false, "write it between slashes"});
    operand = Regex{literal->text, nullptr};
  }
  const auto* variable = std::get_if<Variable>(&operand);
  if (variable == nullptr || variable->key.empty()) return;
  const auto* row = find_variable(variable->name);
  const bool no_part =
      variable->name == "msg_part" && variable->key != "type" && variable->key != "body";
  if (row != nullptr && row->has_key && !no_part) return;
  remarks.push_back({column,
                     fmt::format("there is no {}: it stands for these letters{}", variable->text,
                                 did_you_mean(variable->name, variable_words())),
                     false, "the variables stand in paraph-scenario(5)"});
  operand = Literal{variable->text};
}

void look_up_filter(const Condition& condition, const ParsedRule& parsed,
                    const Scenario::Library& library, Remarks& remarks) {
  if (condition.spec->kinds[0] != OperandKind::file || !library.has_filter) return;
  const auto* file = std::get_if<Literal>(&condition.operands[0]);
  if (file == nullptr || !ascii::iends_with(file->text, ".txt") ||
      file->text.find('/') != std::string::npos || file->text == "blocklist.txt" ||
      library.has_filter(file->text))
    return;
  remarks.push_back({parsed.operand_columns[0],
                     fmt::format("there is no search_filters/{}: reaching this rule rejects",
                                 utf8::printable(file->text, 60)),
                     false, "it stands beside scenari/, of the list, the domain or the site"});
}

}  // namespace

void check_condition(ParsedRule& parsed, const Scenario::Library& library, Remarks& remarks) {
  auto& condition = parsed.rule.condition;
  const auto* spec = condition.spec = find_condition(condition.name);
  if (spec == nullptr) return unknown_condition(parsed, remarks);
  const std::size_t count = condition.operands.size();
  if (count < spec->row.min_operands || count > spec->row.max_operands) {
    remarks.push_back({parsed.name_column,
                       fmt::format("{} has {} operands here; it is written {}", spec->row.name,
                                   count, spec->row.usage),
                       true, fmt::format("write {}", spec->row.usage)});
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    as_sympa_means(condition.operands[i], spec->kinds[i], parsed.operand_columns[i], remarks);
    rule_for(spec->kinds[i])(condition.operands[i], parsed.operand_columns[i], remarks);
    check_words(condition.operands[i], spec->kinds[i], parsed.operand_columns[i], library, remarks);
  }
  look_up_filter(condition, parsed, library, remarks);
  if (condition.name == "message")
    remarks.push_back(
        {parsed.name_column, "message() has no meaning: reaching this rule rejects", false});
}

}  // namespace paraph::scenario
