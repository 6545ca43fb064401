#include <algorithm>
#include <array>
#include <set>

#include "spool/journal.h"
#include "spool/names.h"

namespace paraph::spool {
namespace {

constexpr std::array kFields{&CopyOutcome::recipient, &CopyOutcome::outcome, &CopyOutcome::certificate,
                             &CopyOutcome::cipher, &CopyOutcome::detail};

std::optional<CopyOutcome> read_line(std::string_view line) {
  CopyOutcome copy;
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    const bool last = i + 1 == kFields.size();
    const std::size_t tab = line.find('\t');
    if (last != (tab == std::string_view::npos)) return std::nullopt;
    auto value = unescape(line.substr(0, tab));
    if (!value) return std::nullopt;
    copy.*kFields.at(i) = std::move(*value);
    if (!last) line.remove_prefix(tab + 1);
  }
  if (copy.recipient.empty() || copy.outcome.empty()) return std::nullopt;
  return copy;
}

}  // namespace

std::string write_outcome(const CopyOutcome& copy) {
  std::string line;
  for (const auto field : kFields) {
    if (field != kFields.front()) line += '\t';
    line += escape(copy.*field);
  }
  return line + '\n';
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

std::string write_recipients(const std::vector<std::string>& recipients) {
  std::string text;
  for (const auto& recipient : recipients) text.append(escape(recipient)).append("\n");
  return text;
}

std::optional<std::vector<std::string>> read_recipients(std::string_view text) {
  std::vector<std::string> recipients;
  std::set<std::string, std::less<>> seen;
  // The last line has its end, or the file is not as it was written.
  if (text.empty() || text.back() != '\n') return std::nullopt;
  while (!text.empty()) {
    const std::size_t eol = text.find('\n');
    auto recipient = unescape(text.substr(0, eol));
    if (!recipient || recipient->empty()) return std::nullopt;
    if (seen.insert(*recipient).second) recipients.push_back(std::move(*recipient));
    text.remove_prefix(eol + 1);
  }
  return recipients;
}

std::vector<std::string> without(const std::vector<std::string>& recipients, const std::vector<CopyOutcome>& done) {
  std::set<std::string_view> ended;
  for (const auto& copy : done) ended.insert(copy.recipient);
  std::vector<std::string> left;
  for (const auto& recipient : recipients)
    if (ended.count(recipient) == 0) left.push_back(recipient);
  return left;
}

}  // namespace paraph::spool
