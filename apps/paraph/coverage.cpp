// cert coverage, cert expiring, cert remind.

#include "pipeline/coverage.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "apps/paraph/verb.h"
#include "cms/keys.h"
#include "mail/address.h"
#include "pipeline/outbox.h"
#include "pipeline/sealing.h"

namespace paraph::app {
namespace {

using pipeline::ReaderState;

Result<std::chrono::seconds> soon(const Invocation& call) {
  if (!call.has("days")) return std::chrono::seconds(std::chrono::hours(24 * 30));
  const auto days = parse_time(call.option("days"));  // a plain number
  if (!days || epoch(*days) < 1 || epoch(*days) > 3650)
    return Error::never(Errc::usage, "--days: a number from 1 to 3650");
  return std::chrono::seconds(std::chrono::hours(24 * epoch(*days)));
}

std::string day(TimePoint at) {
  return iso8601(at).substr(0, 10);
}

long long days_until(TimePoint at, TimePoint now) {
  return (at - now).count() / (24 * 3600);
}

bool ends_soon(const ReaderState& state, TimePoint now, std::chrono::seconds within) {
  return state.reads && *state.until - now <= within;
}

std::string asked(const ReaderState& state) {
  const std::string what = state.reads ? "reminded" : "asked";
  return state.asked == 0 ? "never " + what
                          : what + " " + day(TimePoint(std::chrono::seconds(state.asked)));
}

/// Why somebody cannot read: "no certificate", "expired 2026-11-02", "weak_key: RSA 1024, needs 2048".
std::string lack(const ReaderState& state) {
  if (state.problem == "missing") return "no certificate";
  if (state.brief.empty()) return state.problem;
  return state.problem + (state.problem == "expired" ? " " : ": ") + state.brief;
}

std::string sentence(const ReaderState& state, TimePoint now) {
  const std::string who = state.editor ? "(editor) " : "";
  if (state.reads)
    return who +
           fmt::format("expires {} ({} days)", day(*state.until), days_until(*state.until, now));
  return who + lack(state) + (state.editor ? ": cannot read what he moderates" : "");
}

std::string posts(std::size_t count) {
  return count == 0 ? "" : fmt::format("{} post{} missed", count, count == 1 ? "" : "s");
}

Json describe(const ReaderState& state) {
  Json json{{"address", state.address}, {"member", state.member},   {"editor", state.editor},
            {"reads", state.reads},     {"problem", state.problem}, {"detail", state.detail},
            {"missed", state.missed},   {"until", nullptr},         {"asked", nullptr}};
  if (state.until) json["until"] = iso8601(*state.until);
  if (state.asked != 0) json["asked"] = iso8601(TimePoint(std::chrono::seconds(state.asked)));
  return json;
}

struct Sums {
  std::size_t members = 0, able = 0, losing = 0, editors = 0, able_editors = 0;
  [[nodiscard]] bool all_read() const { return able == members && able_editors == editors; }
};

Result<config::ListConfig> config_of(Invocation& call) {
  auto list = call.list();
  if (!list) return std::move(list).error();
  return config::ListConfig::load(**call.site(), *list);
}

Sums sum(const std::vector<ReaderState>& states, TimePoint now, std::chrono::seconds within) {
  Sums sums;
  for (const auto& state : states) {
    sums.members += state.member ? 1 : 0;
    sums.able += state.member && state.reads ? 1 : 0;
    sums.losing += state.member && ends_soon(state, now, within) ? 1 : 0;
    sums.editors += state.editor ? 1 : 0;
    sums.able_editors += state.editor && state.reads ? 1 : 0;
  }
  return sums;
}

/// Whom and on behalf of what; `config`: of the list, or null for the site.
struct Reminders {
  const config::ListConfig* config = nullptr;
  spool::BulkSpool& bulk;
  const pipeline::Ports& ports;
};

// Security rule 36: sealed while there is something to seal it to.
Result<bool> remind_one(const ReaderState& state, const Reminders& reminders,
                        const Invocation& call) {
  const auto& [config, bulk, ports] = reminders;
  const auto now = ports.clock.now();
  std::optional<list::ListAddress> list;
  if (config != nullptr) list = config->address();
  const std::string name = list ? list->str() : std::string();
  const auto last = ports.notices.last_told(state.address, name, "reminder");
  if (!last) return last.error();
  if (*last <= epoch(now) && epoch(now) - *last < store::Notices::kDay) return false;
  if (call.dry_run) return true;
  pipeline::Notice notice{.id = spool::QueueId::make(now, ports.random),
                          .template_name = "certificate-reminder.tt2",
                          .data = {{"case", state.problem},
                                   {"detail", state.detail},
                                   {"until", state.until ? day(*state.until) : ""}},
                          .to = state.address,
                          .list = list,
                          .domain = list ? list->domain() : ports.site.domain(),
                          .auto_submitted = "auto-generated",
                          .in_reply_to = {}};
  if (state.certificate) {
    const auto cipher = pipeline::cipher_for(state.address, *state.certificate, ports, config);
    if (!cipher) return cipher.error();
    notice.cipher = *cipher;
    notice.seal_to = state.certificate;
  }
  if (auto sent = pipeline::enqueue_notice(notice, {}, bulk, ports); !sent)
    return std::move(sent).error();
  if (auto noted = ports.notices.told(state.address, name, "reminder", epoch(now)); !noted)
    return std::move(noted).error();
  return true;
}

// Security rule 36: a member of some list, or one who should read what he moderates.
Result<bool> reads_a_list(const std::string& address, const pipeline::Ports& ports) {
  const auto lists = ports.site.lists();
  if (!lists) return lists.error();
  for (const auto& list : *lists) {
    const auto member = ports.directory.member(list, address);
    if (!member) return member.error();
    if (*member) return true;
    const auto editors = ports.directory.admins(list, list::Role::editor);
    if (!editors) return editors.error();
    if (std::any_of(editors->begin(), editors->end(),
                    [&](const auto& editor) { return editor.email == address; }))
      return true;
  }
  return false;
}

Result<ReaderState> state_of(const std::string& address, const pipeline::Ports& ports) {
  const auto reads = reads_a_list(address, ports);
  if (!reads) return reads.error();
  if (!*reads)
    return Error::never(Errc::not_found, address + " is a member of no list: nothing was sent")
        .with_hint("paraph cert show " + address);
  auto target = pipeline::seal_target(address, ports);
  if (!target) return std::move(target).error();
  ReaderState state;
  state.address = address;
  state.reads = target->certificate.has_value();
  if (state.reads) state.until = target->certificate->not_after();
  state.certificate = std::move(target->certificate);
  state.problem = std::move(target->problem);
  state.detail = std::move(target->detail);
  state.brief = std::move(target->brief);
  return state;
}

}  // namespace

Result<int> cert_coverage(Invocation& call) {
  auto config = config_of(call);
  if (!config) return std::move(config).error();
  const auto within = soon(call);
  if (!within) return within.error();
  auto runtime = call.runtime();
  if (!runtime) return std::move(runtime).error();
  auto ports = (*runtime)->ports();
  auto states = pipeline::reader_states(*config, ports);
  if (!states) return std::move(states).error();
  const auto now = ports.clock.now();
  const auto sums = sum(*states, now, *within);
  std::string text = fmt::format("{}: {} of {} receiving members can read a sealed post now",
                                 config->address().str(), sums.able, sums.members);
  if (sums.losing > 0)
    text += fmt::format("; {} of them lose{} it in {} days", sums.losing,
                        sums.losing == 1 ? "s" : "", within->count() / (24 * 3600));
  if (sums.editors > 0) text += fmt::format("; editors {} of {}", sums.able_editors, sums.editors);
  Json rows_json = Json::array();
  std::vector<std::vector<std::string>> rows;
  bool any_late = false;
  for (const auto& state : *states) {
    const bool late = ends_soon(state, now, *within);
    any_late = any_late || late;
    if (state.reads && !late && !call.has("all")) continue;
    rows_json.push_back(describe(state));
    rows.push_back({!state.reads ? "NO"
                    : late       ? "SOON"
                                 : "yes",
                    state.address, sentence(state, now), posts(state.missed),
                    state.reads && !late ? "" : asked(state)});
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto& a, const auto& b) { return a[0] < b[0]; });  // NO, SOON, yes
  const int code = !sums.all_read() ? 2 : any_late ? 1 : 0;
  call.print({{"list", config->address().str()},
              {"members", sums.members},
              {"able", sums.able},
              {"losing", sums.losing},
              {"editors", sums.editors},
              {"able_editors", sums.able_editors},
              {"readers", rows_json}},
             text + "\n" + table(rows));
  if (code != 0 && !call.json)
    Invocation::hint("paraph cert remind " + config->address().name() + " --dry-run");
  return code;
}

