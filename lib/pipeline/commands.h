#pragma once

#include "pipeline/incoming.h"
#include "spool/header.h"

/// Commands by mail: what each may do. perform_commands.h carries it out.
namespace paraph::pipeline {

/// sympa@, LIST-subscribe@ and LIST-unsubscribe@.
[[nodiscard]] bool takes_commands(list::AddressKind kind);

/// The stage: ends as outcome::Commands when the mail holds a command; else it goes on.
///   method    `smime` only for a command in the signed text (not in the Subject) that names LIST@DOMAIN, with nothing but
///             blank lines and others like it before it, signed within the day before it came, and which the guard let pass (rule 46);
///             else the scenario is asked for `smtp`. Without such a command its certificate is not learned
///   by key    CONFIRM, AUTH, DISTRIBUTE, REJECT do what the key stands for, and nothing else; an editor's or an owner's key
///             counts while he is one (rule 16). Where a list's
///             `release_by_mail` asks for it, DISTRIBUTE needs an editor's own signature as well (rule 17)
///   the rest  the list's scenario decides, as for paraph-owner. Of several about one address and list the first counts.
/// Who is no member hears the same as a member when somebody asks in his name. After a crash a command that was begun is
/// answered as it was decided then (command_id()). A list whose rules cannot be read costs a mail that command; one that
/// has no others waits.
[[nodiscard]] Outcome serve_commands(Item& item, const Ports& ports);

/// The id of the ledger's row about one command of a mail: which of them was begun, and how it was decided then. `number`
/// counts from 0.
[[nodiscard]] spool::QueueId command_id(const Item& item, std::size_t number, const Ports& ports);

/// The Message-ID of the mail of ours that holds a request, by which the command's row names it, and back: empty when it is
/// none.
[[nodiscard]] std::string request_message_id(const spool::QueueId& id,
                                             const list::ListAddress& list);
[[nodiscard]] std::string request_of(std::string_view message_id);

/// What is left of a rule's action after the person it asks for has spoken: an editor's word, or an owner's, stands for every
/// request, an author's for his confirmation. Nobody's word stands against `reject`: a block list counts as it is now.
[[nodiscard]] scenario::Action settled(const spool::Word& word, const scenario::RuleAction& action);

}  // namespace paraph::pipeline
