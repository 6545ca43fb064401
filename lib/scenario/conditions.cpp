#include "scenario/conditions.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "base/utf8.h"
#include "mail/address.h"
#include "scenario/dates.h"
#include "scenario/network.h"

namespace paraph::scenario {
namespace {

using Member = Result<bool> (Facts::*)(std::string_view, std::string_view) const;

// Every address that the values hold; "nobody" and whatever is no address holds none.
Result<std::vector<std::string>> addresses(const Operand& operand, Asking& asking) {
  const auto values = asking.values(operand);
  if (!values) return values.error();
  std::vector<std::string> out;
  for (const auto& value : *values)
    for (const auto& mailbox : mail::parse_address_list(value).mailboxes)
      out.push_back(mailbox.address.canonical());
  return out;
}

Result<bool> any_listmaster(const std::vector<std::string>& people, const Facts& facts) {
  for (const auto& address : people) {
    const auto yes = facts.is_listmaster(address);
    if (!yes || *yes) return yes;
  }
  return false;
}

// is_subscriber, is_owner, is_editor: the first operand names the list.
Result<bool> has_role(Member member, const Condition& condition, Asking& asking,
                      bool listmasters_too) {
  const auto list = asking.value(condition.operands[0]);
  if (!list) return list.error();
  const auto people = addresses(condition.operands[1], asking);
  if (!people) return people.error();
  for (const auto& address : *people) {
    const auto yes = (asking.facts().*member)(*list, address);
    if (!yes || *yes) return yes;
  }
  if (!listmasters_too) return false;
  const auto exists = asking.facts().has_list(*list);
  if (!exists || !*exists) return exists;
  return any_listmaster(*people, asking.facts());
}

Result<bool> always(const Condition& /*condition*/, Asking& /*asking*/) {
  return true;
}

Result<bool> is_listmaster(const Condition& condition, Asking& asking) {
  const auto people = addresses(condition.operands[0], asking);
  if (!people) return people.error();
  return any_listmaster(*people, asking.facts());
}
Result<bool> is_owner(const Condition& condition, Asking& asking) {
  return has_role(&Facts::is_owner, condition, asking, true);
}
Result<bool> is_editor(const Condition& condition, Asking& asking) {
  return has_role(&Facts::is_editor, condition, asking, false);
}
Result<bool> is_subscriber(const Condition& condition, Asking& asking) {
  return has_role(&Facts::is_subscriber, condition, asking, false);
}

template <class Compare>
Result<bool> any_pair(const Condition& condition, Asking& asking, Compare compare) {
  const auto left = asking.values(condition.operands[0]);
  if (!left) return left.error();
  const auto right = asking.values(condition.operands[1]);
  if (!right) return right.error();
  for (const auto& a : *left)
    for (const auto& b : *right)
      if (compare(a, b)) return true;
  return false;
}

Result<bool> equal(const Condition& condition, Asking& asking) {
  return any_pair(condition, asking,
                  [](std::string_view a, std::string_view b) { return ascii::iequals(a, b); });
}

// The number at the beginning of a text, as strtod reads it, and whether there is more; "inf" and hexadecimal numbers are
// text.
struct Number {
  double value = 0;
  bool whole = false;
};
Number number(std::string_view text) {
  if (text.size() > 1 && text.front() == '+' && text[1] != '-') text.remove_prefix(1);
  Number out;
  const auto digit = text.find_first_not_of("-.");
  if (digit == std::string_view::npos || !ascii::is_digit(text[digit])) return out;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out.value);
  out.whole = error == std::errc() && end == text.data() + text.size();
  return out;
}

// Numbers when the first is one, whatever follows the digits of the second; else texts.
Result<bool> less_than(const Condition& condition, Asking& asking) {
  return any_pair(condition, asking, [](std::string_view a, std::string_view b) {
    a = ascii::trim(a), b = ascii::trim(b);
    const auto x = number(a);
    return x.whole && !b.empty() ? x.value < number(b).value : a < b;
  });
}

Result<std::shared_ptr<const Pattern>> pattern_for(const Regex& regex, Asking& asking) {
  if (regex.compiled) return regex.compiled;
  const auto domain = asking.value(Variable{"domain", "", std::nullopt, "[domain]"});
  if (!domain) return domain.error();
  RegexFault fault;
  auto pattern = Pattern::compile(with_domain(regex.source, *domain), false, fault);
  if (!pattern) return Error::never(Errc::config, "regex: " + fault.message);
  return pattern;
}

Result<bool> match(const Condition& condition, Asking& asking) {
  const auto values = asking.values(condition.operands[0]);
  if (!values) return values.error();
  const auto& regex = std::get<Regex>(condition.operands[1]);
  if (regex.source.empty()) return false;
  const auto pattern = pattern_for(regex, asking);
  if (!pattern) return pattern.error();
  for (const auto& value : *values) {
    const auto found = (*pattern)->search(value, asking.budget());
    if (!found || *found) return found;
  }
  return false;
}

// A date operand as text; in "[subscriber->date]+1m" the variable is put in. As in Sympa, a value that is no date is
// now: an unset variable, a header field in words.
Result<std::string> date_text(const Operand& operand, Asking& asking) {
  const auto* literal = std::get_if<Literal>(&operand);
  const bool bracket = literal != nullptr && !literal->text.empty() && literal->text.front() == '[';
  if (literal != nullptr && !bracket) return literal->text;
  Cursor cursor(bracket ? std::string_view(literal->text) : std::string_view());
  Remarks ignored;
  const auto variable = bracket ? parse_variable(cursor, ignored) : std::get<Variable>(operand);
  if (!variable) return literal->text;
  auto text = asking.value(*variable);
  if (text && !read_date(*text, asking.facts().now())) *text = "execution_date";
  if (text && text->empty()) *text = "execution_date";
  if (text) *text += cursor.rest();
  return text;
}

// The first date minus the second, in seconds.
Result<long long> difference(const Condition& condition, Asking& asking) {
  long long dates[2] = {0, 0};
  for (std::size_t i = 0; i < 2; ++i) {
    const auto text = date_text(condition.operands[i], asking);
    if (!text) return text.error();
    const auto date = read_date(*text, asking.facts().now());
    if (!date) return date.error();
    dates[i] = *date;
  }
  return dates[0] - dates[1];
}

Result<bool> older(const Condition& condition, Asking& asking) {
  const auto d = difference(condition, asking);
  return d ? Result<bool>(*d <= 0) : Result<bool>(d.error());
}
Result<bool> newer(const Condition& condition, Asking& asking) {
  const auto d = difference(condition, asking);
  return d ? Result<bool>(*d > 0) : Result<bool>(d.error());
}

// The second operand is for readers: Sympa always looks for the sender.
Result<bool> search(const Condition& condition, Asking& asking) {
  const auto sender = asking.value(Variable{"sender", "", std::nullopt, "[sender]"});
  if (!sender) return sender.error();
  return asking.facts().search(std::get<Literal>(condition.operands[0]).text, *sender);
}

// The address of a web browser; mail has none, so that there it is never true.
Result<bool> verify_netmask(const Condition& condition, Asking& asking) {
  const auto remote = asking.value(Variable{"remote_addr", "", std::nullopt, "[remote_addr]"});
  if (!remote) return remote.error();
  const auto range = asking.value(condition.operands[0]);
  if (!range) return range.error();
  const auto address = parse_ip(*remote);
  if (!address) return false;
  const auto network = Network::parse(*range);
  if (!network)
    return Error::never(
        Errc::config, fmt::format("\"{}\" is no range of addresses", utf8::printable(*range, 60)));
  return network->holds(*address);
}

Result<bool> message(const Condition& /*condition*/, Asking& /*asking*/) {
  return Error::never(Errc::config, "the condition message() has no meaning");
}

using K = OperandKind;
constexpr std::array kConditions{
    ConditionSpec{{"true", 0, 0, "true()"}, {K::text, K::text}, always},
    ConditionSpec{{"all", 0, 0, "all()"}, {K::text, K::text}, always},
    ConditionSpec{
        {"is_listmaster", 1, 1, "is_listmaster([sender])"}, {K::address, K::text}, is_listmaster},
    ConditionSpec{
        {"is_owner", 2, 2, "is_owner([listname],[sender])"}, {K::list, K::address}, is_owner},
    ConditionSpec{
        {"is_editor", 2, 2, "is_editor([listname],[sender])"}, {K::list, K::address}, is_editor},
    ConditionSpec{{"is_subscriber", 2, 2, "is_subscriber([listname],[sender])"},
                  {K::list, K::address},
                  is_subscriber},
    ConditionSpec{{"equal", 2, 2, "equal([sender],[email])"}, {K::text, K::text}, equal},
    ConditionSpec{
        {"match", 2, 2, "match([msg_header->Subject],/regex/)"}, {K::text, K::regex}, match},
    ConditionSpec{
        {"less_than", 2, 2, "less_than([list->total],100)"}, {K::text, K::text}, less_than},
    ConditionSpec{{"older", 2, 2, "older([subscriber->date],'execution_date-1m')"},
                  {K::date, K::date},
                  older},
    ConditionSpec{{"newer", 2, 2, "newer([subscriber->date],'execution_date-1m')"},
                  {K::date, K::date},
                  newer},
    ConditionSpec{{"search", 1, 2, "search('friends.txt',[sender])"}, {K::file, K::text}, search},
    ConditionSpec{{"verify_netmask", 1, 1, "verify_netmask('192.0.2.0/24')"},
                  {K::netmask, K::text},
                  verify_netmask},
    ConditionSpec{{"message", 2, 2, "message(a,b)"}, {K::text, K::text}, message},
};

bool is_now(const Variable& variable) {
  return variable.name == "current_date" || variable.name == "execution_date";
}

// What people have written is shown to nobody else.
bool is_body(const Variable& variable) {
  return variable.name == "msg_body" || (variable.name == "msg_part" && variable.key == "body");
}

std::string joined(const std::vector<std::string>& values, bool body) {
  std::string out;
  for (const auto& value : values) {
    if (!out.empty()) out += ", ";
    out += body ? fmt::format("<{} octets>", value.size()) : utf8::printable(value, 120);
    if (out.size() > 400) break;
  }
  return out;
}

}  // namespace

