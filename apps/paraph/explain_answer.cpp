// message explain: the one sentence, and what to do.

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "apps/paraph/explain.h"
#include "apps/paraph/scenario.h"
#include "smime/open.h"

namespace paraph::app {
namespace {

using outcome::Disposition;
using pipeline::Explanation;
using pipeline::Remedy;
using smime::Reason;

std::string list_of(const Explanation& explained) {
  return explained.item.list ? explained.item.list->name() : std::string("LIST");
}

// "send.private:5", else the stage that ended it.
std::string where(const Explanation& explained) {
  const auto& decision = explained.item.decision;
  return decision && decision->rule ? place_text(decision->rule->place)
                                    : "stage " + explained.stage;
}

std::string not_smime(const Explanation& explained) {
  const auto codes = explained.found ? denying_codes(*explained.found) : std::string();
  return codes.empty() ? std::string("does not count as smime")
                       : fmt::format("does not count as smime ({})", codes);
}

// "a listmaster" of "a listmaster (send.x:1)"; other reasons are for an editor to judge.
std::string_view whose_word(std::string_view spool, std::string_view reason) {
  if (spool == "auth") return "its author's confirmation";
  for (const std::string_view whom : {"an owner", "a listmaster"})
    if (reason.starts_with(whom)) return whom;
  return "an editor";
}

/// What each ending is called, and what follows the names.
struct Told {
  const Explained& all;
  const Explanation& explained;
  std::string who;

