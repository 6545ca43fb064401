#include "outcome/disposition.h"

namespace paraph::outcome {
namespace {

constexpr std::string_view kQuietly = "-quietly";

struct Word {
  std::string_view operator()(const Distribute&) const { return "distributed"; }
  std::string_view operator()(const Forward&) const { return "forwarded"; }
  std::string_view operator()(const Hold&) const { return "held"; }
  std::string_view operator()(const Reject&) const { return "rejected"; }
  std::string_view operator()(const AnswerCertificate&) const { return "answered"; }
  std::string_view operator()(const Commands&) const { return "answered"; }
  std::string_view operator()(const Duplicate&) const { return "duplicate"; }
  std::string_view operator()(const Discard&) const { return "discarded"; }
  std::string_view operator()(const Quarantine&) const { return "quarantined"; }
};

struct Why {
  std::string operator()(const Distribute&) const { return {}; }
  std::string operator()(const Forward&) const { return {}; }
  std::string operator()(const Hold& hold) const { return hold.reason; }
  std::string operator()(const Reject& reject) const {
    return reject.detail.empty() ? reject.reason : reject.reason + ": " + reject.detail;
  }
  std::string operator()(const AnswerCertificate&) const { return "certificate"; }
  std::string operator()(const Commands& commands) const {
    std::string text;
    for (const auto& answer : commands.answers)
      text += (text.empty() ? "" : "; ") + answer.command + ": " + answer.status;
    return text;
  }
  std::string operator()(const Duplicate& duplicate) const { return "of " + duplicate.of; }
  std::string operator()(const Discard& discard) const { return discard.reason; }
  std::string operator()(const Quarantine& quarantine) const { return quarantine.reason; }
};

}  // namespace

std::string begun_word(const CommandAnswer& answer) {
  return answer.status + std::string(answer.quiet ? kQuietly : "");
}
Begun begun_command(std::string_view word) {
  const bool quiet = word.ends_with(kQuietly);
  if (quiet) word.remove_suffix(kQuietly.size());
  return {std::string(word), quiet};
}

std::string_view word(const Disposition& disposition) {
  return std::visit(Word{}, disposition);
}
std::string reason(const Disposition& disposition) {
  return std::visit(Why{}, disposition);
}

}  // namespace paraph::outcome
