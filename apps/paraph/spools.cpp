// spool list, spool show.

#include <fmt/core.h>

#include "apps/paraph/verb.h"
#include "base/ascii.h"
#include "sys/file_system.h"

namespace paraph::app {
namespace {

Result<std::vector<spool::Entry>> all_entries(Invocation& call) {
  auto runtime = call.runtime();
  if (!runtime) return std::move(runtime).error();
  auto spools = open_spools((*runtime)->site());
  if (!spools) return std::move(spools).error();
  std::vector<spool::Entry> entries;
  const auto add = [&](Result<std::vector<spool::Entry>> found) -> Result<void> {
    if (!found) return std::move(found).error();
    entries.insert(entries.end(), std::make_move_iterator(found->begin()),
                   std::make_move_iterator(found->end()));
    return {};
  };
  if (auto added = add(spools->msg.entries()); !added) return std::move(added).error();
  if (auto added = add(spools->auth.entries()); !added) return std::move(added).error();
  if (auto added = add(spools->moderation.entries()); !added) return std::move(added).error();
  if (auto added = add(spools->bulk.entries()); !added) return std::move(added).error();
  return entries;
}

std::string list_of(const spool::Entry& entry) {
  if (!entry.header) return "?";
  return entry.header->list.empty() ? entry.header->address : entry.header->list;
}

std::string spool_of(const spool::Entry& entry) {
  return entry.state == spool::State::quarantined ? "bad" : entry.spool;
}

std::string size_text(std::uint64_t octets) {
  if (octets < 10'000) return fmt::format("{}", octets);
  if (octets < 10'000'000) return fmt::format("{}K", octets / 1024);
  return fmt::format("{}M", octets / 1024 / 1024);
}

std::string age_text(TimePoint since) {
  const auto seconds = std::max<long long>(0, epoch(sys::SystemClock().now()) - epoch(since));
  if (seconds < 120) return fmt::format("{}s", seconds);
  if (seconds < 7200) return fmt::format("{}m", seconds / 60);
  if (seconds < 172800) return fmt::format("{}h", seconds / 3600);
  return fmt::format("{}d", seconds / 86400);
}

std::string waits_for(const spool::Entry& entry) {
  if (!entry.waits_for.empty()) return entry.waits_for;
  if (entry.state == spool::State::quarantined) return {};
  if (entry.spool == "msg") return "paraph-incoming";
  if (entry.spool == "bulk")
    return fmt::format("paraph-distribute; {} of {} done", entry.recipients_done,
                       entry.recipients_done + entry.recipients_left);
  return {};
}

Json to_json(const spool::Entry& entry) {
  Json json{{"id", entry.header ? Json(entry.header->id.str()) : Json(nullptr)},
            {"spool", spool_of(entry)},
            {"state", spool::to_string(entry.state)},
            {"file", entry.name},
            {"size", entry.size},
            {"since", iso8601(entry.modified)},
            {"waits_for", waits_for(entry)}};
  if (entry.header) {
    json["to"] = entry.header->address;
    json["list"] = entry.header->list;
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
  return json;
}

}  // namespace

Result<int> spool_list(Invocation& call) {
  auto entries = all_entries(call);
  if (!entries) return std::move(entries).error();
  std::string only;
  if (call.has("list")) {
    auto list = (*call.runtime())->site().resolve_list(call.option("list"));
    if (!list) return std::move(list).error();
    only = list->str();
  }
  Json json = Json::array();
  std::vector<std::vector<std::string>> rows{
      {"ID", "SPOOL", "AGE", "SIZE", "LIST", "FROM", "WAITS FOR"}};
  for (const auto& entry : *entries) {
    if (!only.empty() && list_of(entry) != only) continue;
    json.push_back(to_json(entry));
    rows.push_back({entry.header ? entry.header->id.str() : entry.name, spool_of(entry),
                    age_text(entry.modified), size_text(entry.size), list_of(entry),
                    entry.header ? entry.header->reverse_path : "?", waits_for(entry)});
  }
  call.print(json, rows.size() == 1 ? "nothing waits\n" : table(rows));
  return kOk;
}

Result<int> spool_show(Invocation& call) {
  auto entries = all_entries(call);
  if (!entries) return std::move(entries).error();
  std::vector<const spool::Entry*> found;
  for (const auto& entry : *entries)
    if ((entry.header && entry.header->id.str().starts_with(call.arguments[0])) ||
        entry.name == call.arguments[0])
      found.push_back(&entry);
  if (found.empty())
    return Error::never(Errc::not_found, call.arguments[0] + ": no such mail in any spool")
        .with_hint("paraph spool list");
  if (found.size() > 1)
    return Error::never(Errc::not_found, fmt::format("{}: {} mails begin so; say more of the id",
                                                     call.arguments[0], found.size()))
        .with_hint("paraph spool list");
  const Json json = to_json(*found.front());
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, value] : json.items())
    rows.push_back({name, value.is_string() ? value.get<std::string>() : value.dump()});
  call.print(json, table(rows));
  return kOk;
}

}  // namespace paraph::app
