#include <fmt/core.h>

#include <algorithm>

#include "apps/paraph/finding.h"

namespace paraph::app {
namespace {

using spool::Entry;
using spool::State;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr auto kLong = std::chrono::hours(1);
constexpr auto kNobodyComes = minutes(15);
constexpr auto kNoBeat = minutes(2);

// Mail that a daemon would take now, or should have taken.
bool is_due(const Entry& entry, TimePoint now) {
  if ((entry.spool != "msg" && entry.spool != "bulk") || never_sent(entry)) return false;
  if (entry.state == State::postponed) return entry.next_try && *entry.next_try < now;
  return entry.state == State::waiting;
}

std::string spool_of_daemon(const std::string& program) {
  return program == "paraph-incoming" ? "msg" : "bulk";
}

// Since when mail has waited that `spool` (or any, when empty) should have given away.
std::optional<TimePoint> oldest_due(const WaitingMail& waiting, std::string_view spool,
                                    TimePoint now) {
  for (const auto& entry : waiting.entries())
    if (is_due(entry, now) && (spool.empty() || entry.spool == spool))
      return entry.state == State::postponed ? *entry.next_try : since(entry);
  return std::nullopt;
}

// Of a note "what; try: command", as Error::advice() writes it.
std::pair<std::string, std::string> what_and_command(const std::string& note) {
  const auto cut = note.find("; try: ");
  if (cut == std::string::npos) return {note, {}};
  return {note.substr(0, cut), note.substr(cut + 7)};
}

void check_running(const DaemonState& daemon, const WaitingMail& waiting, TimePoint now,
                   Findings& findings) {
  const std::string restart = "systemctl restart " + daemon.program;
  if (daemon.last_beat != TimePoint{} && now - daemon.last_beat > kNoBeat) {
    findings.push_back({Severity::critical, "daemon_stuck",
                        fmt::format("{} (pid {}) gives no sign of life since {}", daemon.program,
                                    daemon.pid, clock_text(daemon.last_beat, now)),
                        restart});
    return;
  }
  if (!daemon.trouble.empty()) {
    const auto [what, command] = what_and_command(daemon.trouble);
    findings.push_back({Severity::critical, "no_worker",
                        fmt::format("{} runs, but no worker comes up: {}", daemon.program, what),
                        command.empty() ? "journalctl -u " + daemon.program : command});
    return;
  }
  // Idle workers beside mail that is due, and nobody has noted why.
  const auto overdue = oldest_due(waiting, spool_of_daemon(daemon.program), now);
  const bool noted = std::any_of(
      waiting.entries().begin(), waiting.entries().end(),
      [&](const Entry& entry) { return is_due(entry, now) && !entry.waits_for.empty(); });
  if (overdue && now - *overdue > kNobodyComes && daemon.in_hand.empty() && !noted)
    findings.push_back({Severity::critical, "daemon_idle",
                        fmt::format("{} runs, but takes no mail since {}", daemon.program,
                                    clock_text(*overdue, now)),
                        restart});
}

void check_suspects(const DaemonState& daemon, Findings& findings) {
  for (const auto& suspect : daemon.suspects) {
    const std::string id = suspect.name.substr(0, suspect.name.find(' '));
    findings.push_back(
        {Severity::warning, "workers_die",
         fmt::format("{} workers and {} supervisors of {} died on {}: {}", suspect.worker_deaths,
                     suspect.supervisor_deaths, daemon.program, suspect.name, suspect.reason),
         "paraph spool show " + id.substr(0, id.find('.'))});
  }
}

void nobody_runs(const WaitingMail& waiting, TimePoint now, Findings& findings) {
  const auto due = oldest_due(waiting, {}, now);
  const bool late = due && now - *due > kNobodyComes;
  findings.push_back(
      {late ? Severity::critical : Severity::fine, "no_daemon",
       due ? fmt::format("no daemon runs; mail waits since {}", clock_text(*due, now))
           : "no daemon runs, and no mail waits for one",
       late ? "systemctl start paraph-incoming paraph-distribute" : ""});
}

struct Group {
  std::string first_id;
  std::string spool;  ///< of the first
  TimePoint oldest{};
  TimePoint reason_since{};  ///< the earliest
  std::size_t mails = 0;
};

void add(Group& group, const Entry& entry) {
  const TimePoint noted = entry.noted.value_or(since(entry));
  if (group.mails == 0 || noted < group.reason_since) group.reason_since = noted;
  if (group.mails++ != 0) return;  // entries come oldest first
  group.first_id = entry.id().empty() ? entry.name : entry.id();
  group.spool = entry.spool;
  group.oldest = since(entry);
}

std::string some_mails(const Group& group, const ShortIds& shorten, TimePoint now) {
  return fmt::format("{} mail{}, oldest {} ({})", group.mails, group.mails == 1 ? "" : "s",
                     age_text(now - group.oldest), shorten(group.first_id));
}

// When it is tried again: by a daemon that runs, or by cron's next one.
std::string next_try(const Group& group, const std::vector<DaemonState>& daemons, TimePoint now) {
  const auto* daemon = daemon_of(daemons, group.spool);
  if (daemon == nullptr) return {};
  if (!daemon->running) return ", next try when " + daemon->program + " runs";
  return daemon->next_try ? ", next try " + clock_text(*daemon->next_try, now) : "";
}

}  // namespace

void check_daemons(const std::vector<DaemonState>& daemons, const WaitingMail& waiting,
                   TimePoint now, Findings& findings) {
  const bool none = std::none_of(daemons.begin(), daemons.end(),
                                 [](const DaemonState& daemon) { return daemon.running; });
  const bool killed = std::any_of(daemons.begin(), daemons.end(), [](const DaemonState& daemon) {
    return !daemon.running && daemon.pid != 0;
  });
  for (const auto& daemon : daemons) check_suspects(daemon, findings);
  // Neither runs and both ended in order: cron does their work.
  if (none && !killed) return nobody_runs(waiting, now, findings);
  for (const auto& daemon : daemons) {
    if (daemon.running)
      check_running(daemon, waiting, now, findings);
    else
      findings.push_back(
          {Severity::critical, "daemon_down",
           daemon.program + (daemon.pid == 0 ? " does not run" : " does not run: it was killed"),
           "systemctl start " + daemon.program});
  }
}

void check_mail(const WaitingMail& waiting, const std::vector<DaemonState>& daemons, TimePoint now,
                Findings& findings) {
  const ShortIds shorten = short_ids(waiting.entries());
  std::map<std::string, Group> reasons, quarantined;
  Group slow;
  for (const auto& entry : waiting.entries()) {
    const bool old = now - since(entry) > kLong;
    if (entry.state == State::quarantined)
      add(quarantined[entry.waits_for], entry);
    else if (is_due(entry, now) && !entry.waits_for.empty())
      add(reasons[entry.waits_for], entry);
    else if (old && entry.state != State::held && (entry.spool == "msg" || entry.spool == "bulk"))
      add(slow, entry);
  }
  for (const auto& [note, group] : reasons) {
    const auto [what, command] = what_and_command(note);
    findings.push_back(
        {Severity::critical, "mail_waits",
         fmt::format("{} since {} ({}); {}; nothing is lost, no attempt is counted{}", what,
                     clock_text(group.reason_since, now), age_text(now - group.reason_since),
                     some_mails(group, shorten, now), next_try(group, daemons, now)),
         command.empty() ? "paraph spool show " + shorten(group.first_id) : command});
  }
  for (const auto& [note, group] : quarantined)
    findings.push_back({Severity::warning, "quarantine",
                        fmt::format("in quarantine: {}: {}", some_mails(group, shorten, now), note),
                        "paraph spool show " + shorten(group.first_id)});
  if (slow.mails > 0)
    findings.push_back({Severity::warning, "mail_is_slow",
                        "waiting for more than an hour: " + some_mails(slow, shorten, now),
                        "paraph spool list --older 1h"});
}

}  // namespace paraph::app
