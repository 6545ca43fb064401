#include "pipeline/commands.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"
#include "command/command.h"
#include "mail/address.h"
#include "pipeline/authorize.h"
#include "pipeline/facts.h"
#include "pipeline/key_ring.h"
#include "smime/open.h"

namespace paraph::pipeline {
namespace {

using command::Command;
using command::Script;
using command::Verb;
using outcome::CommandAnswer;
using scenario::Action;
using scenario::AuthMethod;
using store::KeyAction;

constexpr auto kCommandLife = std::chrono::hours(24);
constexpr auto kSkew = std::chrono::minutes(5);

/// What a key of that kind lets its holder say with that verb.
struct Meaning {
  Verb verb;
  KeyAction action;
  std::string_view spool, verdict, status;
};
constexpr std::array kMeanings{
    Meaning{Verb::confirm, KeyAction::confirm, "auth", "confirm", "confirmed"},
    Meaning{Verb::auth, KeyAction::request, "auth", "confirm", "confirmed"},
    Meaning{Verb::auth, KeyAction::approve, "auth", "distribute", "accepted"},
    Meaning{Verb::distribute, KeyAction::moderate, "moderation", "distribute", "distributed"},
    Meaning{Verb::reject, KeyAction::moderate, "moderation", "reject", "rejected"},
    Meaning{Verb::reject, KeyAction::approve, "auth", "reject", "rejected"},
};

const Meaning* meaning_of(Verb verb, KeyAction action) {
  const auto found = std::find_if(kMeanings.begin(), kMeanings.end(), [&](const Meaning& each) {
    return each.verb == verb && each.action == action;
  });
  return found == kMeanings.end() ? nullptr : &*found;
}

// The address itself is the command; what stands in the mail is none.
std::optional<Script> of_address(const Item& item) {
  const auto kind = item.destination.kind;
  if (kind != list::AddressKind::subscribe && kind != list::AddressKind::unsubscribe)
    return std::nullopt;
  Command command;
  command.verb = kind == list::AddressKind::subscribe ? Verb::subscribe : Verb::signoff;
  command.list = item.list->str();
  return Script{{std::move(command)}, {}};
}

// A Subject that is a command is the only one (Sympa 6.1).
Script script_of(const Item& item) {
  if (auto script = of_address(item)) return std::move(*script);
  const auto subject = item.tree.field(item.tree.root(), "Subject");
  Script script = command::read_subject(mail::decode_words(subject.value_or(std::string())));
  if (script.empty())
    static_cast<void>(smime::with_typed_text(
        item.opened, [&](std::string_view text) { script = command::read_text(text); }));
  return script;
}

// Rule 46: signed within the day before it came, and not ahead of the clock.
bool is_fresh(const Item& item) {
  const auto& signers = item.opened.protection.signature.signers;
  if (signers.empty() || !signers.front().signing_time) return false;
  const auto signed_at = *signers.front().signing_time;
  return signed_at + kCommandLife >= item.header.received &&
         signed_at <= item.header.received + kSkew;
}

/// The commands of one mail, one after the other.
class Service {
 public:
  Service(const Item& item, const Script& script, const Ports& ports)
      : item_(item), script_(script), ports_(ports) {}

  Result<CommandAnswer> answer(Command command) const {
    // Rule 28: of what somebody has encrypted no text is kept or told.
    const bool encrypted = item_.opened.payload.has_value();
    if (encrypted) command = without_words(std::move(command));
    CommandAnswer out{command::to_string(command), {}};
    if (encrypted && !command.request.empty()) out.command = command::row(command.verb).usage;
    const auto done = command.verb == Verb::help                    ? help(out)
                      : command::row(command.verb).function.empty() ? by_key(command, out)
                                                                    : by_scenario(command, out);
    if (!done) return done.error();
    return out;
  }

  // Rule 46. Attack A33: whoever answers a mail may quote a command and mean none, so what stands below words is no order.
  [[nodiscard]] AuthMethod method_for(const Command& command) const {
    if (item_.method != AuthMethod::smime || item_.header.word.given()) return item_.method;
    const bool bound =
        command.line > 0 && !script_.preceded && command.list.find('@') != std::string::npos;
    // Rule 11: what was signed for somebody else is no command to us.
    const auto& named = item_.opened.protection.protected_recipients;
    const bool for_us = !named || std::find(named->begin(), named->end(),
                                            ascii::to_lower(item_.header.address)) != named->end();
    return is_fresh(item_) && for_us && bound ? AuthMethod::smime : AuthMethod::smtp;
  }

 private:
  static Result<void> says(CommandAnswer& out, std::string_view status, std::string detail = {}) {
    out.status = status;
    out.detail = std::move(detail);
    return {};
  }

  static Command without_words(Command command) {
    command.reason.clear();
    command.name.clear();
    return command;
  }

  static Result<void> help(CommandAnswer& out) {
    std::string lines;
    for (const auto& row : command::table()) lines += fmt::format("{}: {}. ", row.usage, row.help);
    return says(out, "help", std::move(lines));
  }

  // --- by key ---