Result<int> cert_expiring(Invocation& call) {
  const auto within = soon(call);
  if (!within) return within.error();
  auto runtime = call.runtime();
  if (!runtime) return std::move(runtime).error();
  auto ports = (*runtime)->ports();
  auto all = ports.site.lists();
  if (!all) return std::move(all).error();
  const auto now = ports.clock.now();
  std::map<std::string, std::pair<ReaderState, std::string>> found;  // by address, with lists
  for (const auto& list : *all) {
    auto config = config::ListConfig::load(ports.site, list);
    auto states = config ? pipeline::reader_states(*config, ports)
                         : Result<std::vector<ReaderState>>(config.error());
    if (!states) return std::move(states).error();
    for (const auto& state : *states) {
      if (!ends_soon(state, now, *within)) continue;
      auto& entry = found[state.address];
      entry.first = state;
      entry.second += (entry.second.empty() ? "" : ", ") + list.str();
    }
  }
  std::vector<std::pair<ReaderState, std::string>> sorted;
  for (auto& [address, entry] : found) sorted.push_back(std::move(entry));
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return *a.first.until < *b.first.until; });
  Json json = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const auto& [state, lists] : sorted) {
    json.push_back(
        {{"address", state.address}, {"until", iso8601(*state.until)}, {"lists", lists}});
    rows.push_back({day(*state.until), fmt::format("{} days", days_until(*state.until, now)),
                    state.address, lists});
  }
  call.print(json, rows.empty() ? "no certificate ends soon\n" : table(rows));
  return rows.empty() ? 0 : 1;
}

