// moderation and request: what waits for somebody's decision, and the decision. The incoming daemon carries it out.

#include <fmt/core.h>

#include "apps/paraph/waiting.h"
#include "base/utf8.h"
#include "mail/entity.h"
#include "sys/file_system.h"

namespace paraph::app {
namespace {

using spool::Entry;

constexpr std::size_t kHeaderOctets = 64 * 1024;
constexpr std::size_t kShownField = 200;
constexpr std::size_t kLongestReason = 1000;

struct Desk {
  list::ListAddress list;
  WaitingMail waiting;
  ShortIds shorten;
};

Result<Desk> desk_of(Invocation& call) {
  auto site = call.site();
  if (!site) return std::move(site).error();
  auto list = call.list();
  if (!list) return std::move(list).error();
  auto waiting = WaitingMail::look(**site);
  auto shorten = short_ids(waiting.entries());
  return Desk{std::move(*list), std::move(waiting), std::move(shorten)};
}

bool belongs(const Entry& entry, std::string_view spool, const list::ListAddress& list) {
  return entry.spool == spool && entry.header && entry.header->list == list.str();
}

// Another list's mail is none, so that its editors learn nothing of it.
Result<Entry> entry_of(const Desk& desk, std::string_view spool, const std::string& prefix) {
  const auto found = desk.waiting.find_to_change(prefix);
  if (!found && found.error().code() != Errc::not_found) return found.error();
  if (found)
    for (const auto& entry : *found)
      if (belongs(entry, spool, desk.list)) return entry;
  return Error::never(Errc::not_found,
                      fmt::format("{}: no such post of {} waits here", prefix, desk.list.str()))
      .with_hint(fmt::format("paraph {} list {}", spool == "auth" ? "request" : "moderation",
                             desk.list.name()));
}

Result<int> list_waiting(Invocation& call, std::string_view spool) {
  const auto desk = desk_of(call);
  if (!desk) return desk.error();
  const TimePoint now = sys::SystemClock().now();
  Json json = Json::array();
  std::vector<std::vector<std::string>> rows{{"ID", "AGE", "SIZE", "FROM", "METHOD", "WAITS FOR"}};
  for (const auto& entry : desk->waiting.entries()) {
    if (!belongs(entry, spool, desk->list)) continue;
    json.push_back(to_json(entry, now));
    rows.push_back({desk->shorten(entry.id()), age_text(now - since(entry)), size_text(entry.size),
                    sender_of(entry), entry.header->auth, waits_for(entry, now)});
  }
  for (const auto& unseen : desk->waiting.not_seen()) Invocation::warn("not seen: " + unseen);
  call.print(json, rows.size() > 1 ? table(rows) : "nothing waits\n");
  return kOk;
}

std::string who(const Invocation& call) {
  return call.actor.empty() ? call.caller() : call.actor;
}

Result<int> decide(Invocation& call, std::string_view spool, spool::Word word) {
  auto desk = desk_of(call);
  if (!desk) return std::move(desk).error();
  const auto entry = entry_of(*desk, spool, call.arguments[1]);
  if (!entry) return entry.error();
  word.by = who(call);
  // A request that is accepted here is an owner's yes, whomever it was waiting for.
  if (word.confirms() && entry->header->kind == "request") word.verdict = "distribute";
  const std::string verdict = word.verdict;
  if (!call.dry_run) {
    if (auto done = desk->waiting.desk().decide(entry->place(), std::move(word)); !done)
      return std::move(done).error();
    sys::open_log("paraph", false, sys::Level::info)
        ->write(sys::Level::info, "decided",
                {{"id", entry->id()},
                 {"list", desk->list.str()},
                 {"verdict", verdict},
                 {"by", who(call)}});
  }
  call.print({{"id", entry->id()},
              {"list", desk->list.str()},
              {"verdict", verdict},
              {"by", who(call)},
              {"dry_run", call.dry_run}},
             fmt::format("{}{}: {}, for paraph-incoming to carry out; paraph trace {} says how it "
                         "ended\n",
                         call.dry_run ? "would be " : "", desk->shorten(entry->id()), verdict,
                         entry->id()));
  return kOk;
}

// The words after the ID, which the author will read.
Result<spool::Word> refusal(const Invocation& call) {
  std::string reason;
  for (std::size_t i = 2; i < call.arguments.size(); ++i)
    reason += (reason.empty() ? "" : " ") + call.arguments[i];
  if (reason.size() > kLongestReason)
    return Error::never(Errc::usage,
                        fmt::format("the reason has {} octets; the author gets at most {}",
                                    reason.size(), kLongestReason));
  spool::Word word;
  word.verdict = call.has("quiet") ? "reject-quietly" : "reject";
  word.reason = std::move(reason);
  return word;
}

Result<int> refuse(Invocation& call, std::string_view spool) {
  auto word = refusal(call);
  if (!word) return std::move(word).error();
  return decide(call, spool, std::move(*word));
}

}  // namespace

Result<int> moderation_list(Invocation& call) {
  return list_waiting(call, "moderation");
}

Result<int> moderation_show(Invocation& call) {
  auto desk = desk_of(call);
  if (!desk) return desk.error();
  const auto entry = entry_of(*desk, "moderation", call.arguments[1]);
  if (!entry) return entry.error();
  Json json = to_json(*entry, sys::SystemClock().now());
  json["method"] = entry->header->auth;
  json["encrypted"] = entry->header->sealed == "yes";
  if (auto octets = desk->waiting.desk().start(entry->place(), kHeaderOctets)) {
    const auto tree = mail::scan(mail::RawMessage(std::move(*octets)));
    for (const auto* name : {"From", "To", "Subject", "Date", "Message-ID", "Content-Type"})
      if (const auto value = tree.field(tree.root(), name)) json[name] = *value;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, value] : json.items())
    if (!value.is_null())
      rows.push_back({name, value.is_string() ? value.get<std::string>() : value.dump()});
  const std::string which = fmt::format("{} {}", desk->list.name(), desk->shorten(entry->id()));
  call.print(json,
             table(rows, kShownField) +
                 fmt::format("paraph moderation distribute {0}, or: reject {0} REASON\n", which));
  return kOk;
}

Result<int> moderation_distribute(Invocation& call) {
  spool::Word word;
  word.verdict = "distribute";
  return decide(call, "moderation", std::move(word));
}
Result<int> moderation_reject(Invocation& call) {
  return refuse(call, "moderation");
}
Result<int> request_list(Invocation& call) {
  return list_waiting(call, "auth");
}
Result<int> request_accept(Invocation& call) {
  spool::Word word;
  word.verdict = "confirm";
  return decide(call, "auth", std::move(word));
}
Result<int> request_refuse(Invocation& call) {
  return refuse(call, "auth");
}

}  // namespace paraph::app
