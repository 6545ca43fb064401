#include "apps/paraph/waiting.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "base/ascii.h"
#include "mail/address.h"
#include "mail/entity.h"
#include "mail/raw_message.h"
#include "sys/file_system.h"

namespace paraph::app {
namespace {

// An id begins with 7 characters of time, to the second; whoever names a mail says more, or his name means another mail
// a minute later.
constexpr std::size_t kTimeOctets = 7;
constexpr std::size_t kShortest = kTimeOctets + 3;
constexpr std::size_t kHeaderOctets = 64 * 1024;  // of a message, in which its Message-ID stands

template <class T>
void append(std::vector<T>& all, std::vector<T> more) {
  std::move(more.begin(), more.end(), std::back_inserter(all));
}

std::size_t common(std::string_view a, std::string_view b) {
  const auto [end, other] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  static_cast<void>(other);
  return static_cast<std::size_t>(end - a.begin());
}

Error none_begins_so(std::string_view prefix, const std::vector<std::string>& not_seen) {
  const std::string text(prefix);
  if (!not_seen.empty())
    return Error::later(Errc::busy,
                        text + ": in no spool that could be seen; not " + not_seen.front());
  return Error::never(Errc::not_found, text + ": no such mail in any spool")
      .with_hint("paraph spool list; paraph trace " + text);
}

}  // namespace

WaitingMail WaitingMail::look(const config::Site& site) {
  WaitingMail seen;
  const auto root = [&](std::string_view name) -> std::shared_ptr<sys::FileSystem> {
    auto opened = sys::open_root(site.spool_directory(name));
    if (opened) return *opened;
    seen.not_seen_.push_back(fmt::format("spool {}: {}", name, opened.error().what()));
    return nullptr;
  };
  seen.roots_ = {root("msg"), root("bulk"), root("auth"), root("moderation")};
  const auto add = [&](std::string_view name, Result<std::vector<spool::Entry>> entries) {
    if (entries)
      append(seen.entries_, std::move(*entries));
    else
      seen.not_seen_.push_back(fmt::format("spool {}: {}", name, entries.error().what()));
  };
  const auto& [msg, bulk, auth, moderation] = seen.roots_;
  if (msg) add("msg", spool::IncomingSpool(msg).entries());
  if (auth) add("auth", spool::HoldSpool(auth, "auth").entries());
  if (moderation) add("moderation", spool::HoldSpool(moderation, "moderation").entries());
  if (bulk) add("bulk", spool::BulkSpool(bulk, 1).entries());
  std::stable_sort(seen.entries_.begin(), seen.entries_.end(),
                   [](const auto& a, const auto& b) { return since(a) < since(b); });
  seen.desk_ = std::make_unique<spool::Desk>(seen.roots_);
  return seen;
}

Result<std::vector<spool::Entry>> WaitingMail::find(std::string_view prefix) const {
  std::vector<spool::Entry> found, named;
  std::set<std::string> ids;
  for (const auto& entry : entries_) {
    const std::string id = entry.id();
    if (!prefix.empty() && !id.empty() && std::string_view(id).starts_with(prefix)) {
      ids.insert(id);
      found.push_back(entry);
    } else if (entry.name == prefix) {
      named.push_back(entry);
    }
  }
  if (ids.size() > 1)
    return Error::never(Errc::usage, fmt::format("{}: {} mails begin so; say more of the id",
                                                 prefix, ids.size()))
        .with_hint("paraph spool list");
  if (found.empty()) found = std::move(named);
  if (found.empty()) return none_begins_so(prefix, not_seen_);
  return found;
}

Result<std::vector<spool::Entry>> WaitingMail::find_to_change(std::string_view prefix) const {
  auto found = find(prefix);
  if (!found || found->front().name == prefix) return found;
  if (prefix.size() <= kTimeOctets)
    return Error::never(Errc::usage,
                        fmt::format("{}: too little of an id to change anything: {} characters are "
                                    "its time",
                                    prefix, kTimeOctets))
        .with_hint(fmt::format("paraph spool show {}", found->front().id()));
  if (!not_seen_.empty() && prefix.size() < found->front().id().size())
    return Error::later(Errc::busy,
                        fmt::format("{}: another mail may begin so in what could not be "
                                    "seen: {}",
                                    prefix, not_seen_.front()))
        .with_hint("give the whole id: " + found->front().id());
  return found;
}

spool::Copies WaitingMail::copies(const spool::Entry& entry) const {
  if (entry.spool != "bulk" || !roots_.bulk) return {};
  auto copies = spool::copies_of(*roots_.bulk, entry.place());
  return copies ? std::move(*copies) : spool::Copies{};
}

std::string WaitingMail::message_id(const spool::Entry& entry) const {
  auto octets = desk_->start(entry.place(), kHeaderOctets);
  if (!octets) return {};
  const auto tree = mail::scan(mail::RawMessage(std::move(*octets)));
  const auto field = tree.field(tree.root(), "Message-ID");
  return field ? mail::canonical_message_id(*field) : std::string();
}

ShortIds::ShortIds(std::vector<std::string> ids) : ids_(std::move(ids)) {
  std::sort(ids_.begin(), ids_.end());
  ids_.erase(std::unique(ids_.begin(), ids_.end()), ids_.end());
}

std::string ShortIds::operator()(const std::string& id) const {
  const auto here = std::lower_bound(ids_.begin(), ids_.end(), id);
  std::size_t length = kShortest;
  if (here != ids_.begin()) length = std::max(length, common(*std::prev(here), id) + 1);
  const auto next = here != ids_.end() && *here == id ? std::next(here) : here;
  if (next != ids_.end()) length = std::max(length, common(*next, id) + 1);
  return id.substr(0, length);
}

ShortIds short_ids(const std::vector<spool::Entry>& entries) {
  std::vector<std::string> ids;
  for (const auto& entry : entries)
    if (auto id = entry.id(); !id.empty()) ids.push_back(std::move(id));
  return ShortIds(std::move(ids));
}

bool may_begin_an_id(std::string_view text) {
  return !text.empty() && text.size() <= 20 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz234567") == std::string_view::npos;
}

std::string spool_of(const spool::Entry& entry) {
  return entry.state == spool::State::quarantined ? "bad" : entry.spool;
}

std::string list_of(const spool::Entry& entry) {
  if (!entry.header) return "?";
  return entry.header->list.empty() ? entry.header->address : entry.header->list;
}

std::string sender_of(const spool::Entry& entry) {
  if (!entry.header) return "?";
  // In bulk the reverse path is ours; the author stands beside it.
  if (!entry.header->sender.empty()) return entry.header->sender;
  return entry.header->null_sender() ? "<>" : entry.header->reverse_path;
}

TimePoint since(const spool::Entry& entry) {
  return entry.header ? entry.header->received : entry.modified;
}

bool never_sent(const spool::Entry& entry) {
  return entry.spool == "bulk" && entry.header && !entry.header->priority;
}

std::string waits_for(const spool::Entry& entry, TimePoint now) {
  std::string text = entry.waits_for;
  if (entry.state == spool::State::held)
    text = text.empty() ? "on hold" : "on hold; " + text;
  else if (entry.state == spool::State::quarantined)
    text = text.empty() ? "listmaster" : "listmaster: " + text;
  else if (text.empty() && entry.spool == "msg")
    text = "paraph-incoming";
  else if (text.empty() && entry.spool == "bulk")
    text = never_sent(entry) ? "nobody: its priority is z" : "paraph-distribute";
  if (entry.spool == "bulk" && entry.recipients_done + entry.recipients_left > 0)
    text += fmt::format("; {} of {} done", entry.recipients_done,
                        entry.recipients_done + entry.recipients_left);
  if (entry.next_try &&
      (entry.state == spool::State::postponed || entry.state == spool::State::waiting))
    text += "; next " + clock_text(*entry.next_try, now);
  return text;
}

Json to_json(const spool::Entry& entry, TimePoint now) {
  const std::string id = entry.id();
  Json json{{"id", id.empty() ? Json(nullptr) : Json(id)},
            {"spool", spool_of(entry)},
            {"state", spool::to_string(entry.state)},
            {"file", entry.name},
            {"size", entry.size},
            {"since", iso8601(since(entry))},
            {"waits_for", waits_for(entry, now)},
            {"reason", entry.waits_for}};
  if (entry.header) {
    json["to"] = entry.header->address;
    json["list"] = entry.header->list;
    json["from"] = sender_of(entry);
    json["reverse_path"] = entry.header->reverse_path;
    json["received"] = iso8601(entry.header->received);
    if (!entry.header->kind.empty()) json["kind"] = entry.header->kind;
    if (!entry.header->auth.empty()) json["auth_method"] = entry.header->auth;
    if (!entry.header->sealed.empty()) json["sealed"] = entry.header->sealed == "yes";
  }
  if (entry.spool == "bulk") {
    json["recipients_left"] = entry.recipients_left;
    json["recipients_done"] = entry.recipients_done;
  }
  if (entry.next_try) json["next_try"] = iso8601(*entry.next_try);
  return json;
}

std::string size_text(std::uint64_t octets) {
  constexpr std::uint64_t kilo = 1024;
  if (octets < 10'000) return fmt::format("{}", octets);
  if (octets < kilo * kilo) return fmt::format("{}K", octets / kilo);
  const double mega = static_cast<double>(octets) / static_cast<double>(kilo * kilo);
  if (mega < 10) return fmt::format("{:.1f}M", mega);
  return mega < 10'000 ? fmt::format("{:.0f}M", mega) : fmt::format("{:.1f}G", mega / 1024);
}

std::string age_text(std::chrono::seconds age) {
  const auto seconds = std::max<long long>(0, age.count());
  if (seconds < 120) return fmt::format("{}s", seconds);
  if (seconds < 7200) return fmt::format("{}m", seconds / 60);
  if (seconds < 172800) return fmt::format("{}h", seconds / 3600);
  return fmt::format("{}d", seconds / 86400);
}

std::string clock_text(TimePoint at, TimePoint now) {
  const std::string text = iso8601(at);  // 2026-11-23T16:30:42Z
  if (text.substr(0, 10) == iso8601(now).substr(0, 10)) return text.substr(11, 5) + "Z";
  return text.substr(0, 16) + "Z";
}

std::string counts_text(const std::map<std::string, std::size_t>& counts) {
  std::string text;
  for (const auto& [word, count] : counts)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, word);
  return text;
}

Result<TimePoint> point_before(std::string_view option, std::string_view text, TimePoint now) {
  struct Unit {
    char letter;
    long long seconds;
  };
  constexpr std::array kUnits{Unit{'m', 60}, Unit{'h', 3600}, Unit{'d', 86400}, Unit{'w', 604800}};
  constexpr unsigned kMost = 100'000;
  unsigned count = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (failed == std::errc{} && end + 1 == text.data() + text.size() && count <= kMost)
    for (const auto& unit : kUnits)
      if (unit.letter == *end)
        return now - std::chrono::seconds(unit.seconds * static_cast<long long>(count));
  // A bare number could be anything.
  if (text.find('-') != std::string_view::npos)
    if (const auto at = parse_time(text)) return *at;
  return Error::never(Errc::usage,
                      fmt::format("--{}: 30m, 12h, 2d, 3w or 2026-11-23, not {}", option, text));
}

bool Filter::takes(const spool::Entry& entry) const {
  if (!spool.empty() && spool_of(entry) != spool) return false;
  if (!list.empty() && list_of(entry) != list) return false;
  if (!from.empty() && ascii::to_lower(sender_of(entry)) != from) return false;
  return !older || since(entry) < *older;
}

Result<std::string> list_option(Invocation& call) {
  if (!call.has("list")) return std::string();
  auto site = call.site();
  if (!site) return std::move(site).error();
  const std::string wanted = call.option("list");
  auto list = (*site)->resolve_list(wanted);
  if (list) return list->str();
  const auto address = mail::AddrSpec::parse(wanted);
  if (address) return address->canonical();
  return std::move(list).error().with_hint("paraph lists");
}

Result<std::string> address_option(const Invocation& call, std::string_view name) {
  if (!call.has(name)) return std::string();
  const auto address = mail::AddrSpec::parse(call.option(name));
  if (!address)
    return Error::never(Errc::usage,
                        fmt::format("--{}: not an address: {}", name, call.option(name)));
  return address->canonical();
}

Result<Filter> read_filter(Invocation& call, TimePoint now) {
  constexpr std::array<std::string_view, 5> kSpools{"msg", "bulk", "auth", "moderation", "bad"};
  Filter filter;
  filter.spool = call.option("spool");
  if (!filter.spool.empty() &&
      std::find(kSpools.begin(), kSpools.end(), filter.spool) == kSpools.end())
    return Error::never(Errc::usage,
                        "--spool: msg, bulk, auth, moderation or bad, not " + filter.spool);
  auto list = list_option(call);
  if (!list) return std::move(list).error();
  filter.list = std::move(*list);
  auto from = address_option(call, "from");
  if (!from) return std::move(from).error();
  filter.from = std::move(*from);
  if (call.has("older")) {
    auto older = point_before("older", call.option("older"), now);
    if (!older) return std::move(older).error();
    filter.older = *older;
  }
  return filter;
}

}  // namespace paraph::app
