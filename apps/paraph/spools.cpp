// spool list, spool show, spool cat.

#include <fmt/core.h>

#include <cstdio>

#include "apps/common/daemon_state.h"
#include "apps/paraph/waiting.h"
#include "base/encode.h"
#include "base/utf8.h"
#include "sys/file_system.h"

namespace paraph::app {
namespace {

constexpr std::size_t kShownRecipients = 20;
constexpr std::size_t kShownReason = 300;  // in a row, which must have room for the command

std::string mark(const spool::Entry& entry) {
  if (entry.state == spool::State::at_work) return "*";
  return entry.state == spool::State::held ? "!" : "";
}

void name_unseen(const WaitingMail& waiting) {
  for (const auto& spool : waiting.not_seen()) Invocation::warn("not seen: " + spool);
}

// Mail that waits for the machine is tried again when its daemon's worker says, not at a time of its own.
void add_next_try(const std::vector<DaemonState>& daemons, spool::Entry& entry) {
  const auto* daemon = daemon_of(daemons, entry.spool);
  if (daemon != nullptr && !entry.next_try && entry.state == spool::State::waiting &&
      !entry.waits_for.empty())
    entry.next_try = daemon->next_try;
}

// What a person does next with a mail in this state.
std::string next_command(const spool::Entry& entry, const std::string& id) {
  switch (entry.state) {
    case spool::State::held:
      return "paraph spool release " + id;
    case spool::State::quarantined:
      return fmt::format("paraph spool retry {0}, when the reason is mended, or: drop {0}", id);
    case spool::State::postponed:
      return "paraph spool flush " + id;
    case spool::State::at_work:
      return "paraph trace " + id;
    case spool::State::waiting:
      break;
  }
  if (entry.spool == "auth" || entry.spool == "moderation") return "paraph spool cat " + id;
  return "paraph status";
}

struct Field {
  std::string name;
  Json value;
};

std::string as_text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string some_of(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < kShownRecipients; ++i)
    text += (i == 0 ? "" : " ") + names[i];
  if (names.size() > kShownRecipients)
    text += fmt::format(" and {} more", names.size() - kShownRecipients);
  return text;
}

Json copies_json(const spool::Copies& copies) {
  Json done = Json::array();
  for (const auto& copy : copies.done)
    done.push_back({{"member", copy.recipient},
                    {"outcome", copy.outcome},
                    {"certificate", copy.certificate},
                    {"cipher", copy.cipher},
                    {"reply", copy.detail}});
  return {{"done", done}, {"left", copies.left}};
}

std::string describe_entry(const spool::Entry& entry, const Json& json, const std::string& path,
                           const spool::Copies& copies, const std::string& next) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, value] : json.items())
    if (!value.is_null() && name != "copies") rows.push_back({name, as_text(value)});
  rows.push_back({"path", path});
  if (entry.spool == "bulk") {
    std::map<std::string, std::size_t> counts;
    for (const auto& copy : copies.done) ++counts[copy.outcome];
    rows.push_back({"done", counts.empty() ? "nobody" : counts_text(counts)});
    rows.push_back({"left", copies.left.empty() ? "nobody" : some_of(copies.left)});
  }
  if (const auto id = entry.id(); !id.empty())
    rows.push_back({"why", "paraph message explain " + id});
  rows.push_back({"next", next});
  return table(rows, 4000);
}

}  // namespace

Result<int> spool_list(Invocation& call) {
  auto site = call.site();
  if (!site) return std::move(site).error();
  const TimePoint now = sys::SystemClock().now();
  auto filter = read_filter(call, now);
  if (!filter) return std::move(filter).error();
  const WaitingMail waiting = WaitingMail::look(**site);
  const ShortIds shorten = short_ids(waiting.entries());
  Json json = Json::array();
  std::vector<std::vector<std::string>> rows{
      {"ID", "SPOOL", "AGE", "SIZE", "LIST", "FROM", "WAITS FOR"}};
  const auto daemons = daemon_states(**site);
  for (auto entry : waiting.entries()) {
    if (!filter->takes(entry)) continue;
    add_next_try(daemons, entry);
    if (call.json) {
      json.push_back(to_json(entry, now));
      continue;
    }
    const std::string id = entry.id().empty() ? entry.name : shorten(entry.id());
    std::string reason = utf8::printable(waits_for(entry, now), kShownReason);
    if (entry.state == spool::State::quarantined) reason += "; paraph spool show " + id;
    rows.push_back({id + mark(entry), spool_of(entry), age_text(now - since(entry)),
                    size_text(entry.size), list_of(entry), sender_of(entry), reason});
  }
  name_unseen(waiting);
  call.print(json, rows.size() == 1 ? "nothing waits\n" : table(rows));
  return kOk;
}

Result<int> spool_show(Invocation& call) {
  auto site = call.site();
  if (!site) return std::move(site).error();
  const TimePoint now = sys::SystemClock().now();
  WaitingMail waiting = WaitingMail::look(**site);
  auto found = waiting.find(call.arguments[0]);
  if (!found) return std::move(found).error();
  const ShortIds shorten = short_ids(waiting.entries());
  Json all = Json::array();
  std::string text;
  for (const auto& entry : *found) {
    const std::string id = entry.id();
    const auto copies = waiting.copies(entry);
    const std::string next = next_command(entry, id.empty() ? entry.name : shorten(id));
    const std::string path = waiting.desk().path(entry.place());
    Json json = to_json(entry, now);
    if (!text.empty()) text += "\n";
    text += describe_entry(entry, json, path, copies, next);
    json["path"] = path;
    if (entry.spool == "bulk") json["copies"] = copies_json(copies);
    json["next"] = next;
    all.push_back(std::move(json));
  }
  name_unseen(waiting);
  // One mail is one object; in several places (an accepted mail and its output, quarantined packets) it has them all.
  Json json = all.front();
  if (all.size() > 1) json["places"] = all;
  call.print(json, text);
  return kOk;
}

Result<int> spool_cat(Invocation& call) {
  auto site = call.site();
  if (!site) return std::move(site).error();
  WaitingMail waiting = WaitingMail::look(**site);
  auto found = waiting.find(call.arguments[0]);
  if (!found) return std::move(found).error();
  // Accepted mail and what was made of it share the octets; the first place that still has them will do.
  std::optional<Error> failed;
  for (const auto& entry : *found) {
    auto octets = waiting.desk().cat(entry.place());
    if (!octets) {
      if (!failed) failed = std::move(octets).error();
      continue;
    }
    if (call.json) {  // whose strings are Unicode: a mail is octets
      call.print(
          {{"id", entry.id()}, {"spool", spool_of(entry)}, {"octets", base64_encode(*octets)}}, {});
      return kOk;
    }
    if (std::fwrite(octets->data(), 1, octets->size(), stdout) != octets->size() ||
        std::fflush(stdout) != 0)
      return Error::later(Errc::io, "standard output cannot be written to");
    return kOk;
  }
  return std::move(*failed);
}

}  // namespace paraph::app