Result<int> cert_remind(Invocation& call) {
  const auto within = soon(call);
  if (!within) return within.error();
  auto runtime = call.runtime();
  if (!runtime) return std::move(runtime).error();
  auto ports = (*runtime)->ports();
  auto spools = open_spools((*runtime)->site());
  if (!spools) return std::move(spools).error();
  std::vector<ReaderState> wanted;
  std::optional<config::ListConfig> config;
  const auto address = mail::AddrSpec::parse(call.arguments[0]);
  auto named = ports.site.resolve_list(call.arguments[0]);
  if (named) {
    auto loaded = config::ListConfig::load(ports.site, *named);
    if (!loaded) return std::move(loaded).error();
    config = *std::move(loaded);
    auto states = pipeline::reader_states(*config, ports);
    if (!states) return std::move(states).error();
    for (auto& state : *states)
      if (!state.reads || ends_soon(state, ports.clock.now(), *within))
        wanted.push_back(std::move(state));
  } else if (address) {
    auto state = state_of(address->canonical(), ports);
    if (!state) return std::move(state).error();
    wanted.push_back(*std::move(state));
  } else {
    return std::move(named).error();
  }
  const Reminders reminders{config ? &*config : nullptr, spools->bulk, ports};
  Json json = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const auto& state : wanted) {
    auto sent = remind_one(state, reminders, call);
    if (!sent) return std::move(sent).error();
    const std::string outcome = !*sent         ? "reminded less than a day ago"
                                : call.dry_run ? "would be reminded"
                                               : "reminded";
    json.push_back({{"address", state.address}, {"outcome", outcome}});
    rows.push_back({state.address, outcome, sentence(state, ports.clock.now())});
  }
  call.print(json, rows.empty() ? "nobody needs a reminder\n" : table(rows));
  return kOk;
}

}  // namespace paraph::app
