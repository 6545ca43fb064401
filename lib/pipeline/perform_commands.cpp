#include "pipeline/perform_commands.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/utf8.h"
#include "command/command.h"
#include "mail/address.h"
#include "pipeline/ask.h"
#include "pipeline/commands.h"
#include "pipeline/guard.h"
#include "pipeline/key_ring.h"
#include "pipeline/outbox.h"
#include "spool/desk.h"

namespace paraph::pipeline {
namespace {

using outcome::AskFor;
using outcome::ChangeMembership;
using outcome::CommandAnswer;
using outcome::GiveWord;

constexpr std::size_t kMostAnswersADay = 20;
constexpr std::size_t kMostWords = 2000;  // of an owner who has refused a request
// To the owners of a list on a day, from people who have proven nothing: from the first number on the mails say that the
// rest will come without one, from the second on they do, and after the third nothing more is taken.
constexpr std::size_t kManyRequests = 40;
constexpr std::size_t kMostRequestsMailed = 50;
constexpr std::size_t kMostRequestsHeld = 200;
constexpr std::size_t kMostChangesTold =
    20;  // to a member on a day, by people who have proven nothing
constexpr long long kDay = 24 * 3600;
constexpr const char* kNotAsked = "not_asked";

// "; " parts the clauses of a reason: "reject by a@example.org" is no part of "reject by a@example.org.uk".
bool has_clause(std::string_view reason, std::string_view clause) {
  constexpr std::string_view between = "; ";
  for (;;) {
    const auto end = reason.find(between);
    if (reason.substr(0, end) == clause) return true;
    if (end == std::string_view::npos) return false;
    reason.remove_prefix(end + between.size());
  }
}

/// Does what one answer promises; its `status` may become another.
class Worker {
 public:
  Worker(const Item& item, std::size_t number, CommandAnswer& answer, const IncomingSpools& spools,
         const Ports& ports)
      : item_(item), number_(number), answer_(answer), spools_(spools), ports_(ports) {}

  Result<void> operator()(const std::monostate&) { return {}; }

  // Whoever decided first has decided.
  Result<void> operator()(const GiveWord& given) {
    const spool::Place place{given.spool, spool::State::waiting, given.item};
    if (!answer_.repeated) {
      if (auto there = spools_.desk.start(place, 0); !there) return not_given(given, there.error());
      if (auto begun = begin(given.list, {}); !begun) return begun;
    }
    spool::Word word;
    word.verdict = given.verdict;
    word.by = given.by;
    word.reason = given.reason;
    const auto done = spools_.desk.decide(place, std::move(word));
    if (!done)
      return answer_.repeated ? not_given_again(given, done.error())
                              : not_given(given, done.error());
    ports_.log.write(sys::Level::info, "decided",
                     {{"id", given.item},
                      {"verdict", given.verdict},
                      {"by", given.by},
                      {"mail_from", item_.sender}});
    return {};
  }

  // Who is told hears of it before it is so: a repeat finds the notices, and after the change nothing is left to do.
  Result<void> operator()(const ChangeMembership& change) {
    if (auto begun = begin(change.list.str(), {}); !begun) return begun;
    if (!change.quiet)
      if (auto told = tell_member(change); !told) return told;
    if (change.notify)
      if (auto told = tell_owners(change); !told) return told;
    const auto changed =
        change.joins
            ? ports_.directory.add_member(
                  change.list,
                  {.email = change.email, .gecos = change.name, .since = ports_.clock.now()})
            : ports_.directory.remove_member(change.list, change.email);
    if (!changed) return changed.error();
    if (*changed)
      ports_.log.write(
          sys::Level::info, change.joins ? "member-joined" : "member-left",
          {{"list", change.list.str()}, {"address", change.email}, {"by", item_.sender}});
    return {};
  }

  // A mail of ours that holds the command, under an id of its own, so that what waits for somebody is always one thing.
  Result<void> operator()(const AskFor& request) {
    const auto found = find_request(request);
    if (!found) return found.error();
    const auto& id = found->id;
    const auto reach = reach_of(request, id);
    if (!reach) return reach.error();
    if (*reach == Reach::nobody) {
      answer_.status = kNotAsked;
      return {};
    }
    if (found->row && found->row->outcome == kNotAsked) answer_.status = kNotAsked;  // by this mail
    if (request.vain || found->row) return {};
    // Held by the attempt before this one, and answered since.
    if (answer_.repeated)
      if (auto judged = none_to_be_judged(id.str()); !judged) return judged;
    // In two workers' hands at once the same request would be written twice under one id.
    const auto first = is_first_to_request(item_, id, ports_);
    if (!first || !*first) return first ? Result<void>() : Result<void>(first.error());
    if (auto begun = begin(request.list.str(), request_message_id(id, request.list)); !begun)
      return begun;
    return hold_and_ask(request, id, *reach);
  }

