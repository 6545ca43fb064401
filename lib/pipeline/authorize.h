#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/site.h"
#include "list/list.h"
#include "mail/entity.h"
#include "pipeline/ports.h"
#include "scenario/scenario.h"
#include "scenario/supposed_facts.h"

/// The one authorization function, for mail, command line and cron.
namespace paraph::pipeline {

/// What a scenario is asked about.
struct Question {
  std::string function;                   ///< "send"
  std::optional<list::ListAddress> list;  ///< absent: a question to the domain
  std::string domain;
  std::string scenario;  ///< name override; empty: as configured
  /// Rules to use instead of a scenario of the site, or null. Their includes stand beside their path, or in the site.
  const scenario::Scenario::Source* source = nullptr;
  scenario::AuthMethod method = scenario::AuthMethod::smtp;
  std::string sender;                       ///< canonical
  std::string email;                        ///< target of a command; empty: the sender
  const mail::MimeTree* message = nullptr;  ///< the outer message, or null
  bool message_encrypted = false;           ///< [msg_encrypted]
  /// What to take for granted instead of asking the site; null in all that really happens.
  const scenario::Supposition* supposed = nullptr;
};

/// Evaluates. A list that is not open is rejected with `list-no-open` for send and visibility, as in Sympa.
/// A scenario that is missing or does not parse is an Error, `later`, with file and line: mail waits for the
/// administrator, and nothing else is touched.
[[nodiscard]] Result<scenario::Decision> authorize(const Question& question, const Ports& ports);

/// Whether no rule of that scenario lets `smtp` or `md5` reach do_it: what passes is signed, or an editor has seen it.
[[nodiscard]] Result<bool> only_signed_mail_passes(const Question& question, const Ports& ports);
[[nodiscard]] bool only_signed_mail_passes(const scenario::Scenario& scenario);
/// Whether a rule of it lets mail through without a person: `send closed` has none.
[[nodiscard]] bool some_mail_passes(const scenario::Scenario& scenario);

/// The scenario a question would use, for `scenario check` and messages.
[[nodiscard]] Result<scenario::Scenario> load_scenario(const Question& question,
                                                       const config::Site& site);
/// The files that scenarios of a list, or of a domain, may name: includes, list parameters, search() files.
[[nodiscard]] scenario::Scenario::Library library_of(const config::Site& site,
                                                     const std::optional<list::ListAddress>& list,
                                                     const std::string& domain);
/// The file NAME in the directory of `path`; nullopt when there is none, or `path` has no directory.
[[nodiscard]] std::optional<scenario::Scenario::Source> file_beside(const std::string& path,
                                                                    std::string_view name);
/// The parameter that [list->KEY] shows: of lists, of one value, no secret, old names too. Empty: one of Sympa's that says
/// nothing here, and is empty. nullopt: there is none.
[[nodiscard]] std::optional<std::string_view> list_parameter(std::string_view key);
/// Whether [list->KEY] may be asked: a list_parameter(), or name, address, total, host.
[[nodiscard]] bool is_list_parameter(std::string_view key);
/// The parameter that [conf->KEY] shows; empty: there is none, or it is a secret.
[[nodiscard]] std::string_view site_parameter(std::string_view key);

}  // namespace paraph::pipeline
