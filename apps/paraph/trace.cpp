// trace: what became of a mail, and of every copy of it.

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "apps/paraph/waiting.h"
#include "base/ascii.h"
#include "mail/address.h"
#include "sys/file_system.h"

namespace paraph::app {
namespace {

using store::CopyRow;
using store::MailRow;

constexpr std::size_t kMostMails = 1000;
constexpr std::size_t kShownMails = 100;
constexpr std::size_t kShortFingerprint = 16;
constexpr std::string_view kWaiting = "waiting";

/// The ledger, if it can be read, and the spools.
struct Sight {
  std::unique_ptr<store::Database> database;  ///< nullptr: not seen
  WaitingMail waiting;
  std::vector<std::string> not_seen;

  [[nodiscard]] store::Ledger* ledger() const { return database ? &database->ledger() : nullptr; }
};

Sight look(const config::Site& site) {
  Sight sight{nullptr, WaitingMail::look(site), {}};
  auto opened = store::open_for_reading(site.path_of("db_name"));
  if (opened) {
    sight.database = std::move(opened->database);
    if (!opened->limits.empty()) sight.not_seen.push_back("ledger: " + opened->limits);
  } else {
    sight.not_seen.push_back("ledger: " + opened.error().advice());
  }
  for (const auto& spool : sight.waiting.not_seen()) sight.not_seen.push_back(spool);
  return sight;
}

/// One mail as trace knows it: its row, or what the spool says when it has none yet, and where it waits.
struct Traced {
  MailRow row;
  std::vector<spool::Entry> places;
  std::vector<CopyRow> copies;           ///< of the ledger and the journals
  std::vector<std::string> waiting;      ///< members whose copy has not left
  std::vector<std::string> quarantined;  ///< of those, whose packet is in quarantine
};

MailRow row_of(const spool::Entry& entry, const WaitingMail& waiting) {
  MailRow row;
  row.id = entry.id();
  row.list = list_of(entry);
  row.from = sender_of(entry);
  row.outcome = entry.state == spool::State::held ? "on hold" : std::string(kWaiting);
  if (entry.state == spool::State::quarantined) row.outcome = "quarantined";
  row.reason = entry.waits_for;
  row.size = static_cast<long long>(entry.size);
  row.received = epoch(since(entry));
  row.message_id = waiting.message_id(entry);
  return row;
}

// The rows of packets that have ended, the journals of the others, and the recipients in neither.
Result<void> add_copies(Traced& mail, const Sight& sight) {
  if (auto* const ledger = sight.ledger()) {
    auto copies = ledger->copies(mail.row.id);
    if (!copies) return std::move(copies).error();
    mail.copies = std::move(*copies);
  }
  std::set<std::string, std::less<>> known;
  for (const auto& copy : mail.copies) known.insert(copy.member);
  for (const auto& entry : mail.places) {
    auto copies = sight.waiting.copies(entry);
    for (auto& copy : copies.done)
      if (known.insert(copy.recipient).second)
        mail.copies.push_back({mail.row.id, copy.recipient, copy.outcome, copy.certificate,
                               copy.cipher, copy.detail});
    auto& left = entry.state == spool::State::quarantined ? mail.quarantined : mail.waiting;
    for (auto& member : copies.left) left.push_back(std::move(member));
  }
  return {};
}

std::map<std::string, std::size_t> counts_of(const Traced& mail) {
  std::map<std::string, std::size_t> counts;
  for (const auto& copy : mail.copies) ++counts[copy.outcome];
  if (!mail.waiting.empty()) counts[std::string(kWaiting)] = mail.waiting.size();
  if (!mail.quarantined.empty()) counts["quarantined"] = mail.quarantined.size();
  return counts;
}

Json to_json(const MailRow& row) {
  return {{"id", row.id},
          {"list", row.list},
          {"from", row.from},
          {"message_id", row.message_id},
          {"mta_id", row.mta_id},
          {"size", row.size},
          {"received", iso8601(TimePoint(std::chrono::seconds(row.received)))},
          {"outcome", row.outcome},
          {"reason", row.reason}};
}

Json to_json(const Traced& mail, TimePoint now) {
  Json json = to_json(mail.row);
  json["counts"] = counts_of(mail);
  json["copies"] = Json::array();
  for (const auto& copy : mail.copies)
    json["copies"].push_back({{"member", copy.member},
                              {"outcome", copy.outcome},
                              {"cipher", copy.cipher},
                              {"certificate", copy.certificate},
                              {"reply", copy.reply}});
  json["waiting"] = mail.waiting;
  json["quarantined"] = mail.quarantined;
  json["spool"] = Json::array();
  for (const auto& entry : mail.places) json["spool"].push_back(app::to_json(entry, now));
  return json;
}

std::string or_dash(const std::string& text) {
  return text.empty() ? "-" : text;
}

std::string as_text(const Traced& mail, const std::string& id, TimePoint now) {
  const auto& row = mail.row;
  const auto counts = counts_text(counts_of(mail));
  std::string text =
      fmt::format("{} {}{}{}\n", id, row.outcome, counts.empty() ? "" : ": ", counts);
  std::vector<std::vector<std::string>> facts{
      {"  received", fmt::format("{}, {} octets",
                                 iso8601(TimePoint(std::chrono::seconds(row.received))), row.size)},
      {"  from", or_dash(row.from)},
      {"  list", or_dash(row.list)},
      {"  message-id", row.message_id.empty() ? "-" : "<" + row.message_id + ">"},
      {"  MTA's id", or_dash(row.mta_id)},
      {"  id", row.id},
      {"  decision", row.reason.empty() ? row.outcome : row.outcome + ": " + row.reason},
      {"  why", "paraph message explain " + id}};
  for (const auto& entry : mail.places)
    facts.push_back({"  in " + spool_of(entry),
                     fmt::format("{}: {}; paraph spool show {}", spool::to_string(entry.state),
                                 waits_for(entry, now), id)});
  text += table(facts, 2000);
  std::vector<std::vector<std::string>> copies;
  for (const auto& copy : mail.copies)
    copies.push_back({"  " + copy.member, copy.outcome, or_dash(copy.cipher),
                      or_dash(copy.certificate.substr(0, kShortFingerprint)), copy.reply});
  for (const auto& member : mail.waiting) copies.push_back({"  " + member, std::string(kWaiting)});
  for (const auto& member : mail.quarantined) copies.push_back({"  " + member, "quarantined"});
  return text + table(copies);
}

/// Everything of one id: its row, and its places in the spools.
Result<Traced> gather(const std::string& id, const std::string& member, const Sight& sight) {
  Traced mail;
  std::optional<MailRow> row;
  if (auto* const ledger = sight.ledger()) {
    auto found = ledger->find(id);
    if (!found) return std::move(found).error();
    row = std::move(*found);
  }
  for (const auto& entry : sight.waiting.entries())
    if (entry.id() == id) mail.places.push_back(entry);
  if (row)
    mail.row = std::move(*row);
  else if (!mail.places.empty())
    mail.row = row_of(mail.places.front(), sight.waiting);
  mail.row.id = id;
  if (auto added = add_copies(mail, sight); !added) return std::move(added).error();
  if (member.empty()) return mail;
  const auto other = [&](const CopyRow& copy) { return copy.member != member; };
  mail.copies.erase(std::remove_if(mail.copies.begin(), mail.copies.end(), other),
                    mail.copies.end());
  for (auto* left : {&mail.waiting, &mail.quarantined})
    left->erase(std::remove_if(left->begin(), left->end(),
                               [&](const std::string& each) { return each != member; }),
                left->end());
  return mail;
}

/// The ids that an argument may mean: an ingest id or the beginning of one, else a Message-ID.
Result<std::set<std::string>> ids_of(const std::string& argument, const Sight& sight) {
  std::set<std::string> ids;
  auto* const ledger = sight.ledger();
  const auto add_rows = [&](Result<std::vector<MailRow>> rows) -> Result<void> {
    if (!rows) return std::move(rows).error();
    for (auto& row : *rows) ids.insert(std::move(row.id));
    return {};
  };
  if (may_begin_an_id(argument)) {
    if (ledger != nullptr)
      if (auto added = add_rows(ledger->with_prefix(argument, kShownMails)); !added)
        return std::move(added).error();
    for (const auto& entry : sight.waiting.entries())
      if (auto id = entry.id(); id.starts_with(argument)) ids.insert(std::move(id));
    if (!ids.empty()) return ids;
  }
  const std::string message_id = mail::canonical_message_id(argument);
  if (ledger != nullptr)
    if (auto added = add_rows(ledger->with_message_id(message_id, kShownMails)); !added)
      return std::move(added).error();
  // A mail without a row yet: only its file knows its Message-ID.
  if (message_id.empty()) return ids;
  for (const auto& entry : sight.waiting.entries()) {
    auto id = entry.id();
    if (id.empty() || ids.count(id) != 0) continue;
    if (ledger != nullptr)
      if (const auto row = ledger->find(id); row && *row && !(*row)->message_id.empty()) continue;
    if (sight.waiting.message_id(entry) == message_id) ids.insert(std::move(id));
  }
  return ids;
}

Error not_found(const std::string& what, const Sight& sight, const config::Site& site) {
  if (!sight.not_seen.empty())
    return Error::later(Errc::busy,
                        what + ": not among what could be seen; not " + sight.not_seen.front());
  const auto days = site.number("ledger_retention");
  const std::string memory =
      days > 0 ? fmt::format(" (the ledger keeps {} days, ledger_retention)", days) : "";
  return Error::never(Errc::not_found, what + ": no such mail" + memory)
      .with_hint("paraph trace --since 2d");
}

// Unique among what is shown and, asked one by one, in the ledger.
std::string shortest(const std::string& id, const ShortIds& shown, const Sight& sight) {
  std::string prefix = shown(id);
  if (auto* const ledger = sight.ledger())
    while (prefix.size() < id.size()) {
      const auto same = ledger->with_prefix(prefix, 2);
      if (!same || same->size() < 2) break;
      prefix = id.substr(0, prefix.size() + 1);
    }
  return prefix;
}

ShortIds shown_ids(const std::vector<MailRow>& rows, const Sight& sight) {
  std::vector<std::string> ids;
  for (const auto& row : rows) ids.push_back(row.id);
  for (const auto& entry : sight.waiting.entries()) ids.push_back(entry.id());
  return ShortIds(std::move(ids));
}

int print_list(Invocation& call, const std::vector<MailRow>& rows, const Sight& sight) {
  Json json{{"mails", Json::array()}, {"not_seen", sight.not_seen}};
  std::vector<std::vector<std::string>> lines;
  const ShortIds shown = shown_ids(rows, sight);
  std::map<std::string, std::size_t> left;
  for (const auto& entry : sight.waiting.entries())
    if (entry.recipients_left > 0) left[entry.id()] += entry.recipients_left;
  for (const auto& row : rows) {
    std::map<std::string, std::size_t> counts;
    if (auto* const ledger = sight.ledger())
      if (auto counted = ledger->counts(row.id)) counts = std::move(*counted);
    if (const auto found = left.find(row.id); found != left.end())
      counts[std::string(kWaiting)] = found->second;
    Json each = to_json(row);
    each["counts"] = counts;
    json["mails"].push_back(std::move(each));
    const std::string copies = counts_text(counts);
    lines.push_back({shortest(row.id, shown, sight),
                     iso8601(TimePoint(std::chrono::seconds(row.received))), or_dash(row.list),
                     or_dash(row.from),
                     row.outcome + (copies.empty() ? "" : ": " + copies) +
                         (row.reason.empty() ? "" : " (" + row.reason + ")")});
  }
  for (const auto& what : sight.not_seen) Invocation::warn("not seen: " + what);
  call.print(json, lines.empty() ? "no such mail\n" : table(lines));
  return kOk;
}

Result<int> trace_one(Invocation& call, const std::string& id, const std::string& member,
                      const Sight& sight) {
  const TimePoint now = sys::SystemClock().now();
  auto mail = gather(id, member, sight);
  if (!mail) return std::move(mail).error();
  Json json{{"mails", Json::array({to_json(*mail, now)})}, {"not_seen", sight.not_seen}};
  for (const auto& what : sight.not_seen) Invocation::warn("not seen: " + what);
  const ShortIds shown = shown_ids({mail->row}, sight);
  call.print(json, as_text(*mail, shortest(id, shown, sight), now));
  return kOk;
}

void sort_by_time(std::vector<MailRow>& rows) {
  std::sort(rows.begin(), rows.end(), [](const MailRow& a, const MailRow& b) {
    return std::pair(a.received, std::string_view(a.id)) <
           std::pair(b.received, std::string_view(b.id));
  });
}

Result<int> trace_argument(Invocation& call, const std::string& member, const Sight& sight,
                           const config::Site& site) {
  auto ids = ids_of(call.arguments[0], sight);
  if (!ids) return std::move(ids).error();
  if (ids->empty()) return not_found(call.arguments[0], sight, site);
  if (ids->size() == 1) return trace_one(call, *ids->begin(), member, sight);
  std::vector<MailRow> rows;
  for (const auto& id : *ids) {
    auto mail = gather(id, member, sight);
    if (!mail) return std::move(mail).error();
    rows.push_back(std::move(mail->row));
  }
  sort_by_time(rows);
  Invocation::hint("several mails; paraph trace ID shows all of one");
  return print_list(call, rows, sight);
}

bool matches(const spool::Entry& entry, const store::MailQuery& query, const Sight& sight) {
  // Accepted mail has no row before it has an ending; the rest has one, if the ledger can be asked.
  if (entry.id().empty() || (sight.ledger() != nullptr && entry.spool != "msg")) return false;
  if (!query.list.empty() && list_of(entry) != query.list) return false;
  if (!query.from.empty() && ascii::to_lower(sender_of(entry)) != query.from) return false;
  return epoch(since(entry)) >= query.since;
}

// What waits without a row, the newest of it: only its file tells its Message-ID.
void add_waiting(std::vector<MailRow>& rows, const store::MailQuery& query, const Sight& sight) {
  std::set<std::string, std::less<>> known;
  for (const auto& row : rows) known.insert(row.id);
  const auto& entries = sight.waiting.entries();
  std::size_t added = 0;
  for (auto entry = entries.rbegin(); entry != entries.rend() && added < query.limit; ++entry) {
    if (!matches(*entry, query, sight) || !known.insert(entry->id()).second) continue;
    if (auto* const ledger = sight.ledger())
      if (const auto row = ledger->find(entry->id()); row && *row) continue;
    rows.push_back(row_of(*entry, sight.waiting));
    ++added;
  }
}

Result<int> trace_search(Invocation& call, const store::MailQuery& query, const Sight& sight) {
  std::vector<MailRow> rows;
  if (auto* const ledger = sight.ledger()) {
    auto found = ledger->search(query);
    if (!found) return std::move(found).error();
    rows = std::move(*found);
  }
  if (query.member.empty()) add_waiting(rows, query, sight);
  sort_by_time(rows);
  if (rows.size() >= query.limit) {
    rows.erase(rows.begin(), rows.end() - static_cast<std::ptrdiff_t>(query.limit));
    Invocation::hint(
        fmt::format("only the newest {} are shown; --since goes back further", query.limit));
  }
  return print_list(call, rows, sight);
}

}  // namespace

Result<int> trace(Invocation& call) {
  auto site = call.site();
  if (!site) return std::move(site).error();
  store::MailQuery query;
  auto list = list_option(call);
  if (!list) return std::move(list).error();
  query.list = std::move(*list);
  auto from = address_option(call, "from");
  if (!from) return std::move(from).error();
  query.from = std::move(*from);
  auto member = address_option(call, "to");
  if (!member) return std::move(member).error();
  query.member = std::move(*member);
  if (call.has("since")) {
    const auto since = point_before("since", call.option("since"), sys::SystemClock().now());
    if (!since) return since.error();
    query.since = epoch(*since);
  }
  const Sight sight = look(**site);
  if (call.arguments.empty()) {
    query.limit = call.has("since") ? kMostMails : kShownMails;
    return trace_search(call, query, sight);
  }
  if (!query.list.empty() || !query.from.empty() || query.since != 0)
    return Error::never(Errc::usage, "with an ID only --to narrows down");
  return trace_argument(call, query.member, sight, **site);
}

}  // namespace paraph::app