  [[nodiscard]] const std::string& note() const { return note_; }

 private:
  // What is decided stands before it is done: done, it may be why another answer would be given.
  Result<void> begin(const std::string& list, const std::string& message_id) {
    return ports_.ledger.record({.id = command_id(item_, number_, ports_).str(),
                                 .list = list,
                                 .from = item_.sender,
                                 .outcome = outcome::begun_word(answer_),
                                 .reason = answer_.command,
                                 .mta_id = {},
                                 .size = 0,
                                 .received = epoch(item_.header.received),
                                 .message_id = message_id});
  }

  // Busy: somebody has it in hand, or his word lies in msg already. It passes, and the mail waits for that.
  Result<void> not_given(const GiveWord& given, const Error& error) {
    const bool gone = error.code() == Errc::not_found;
    if (!gone && error.retry() == Retry::later) return error;
    answer_.quiet = false;
    answer_.status = gone ? "already_decided" : "damaged";
    if (gone) return {};
    ports_.log.write(sys::Level::error, "not-decided",
                     {{"id", given.item}, {"reason", error.advice()}});
    return raise_alarm(item_.header.id, "failed", given.item, error.what(), spools_.bulk, ports_);
  }

  // It is gone, and the attempt before this one saw it: that one took it, unless the ledger knows of another.
  Result<void> not_given_again(const GiveWord& given, const Error& error) {
    if (error.code() != Errc::not_found) return not_given(given, error);
    if (auto judged = none_to_be_judged(given.item); !judged) return judged;
    const auto row = ports_.ledger.find(given.item);
    if (!row) return row.error();
    const bool judged = *row && (*row)->outcome != "held" && !(*row)->reason.empty();
    const auto words = fmt::format("{} by {}", given.verdict, given.by);
    return judged && !has_clause((*row)->reason, words) ? not_given(given, error) : Result<void>();
  }

  // Whose word it is that lies in msg, the ledger knows when that has been judged.
  Result<void> none_to_be_judged(const std::string& id) {
    const auto found = spools_.desk.find(id, ports_.clock.now());
    if (!found && found.error().code() != Errc::not_found) return found.error();
    const bool lies = found && std::any_of(found->begin(), found->end(), [](const auto& entry) {
                        return entry.spool == "msg" && spool::live(entry.state);
                      });
    if (lies)
      return Error::later(Errc::busy, id + ": somebody's word about it is yet to be judged");
    return {};
  }

  struct Request {
    spool::QueueId id;
    std::optional<store::MailRow> row;  ///< it waits already, or has been decided
  };

  // The same for the same request on one day, so that it waits once; when it has been decided, the next one. A repeat of
  // this mail keeps the one that it began with.
  Result<Request> find_request(const AskFor& request) {
    std::optional<store::MailRow> begun;
    if (answer_.repeated) {
      auto row = ports_.ledger.find(command_id(item_, number_, ports_).str());
      if (!row) return std::move(row).error();
      begun = std::move(*row);
    }
    const auto known = marks(ports_);
    if (!known) return known.error();
    const long long day = epoch(item_.header.received) / kDay;
    for (std::size_t number = 0;; ++number) {
      const auto id = spool::QueueId::of(
          known->of("request", {request.list.str(), request.request, item_.sender,
                                request.approve ? "approve" : request.asked.front(),
                                std::to_string(day), std::to_string(number)}),
          TimePoint(std::chrono::seconds(day * kDay)), ports_.digest);
      auto row = ports_.ledger.find(id.str());
      if (!row) return std::move(row).error();
      const bool mine = begun && begun->message_id == request_message_id(id, request.list);
      const bool waits = *row && (*row)->outcome == "held";
      if (mine || waits || !*row) return Request{id, std::move(*row)};
    }
  }

  /// How far a request gets.
  enum class Reach { nobody, spool, mailbox, full_mailbox };

  // Whoever has proven nothing must fill nobody's mailbox, nor shut out the others: what owners are not told of waits for
  // them. In vain or not, since the limit would tell them apart.
  Result<Reach> reach_of(const AskFor& request, const spool::QueueId& id) {
    if (!request.approve) {
      const auto may = may_ask(item_, id, request.asked.front(), ports_);
      if (!may) return may.error();
      return *may ? Reach::mailbox : Reach::nobody;
    }
    if (item_.method != scenario::AuthMethod::smtp) return Reach::mailbox;
    const auto count = count_requests(item_, id, request.list, ports_);
    if (!count) return count.error();
    if (*count > kMostRequestsHeld) return Reach::nobody;
    if (*count > kMostRequestsMailed) return Reach::spool;
    return *count < kManyRequests ? Reach::mailbox : Reach::full_mailbox;
  }

