#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scenario/supposed_facts.h"

/// NAME.test: what a scenario is meant to decide, one or many cases a line (scenario(5)).
///
///   WHO METHODS [SETTING…] -> ACTION
///   member,owner  smime                  -> do_it
///   *             smtp,md5  mail=plain   -> reject(reason='send_subscriber_smime')
///   member        *  'subject=Hi there'  -> editorkey
namespace paraph::scenario {

struct Case {
  Place place;
  std::string who;  ///< "member", "member+owner"
  AuthMethod method = AuthMethod::smtp;
  std::string mail;  ///< "none", "plain", "multi", "bcc"
  Supposition supposed;
  RuleAction expected;
};

/// Every combination that the lines stand for, at most 100,000. An Error (never) names file, line and column.
[[nodiscard]] Result<std::vector<Case>> parse_cases(std::string_view text, const std::string& path);

/// In a bare world: list@example.org, asked by someone@example.org at 2023-11-14T22:13:20Z unless a setting says
/// otherwise.
[[nodiscard]] Decision run_case(const Case& what, const Scenario& scenario);

/// The mail that a word stands for; nullptr for "none". `known` is false for any other word.
struct SampleMail {
  bool known = false;
  const mail::MimeTree* message = nullptr;
};
[[nodiscard]] SampleMail sample_mail(std::string_view word);

}  // namespace paraph::scenario
