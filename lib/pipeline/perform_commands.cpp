#include "pipeline/perform_commands.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/utf8.h"
#include "mail/address.h"
#include "pipeline/ask.h"
#include "pipeline/guard.h"
#include "pipeline/key_ring.h"
#include "pipeline/outbox.h"
#include "spool/desk.h"
#include "sys/file_system.h"

namespace paraph::pipeline {
namespace {

using outcome::AskFor;
using outcome::ChangeMembership;
using outcome::CommandAnswer;
using outcome::GiveWord;

constexpr std::size_t kMostAnswersADay = 20;

Result<spool::Desk> open_desk(const config::Site& site) {
  spool::Desk::Roots roots;
  const std::array<std::pair<std::string_view, std::shared_ptr<sys::FileSystem>*>, 4> all{
      {{"msg", &roots.msg},
       {"bulk", &roots.bulk},
       {"auth", &roots.auth},
       {"moderation", &roots.moderation}}};
  for (const auto& [name, place] : all) {
    auto root = sys::open_root(site.spool_directory(name));
    if (!root) return std::move(root).error();
    *place = std::move(*root);
  }
  return spool::Desk(std::move(roots));
}

/// Does what one answer promises; `status` may become another.
class Worker {
 public:
  Worker(const Item& item, std::size_t number, const IncomingSpools& spools, const Ports& ports)
      : item_(item), number_(number), spools_(spools), ports_(ports) {}

  Result<void> operator()(const std::monostate&) { return {}; }

  // Whoever decided first has decided. A repeat of this mail meets its own word, which says the same.
  Result<void> operator()(const GiveWord& given) {
    auto desk = open_desk(ports_.site);
    if (!desk) return std::move(desk).error();
    spool::Word word;
    word.verdict = given.verdict;
    word.by = given.by;
    word.reason = given.reason;
    const auto done =
        desk->decide({given.spool, spool::State::waiting, given.item}, std::move(word));
    if (done) {
      ports_.log.write(sys::Level::info, "decided",
                       {{"id", given.item},
                        {"verdict", given.verdict},
                        {"by", given.by},
                        {"mail_from", item_.sender}});
      return {};
    }
    // Busy: somebody has it in hand, or his word lies in msg already. It passes, and the mail waits for that.
    if (done.error().code() != Errc::not_found) return done;
    status_ = "already_decided";
    return {};
  }

  Result<void> operator()(const ChangeMembership& change) {
    auto changed = change.joins
                       ? ports_.directory.add_member(change.list, {.email = change.email,
                                                                   .gecos = change.name,
                                                                   .since = ports_.clock.now()})
                       : ports_.directory.remove_member(change.list, change.email);
    if (!changed) return changed.error();
    ports_.log.write(
        sys::Level::info, change.joins ? "member-joined" : "member-left",
        {{"list", change.list.str()}, {"address", change.email}, {"by", item_.sender}});
    if (!change.quiet)
      if (auto told = tell_member(change); !told) return told;
    return change.notify ? tell_owners(change) : Result<void>();
  }

  // A mail of ours that holds the command, under an id of its own, so that what waits for somebody is always one thing.
  Result<void> operator()(const AskFor& request) {
    const auto id = item_.header.id.derive(fmt::format("request:{}", number_), ports_.digest);
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
        "From: {}\nTo: {}\nMessage-ID: <paraph.{}@{}>\nContent-Type: text/plain; charset=utf-8\n"
        "Content-Transfer-Encoding: 8bit\n\n{}\n",
        item_.sender, header.address, id.str(), request.list.domain(), request.request);
    const std::string waits =
        fmt::format("{}: {} ({})", request.request,
                    request.approve ? "an owner" : "the confirmation of " + request.asked.front(),
                    request.reason);
    if (auto known = has_ended(id); !known || *known) return known ? Result<void>() : known.error();
    if (auto held = spools_.auth.hold(header, message, waits); !held) return held;
    auto note = ask_about_request(item_, request, id, spools_.bulk, ports_);
    if (!note) return note.error();
    note_ = std::move(*note);
    return ports_.ledger.record({.id = id.str(),
                                 .list = request.list.str(),
                                 .from = item_.sender,
                                 .outcome = "held",
                                 .reason = waits,
                                 .mta_id = {},
                                 .size = static_cast<long long>(message.size()),
                                 .received = epoch(item_.header.received)});
  }