  Result<void> hold_and_ask(const AskFor& request, const spool::QueueId& id, Reach reach) {
    spool::SpoolHeader header = item_.header;
    header.word = {};
    header.id = id;
    header.address = ports_.site.command_address(request.list.domain());
    header.reverse_path = item_.sender;
    header.kind = "request";
    header.list = request.list.str();
    header.auth = std::string(scenario::to_string(scenario::AuthMethod::smtp));
    header.sealed = "no";
    header.sender = item_.sender;
    const std::string message = fmt::format(
        "From: {}\nTo: {}\nMessage-ID: <{}>\nContent-Type: text/plain; charset=utf-8\n"
        "Content-Transfer-Encoding: 8bit\n\n{}\n",
        item_.sender, header.address, request_message_id(id, request.list), request.request);
    const std::string waits =
        fmt::format("{}: {} ({})", request.request,
                    request.approve ? "an owner" : "the confirmation of " + request.asked.front(),
                    request.reason);
    if (auto held = spools_.auth.hold(header, message, waits); !held) return held;
    auto asked = Result<Asked>(Asked{request.asked.size(), "the owners were not told: many today"});
    if (reach != Reach::spool)
      asked =
          ask_about_request(item_, request, id, reach == Reach::full_mailbox, spools_.bulk, ports_);
    if (!asked) return asked.error();
    note_ = std::move(asked->notes);
    // Nobody could give the word that it would wait for; the next one is asked for anew.
    if (asked->people == 0) {
      answer_.status = kNotAsked;
      auto dropped = spools_.desk.drop({"auth", spool::State::waiting, id.str()});
      if (!dropped && dropped.error().code() != Errc::not_found) return dropped;
    }
    return ports_.ledger.record({.id = id.str(),
                                 .list = request.list.str(),
                                 .from = item_.sender,
                                 .outcome = asked->people == 0 ? kNotAsked : "held",
                                 .reason = waits,
                                 .mta_id = {},
                                 .size = static_cast<long long>(message.size()),
                                 .received = epoch(item_.header.received)});
  }

  Result<void> tell(const std::string& purpose, std::string template_name, const std::string& to,
                    const ChangeMembership& change) {
    const Notice notice{
        .id = item_.header.id.derive(fmt::format("{}:{}:{}", purpose, number_, to), ports_.digest),
        .template_name = std::move(template_name),
        .data = {{"address", change.email},
                 {"by", item_.sender},
                 {"joins", change.joins ? "1" : ""}},
        .to = to,
        .list = change.list,
        .domain = change.list.domain(),
        .auto_submitted = "auto-generated",
        .in_reply_to = {}};
    const auto told = enqueue_notice(notice, {}, spools_.bulk, ports_);
    // He is a member, or is none any more, whether he can be told or not.
    if (told || told.error().retry() == Retry::later) return told;
    note_ = fmt::format("{} not told: {}", to, told.error().what());
    return {};
  }

  // An open list lets anybody who says that he is somebody have that somebody welcomed, and again.
  Result<void> tell_member(const ChangeMembership& change) {
    if (item_.method == scenario::AuthMethod::smtp) {
      const auto count =
          count_told(item_, command_id(item_, number_, ports_), change.email, ports_);
      if (!count) return count.error();
      if (*count > kMostChangesTold) {
        note_ = fmt::format("{} not told: the {}th change today", change.email, *count);
        return {};
      }
    }
    return tell("member", change.joins ? "welcome.tt2" : "bye.tt2", change.email, change);
  }

  Result<void> tell_owners(const ChangeMembership& change) {
    if (item_.method == scenario::AuthMethod::smtp) {
      const auto count =
          count_owners_told(item_, command_id(item_, number_, ports_), change.list, ports_);
      if (!count) return count.error();
      if (*count > kMostRequestsMailed) {
        note_ = fmt::format("the owners were not told: the {}th time today", *count);
        return {};
      }
    }
    auto owners = people_of(change.list, list::Role::owner, ports_);
    if (!owners) return std::move(owners).error();
    for (const auto& owner : *owners)
      if (auto told = tell("owner", "listowner_notification.tt2", owner, change); !told)
        return told;
    return {};
  }