Result<std::vector<std::string>> Asking::values(const Operand& operand) {
  if (const auto* literal = std::get_if<Literal>(&operand)) return std::vector{literal->text};
  const auto& variable = std::get<Variable>(operand);
  auto values = is_now(variable) ? Result(std::vector{std::to_string(epoch(facts_.now()))})
                                 : facts_.variable(variable);
  if (values && values->empty() && variable.name != "msg_part") values->emplace_back();
  if (values) note(variable.text, joined(*values, is_body(variable)));
  return values;
}

Result<std::string> Asking::value(const Operand& operand) {
  auto all = values(operand);
  if (!all) return all.error();
  return all->empty() ? std::string() : std::move(all->front());
}

void Asking::note(std::string_view operand, std::string_view value) {
  step_.operands.emplace_back(operand, value);
}

const ConditionSpec* find_condition(std::string_view name) {
  const auto* const spec = std::find_if(kConditions.begin(), kConditions.end(),
                                        [&](const auto& c) { return c.row.name == name; });
  return spec == kConditions.end() ? nullptr : &*spec;
}

const std::vector<ConditionRow>& condition_table() {
  static const auto table = [] {
    std::vector<ConditionRow> rows;
    for (const auto& spec : kConditions) rows.push_back(spec.row);
    return rows;
  }();
  return table;
}

Result<bool> holds(const Condition& condition, Asking& asking) {
  const auto verdict = condition.spec->holds(condition, asking);
  return verdict ? Result<bool>(*verdict != condition.negated) : verdict;
}

}  // namespace paraph::scenario