  Result<void> by_key(const Command& command, CommandAnswer& out) const {
    const auto digest = ascii::hex_lower(ports_.digest.sha256(command.key));
    const auto key = ports_.keys.find(digest);
    if (!key) return key.error();
    const auto* meaning = *key ? meaning_of(command.verb, (*key)->action) : nullptr;
    // One answer for a key that never was, one for another list, one that has expired, and one that has outlived the list or
    // its holder's office.
    if (meaning == nullptr || !is_meant(command, **key)) return says(out, "unknown_key");
    const auto list = existing((*key)->list);
    if (!list) return list.error();
    const auto counts = *list ? may_still_use(**key, **list) : Result<bool>(false);
    if (!counts) return counts.error();
    if (!*counts) return says(out, "unknown_key");
    const bool needs_smime = command.verb == Verb::distribute;
    const auto refused = needs_smime ? lacks_signature(command, **list) : Result<bool>(false);
    if (!refused) return refused.error();
    if (*refused) return says(out, "needs_smime");
    const bool quiet = command.quiet && meaning->verdict == "reject";
    out.effect = outcome::GiveWord{(*key)->item, std::string(meaning->spool),
                                   std::string(meaning->verdict) + (quiet ? "-quietly" : ""),
                                   (*key)->recipient, command.reason};
    return says(out, meaning->status);
  }

  [[nodiscard]] bool is_meant(const Command& command, const store::DecisionKey& key) const {
    if (key.expires < epoch(ports_.clock.now())) return false;
    if (!command.request.empty() && command.request != key.request) return false;
    if (command.list.empty()) return true;
    const auto list = named(command.list);
    return list && list->str() == key.list;
  }

  // Rule 16: whoever was asked for his office may answer while he has it. A listmaster was asked where there was nobody else.
  [[nodiscard]] Result<bool> may_still_use(const store::DecisionKey& key,
                                           const list::ListAddress& list) const {
    if (key.action != KeyAction::moderate && key.action != KeyAction::approve) return true;
    const auto role = key.action == KeyAction::moderate ? list::Role::editor : list::Role::owner;
    const auto has = has_role(list, role, key.recipient, ports_);
    if (!has || *has) return has;
    return has_role(list, list::Role::listmaster, key.recipient, ports_);
  }

  // Rule 17: releasing takes an editor's own signature where the list says so; unless it says something, where no unsigned
  // post could get through without an editor.
  Result<bool> lacks_signature(const Command& command, const list::ListAddress& list) const {
    auto config = config::ListConfig::load(ports_.site, list);
    if (!config) return std::move(config).error();
    const auto wanted = config->get("release_by_mail");
    auto needed = Result<bool>(wanted == "smime");
    if (wanted == "auto") {
      Question question;
      question.function = "send";
      question.list = list;
      question.domain = list.domain();
      needed = only_signed_mail_passes(question, ports_);
    }
    if (!needed || !*needed) return needed;
    if (method_for(command) != AuthMethod::smime) return true;
    const auto editor = has_role(list, list::Role::editor, item_.sender, ports_);
    return editor ? Result<bool>(!*editor) : editor;
  }

  // --- by scenario ---

  Result<void> by_scenario(const Command& command, CommandAnswer& out) const {
    if (item_.header.word.rejects()) return says(out, "refused", item_.header.word.reason);
    const auto found = existing(command.list);
    if (!found) return found.error();
    if (!*found) return says(out, "unknown_list");
    const auto& list = *found;
    const auto email = command.email.empty() ? item_.sender : command.email;
    const auto address = mail::AddrSpec::parse(email);
    if (!address || is_own_address(ports_.site, *address)) return says(out, "bad_address");

    Question question;
    question.function = command::row(command.verb).function;
    question.list = *list;
    question.domain = list->domain();
    question.method = method_for(command);
    question.sender = item_.sender;
    question.email = email;
    question.message = &item_.tree;
    question.message_encrypted = item_.opened.payload.has_value();
    const auto decision = authorize(question, ports_);
    if (!decision) return decision.error();
    return apply(command, question, *decision, out);
  }

  Result<void> apply(const Command& command, const Question& question,
                     const scenario::Decision& decision, CommandAnswer& out) const {
    const bool joins = command.verb == Verb::subscribe || command.verb == Verb::add;
    const auto member = ports_.directory.member(*question.list, question.email);
    if (!member) return member.error();
    const bool vain = member->has_value() == joins;
    const auto& action = decision.action;
    switch (settled(item_.header.word, action)) {
      case Action::do_it:
        if (vain) return says(out, joins ? "already_member" : "not_member");
        out.effect = outcome::ChangeMembership{*question.list,         joins,
                                               question.email,         command.name,
                                               quiet(command, action), action.notify};
        return says(out, joins ? "joined" : "left");
      case Action::request_auth:
        return ask_concerned(command, question, decision, vain, out);
      case Action::owner:
      case Action::editor:
      case Action::editorkey:
        return ask(command, question, decision, list::Role::owner, out);
      case Action::listmaster:
        return ask(command, question, decision, list::Role::listmaster, out);
      default:
        return says(out, "not_authorized", action.reason);
    }
  }

