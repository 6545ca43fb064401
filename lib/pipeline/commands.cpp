#include "pipeline/commands.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <set>
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
constexpr std::string_view kRequestPrefix = "paraph.";

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
    Meaning{Verb::distribute, KeyAction::moderate_as_owner, "moderation", "distribute",
            "distributed"},
    Meaning{Verb::reject, KeyAction::moderate_as_owner, "moderation", "reject", "rejected"},
    Meaning{Verb::distribute, KeyAction::moderate_as_listmaster, "moderation", "distribute",
            "distributed"},
    Meaning{Verb::reject, KeyAction::moderate_as_listmaster, "moderation", "reject", "rejected"},
    Meaning{Verb::reject, KeyAction::approve, "auth", "reject", "rejected"},
};

// For which office the holder of such a key was asked; nullopt: for none.
std::optional<list::Role> office_of(KeyAction action) {
  switch (action) {
    case KeyAction::moderate:
      return list::Role::editor;
    case KeyAction::moderate_as_owner:
    case KeyAction::approve:
      return list::Role::owner;
    case KeyAction::moderate_as_listmaster:
      return list::Role::listmaster;
    default:
      return std::nullopt;
  }
}

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

  Result<CommandAnswer> answer(const Command& command, std::size_t number) {
    CommandAnswer out{written(command), {}};
    const auto done = command.verb == Verb::help                    ? says(out, "help")
                      : command::row(command.verb).function.empty() ? by_key(command, out)
                                                                    : by_scenario(command, out);
    if (!done) return done.error();
    return recalled(command, number, std::move(out));
  }

  /// Rule 28: of what somebody has encrypted no text is kept or told.
  [[nodiscard]] std::string written(const Command& command) const {
    if (!is_encrypted()) return command::to_string(command);
    if (!command.request.empty()) return std::string(command::row(command.verb).usage);
    return command::to_string(without_words(command));
  }

  // Rule 46. Attack A33: whoever answers a mail may quote a command and mean none, so what stands below words is no order.
  [[nodiscard]] AuthMethod method_for(const Command& command) const {
    if (item_.method != AuthMethod::smime || item_.header.word.given()) return item_.method;
    // "Subscribe to the list, as she asks:" is one too, of a list "to".
    const bool words =
        std::any_of(script_.commands.begin(), script_.commands.end(), [&](const Command& before) {
          return before.line < command.line && !before.list.empty() &&
                 before.list.find('@') == std::string::npos;
        });
    const bool bound = command.line > 0 && !script_.preceded && !words &&
                       command.list.find('@') != std::string::npos;
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

  [[nodiscard]] bool is_encrypted() const { return item_.opened.payload.has_value(); }

  // What an earlier attempt at this mail has done may be why another answer would be given now: its own stands.
  Result<CommandAnswer> recalled(const Command& command, std::size_t number,
                                 CommandAnswer now) const {
    const auto row = ports_.ledger.find(command_id(item_, number, ports_).str());
    if (!row) return row.error();
    if (!*row) return now;
    now.repeated = true;
    auto begun = outcome::begun_command((*row)->outcome);
    if (begun.status == now.status) return now;
    const auto stands = is_done(command, begun.status, (*row)->message_id);
    if (!stands) return stands.error();
    if (!*stands) return now;
    CommandAnswer then{std::move(now.command), std::move(begun.status)};
    then.quiet = begun.quiet;
    return then;
  }

  // A word that was given is told from others when it is carried out, and a request that nobody was asked about is none.
  [[nodiscard]] Result<bool> is_done(const Command& command, std::string_view status,
                                     std::string_view message_id) const {
    const auto list = named(command.list);
    if (!list || command::row(command.verb).function.empty()) return false;
    if (const auto request = request_of(message_id); !request.empty()) {
      const auto asked = ports_.ledger.find(request);
      if (!asked) return asked.error();
      return asked->has_value();
    }
    if (status != "joined" && status != "left") return true;
    const auto member = ports_.directory.member(*list, email_of(command));
    if (!member) return member.error();
    return member->has_value() == (status == "joined");
  }

  [[nodiscard]] std::string email_of(const Command& command) const {
    return command.email.empty() ? item_.sender : command.email;
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
    const auto refused =
        needs_smime ? lacks_signature(command, **key, **list) : Result<bool>(false);
    if (!refused) return refused.error();
    if (*refused) return says(out, "needs_smime");
    const bool quiet = command.quiet && meaning->verdict == "reject";
    const bool wordless = is_encrypted() && !command.reason.empty();
    out.effect = outcome::GiveWord{(*key)->item,
                                   std::string(meaning->spool),
                                   std::string(meaning->verdict) + (quiet ? "-quietly" : ""),
                                   (*key)->recipient,
                                   wordless ? std::string() : command.reason,
                                   (*key)->list};
    return says(out, wordless ? "rejected_wordless" : meaning->status);
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
    const auto role = office_of(key.action);
    if (!role) return true;
    const auto has = has_role(list, *role, key.recipient, ports_);
    if (!has || *has) return has;
    return has_role(list, list::Role::listmaster, key.recipient, ports_);
  }

  // Rule 17: releasing takes an editor's own signature where the list says so; unless it says something, where no unsigned
  // post could get through without an editor.
  Result<bool> lacks_signature(const Command& command, const store::DecisionKey& key,
                               const list::ListAddress& list) const {
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
    // Whoever was asked for another office speaks for himself.
    if (key.action != KeyAction::moderate) return item_.sender != key.recipient;
    const auto editor = has_role(list, list::Role::editor, item_.sender, ports_);
    return editor ? Result<bool>(!*editor) : editor;
  }

  // --- by scenario ---

  Result<void> by_scenario(const Command& command, CommandAnswer& out) {
    if (item_.header.word.rejects()) {
      out.quiet = item_.header.word.verdict != "reject";
      return says(out, "refused");
    }
    const auto found = existing(command.list);
    if (!found) return found.error();
    if (!*found) return says(out, "unknown_list");
    const auto& list = *found;
    const auto email = email_of(command);
    if (!may_be_written_to(ports_.site, email)) return says(out, "bad_address");
    if (!touched_.insert({list->str(), email}).second) return says(out, "twice");

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
    const auto member = ports_.directory.member(*question.list, question.email);
    if (!member) return member.error();
    const bool vain = member->has_value() == joins(command);
    const auto& action = decision.action;
    switch (settled(item_.header.word, action)) {
      case Action::do_it:
        if (vain) return says_vain(command, out);
        out.quiet = command.quiet || action.quiet;
        out.effect = outcome::ChangeMembership{*question.list, joins(command),
                                               question.email, is_encrypted() ? "" : command.name,
                                               out.quiet,      action.notify};
        return says(out, joins(command) ? "joined" : "left");
      case Action::request_auth:
        return ask_concerned(command, question, decision, vain, out);
      case Action::owner:
      case Action::editor:
      case Action::editorkey:
        return ask(command, question, decision, list::Role::owner, vain, out);
      case Action::listmaster:
        return ask(command, question, decision, list::Role::listmaster, vain, out);
      default:
        out.quiet = action.quiet;
        out.tt2 = action.tt2;
        out.list = question.list;
        return says(out, "not_authorized", action.reason);
    }
  }

  static Result<void> says_vain(const Command& command, CommandAnswer& out) {
    return says(out, joins(command) ? "already_member" : "not_member");
  }
  static bool joins(const Command& command) {
    return command.verb == Verb::subscribe || command.verb == Verb::add;
  }

  // In somebody else's name: he is asked, and whoever asks learns nothing (Sympa 6.3), not even that it would be in vain.
  Result<void> ask_concerned(const Command& command, const Question& question,
                             const scenario::Decision& decision, bool vain,
                             CommandAnswer& out) const {
    const bool own_affair = command.verb == Verb::subscribe || command.verb == Verb::signoff;
    const bool other = question.email != question.sender;
    if (vain && !other) return says_vain(command, out);
    const bool to_target = other && (own_affair || decision.action.confirm_by_email);
    out.effect = outcome::AskFor{*question.list,
                                 request_text(command, question),
                                 false,
                                 {to_target ? question.email : question.sender},
                                 reason(question, decision),
                                 vain && to_target};
    return says(out, to_target ? "asked_other" : "asked_sender");
  }

  // Nobody is asked to change nothing. Who asks about himself hears so; about somebody else he hears what he would hear
  // otherwise.
  Result<void> ask(const Command& command, const Question& question,
                   const scenario::Decision& decision, list::Role role, bool vain,
                   CommandAnswer& out) const {
    const bool other = question.email != question.sender;
    if (vain && !other) return says_vain(command, out);
    auto people = people_of(question.list, role, ports_);
    if (!people) return std::move(people).error();
    if (people->empty()) return says(out, "nobody_to_ask");
    out.effect = outcome::AskFor{*question.list,     request_text(command, question), true,
                                 *std::move(people), reason(question, decision),      vain};
    return says(out, other ? "asked_owners_other" : "asked_owners");
  }

  // With the list's whole name and the address written out: it is read again without this mail beside it.
  [[nodiscard]] std::string request_text(Command command, const Question& question) const {
    if (is_encrypted()) command = without_words(std::move(command));
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
  std::set<std::pair<std::string, std::string>> touched_;  ///< lists and addresses, by a command
};

// Rule 10: who only sends on what somebody else has encrypted neither carries it out nor hears what it was. Rule 17: the
// null sender is a program. Rule 27: nobody speaks as an address of ours.
bool may_command(const Item& item, const Ports& ports) {
  const auto& protection = item.opened.protection;
  if (item.opened.payload && !(protection.smime && protection.signature.inside_encryption))
    return false;
  return !item.header.null_sender() && may_be_written_to(ports.site, item.sender);
}

// A scenario or a configuration that cannot be read is one list's trouble; a database or a disk is everybody's.
bool is_of_one_list(const Error& error) {
  return error.code() == Errc::config || error.code() == Errc::not_found;
}

}  // namespace

