#include <algorithm>
#include <array>
#include <cstdint>
#include <set>

#include "base/ascii.h"
#include "spool/journal.h"
#include "spool/names.h"

namespace paraph::spool {
namespace {

struct Field {
  std::string CopyOutcome::*value;
  std::size_t room;  ///< octets it gets at most, escaped
};
// A recipient is as long as he stands in the packet. The others are bounded, so that the space a
// packet's journal will need is known before the first copy leaves.
constexpr std::array kFields{Field{&CopyOutcome::recipient, std::string_view::npos},
                             Field{&CopyOutcome::outcome, 16}, Field{&CopyOutcome::certificate, 64},
                             Field{&CopyOutcome::cipher, 32}, Field{&CopyOutcome::detail, 200}};

/// Last line of a packet, in a form that no escaped recipient has: FNV-1a of all before it. Against accidents, not people.
constexpr std::size_t kSealOctets = 19;  // \#, 16 digits, the line end
std::string seal_of(std::string_view lines) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : lines) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  std::string line = "\\#0000000000000000\n";
  for (std::size_t at = 17; at > 1; --at, hash >>= 4U) line[at] = "0123456789abcdef"[hash & 15U];
  return line;
}

constexpr std::size_t kEscapeLength = 4;  // \xNN

/// The beginning of an escaped text, cut neither inside a \xNN nor inside a UTF-8 sequence.
std::string_view fitting(std::string_view escaped, std::size_t room) {
  if (escaped.size() <= room) return escaped;
  const auto continues = [&](std::size_t at) {
    return (static_cast<unsigned char>(escaped[at]) & 0xC0U) == 0x80U;
  };
  std::size_t end = room;
  while (end > 0 && room - end < 4 && continues(end)) --end;
  if (continues(end)) end = room;  // no sequence is so long: no UTF-8, cut anywhere
  const std::size_t control = escaped.substr(0, end).rfind('\\');
  if (control != std::string_view::npos && control + kEscapeLength > end) end = control;
  return escaped.substr(0, end);
}

std::optional<CopyOutcome> read_line(std::string_view line) {
  CopyOutcome copy;
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    const bool last = i + 1 == kFields.size();
    const std::size_t tab = line.find('\t');
    if (last != (tab == std::string_view::npos)) return std::nullopt;
    auto value = unescape(line.substr(0, tab));
    if (!value) return std::nullopt;
    copy.*kFields.at(i).value = std::move(*value);
    if (!last) line.remove_prefix(tab + 1);
  }
  if (!is_recipient(copy.recipient) || copy.outcome.empty()) return std::nullopt;
  return copy;
}

}  // namespace

std::string write_outcome(const CopyOutcome& copy) {
  std::string line;
  for (const auto& field : kFields) {
    if (!line.empty()) line += '\t';
    line += fitting(escape(copy.*field.value), field.room);
  }
  return line + '\n';
}

std::size_t journal_room(const std::vector<std::string>& recipients) {
  std::size_t line = kFields.size();  // the tabs and the line end
  for (auto field = kFields.begin() + 1; field != kFields.end(); ++field) line += field->room;
  std::size_t room = 0;
  for (const auto& recipient : recipients) room += escape(recipient).size() + line;
  return room;
}

std::string write_outcomes(const std::vector<CopyOutcome>& done) {
  std::string text;
  for (const auto& copy : done) text += write_outcome(copy);
  return text;
}

Journal read_journal(std::string_view text) {
  Journal journal;
  while (!text.empty()) {
    const std::size_t eol = text.find('\n');  // npos: cut by a crash
    auto copy = eol == std::string_view::npos ? std::nullopt : read_line(text.substr(0, eol));
    if (copy) {
      journal.done.push_back(std::move(*copy));
    } else {
      journal.damaged = true;
    }
    text.remove_prefix(eol == std::string_view::npos ? text.size() : eol + 1);
  }
  return journal;
}

bool is_recipient(std::string_view text) {
  return !text.empty() && std::none_of(text.begin(), text.end(), ascii::is_control);
}

std::string write_recipients(const std::vector<std::string>& recipients) {
  std::string text;
  for (const auto& recipient : recipients) text.append(escape(recipient)).append("\n");
  return text + seal_of(text);
}

std::optional<std::vector<std::string>> read_recipients(std::string_view text) {
  std::vector<std::string> recipients;
  std::set<std::string, std::less<>> seen;
  // One flipped bit makes another valid address: the last line tells that the file is as it was written.
  if (text.size() <= kSealOctets) return std::nullopt;
  const auto lines = text.substr(0, text.size() - kSealOctets);
  if (text.substr(lines.size()) != seal_of(lines)) return std::nullopt;
  text = lines;
  while (!text.empty()) {
    const std::size_t eol = text.find('\n');
    auto recipient = unescape(text.substr(0, eol));
    if (!recipient || !is_recipient(*recipient)) return std::nullopt;
    if (seen.insert(*recipient).second) recipients.push_back(std::move(*recipient));
    text.remove_prefix(eol + 1);
  }
  return recipients;
}

std::vector<std::string> without(const std::vector<std::string>& recipients,
                                 const std::vector<CopyOutcome>& done) {
  std::set<std::string_view> ended;
  for (const auto& copy : done) ended.insert(copy.recipient);
  std::vector<std::string> left;
  for (const auto& recipient : recipients)
    if (ended.count(recipient) == 0) left.push_back(recipient);
  return left;
}

}  // namespace paraph::spool