  static bool quiet(const Command& command, const scenario::RuleAction& action) {
    return command.quiet || action.quiet;
  }

  // In somebody else's name: he is asked, and whoever asks learns nothing (Sympa 6.3).
  Result<void> ask_concerned(const Command& command, const Question& question,
                             const scenario::Decision& decision, bool vain,
                             CommandAnswer& out) const {
    const bool own_affair = command.verb == Verb::subscribe || command.verb == Verb::signoff;
    const bool other = own_affair && question.email != question.sender;
    const bool to_target = decision.action.confirm_by_email || other;
    if (!vain)
      out.effect = outcome::AskFor{*question.list,
                                   request_text(command, question),
                                   false,
                                   {to_target ? question.email : question.sender},
                                   reason(question, decision)};
    return says(out, to_target && other ? "asked_other" : "asked_sender");
  }

  Result<void> ask(const Command& command, const Question& question,
                   const scenario::Decision& decision, list::Role role, CommandAnswer& out) const {
    auto people = people_of(question.list, role, ports_);
    if (!people) return std::move(people).error();
    if (people->empty()) return says(out, "nobody_to_ask");
    out.effect = outcome::AskFor{*question.list, request_text(command, question), true,
                                 *std::move(people), reason(question, decision)};
    return says(out, "asked_owners");
  }

  // With the list's whole name and the address written out: it is read again without this mail beside it.
  static std::string request_text(Command command, const Question& question) {
    command.list = question.list->str();
    if (command.verb != Verb::subscribe) command.email = question.email;
    return command::to_string(command);
  }

  static std::string reason(const Question& question, const scenario::Decision& decision) {
    if (!decision.rule) return question.function;
    const auto& place = decision.rule->place;
    return fmt::format("{}:{}", place.file.substr(place.file.rfind('/') + 1), place.line);
  }

  // --- for both ---

  // nullopt: there is none of that name.
  [[nodiscard]] Result<std::optional<list::ListAddress>> existing(std::string_view text) const {
    auto list = named(text);
    if (!list) return list;
    if (auto known = ports_.site.resolve_list(list->str()); !known) {
      if (known.error().retry() == Retry::later) return std::move(known).error();
      return std::optional<list::ListAddress>();
    }
    return list;
  }

  // A bare name is one of the domain that the mail came to.
  [[nodiscard]] std::optional<list::ListAddress> named(std::string_view text) const {
    const auto at = std::min(text.find('@'), text.size());
    const auto domain =
        at == text.size() ? std::string_view(item_.destination.domain) : text.substr(at + 1);
    const auto domains = ports_.site.domains();
    if (std::find(domains.begin(), domains.end(), domain) == domains.end()) return std::nullopt;
    return list::ListAddress::parse(text.substr(0, at), domain);
  }

  const Item& item_;
  const Script& script_;
  const Ports& ports_;
};

// Rule 10: who only sends on what somebody else has encrypted neither carries it out nor hears what it was. Rule 17: the
// null sender is a program. Rule 27: nobody speaks as an address of ours.
bool may_command(const Item& item, const Ports& ports) {
  const auto& protection = item.opened.protection;
  if (item.opened.payload && !(protection.smime && protection.signature.inside_encryption))
    return false;
  return !item.header.null_sender() && may_be_written_to(ports.site, item.sender);
}

}  // namespace

bool takes_commands(list::AddressKind kind) {
  return kind == list::AddressKind::sympa || kind == list::AddressKind::subscribe ||
         kind == list::AddressKind::unsubscribe;
}

scenario::Action settled(const spool::Word& word, const scenario::RuleAction& action) {
  if (word.releases() && action.action != Action::reject) return Action::do_it;
  if (word.confirms() && action.action == Action::request_auth)
    return action.then_moderate ? Action::editorkey : Action::do_it;
  return action.action;
}

Outcome serve_commands(Item& item, const Ports& ports) {
  if (!may_command(item, ports)) return std::optional<outcome::Disposition>();
  const Script script = script_of(item);
  const bool certificate = script.commands.empty() && item.opened.protection.smime;
  if (script.empty() || certificate) return std::optional<outcome::Disposition>();
  outcome::Commands commands{item.destination.domain, {}};
  const Service service(item, script, ports);
  // Rule 46: a certificate is learned only from a mail of which something counts as signed.
  const bool proves =
      std::any_of(script.commands.begin(), script.commands.end(),
                  [&](const auto& each) { return service.method_for(each) == AuthMethod::smime; });
  if (!proves) item.effects.clear();
  for (const auto& each : script.commands) {
    auto answer = service.answer(each);
    if (!answer) return std::move(answer).error();
    commands.answers.push_back(std::move(*answer));
  }
  for (const auto& fault : script.faults)
    commands.answers.push_back(
        {fault.line == 0 ? std::string("Subject") : fmt::format("line {}", fault.line), "fault",
         fault.what});
  return std::optional<outcome::Disposition>(std::move(commands));
}

}  // namespace paraph::pipeline
