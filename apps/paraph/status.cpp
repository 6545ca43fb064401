// status: whether the site works, worst first, each with the command that mends it. Exit status 0, 1 or 2.

#include <fmt/core.h>

#include <array>

#include "apps/paraph/finding.h"
#include "base/utf8.h"
#include "sys/file_system.h"

namespace paraph::app {
namespace {

/// How much stands in one spool.
struct Heap {
  std::size_t mails = 0;
  std::size_t recipients = 0;
  std::string oldest_id;
  TimePoint oldest{};
};

constexpr std::array kHeaps{"msg", "bulk", "auth", "moderation", "bad", "bounce", "hold"};

void add(const spool::Entry& entry, Heap& heap) {
  if (heap.mails++ == 0) {
    heap.oldest = since(entry);
    heap.oldest_id = entry.id();
  }
  heap.recipients += entry.recipients_left;
}

// What paraph-bouncequeue accepted lies there as mail does in msg, and waits for nobody yet.
void add_bounces(const config::Site& site, Heap& heap) {
  auto root = sys::open_root(site.spool_directory("bounce"));
  if (!root) return;  // check_directories() says so
  const auto entries = spool::IncomingSpool(*std::move(root)).entries();
  if (!entries) return;
  for (const auto& entry : *entries) add(entry, heap);
}

std::map<std::string, Heap> heaps_of(const WaitingMail& waiting, const config::Site& site) {
  std::map<std::string, Heap> heaps;
  for (const auto* spool : kHeaps) heaps[spool];
  for (const auto& entry : waiting.entries())
    add(entry, heaps[entry.state == spool::State::held ? "hold" : spool_of(entry)]);
  add_bounces(site, heaps["bounce"]);
  return heaps;
}

std::string heap_text(const std::string& name, const Heap& heap, const ShortIds& shorten,
                      TimePoint now) {
  std::string text = fmt::format("{} {}", name, heap.mails);
  if (heap.mails == 0) return text;
  if (name == "bulk") text += fmt::format(" ({} recipients)", heap.recipients);
  return text +
         fmt::format(", oldest {} ({})", age_text(now - heap.oldest), shorten(heap.oldest_id));
}

std::string disk_text(const std::optional<sys::DiskSpace>& disk) {
  if (!disk || disk->total == 0) return "disk ?";
  const auto used = 100 - 100 * disk->free / disk->total;
  return fmt::format("disk {} %, {} free", used, size_text(disk->free));
}

/// What came in and went out, as the ledger has it.
struct Flow {
  std::optional<TimePoint> last_in, last_out;
  std::map<std::string, std::size_t> today;
  bool known = false;
};

Flow flow_of(const config::Site& site, TimePoint now) {
  constexpr long long kDay = 86400;
  Flow flow;
  if (auto bulk = sys::open_root(site.spool_directory("bulk")))
    flow.last_out = spool::last_out(**bulk);
  auto opened = store::open_for_reading(site.path_of("db_name"));
  if (!opened) return flow;  // check_database() says so
  auto& ledger = opened->database->ledger();
  auto today = ledger.endings(epoch(now) / kDay * kDay);
  auto last = ledger.search({.limit = 1});
  if (!today || !last) return flow;
  flow.known = true;
  flow.today = std::move(*today);
  flow.today.erase("service");
  if (!last->empty()) flow.last_in = TimePoint(std::chrono::seconds(last->front().received));
  return flow;
}

std::string flow_text(const Flow& flow, const std::map<std::string, Heap>& heaps,
                      const std::vector<DaemonState>& daemons, TimePoint now) {
  const auto at = [&](const std::optional<TimePoint>& time) {
    return time ? clock_text(*time, now) : std::string("never");
  };
  std::string text = "last out " + at(flow.last_out);
  if (flow.known) {
    auto today = flow.today;
    if (const auto waiting = heaps.at("msg").mails; waiting > 0) today["waiting"] += waiting;
    std::size_t all = 0;
    for (const auto& [word, count] : today) all += count;
    text = fmt::format("last in {}, {}; today {} in", at(flow.last_in), text, all);
    if (all > 0) text += " = " + counts_text(today);
  }
  for (const auto& daemon : daemons)
    if (daemon.running)
      text += fmt::format("; {} up {}, {} workers", daemon.program, age_text(now - daemon.since),
                          daemon.workers);
  return text;
}

Json to_json(const std::vector<DaemonState>& daemons) {
  Json json = Json::array();
  for (const auto& daemon : daemons)
    json.push_back({{"program", daemon.program},
                    {"running", daemon.running},
                    {"pid", daemon.pid},
                    {"since", daemon.running ? Json(iso8601(daemon.since)) : Json(nullptr)},
                    {"workers", daemon.workers},
                    {"in_hand", daemon.in_hand},
                    {"next_try", daemon.next_try ? Json(iso8601(*daemon.next_try)) : Json(nullptr)},
                    {"deaths", daemon.deaths},
                    {"trouble", daemon.trouble}});
  return json;
}

Json to_json(const std::map<std::string, Heap>& heaps, const std::optional<sys::DiskSpace>& disk) {
  Json json;
  for (const auto& [name, heap] : heaps)
    json[name] = {{"mails", heap.mails},
                  {"recipients_left", heap.recipients},
                  {"oldest", heap.mails == 0 ? Json(nullptr) : Json(iso8601(heap.oldest))},
                  {"oldest_id", heap.oldest_id}};
  json["disk"] = disk ? Json{{"free", disk->free}, {"total", disk->total}} : Json(nullptr);
  return json;
}

Json to_json(const Flow& flow) {
  const auto at = [](const std::optional<TimePoint>& time) {
    return time ? Json(iso8601(*time)) : Json(nullptr);
  };
  return {{"last_in", at(flow.last_in)},
          {"last_out", at(flow.last_out)},
          {"today", flow.known ? Json(flow.today) : Json(nullptr)}};
}

}  // namespace

Result<int> status(Invocation& call) {
  call.quiet_about_configuration = true;
  auto opened = call.site();
  if (!opened) return std::move(opened).error();
  const auto& site = **opened;
  const TimePoint now = sys::SystemClock().now();
  const WaitingMail waiting = WaitingMail::look(site);
  const auto daemons = daemon_states(site);
  const auto disk = disk_of(site);

  Findings findings;
  check_mail(waiting, daemons, now, findings);
  check_daemons(daemons, waiting, now, findings);
  check_disk(disk, site, findings);
  check_database(site, findings);
  check_directories(site, waiting, findings);
  check_keys(site, now, Severity::fine, findings);  // a new site works without
  check_crls(site, now, findings);
  check_configuration(site, findings);
  check_scenarios(site, findings);
  sort_by_severity(findings);

  const auto heaps = heaps_of(waiting, site);
  const auto flow = flow_of(site, now);
  const ShortIds shorten = short_ids(waiting.entries());
  std::string spools;
  for (const auto* name : kHeaps) spools += heap_text(name, heaps.at(name), shorten, now) + " · ";
  const Severity severity = worst(findings);
  call.print({{"status", to_string(severity)},
              {"findings", app::to_json(findings)},
              {"spool", to_json(heaps, disk)},
              {"flow", to_json(flow)},
              {"daemons", to_json(daemons)},
              {"not_seen", waiting.not_seen()}},
             to_text(findings) + "spool  " + spools + disk_text(disk) + "\nflow   " +
                 flow_text(flow, heaps, daemons, now) + "\n");
  return static_cast<int>(severity);
}

}  // namespace paraph::app