  std::string operator()(const outcome::Distribute& distribute) const {
    return fmt::format("DISTRIBUTED: {}, as {}", who, distribute.auth_method);
  }
  std::string operator()(const outcome::Forward& forward) const {
    return fmt::format("FORWARDED: {}, to the {} people behind that address", who,
                       forward.recipients.size());
  }
  std::string operator()(const outcome::Hold& hold) const {
    return fmt::format("HELD for {}: {}: {}", whose_word(hold.spool, hold.reason), who,
                       hold.reason);
  }
  std::string operator()(const outcome::Reject& reject) const {
    const auto& sender = explained.item.sender;
    switch (all.remedy) {
      case Remedy::smime:
        return fmt::format("REJECTED: {} {}", who, not_smime(explained));
      case Remedy::membership:
        return fmt::format("REJECTED: {}: {} is no subscriber ({}, {})", who, sender, reject.reason,
                           where(explained));
      case Remedy::both:
        return fmt::format("REJECTED: {}: {} is no subscriber, and the mail {}", who, sender,
                           not_smime(explained));
      case Remedy::none:
        break;
    }
    return fmt::format("REJECTED: {}: {}{} ({})", who, reject.reason,
                       reject.detail.empty() ? "" : ", " + reject.detail, where(explained));
  }
  std::string operator()(const outcome::AnswerCertificate& answer) const {
    return fmt::format("ANSWERED: {}: the certificate of {} is stored", who, answer.address);
  }
  std::string operator()(const outcome::Commands& commands) const {
    return fmt::format("ANSWERED: {}: {}", who, outcome::reason(commands));
  }
  std::string operator()(const outcome::Duplicate& duplicate) const {
    return fmt::format("DUPLICATE: {}: of {}", who, duplicate.of);
  }
  std::string operator()(const outcome::Discard& discard) const {
    return fmt::format("DISCARDED: {}, answered to nobody: {}", who, discard.reason);
  }
  std::string operator()(const outcome::Quarantine& quarantine) const {
    return fmt::format("QUARANTINED: {}: {}", who, quarantine.reason);
  }
};

std::string judged(const Explained& all, const Explanation& explained) {
  const auto who = who_to_whom(all);
  if (explained.not_compiled)
    return fmt::format("WAITS: {}: the list's scenario does not parse (not-compiled): {}", who,
                       explained.waits->what());
  if (explained.waits) return fmt::format("WAITS: {}: {}", who, explained.waits->what());
  return std::visit(Told{all, explained, who}, *explained.ending);
}

std::string or_unnoted(const std::string& reason) {
  return reason.empty() ? "no reason is noted" : reason;
}

// What a person does about a reason; those not here have their sentence in the table of reasons.
struct Deed {
  Reason reason;
  std::string_view deed;  ///< {} is the author
};
constexpr std::array kDeeds{
    Deed{Reason::not_signed, "{} signs with a certificate that names that address"},
    Deed{Reason::signer_is_not_sender,
         "{} signs as that address, or sends from the one of the certificate"},
    Deed{Reason::untrusted_issuer,
         "{} uses a certificate of a trusted CA (paraph ca list), or: paraph ca add FILE"},
    Deed{Reason::expired, "{} gets a new certificate and signs with it"},
    Deed{Reason::revoked, "{} gets a new certificate and signs with it"},
    Deed{Reason::not_yet_valid, "check the clocks; {} signs again when the certificate is valid"},
    Deed{Reason::weak_digest, "{} sets the mail program to SHA-256"},
    Deed{Reason::weak_key, "{} gets a certificate with a longer key (min_rsa_bits)"},
    Deed{Reason::wrong_usage, "{} gets a certificate for mail (emailProtection)"},
    Deed{Reason::digest_mismatch,
         "find what changed the mail on its way (a gateway, a footer); {} sends it again"},
    Deed{Reason::no_signer_certificate,
         "{} sends the certificate along, or: paraph cert import FILE"},
    Deed{Reason::several_from, "{} sends it with one From address"},
    Deed{Reason::signs_ciphertext,
         "{} signs first and encrypts then: the signature belongs inside"},
    Deed{Reason::not_for_us, "{} encrypts to the list's certificate (paraph key show LIST)"},
};

std::string deed_of(const Explanation& explained) {
  const auto& sender = explained.item.sender;
  if (explained.found)
    for (const auto reason : explained.found->reasons) {
      if (!smime::row(reason).denies_smime) continue;
      const auto* found = std::find_if(kDeeds.begin(), kDeeds.end(),
                                       [&](const Deed& row) { return row.reason == reason; });
      if (found == kDeeds.end()) break;
      return fmt::format(fmt::runtime(found->deed), sender);
    }
  return sender + " signs with a certificate of a trusted CA that names that address";
}

/// Of endings that no signature and no membership mends.
struct Mend {
  std::string_view reason;  ///< how it begins
  std::string_view deed;    ///< {} is the list
};
constexpr std::array kMends{
    Mend{"unknown_list", "paraph lists"},
    Mend{"unknown_domain", "paraph config show domain"},
    Mend{"several_from", "its author sends it with one From field"},
    Mend{"too_large", "a smaller mail, or a larger max_size: paraph config show {}"},
    Mend{"list-no-open", "`status open` in the configuration of the list: paraph config show {}"},
    Mend{
        "unsafe_octets",
        "its author's mail program, or a gateway, must stop sending bare CR, NUL or endless lines"},
    Mend{"encrypted_not_signed",
         "its author signs first and encrypts then, to the list's certificate: paraph key show {}"},
    Mend{
        "no_command",
        "a command in the text, such as SUBSCRIBE LIST (HELP names them); a signed mail stores its "
        "certificate"},
    Mend{"sympa-request@", "check the aliases: that address is a person's, not the queue's"},
    Mend{"bounce: ", "check the aliases: that address is paraph-bouncequeue's"},
    Mend{"coverage", "paraph cert coverage {}"},
    Mend{"automatic",
         "nothing, if a program sent it; else reject_mail_from_automates_feature: paraph config "
         "show {}"},
    Mend{"loop", "nothing: it has been here before; look for who sends it back"},
    Mend{"no_message_id", "its author's mail program must write a Message-ID"},
    Mend{"no_from", "its author's mail program must write a From address"},
};

std::string mend_of(const std::string& reason, const Explanation& explained) {
  for (const auto& row : kMends)
    if (std::string_view(reason).starts_with(row.reason))
      return fmt::format(fmt::runtime(row.deed), list_of(explained));
  return {};
}

std::string scenario_step(const Explanation& explained) {
  return fmt::format("{} scenario eval send --list {} --sender {} --trace", Invocation::program,
                     list_of(explained),
                     explained.item.sender.empty() ? "ADDRESS" : explained.item.sender);
}

/// Of an ending that has no reason to mend.
struct Next {
  const Explanation& explained;

