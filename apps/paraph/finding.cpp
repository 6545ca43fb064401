#include "apps/paraph/finding.h"

#include <algorithm>
#include <array>

namespace paraph::app {

std::string_view to_string(Severity severity) {
  static constexpr std::array<std::string_view, 3> words{"OK", "WARNING", "CRITICAL"};
  return words.at(static_cast<std::size_t>(severity));
}

Severity worst(const Findings& findings) {
  Severity severity = Severity::fine;
  for (const auto& finding : findings) severity = std::max(severity, finding.severity);
  return severity;
}

Json to_json(const Findings& findings) {
  Json json = Json::array();
  for (const auto& finding : findings)
    json.push_back({{"severity", to_string(finding.severity)},
                    {"code", finding.code},
                    {"message", finding.message},
                    {"command", finding.command}});
  return json;
}

std::string to_text(const Findings& findings) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& finding : findings)
    rows.push_back({std::string(to_string(finding.severity)), finding.message, finding.command});
  return rows.empty() ? "OK  nothing is wrong\n" : table(rows);
}

void sort_by_severity(Findings& findings) {
  std::stable_sort(findings.begin(), findings.end(),
                   [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
}

Finding finding_of(Severity severity, std::string code, const Error& error) {
  return {severity, std::move(code), error.what(), error.hint()};
}

}  // namespace paraph::app
