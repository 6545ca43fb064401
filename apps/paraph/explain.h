#pragma once

#include <optional>
#include <string>

#include "apps/paraph/waiting.h"
#include "pipeline/explain.h"

/// message explain: the mail that is asked about, and what is said of it.
namespace paraph::app {

/// A mail as it was found: a file, or what the spools and the ledger know of an id.
struct Subject {
  std::string id;  ///< empty: a file
  std::string short_id;
  std::optional<spool::Entry> entry;         ///< where it waits
  std::optional<spool::SpoolHeader> header;  ///< nullopt: its octets are gone
  mail::MimeTree tree;
  std::optional<store::MailRow> row;  ///< what the ledger says happened
};
/// Errors: usage (several ids; no list to be found), not_found; denied: another list's than the actor's.
[[nodiscard]] Result<Subject> find_subject(Invocation& call);

/// Everything that was found out about it.
struct Explained {
  Subject subject;
  std::optional<pipeline::Explanation> now;       ///< nullopt: not judged again
  std::optional<pipeline::Explanation> released;  ///< of held mail: after the word it waits for
  std::optional<pipeline::Explanation>
      if_smime;  ///< as if signed well, when that would change the ending
  pipeline::Remedy remedy = pipeline::Remedy::none;
  pipeline::Hypothesis supposed;
  std::optional<pipeline::Reach> reach;  ///< of the one of them that distributes, the first
  std::vector<std::string> problems;     ///< what the log would have been told
  std::string rules_from;  ///< which line chose the scenario, and of which level its file is
  [[nodiscard]] const pipeline::Explanation* distributed() const;
};
/// Whether it waits for an editor or its author.
[[nodiscard]] bool is_held(const Subject& subject);

/// One sentence.
[[nodiscard]] std::string answer(const Explained& all);
/// The command or the deed that mends it, or that comes next.
[[nodiscard]] std::string next_step(const Explained& all);
[[nodiscard]] std::string explained_text(const Explained& all);
[[nodiscard]] Json explained_json(const Explained& all);
/// "alice@example.org to secure@lists.example.org"
[[nodiscard]] std::string who_to_whom(const Explained& all);
/// Codes that take the method away, "a,b"; empty: none does.
[[nodiscard]] std::string denying_codes(const smime::Protection& protection);

}  // namespace paraph::app