  [[nodiscard]] const std::string& status() const { return status_; }
  [[nodiscard]] const std::string& note() const { return note_; }

 private:
  // A repeat after somebody has decided must not ask again.
  Result<bool> has_ended(const spool::QueueId& id) {
    const auto row = ports_.ledger.find(id.str());
    if (!row) return row.error();
    return row->has_value();
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

  Result<void> tell_member(const ChangeMembership& change) {
    return tell("member", change.joins ? "welcome.tt2" : "bye.tt2", change.email, change);
  }

  Result<void> tell_owners(const ChangeMembership& change) {
    auto owners = people_of(change.list, list::Role::owner, ports_);
    if (!owners) return std::move(owners).error();
    for (const auto& owner : *owners)
      if (auto told = tell("owner", "listowner_notification.tt2", owner, change); !told)
        return told;
    return {};
  }

  const Item& item_;
  std::size_t number_;
  const IncomingSpools& spools_;
  const Ports& ports_;
  std::string status_;
  std::string note_;
};

tt2::Value entry(const CommandAnswer& answer) {
  return tt2::Value::of(tt2::Data{{"cmd", utf8::printable(answer.command, kSignedValue)},
                                  {"status", answer.status},
                                  {"detail", utf8::printable(answer.detail, 1000)}});
}

// What went as wanted, quietly, needs no mail.
bool needs_report(const std::vector<CommandAnswer>& answers) {
  return !std::all_of(answers.begin(), answers.end(), [](const CommandAnswer& answer) {
    const auto* change = std::get_if<ChangeMembership>(&answer.effect);
    return change != nullptr && change->quiet;
  });
}

Result<std::string> report(const Item& item, const std::vector<CommandAnswer>& answers,
                           const IncomingSpools& spools, const Ports& ports) {
  if (item.header.null_sender() || !needs_report(answers)) return std::string();
  if (!may_be_written_to(ports.site, item.sender)) return std::string();
  if (item.method == scenario::AuthMethod::smtp) {
    const auto count = count_asked(item, item.sender, ports);
    if (!count) return count.error();
    if (*count > kMostAnswersADay)
      return fmt::format("not answered: the {}th mail to this address today", *count);
  }
  std::vector<tt2::Value> entries;
  for (const auto& answer : answers) entries.push_back(entry(answer));
  const auto id = item.tree.field(item.tree.root(), "Message-ID");
  const Notice notice{.id = item.header.id.derive("command_report", ports.digest),
                      .template_name = "command_report.tt2",
                      .data = {{"entries", tt2::Value::of(std::move(entries))}},
                      .to = item.sender,
                      .list = std::nullopt,
                      .domain = item.destination.domain,
                      .auto_submitted = "auto-replied",
                      .in_reply_to = id ? mail::canonical_message_id(*id) : std::string()};
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
  for (std::size_t i = 0; i < answers.size(); ++i) {
    Worker worker(item, i, spools, ports);
    if (auto done = std::visit(worker, answers[i].effect); !done) return std::move(done).error();
    if (!worker.status().empty()) answers[i].status = worker.status();
    if (!worker.note().empty()) notes += (notes.empty() ? "" : "; ") + worker.note();
  }
  auto told = report(item, answers, spools, ports);
  if (!told) return told;
  if (!told->empty()) notes += (notes.empty() ? "" : "; ") + *told;
  return notes;
}

}  // namespace paraph::pipeline