  std::string operator()(const outcome::Forward&) const {
    return explained.item.list
               ? fmt::format("{} list show {} names them", Invocation::program, list_of(explained))
               : std::string("paraph config show listmaster names them");
  }
  std::string operator()(const outcome::Commands& commands) const {
    for (const auto& answer : commands.answers)
      if (std::holds_alternative<outcome::AskFor>(answer.effect))
        return fmt::format("somebody's answer, once it is asked for: {} request list {}",
                           Invocation::program,
                           std::get<outcome::AskFor>(answer.effect).list.name());
    return "nothing: the answer says how each command went";
  }
  std::string operator()(const outcome::AnswerCertificate& answer) const {
    return "paraph cert show " + answer.address;
  }
  std::string operator()(const outcome::Hold&) const {
    return fmt::format("an editor's or the author's word, once it is held: {} moderation list {}",
                       Invocation::program, list_of(explained));
  }
  std::string operator()(const outcome::Duplicate& duplicate) const {
    return "paraph trace " + duplicate.of;
  }
  template <class Other>
  std::string operator()(const Other&) const {
    return scenario_step(explained);
  }
};

std::string next_of_ending(const Explained& all, const Explanation& explained) {
  const auto list = list_of(explained);
  const auto& sender = explained.item.sender;
  const std::string add = fmt::format("{} member add {} {}", Invocation::program, list, sender);
  if (explained.waits)
    return explained.waits->hint().empty() ? "paraph status" : explained.waits->hint();
  if (explained.is_distributed())
    return all.reach && all.reach->problems.empty()
               ? std::string("nothing")
               : fmt::format("{} cert coverage {}", Invocation::program, list);
  switch (all.remedy) {
    case Remedy::smime:
      return deed_of(explained);
    case Remedy::membership:
      return add;
    case Remedy::both:
      return add + ", and " + deed_of(explained);
    case Remedy::none:
      break;
  }
  const auto mend = mend_of(outcome::reason(*explained.ending), explained);
  return mend.empty() ? std::visit(Next{explained}, *explained.ending) : mend;
}

std::string next_of_entry(const Explained& all) {
  const auto& entry = *all.subject.entry;
  const auto& id = all.subject.short_id;
  if (is_held(all.subject)) {
    // A request lies in mail to sympa@, and is about a list all the same.
    const auto list = all.now && all.now->item.list ? list_of(*all.now) : entry.header->list;
    return entry.spool == "auth"
               ? fmt::format("{0} request accept {1} {2}, or: refuse {1} {2}", Invocation::program,
                             list, id)
               : fmt::format("{0} moderation distribute {1} {2}, or: reject {1} {2} REASON",
                             Invocation::program, list, id);
  }
  if (entry.state == spool::State::quarantined)
    return fmt::format("mend the reason, then: paraph spool retry {0}; or: drop {0}", id);
  if (entry.state == spool::State::held) return "paraph spool release " + id;
  return {};
}

}  // namespace

std::string denying_codes(const smime::Protection& protection) {
  std::string codes;
  for (const auto reason : protection.reasons)
    if (smime::row(reason).denies_smime)
      codes += fmt::format("{}{}", codes.empty() ? "" : ",", smime::row(reason).code);
  return codes;
}

std::string who_to_whom(const Explained& all) {
  const auto& subject = all.subject;
  std::string from = all.now ? all.now->item.sender : std::string();
  if (from.empty() && subject.header) from = subject.header->sender;
  if (from.empty() && subject.row) from = subject.row->from;
  if (from.empty() && subject.header) from = subject.header->reverse_path;
  std::string to = subject.header ? subject.header->address : std::string();
  if (to.empty() && subject.row) to = subject.row->list;
  return fmt::format("{} to {}", from.empty() ? "somebody" : from, to.empty() ? "the site" : to);
}

std::string answer(const Explained& all) {
  const auto& subject = all.subject;
  const auto who = who_to_whom(all);
  if (subject.entry) {
    const auto& entry = *subject.entry;
    if (entry.state == spool::State::quarantined)
      return fmt::format("QUARANTINED: {}: {}", who, or_unnoted(entry.waits_for));
    if (entry.state == spool::State::held)
      return fmt::format("WAITS: {}: somebody stopped it ({} is on hold)", who, subject.short_id);
    if (is_held(subject))
      return fmt::format("HELD for {}: {}: {}", whose_word(entry.spool, entry.waits_for), who,
                         or_unnoted(entry.waits_for));
    if (entry.spool == "bulk" && subject.header && subject.header->kind != "post")
      return fmt::format("{}: {}", subject.header->kind == "forward" ? "FORWARDED" : "SENT BY US",
                         who);
  }
  if (all.now) return judged(all, *all.now);
  return fmt::format("ENDED, and its octets are gone: {}: {}{}", who,
                     subject.row ? subject.row->outcome : "unknown",
                     subject.row && !subject.row->reason.empty() ? ", " + subject.row->reason : "");
}

std::string next_step(const Explained& all) {
  if (all.subject.entry)
    if (auto next = next_of_entry(all); !next.empty()) return next;
  if (all.now) return next_of_ending(all, *all.now);
  return all.subject.entry
             ? "paraph trace " + all.subject.short_id
             : fmt::format("paraph trace {}; of a copy of it: {} message explain FILE",
                           all.subject.short_id, Invocation::program);
}

}  // namespace paraph::app
