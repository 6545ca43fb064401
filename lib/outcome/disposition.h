#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cms/certificate.h"
#include "list/list.h"

/// What may be decided about a mail. A stage only fills these in; `pipeline/perform.cpp` alone carries them
/// out, last, under names made from the ingest id, so that a repeat after a crash is harmless.
namespace paraph::outcome {

// Effects: what happens besides the ending.

/// A certificate learned from a valid signature, for the proven From address only (security rule 20).
struct LearnCertificate {
  std::string address;
  cms::Certificate certificate;
};
using Effect = std::variant<LearnCertificate>;

// Endings: one type each, so that the compiler lists every place to visit when one is added.

/// A copy for every member who receives copies.
struct Distribute {
  list::ListAddress list;
  std::string auth_method;
  std::string sender;   ///< canonical From, for `not_me`
  bool sealed = false;  ///< it was decrypted: every copy must be encrypted
};
/// To the people behind a role address, octets untouched (ciphertext stays ciphertext).
struct Forward {
  std::string address;  ///< the role address it came to
  std::string domain;
  std::vector<std::string> recipients;
};
/// Kept as it arrived until a person acts.
struct Hold {
  std::string spool;                       ///< "auth" or "moderation"
  std::string reason;                      ///< "send.editorkey:5 (editorkey)"
  bool tell_author = false;                ///< that it waits for somebody
  list::Role judges = list::Role::editor;  ///< whose word it waits for, in moderation
};
/// Refused, and the envelope sender is told unless `quiet`, null or an automaton.
struct Reject {
  std::string status;    ///< RFC 3463: "5.7.1"
  std::string reason;    ///< a key of report.tt2: "send_subscriber_smime"
  std::string detail;    ///< why, in a few words: "signer_is_not_sender"
  std::string tt2 = {};  ///< template that the scenario names instead of a delivery report
  bool quiet = false;
  /// What the sender is told instead of `reason`, in the list's words for it; empty: the same.
  std::string told = {};
};
/// sympa@ stores the signer's certificate and says so.
struct AnswerCertificate {
  std::string address;
  std::vector<cms::Certificate> certificates;
  std::string domain;
};
/// A person's word about something that waits, given by mail with a key (security rule 16).
struct GiveWord {
  std::string item;     ///< ingest id of what waits
  std::string spool;    ///< "auth" or "moderation"
  std::string verdict;  ///< as in spool::Word
  std::string by, reason;
  std::string list;  ///< name@domain
};
/// Somebody joins or leaves a list.
struct ChangeMembership {
  list::ListAddress list;
  bool joins = true;
  std::string email, name;
  bool quiet = false;   ///< he is not told
  bool notify = false;  ///< the owners are
};
/// A request waits until somebody has said yes; the command is kept in spool/auth. The same request of the same sender on
/// the same day is one.
struct AskFor {
  list::ListAddress list;
  std::string request;             ///< the command, as we write it
  bool approve = false;            ///< of owners or listmasters; else of whom it concerns
  std::vector<std::string> asked;  ///< each gets a key of his own
  std::string reason;              ///< "subscribe.owner:3", for `request list`
  bool vain = false;  ///< it would change nothing: nobody is asked, and whoever asks cannot tell
};
/// One command of a mail, decided.
struct CommandAnswer {
  std::string command;  ///< as we write it, without its key
  std::string status;   ///< an entry of command_report.tt2
  std::string detail = {};
  std::variant<std::monostate, GiveWord, ChangeMembership, AskFor> effect = {};
  bool quiet = false;     ///< nobody wants to hear of it
  bool repeated = false;  ///< an earlier attempt at this mail has begun with it
  std::string tt2 =
      {};  ///< template that a scenario of `list` names: a mail of its own, and no entry
  std::optional<list::ListAddress> list = {};
};
/// A status, and whether it is quiet, as one word of the ledger ("joined", "left-quietly"), and back.
[[nodiscard]] std::string begun_word(const CommandAnswer& answer);
struct Begun {
  std::string status;
  bool quiet = false;
};
[[nodiscard]] Begun begun_command(std::string_view word);
/// Commands by mail: each is carried out, and one mail tells how it went.
struct Commands {
  std::string domain;
  std::vector<CommandAnswer> answers;
};
/// A second copy of a mail that is being seen to: the MTA sent it twice (security rule 9). Answered to nobody.
struct Duplicate {
  std::string of;  ///< ingest id of the first
};
/// Ends here, answered to nobody: loops, automata.
struct Discard {
  std::string reason;
};
/// A person must look: bad/ with its reason, and the listmaster is told.
struct Quarantine {
  std::string reason;
};
using Disposition = std::variant<Distribute, Forward, Hold, Reject, AnswerCertificate, Commands,
                                 Duplicate, Discard, Quarantine>;

/// The ledger's word for an ending: "distributed", "forwarded", "held", "rejected", "answered", "duplicate",
/// "discarded", "quarantined".
[[nodiscard]] std::string_view word(const Disposition& disposition);
/// The ledger's reason, or empty.
[[nodiscard]] std::string reason(const Disposition& disposition);

}  // namespace paraph::outcome