  const Item& item_;
  std::size_t number_;
  CommandAnswer& answer_;
  const IncomingSpools& spools_;
  const Ports& ports_;
  std::string note_;
};

// reject(tt2='NAME') of a command: the list's own words, in a mail of their own. False: there is no such template, or none
// that can be read, which is no reason to withhold the answer to other commands.
Result<bool> tell_by_template(const Item& item, std::size_t number, const CommandAnswer& answer,
                              const IncomingSpools& spools, const Ports& ports) {
  const auto file =
      ports.site.find_file(answer.list, item.destination.domain, "mail_tt2", answer.tt2 + ".tt2");
  if (!file) return file.error();
  if (!*file) return false;
  const auto id = item.tree.field(item.tree.root(), "Message-ID");
  const Notice notice{
      .id = item.header.id.derive(fmt::format("refused command:{}", number), ports.digest),
      .template_name = answer.tt2 + ".tt2",
      .data = {{"sender", item.sender},
               {"cmd", utf8::printable(answer.command, kSignedValue)},
               {"reason", utf8::printable(answer.detail, kSignedValue)}},
      .to = item.sender,
      .list = answer.list,
      .domain = item.destination.domain,
      .auto_submitted = "auto-replied",
      .in_reply_to = id ? mail::canonical_message_id(*id) : std::string()};
  const auto told = enqueue_notice(notice, {}, spools.bulk, ports);
  if (told || told.error().code() != Errc::config) return told ? Result<bool>(true) : told.error();
  ports.log.write(sys::Level::error, "template-unusable", {{"reason", told.error().advice()}});
  return false;
}

tt2::Value entry(const CommandAnswer& answer) {
  return tt2::Value::of(tt2::Data{{"cmd", utf8::printable(answer.command, kSignedValue)},
                                  {"status", answer.status},
                                  {"detail", utf8::printable(answer.detail, kSignedValue)}});
}

// What HELP tells: each row short enough to be signed.
tt2::Value usages() {
  std::vector<tt2::Value> rows;
  for (const auto& row : command::table())
    rows.push_back(tt2::Value::of(
        tt2::Data{{"usage", std::string(row.usage)}, {"help", std::string(row.help)}}));
  return tt2::Value::of(std::move(rows));
}

Result<std::string> report(const Item& item, const std::vector<CommandAnswer>& answers,
                           const IncomingSpools& spools, const Ports& ports) {
  const bool wanted = std::any_of(answers.begin(), answers.end(),
                                  [](const CommandAnswer& answer) { return !answer.quiet; });
  if (!wanted || item.header.null_sender()) return std::string();
  if (!may_be_written_to(ports.site, item.sender)) return std::string();
  if (item.method == scenario::AuthMethod::smtp) {
    const auto count = count_answered(item, item.sender, ports);
    if (!count) return count.error();
    if (*count > kMostAnswersADay)
      return fmt::format("not answered: the {}th mail to this address today", *count);
  }
  std::vector<tt2::Value> entries;
  std::set<std::string> told_by;  // one mail by each template, whatever was asked how often
  bool more = false;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const auto& answer = answers[i];
    const bool own_mail =
        !answer.tt2.empty() && !answer.quiet && answer.list &&
        told_by.insert(fmt::format("{} {}", answer.list->str(), answer.tt2)).second;
    const auto told =
        own_mail ? tell_by_template(item, i, answer, spools, ports) : Result<bool>(false);
    if (!told) return told.error();
    if (*told) continue;
    more = more || !answer.quiet;
    entries.push_back(entry(answer));
  }
  if (!more) return std::string();
  const auto id = item.tree.field(item.tree.root(), "Message-ID");
  const auto& words = item.header.word.reason;
  const Notice notice{.id = item.header.id.derive("command_report", ports.digest),
                      .template_name = "command_report.tt2",
                      .data = {{"entries", tt2::Value::of(std::move(entries))},
                               {"commands", usages()},
                               {"words", utf8::printable(words, kMostWords)}},
                      .to = item.sender,
                      .list = std::nullopt,
                      .domain = item.destination.domain,
                      .auto_submitted = "auto-replied",
                      .in_reply_to = id ? mail::canonical_message_id(*id) : std::string(),
                      // An owner's words are not cut (rule 39).
                      .values = words.empty() ? Notice::Values::cut : Notice::Values::whole};
  const auto told = enqueue_notice(notice, {}, spools.bulk, ports);
  if (told) return std::string();
  if (told.error().retry() == Retry::later) return told.error();
  return "not answered: " + told.error().what();
}

}  // namespace

Result<std::string> perform_commands(const Item& item, const outcome::Commands& commands,
                                     const IncomingSpools& spools, const Ports& ports) {
  std::vector<CommandAnswer> answers = commands.answers;
  std::string notes;
  const auto note = [&notes](const std::string& text) {
    if (!text.empty()) notes += (notes.empty() ? "" : "; ") + text;
  };
  for (std::size_t i = 0; i < answers.size(); ++i) {
    Worker worker(item, i, answers[i], spools, ports);
    if (auto done = std::visit(worker, answers[i].effect); !done) return std::move(done).error();
    if (answers[i].status != commands.answers[i].status)
      note(fmt::format("{} in the end: {}", answers[i].command, answers[i].status));
    note(worker.note());
  }
  const auto told = report(item, answers, spools, ports);
  if (!told) return told;
  note(*told);
  return notes;
}

}  // namespace paraph::pipeline
