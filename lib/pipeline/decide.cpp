#include "pipeline/incoming.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "mail/address.h"
#include "pipeline/authorize.h"
#include "pipeline/commands.h"
#include "pipeline/coverage.h"
#include "pipeline/explain.h"
#include "pipeline/guard.h"
#include "scenario/regex.h"

namespace paraph::pipeline {
namespace {

using outcome::Discard;
using outcome::Disposition;
using outcome::Forward;
using outcome::Hold;
using outcome::Quarantine;
using outcome::Reject;

const std::optional<Disposition> kGoOn = std::nullopt;
Outcome ends(Disposition disposition) {
  return std::optional(std::move(disposition));
}

bool is_role_address(list::AddressKind kind) {
  return kind == list::AddressKind::owner || kind == list::AddressKind::editor ||
         kind == list::AddressKind::listmaster;
}

// --- address
// -----------------------------------------------------------------------------------------------------

Outcome find_destination(Item& item, const Ports& ports) {
  const auto address = mail::AddrSpec::parse(item.header.address);
  if (!address)
    return ends(Quarantine{"the address it was delivered to is none: " + item.header.address});
  const std::string domain = ascii::to_lower(address->domain());
  const auto domains = ports.site.domains();
  if (std::find(domains.begin(), domains.end(), domain) == domains.end())
    return ends(Reject{"5.1.2", "unknown_domain", domain});
  item.destination =
      list::classify(address->local_part(), domain, ports.site.address_rules(domain));

  switch (item.destination.kind) {
    case list::AddressKind::sympa:
    case list::AddressKind::listmaster:
      return kGoOn;
    case list::AddressKind::sympa_owner:
      return ends(Quarantine{
          "sympa-request@ and sympa-owner@ belong to a person in the MTA, not to the queue"});
    default:
      break;
  }
  const auto named = list::ListAddress::parse(item.destination.list_name, domain);
  if (!named) return ends(Reject{"5.1.1", "unknown_list", item.destination.list_name});
  if (auto known = ports.site.resolve_list(named->str()); !known) {
    // An unreadable disk is no answer: the organisation's mail must not bounce for it.
    if (known.error().retry() == Retry::later) return std::move(known).error();
    return ends(Reject{"5.1.1", "unknown_list", item.destination.list_name});
  }
  auto config = config::ListConfig::load(ports.site, *named);
  if (!config) return std::move(config).error();
  item.list = *named;
  item.config = std::move(*config);
  return kGoOn;
}

// --- mail of certification authorities (security rule 40)
// -------------------------------------------------------------------------------------------------------

// `ca_senders`: ADDRESS, or DOMAIN for every address of it and of what lies below it.
bool is_of(const mail::AddrSpec& address, const std::string& authority) {
  const std::string canonical = address.canonical();
  if (authority.find('@') != std::string::npos) {
    const auto parsed = mail::AddrSpec::parse(authority);
    return parsed && *parsed == address;
  }
  const std::string domain = canonical.substr(canonical.rfind('@') + 1);
  const std::string wanted = ascii::to_lower(authority);
  return domain == wanted || ascii::iends_with(domain, "." + wanted);
}

bool is_from_authority(const Item& item, const std::vector<std::string>& authorities) {
  std::vector<mail::AddrSpec> senders;
  if (auto reverse = mail::AddrSpec::parse(item.header.reverse_path)) senders.push_back(*reverse);
  for (const auto* name : {"From", "Sender", "Reply-To"})
    for (const auto* field : item.tree.find(item.tree.root(), name))
      for (auto& mailbox : mail::parse_address_list(item.tree.unfolded(*field)).mailboxes)
        senders.push_back(std::move(mailbox.address));
  return std::any_of(authorities.begin(), authorities.end(), [&](const auto& authority) {
    return std::any_of(senders.begin(), senders.end(),
                       [&](const auto& sender) { return is_of(sender, authority); });
  });
}

bool is_acme(const Item& item) {
  const auto& root = item.tree.root();
  for (const auto* field : item.tree.find(root, "Auto-Submitted")) {
    std::string value = item.tree.unfolded(*field);
    value.erase(std::remove_if(value.begin(), value.end(),
                               [](char c) { return ascii::is_space(c) || c == '"'; }),
                value.end());
    if (ascii::ifind(value, "type=acme") != std::string::npos) return true;
  }
  for (const auto* field : item.tree.find(root, "Subject")) {
    const std::string subject = mail::decode_words(item.tree.unfolded(*field));
    if (ascii::istarts_with(ascii::trim(subject), "ACME:")) return true;
  }
  return false;
}

// Whoever reads a CA's validation mail can get a public certificate for the address (RFC 8823 §6). So before anything
// that would answer it, or hand it on.
Outcome set_authorities_apart(Item& item, const Ports& ports) {
  if (!is_acme(item) && !is_from_authority(item, ports.site.get_list("ca_senders"))) return kGoOn;
  return ends(
      Quarantine{"ca_validation: mail of a certification authority, for the listmaster only"});
}

// --- shape
// -------------------------------------------------------------------------------------------------------

Outcome check_shape(Item& item, const Ports&) {
  const auto& root = item.tree.root();
  const auto message_id = item.tree.field(root, "Message-ID");
  if (!message_id || mail::canonical_message_id(*message_id).empty())
    return ends(
        Quarantine{"no_message_id: RFC 5322 §3.6.4 wants one; without it loops cannot be told"});

  const auto from = item.tree.find(root, "From");
  if (from.size() > 1)
    return ends(Reject{"5.6.0", "several_from", fmt::format("{} From fields", from.size())});
  if (from.empty()) return ends(Quarantine{"no_from: there is no From field"});
  const auto mailboxes = mail::parse_address_list(item.tree.unfolded(*from.front())).mailboxes;
  if (mailboxes.empty()) return ends(Quarantine{"no_from: the From field holds no address"});
  item.sender = mailboxes.front().address.canonical();
  return kGoOn;
}

// --- loops and automata (RFC 3834, security rules 17, 40, 42)
// ------------------------------------------------------

constexpr std::size_t kMaxReceived = 100;

// loop_prevention_regex, anchored as Sympa does: `^(…)(@|$)`.
Result<bool> is_loop_sender(const Item& item, const Ports& ports) {
  const std::string names = item.config
                                ? item.config->get("loop_prevention_regex")
                                : ports.site.get("loop_prevention_regex", item.destination.domain);
  if (names.empty()) return false;
  auto kept = ports.cache.patterns.find(names);
  if (kept == ports.cache.patterns.end()) {
    scenario::RegexFault fault;
    auto pattern = scenario::Pattern::compile("^(" + names + ")(@|$)", false, fault);
    if (!pattern) return Error::later(Errc::config, fault.message);
    kept = ports.cache.patterns.emplace(names, std::move(pattern)).first;
  }
  scenario::RegexBudget budget;
  return kept->second->search(item.sender, budget);
}

Outcome stop_loops(Item& item, const Ports& ports) {
  const auto& root = item.tree.root();
  for (const auto* field : item.tree.find(root, "X-Loop"))
    if (ascii::iequals(item.tree.unfolded(*field), item.header.address))
      return ends(Discard{"loop: X-Loop"});
  if (item.list)
    for (const auto* field : item.tree.find(root, "List-Id"))
      if (ascii::ifind(item.tree.unfolded(*field),
                       fmt::format("<{}.{}>", item.list->name(), item.list->domain())) !=
          std::string::npos)
        return ends(Discard{"loop: List-Id"});
  if (item.tree.find(root, "Received").size() > kMaxReceived)
    return ends(Quarantine{fmt::format("loop: more than {} Received fields", kMaxReceived)});

  const bool guarded =
      takes_commands(item.destination.kind) ||
      (item.config && item.config->get("reject_mail_from_automates_feature") != "off");
  if (!guarded) return kGoOn;
  if (is_automatic(item.tree))
    return ends(Discard{"automatic: sent by a program (Auto-Submitted)"});
  auto looping = is_loop_sender(item, ports);
  if (!looping) return std::move(looping).error().in("loop_prevention_regex");
  if (*looping) return ends(Discard{"automatic: From is a program's address"});
  return kGoOn;
}

// --- addresses of roles
// ------------------------------------------------------------------------------------------

Outcome serve_role_addresses(Item& item, const Ports& ports) {
  const auto kind = item.destination.kind;
  if (kind == list::AddressKind::return_path)
    return ends(Discard{"bounce: LIST-owner belongs to paraph-bouncequeue; check the aliases"});
  if (!is_role_address(kind)) return kGoOn;
  const auto role = kind == list::AddressKind::owner    ? list::Role::owner
                    : kind == list::AddressKind::editor ? list::Role::editor
                                                        : list::Role::listmaster;
  auto people = people_of(item.list, role, ports);
  if (!people) return std::move(people).error();
  if (people->empty())
    return ends(Quarantine{
        "nobody_to_forward_to: every person behind this address is an address of the site itself; "
        "set `listmaster` to somebody's own address"});
  return ends(
      Forward{ascii::to_lower(item.header.address), item.destination.domain, std::move(*people)});
}

// --- a person's word about a mail that was held
// ----------------------------------------------------------------------------------------------------------------

// What an editor refuses is not opened for it.
Outcome heed_refusal(Item& item, const Ports&) {
  const auto& word = item.header.word;
  if (!word.rejects() || !item.list)
    return kGoOn;  // whoever has sent a command gets an answer to it
  return ends(Reject{"5.7.1", "moderated", word.reason, "reject", word.verdict != "reject"});
}

// Rule 18: judged again, and only for the worse.
void heed_judgement(Item& item) {
  using scenario::AuthMethod;
  item.judged = item.method;
  const auto& word = item.header.word;
  if (!word.given()) return;
  if (word.judged != scenario::to_string(AuthMethod::smime)) item.method = AuthMethod::smtp;
  if (word.confirms() && item.method == AuthMethod::smtp) item.method = AuthMethod::md5;
}

// --- size
// --------------------------------------------------------------------------------------------------------

Outcome check_size(Item& item, const Ports& ports) {
  const long long limit =
      item.config ? item.config->number("max_size") : ports.site.number("max_size");
  const auto size = static_cast<long long>(item.tree.message().size());
  if (limit > 0 && size > limit)
    return ends(
        Reject{"5.2.3", "too_large", fmt::format("{} octets, the limit is {}", size, limit)});
  return kGoOn;
}

// --- S/MIME
// ------------------------------------------------------------------------------------------------------

// Why not; a remark is no reason to refuse.
std::string reason_codes(const smime::Protection& protection) {
  std::string codes;
  for (const auto reason : protection.reasons) {
    if (!smime::row(reason).denies_smime) continue;
    if (!codes.empty()) codes += ',';
    codes += smime::row(reason).code;
  }
  return codes;
}

Outcome open_protection(Item& item, const Ports& ports) {
  auto opening = open_context(item.list, {item.sender}, item.header.received, ports);
  if (!opening) return std::move(opening).error();
  if (item.header.word.given())
    if (auto added = add_replaced(item.sender, opening->context, ports); !added)
      return std::move(added).error();
  item.opened = smime::open(item.tree, opening->context);
  const auto& protection = item.opened.protection;

  // With a certificate of ours unreadable, nobody can say that a post is not for us.
  if (protection.must_wait ||
      (opening->keys_incomplete && protection.encrypted && !protection.fully_opened)) {
    const std::string who = item.list ? item.list->str() : "site";
    return Error::later(Errc::config, "it is encrypted to a key of ours that cannot be used")
        .with_hint("paraph key show " + who);
  }
  if (!protection.missing_crl.empty())
    return Error::later(Errc::config,
                        "its signature waits for a revocation list: " + protection.missing_crl)
        .with_hint("paraph crl check");
  if (std::find(protection.reasons.begin(), protection.reasons.end(),
                smime::Reason::unsafe_octets) != protection.reasons.end())
    return ends(Reject{"5.6.0", "unsafe_octets", {}});
  if (protection.smime) item.method = scenario::AuthMethod::smime;
  heed_judgement(item);
  return kGoOn;
}

// Rule 20: of what the guard let pass. decide() forgets it unless the mail is accepted.
Outcome note_certificates(Item& item, const Ports&) {
  if (const auto learned = smime::learnable(item.opened.protection)) {
    item.effects.emplace_back(outcome::LearnCertificate{learned->address, learned->signer});
    if (learned->encryption)
      item.effects.emplace_back(outcome::LearnCertificate{learned->address, *learned->encryption});
  }
  return kGoOn;
}

// --- sympa@
// ------------------------------------------------------------------------------------------------------

// Rule 41: an invalid signature that came without a command is not answered, nor is a program (RFC
// 3834).
Outcome serve_sympa(Item& item, const Ports& ports) {
  if (!takes_commands(item.destination.kind)) return kGoOn;
  const auto& root = item.tree.root();
  for (const auto* name : {"List-Id", "List-Post", "Precedence"})
    if (const auto value = item.tree.field(root, name);
        value && !ascii::iequals(*value, "first-class"))
      return ends(Discard{fmt::format("automatic: it carries {}", name)});
  if (auto served = serve_commands(item, ports); !served || *served) return served;
  const auto& protection = item.opened.protection;
  if (protection.smime) {
    outcome::AnswerCertificate answer{item.sender, {}, item.destination.domain};
    for (const auto& effect : item.effects)
      if (const auto* learn = std::get_if<outcome::LearnCertificate>(&effect))
        answer.certificates.push_back(learn->certificate);
    if (answer.certificates.empty())  // rule 20: a signingTime ahead of the clock stores nothing
      return ends(Discard{"not_learned: the signature is dated in the future"});
    return ends(std::move(answer));
  }
  if (protection.signature.status != smime::SignatureStatus::none || !protection.layers.empty())
    return ends(Discard{"not_smime: " + reason_codes(protection)});
  return ends(Reject{"5.6.1", "no_command", "a signed message here stores your certificate"});
}

// --- the list's rules
// --------------------------------------------------------------------------------------------

constexpr std::size_t kFailuresADay = 20;

// Rule 13: what is ours and does not open is bounded, so that nobody can ask our key without end.
Outcome bound_failures(const Item& item, const Ports& ports) {
  if (item.header.word.releases() || item.only_asked) return kGoOn;
  const auto failures = count_failed(item, ports);
  if (!failures) return failures.error();
  if (*failures <= kFailuresADay) return kGoOn;
  return ends(
      Hold{"moderation", fmt::format("decryption_failed: the {}th of that day; {} go their way",
                                     *failures, kFailuresADay)});
}

// Design §6.5, attacks A1 and A37: a post encrypted to the list must carry its author's own
// signature inside; one that does not open is refused with the same words. Under `any` one that does not open goes on
// as it came, if the scenario lets `smtp` post: no other method can be its.
Outcome check_encrypted_post_policy(Item& item, const Ports& ports) {
  const auto& protection = item.opened.protection;
  const bool failed = protection.ours_but_failed();
  if (failed)
    if (auto bound = bound_failures(item, ports); !bound || *bound) return bound;
  if (item.config->get("encrypted_post_policy") != "signed_inside") return kGoOn;
  if (!item.opened.payload && !failed) return kGoOn;
  if (protection.smime && protection.signature.inside_encryption) return kGoOn;
  return ends(Reject{"5.7.1", "encrypted_not_signed", reason_codes(protection)});
}

// A post that too few could read is an editor's to release; nullopt: enough can.
Result<std::optional<std::string>> too_few_readers(const Item& item, const Ports& ports) {
  std::optional<std::string> enough;
  const long long wanted = item.config->number("encrypted_post_min_coverage");
  if (wanted <= 0 || !item.opened.payload || item.header.word.releases()) return enough;
  const auto coverage = coverage_of(*item.config, ports);
  if (!coverage) return coverage.error();
  if (coverage->reaches(wanted)) return enough;
  return std::optional(fmt::format("coverage: {} of {} members could read it, {} percent must",
                                   coverage->able, coverage->all, wanted));
}

// "send.editorkey:5", the rule that decided.
std::string place_of(const scenario::Decision& decision, std::string scenario_name) {
  if (!decision.rule) return scenario_name;
  const auto& place = decision.rule->place;
  return fmt::format("{}:{}", place.file.substr(place.file.rfind('/') + 1), place.line);
}

Outcome authorize_post(Item& item, const Ports& ports) {
  // Rule 29: until posts can be made anonymous, none leaves a list that promises it.
  if (!item.config->get("anonymous_sender").empty())
    return ends(
        Hold{"moderation", "cannot_anonymise: anonymous_sender is set, and has no effect yet"});
  auto decision = authorize(send_question(item), ports);
  if (!decision) return std::move(decision).error();
  item.decision = std::move(*decision);
  const auto& action = item.decision->action;
  const std::string where = place_of(*item.decision, "send." + item.config->scenario("send"));
  // Attack A37: that a post was opened is told to nobody who has not proven to be its author, and a rule may ask for it.
  const auto& protection = item.opened.protection;
  const bool may_hear = protection.smime || !protection.is_ours();
  const auto wait_for = [&](std::string_view whom, list::Role judges) {
    return Hold{"moderation", fmt::format("{} ({})", whom, where), may_hear && !action.quiet,
                judges};
  };
  switch (settled(item.header.word, action)) {
    case scenario::Action::do_it: {
      const auto few = too_few_readers(item, ports);
      if (!few) return few.error();
      if (*few) return ends(Hold{"moderation", **few, may_hear});
      return ends(outcome::Distribute{*item.list, std::string(scenario::to_string(item.method)),
                                      item.sender, item.opened.payload.has_value()});
    }
    case scenario::Action::request_auth:
      return ends(Hold{"auth", fmt::format("the sender's confirmation ({})", where)});
    case scenario::Action::editor:
    case scenario::Action::editorkey:
      return ends(wait_for("an editor", list::Role::editor));
    case scenario::Action::owner:
      return ends(wait_for("an owner", list::Role::owner));
    case scenario::Action::listmaster:
      return ends(wait_for("a listmaster", list::Role::listmaster));
    default:
      return ends(Reject{"5.7.1", action.reason.empty() ? "not_authorized" : action.reason,
                         reason_codes(item.opened.protection), action.tt2, action.quiet});
  }
}

// --- the specification
// -------------------------------------------------------------------------------------------

struct Stage {
  std::string_view name;
  Outcome (*run)(Item&, const Ports&);
};
constexpr std::array kStages{
    Stage{"address", find_destination},           // ours? which list, which role?
    Stage{"authorities", set_authorities_apart},  // CA mail is for the listmaster alone
    Stage{"shape", check_shape},                  // one From, a Message-ID
    Stage{"loops", stop_loops},                   // loops, automata
    Stage{"roles", serve_role_addresses},  // -request, -editor, listmaster: forwarded as they are
    Stage{"word", heed_refusal},           // an editor has refused it
    Stage{"size", check_size},             //
    Stage{"open", open_protection},        // decrypt, verify
    Stage{"guard", guard_against_replay},  // duplicates, replays, cross-posts
    Stage{"learn", note_certificates},     //
    Stage{"sympa", serve_sympa},  // commands, and certificates: the command addresses end here
    Stage{"policy", check_encrypted_post_policy},
    Stage{"authorize", authorize_post},  // the list's scenario; always ends
};

// Rule 10, attack A37: whatever a refused post held that is encrypted to us, whoever sent it hears the same, unless he
// has proven to be its author. The ledger has the reason.
void speak_uniformly(const Item& item, Reject& reject) {
  const auto& protection = item.opened.protection;
  if (!protection.is_ours() || protection.smime) return;
  reject.told = smime::row(smime::Reason::replayed_ciphertext).code;
  reject.tt2.clear();
}

Disposition settle_effects(Item& item, Disposition disposition) {
  // Rule 20: what is refused, or still waits for somebody's word, teaches nothing.
  const bool accepted = std::holds_alternative<outcome::Distribute>(disposition) ||
                        std::holds_alternative<outcome::AnswerCertificate>(disposition) ||
                        std::holds_alternative<outcome::Commands>(disposition);
  if (!accepted) item.effects.clear();
  if (auto* reject = std::get_if<Reject>(&disposition)) speak_uniformly(item, *reject);
  // Held again where it came from, it would meet its own file. A person has to look.
  const auto* hold = std::get_if<Hold>(&disposition);
  const auto& word = item.header.word;
  if (hold != nullptr && word.given() && (hold->spool == "auth") == word.confirms())
    return Quarantine{
        fmt::format("{} by {}, and cannot be released: {}", word.verdict, word.by, hold->reason)};
  return disposition;
}

}  // namespace

Question send_question(const Item& item) {
  Question question;
  question.function = "send";
  question.list = item.list;
  question.domain = item.list->domain();
  question.method = item.method;
  question.sender = item.sender;
  question.message = &item.tree;
  question.message_encrypted = item.opened.payload.has_value();
  return question;
}

Result<Disposition> decide(Item& item, const Ports& ports) {
  for (const auto& stage : kStages) {
    auto outcome = stage.run(item, ports);
    if (!outcome) return std::move(outcome).error().in(stage.name);
    if (*outcome) return settle_effects(item, std::move(**outcome));
  }
  return Error::never(Errc::corrupt, "no stage decided");
}

Result<Disposition> inquire(Item& item, const Ports& ports, Inquiry& inquiry) {
  item.only_asked = true;
  for (const auto& stage : kStages) {
    if (stage.run == guard_against_replay) continue;
    inquiry.stage = stage.name;
    auto outcome = stage.run(item, ports);
    if (!outcome) return std::move(outcome).error();
    if (*outcome) return settle_effects(item, std::move(**outcome));
    if (inquiry.passed) inquiry.passed(stage.name, item);
  }
  return Error::never(Errc::corrupt, "no stage decided");
}

Item make_item(spool::Spooled spooled) {
  return Item{.header = std::move(spooled.header),
              .tree = mail::scan(mail::RawMessage(std::move(spooled.message))),
              .published = {},
              .destination = {},
              .list = {},
              .config = {},
              .sender = {},
              .opened = {},
              .method = scenario::AuthMethod::smtp,
              .judged = scenario::AuthMethod::smtp,
              .decision = {},
              .effects = {},
              .only_asked = false};
}

Result<std::vector<std::string>> people_of(const std::optional<list::ListAddress>& list,
                                           list::Role role, const Ports& ports) {
  std::vector<std::string> people;
  if (list && role != list::Role::listmaster) {
    auto admins = ports.directory.admins(*list, role);
    if (!admins) return std::move(admins).error();
    if (admins->empty() && role == list::Role::editor)
      return people_of(list, list::Role::owner, ports);
    for (const auto& admin : *admins)
      if (admin.receives) people.push_back(admin.email);
    // Nobody wants mail: then all get it, rather than nobody (Sympa 3.5).
    if (people.empty())
      for (const auto& admin : *admins) people.push_back(admin.email);
  }
  if (people.empty()) people = ports.site.listmasters();
  return without_own_addresses(std::move(people), ports.site);
}

bool is_automatic(const mail::MimeTree& message) {
  const auto& root = message.root();
  for (const auto* field : message.find(root, "Auto-Submitted")) {
    const std::string value = message.unfolded(*field);
    if (!ascii::iequals(ascii::trim(std::string_view(value).substr(0, value.find_first_of(";("))),
                        "no"))
      return true;
  }
  return root.content_type.is("multipart", "report");
}

}  // namespace paraph::pipeline
