#include <fmt/core.h>

#include "base/utf8.h"
#include "pipeline/key_ring.h"
#include "pipeline/outbox.h"

namespace paraph::pipeline {
namespace {

constexpr long long kGroupFor = 3600;     // seconds between two mails of alarms
constexpr std::size_t kInOneMail = 1000;  // told by one mail
constexpr std::size_t kShownInOneMail = 50;

// An alarm alone is told as Sympa's template has it; several as a list.
tt2::Data describe(const std::vector<store::Alarm>& alarms) {
  const auto& first = alarms.front();
  tt2::Data data{{"type", first.kind},
                 {"id", first.mail_id},
                 {"address", utf8::printable(first.subject)},
                 {"reason", utf8::printable(first.reason)}};
  if (alarms.size() == 1) return data;
  std::vector<tt2::Value> rows;
  for (const auto& alarm : alarms) {
    if (rows.size() == kShownInOneMail) break;
    rows.push_back(
        tt2::Value::of(tt2::Data{{"type", alarm.kind},
                                 {"id", alarm.mail_id},
                                 {"address", utf8::printable(alarm.subject)},
                                 {"reason", utf8::printable(alarm.reason)},
                                 {"at", iso8601(TimePoint(std::chrono::seconds(alarm.at)))}}));
  }
  data["count"] = std::to_string(alarms.size());
  if (alarms.size() > rows.size()) data["more"] = std::to_string(alarms.size() - rows.size());
  data["alarms"] = tt2::Value::of(std::move(rows));
  return data;
}

// The id is that of these alarms: told again after a crash, they are one mail.
Result<void> tell(const std::vector<store::Alarm>& alarms, spool::BulkSpool& bulk,
                  const Ports& ports) {
  const auto& last = alarms.back();
  const auto id = spool::QueueId::parse(last.mail_id);
  if (!id) return Error::never(Errc::corrupt, "an alarm without the id of a mail");
  const auto purpose = fmt::format("alarm {} {} {}", alarms.size(), last.number, last.at);
  for (const auto& listmaster : without_own_addresses(ports.site.listmasters(), ports.site)) {
    const Notice notice{.id = id->derive(purpose + ":" + listmaster, ports.digest),
                        .template_name = "listmaster-notification.tt2",
                        .data = describe(alarms),
                        .to = listmaster,
                        .list = std::nullopt,
                        .domain = ports.site.domain(),
                        .auto_submitted = "auto-generated",
                        .in_reply_to = {},
                        .values = Notice::Values::whole};
    if (auto told = enqueue_notice(notice, {}, bulk, ports); !told) return told;
  }
  return {};
}

}  // namespace

Result<void> raise_alarm(const spool::QueueId& id, std::string_view kind, std::string_view subject,
                         std::string_view reason, spool::BulkSpool& bulk, const Ports& ports) {
  auto raised = ports.alarms.raise({.number = 0,
                                    .at = epoch(ports.clock.now()),
                                    .kind = std::string(kind),
                                    .subject = std::string(subject),
                                    .mail_id = id.str(),
                                    .reason = std::string(reason)});
  return raised ? send_alarms(bulk, ports) : raised;
}

Result<void> send_alarms(spool::BulkSpool& bulk, const Ports& ports) {
  const auto now = epoch(ports.clock.now());
  const auto alarms = ports.alarms.take(kInOneMail, now, kGroupFor);
  if (!alarms) return alarms.error();
  if (alarms->empty()) return {};
  const auto last = alarms->back().number;
  if (auto told = tell(*alarms, bulk, ports); !told) {
    static_cast<void>(ports.alarms.give_back(last));  // else they are taken again when that is late
    return told;
  }
  return ports.alarms.told(last, now);
}

}  // namespace paraph::pipeline