std::string request_message_id(const spool::QueueId& id, const list::ListAddress& list) {
  return fmt::format("{}{}@{}", kRequestPrefix, id.str(), list.domain());
}

std::string request_of(std::string_view message_id) {
  if (!message_id.starts_with(kRequestPrefix)) return {};
  message_id.remove_prefix(kRequestPrefix.size());
  return std::string(message_id.substr(0, message_id.find('@')));
}

spool::QueueId command_id(const Item& item, std::size_t number, const Ports& ports) {
  return item.header.id.derive(fmt::format("command:{}", number), ports.digest);
}

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
  Service service(item, script, ports);
  // Rule 46: a certificate is learned only from a mail of which something counts as signed.
  const bool proves =
      std::any_of(script.commands.begin(), script.commands.end(),
                  [&](const auto& each) { return service.method_for(each) == AuthMethod::smime; });
  if (!proves) item.effects.clear();
  std::size_t waiting = 0;
  for (std::size_t i = 0; i < script.commands.size(); ++i) {
    const auto& command = script.commands[i];
    auto answer = service.answer(command, i);
    if (answer) {
      commands.answers.push_back(std::move(*answer));
      continue;
    }
    const auto& error = answer.error();
    if (error.retry() == Retry::later) ++waiting;
    // When nothing else would be carried out, the mail waits until somebody has mended the rules, as a post does.
    if (!is_of_one_list(error) || waiting == script.commands.size()) return error;
    ports.log.write(
        sys::Level::error, "command-not-served",
        {{"id", item.header.id.str()}, {"list", command.list}, {"reason", error.advice()}});
    commands.answers.push_back({service.written(command), "try_again"});
  }
  for (const auto& fault : script.faults)
    commands.answers.push_back(
        {fault.line == 0 ? std::string("Subject") : fmt::format("line {}", fault.line), "fault",
         fault.what});
  return std::optional<outcome::Disposition>(std::move(commands));
}

}  // namespace paraph::pipeline
