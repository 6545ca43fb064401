#pragma once

#include <optional>
#include <string>

#include "config/site.h"
#include "pipeline/incoming.h"
#include "pipeline/outbox.h"

/// Asking people about what waits. Everybody who is asked gets a mail of his own with a key of his own, which lets him say
/// one thing about one item; the database has the key's digest and the mail the key, and nothing else has it (rule 16).
namespace paraph::pipeline {

/// A post in spool/auth: does its author mean it? Nobody is asked of a post that names one of our addresses as its author,
/// came from a program, or is one too many of that day. An Error is the machine's; a mail that cannot be made is the answer's
/// text, since the post waits all the same.
[[nodiscard]] Result<std::string> ask_author(const Item& item, spool::BulkSpool& bulk,
                                             const Ports& ports);

/// A post in spool/moderation: each editor is asked, or each owner or listmaster where the rule names them. Of an encrypted
/// post whoever has a usable certificate gets the post, sealed to him; nobody else gets anything of it.
[[nodiscard]] Result<std::string> ask_judges(const Item& item, list::Role judges,
                                             const std::string& reason, spool::BulkSpool& bulk,
                                             const Ports& ports);

/// The outer Subject of a mail that nobody encrypted, as a notice may show it; of another it is nobody's business: empty.
[[nodiscard]] std::string subject_of_post(const Item& item);

/// A request in spool/auth under `id`: each of `asked` is asked, and told, where there are `many`, that the next ones of that
/// day come without a mail. How many have been asked, now or by an earlier attempt.
struct Asked {
  std::size_t people = 0;
  std::string notes;
};
[[nodiscard]] Result<Asked> ask_about_request(const Item& item, const outcome::AskFor& request,
                                              const spool::QueueId& id, bool many,
                                              spool::BulkSpool& bulk, const Ports& ports);

/// Whether that address may be asked about `about`: it is none of ours, and, where this mail's author has proven nothing,
/// it has been asked at most twenty times that day.
[[nodiscard]] Result<bool> may_ask(const Item& item, const spool::QueueId& about,
                                   const std::string& address, const Ports& ports);

}  // namespace paraph::pipeline
