#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ports.h"
#include "base/result.h"
#include "spool/queue_id.h"

namespace paraph::spool {

constexpr unsigned kNormalPriority = 5;

/// What a person said about a mail that was held; Desk::decide() alone writes it, in msg (arrow H1 -> S2).
struct Word {
  /// X-Paraph-Verdict: "distribute" or "reject" or "reject-quietly" (an editor), "confirm" (the author himself).
  /// Empty: nobody was asked.
  std::string verdict = {};
  std::string by = {};      ///< X-Paraph-By: who, a login or an address
  std::string reason = {};  ///< X-Paraph-Reason: his words to the author
  std::string judged =
      {};  ///< X-Paraph-Judged: what its signature was worth when it was held (smtp | md5 | smime)

  [[nodiscard]] bool given() const { return !verdict.empty(); }
  [[nodiscard]] bool releases() const { return verdict == "distribute"; }
  [[nodiscard]] bool rejects() const { return verdict == "reject" || verdict == "reject-quietly"; }
  [[nodiscard]] bool confirms() const { return verdict == "confirm"; }
};

/// The internal fields in front of a spooled message. They end with exactly one Return-Path of our own; a reader stops
/// there and believes no internal field after it (security rule 4).
struct SpoolHeader {
  std::string address;       ///< X-Sympa-To: what the MTA delivered to
  QueueId id;                ///< X-Paraph-Id
  TimePoint received;        ///< X-Paraph-Received
  std::string reverse_path;  ///< Return-Path; empty: the null sender, or unknown
  bool unknown_sender =
      false;  ///< X-Paraph-Envelope: the MTA did not say who; otherwise empty means `<>`
  /// Only in spools that the incoming daemon wrote (bulk, auth, moderation); ignored in msg.
  std::string kind;    ///< X-Paraph-Kind: post | service | forward
  std::string list;    ///< X-Paraph-List: name@domain, or empty for the site
  std::string auth;    ///< X-Paraph-Auth: smtp | md5 | smime
  std::string sealed;  ///< X-Paraph-Sealed: yes when copies must be encrypted
  /// X-Paraph-Priority, in bulk: 0 (first) to 9, or z: never worked on (nullopt). Absent or damaged: 5.
  std::optional<unsigned> priority = kNormalPriority;
  std::string sender =
      {};          ///< X-Paraph-Sender, in bulk: who takes turns with the others of his list
  Word word = {};  ///< in msg only, and only of what was held

  /// The MTA said `<>` (RFC 5321 §4.5.5): nothing may be answered.
  [[nodiscard]] bool null_sender() const { return reverse_path.empty() && !unknown_sender; }
};

/// Internal fields as text, LF line ends, Return-Path last. `trusted`: with kind, list, auth, sealed where not empty.
/// Asserts that no value but the sender, who is escaped, holds a control character: whoever fills the header has checked what came from outside.
[[nodiscard]] std::string write_header(const SpoolHeader& header, bool trusted);

struct Spooled {
  SpoolHeader header;
  std::string message;  ///< the octets that arrived, nothing before or after
  TimePoint since{};    ///< bulk: when it was published, or put back by a person
};
/// Inverse. Errors are `never` (corrupt). Values with control characters are refused, and so is a field that is missing,
/// stands twice, or is not of ours; an X-Sympa- or X-Paraph- field of a name not listed here is passed over.
[[nodiscard]] Result<Spooled> read_spooled(std::string octets, bool trusted);

/// The header alone, from the first `kHeaderOctets` of a file: for lists of what waits.
constexpr std::size_t kHeaderOctets = 64 * 1024;
[[nodiscard]] Result<SpoolHeader> read_spool_header(std::string_view start, bool trusted);

/// What stands in front of the message in the MTA's pipe: a leading "From " line, then a leading Return-Path field; both are
/// consumed. The envelope sender is the first's, else the second's, else `environment_sender` ($SENDER).
/// MAILER-DAEMON and <> are the null sender, and so is all that is not one token around an `@`, of at most 320 octets
/// without white space, controls, angle brackets or invalid UTF-8. Only the first `kPipeOctets` of the input are looked
/// at (a longer line is no MTA's), so that a program may call this with what it has read so far.
constexpr std::size_t kPipeOctets = 8192;
struct PipeInput {
  std::string reverse_path;
  std::size_t message_offset = 0;
  bool unknown_sender = false;  ///< neither line was there, and no environment
};
[[nodiscard]] PipeInput read_pipe(std::string_view input, std::string_view environment_sender);

}  // namespace paraph::spool
