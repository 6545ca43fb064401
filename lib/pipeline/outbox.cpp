#include "pipeline/outbox.h"

#include <fmt/core.h>

#include <utility>

#include "base/utf8.h"
#include "mail/address.h"
#include "pipeline/key_ring.h"
#include "pipeline/priority.h"
#include "smime/seal.h"

namespace paraph::pipeline {
namespace {

tt2::Loader loader(const Ports& ports, const std::optional<list::ListAddress>& list,
                   const std::string& domain) {
  return [&ports, list, domain](std::string_view name) -> std::optional<tt2::Source> {
    auto found = ports.site.find_file(list, domain, "mail_tt2", name);
    if (!found || !*found) return std::nullopt;
    return tt2::Source{std::move((*found)->text), std::move((*found)->path)};
  };
}

// Sympa's standard variables (its templates run here as they are).
void add_standard_data(tt2::Data& data, const std::optional<list::ListAddress>& list,
                       const std::string& domain, const std::string& to, const std::string& from,
                       const Ports& ports) {
  data["domain"] = domain;
  data["robot_domain"] = domain;
  data["fromlist"] = from;
  data["conf"] = tt2::Value::of(tt2::Data{{"email", ports.site.get("email", domain)},
                                          {"sympa", ports.site.command_address(domain)},
                                          {"listmaster", ports.site.listmaster_address(domain)},
                                          {"host", domain},
                                          {"title", ports.site.get("title")},
                                          {"version", PARAPH_VERSION}});
  data["user"] = tt2::Value::of(tt2::Data{{"email", to}});
  if (list)
    data["list"] = tt2::Value::of(tt2::Data{{"name", list->name()},
                                            {"domain", list->domain()},
                                            {"host", list->domain()},
                                            {"address", list->str()},
                                            {"owner_address", list->with_suffix("-request")}});
}

std::string message_id(const spool::QueueId& id, const std::string& domain) {
  return fmt::format("paraph.{}@{}", id.str(), domain);
}

Result<void> enqueue(const spool::QueueId& id, const std::string& to, const std::string& list_name,
                     std::string_view reverse_path, const std::string& message,
                     spool::BulkSpool& bulk, const Ports& ports) {
  const spool::SpoolHeader header{
      .address = to,
      .id = id,
      .received = ports.clock.now(),
      .reverse_path = std::string(reverse_path),
      .unknown_sender = false,
      .kind = "service",
      .list = list_name,
      .auth = "smtp",
      .sealed = "no",
      .priority = bulk_priority(parse_priority(ports.site.get("sympa_priority"))),
      .sender = to};
  bool given = false;
  auto enqueued = bulk.enqueue(header, message, [&]() -> Result<std::vector<std::string>> {
    if (std::exchange(given, true)) return std::vector<std::string>{};
    return std::vector<std::string>{to};
  });
  if (!enqueued) return std::move(enqueued).error();
  return {};
}

// A repeat after a crash must not tell somebody twice: distribution has recorded what it began to
// send.
Result<bool> was_sent(const spool::QueueId& id, const Ports& ports) {
  auto row = ports.ledger.find(id.str());
  if (!row) return std::move(row).error();
  return row->has_value();
}

}  // namespace

Result<std::string> compose_notice(const Notice& notice, const Ports& ports) {
  const std::string directory =
      notice.list ? ports.site.list_directory(*notice.list) : ports.site.site_key_directory();
  auto ring = load_key_ring(directory, ports.site);
  if (!ring) return std::move(ring).error();
  for (const auto& problem : ring->problems)
    ports.log.write(sys::Level::warning, "key-unusable", {{"problem", problem}});

  // Sympa 4.7: with a key the list itself speaks, replies go to its owners; without one, the
  // owners' address speaks.
  const std::string signing_address =
      notice.list ? notice.list->str() : ports.site.command_address(notice.domain);
  const bool sign = ring->sign && ring->sign->certificate.names(signing_address);
  const std::string plain_address =
      notice.list ? notice.list->with_suffix("-request") : signing_address;

  compose::Authored authored;
  authored.from = sign ? signing_address : plain_address;
  authored.from_name = notice.list ? notice.list->name() : ports.site.get("gecos", notice.domain);
  authored.to = notice.to;
  authored.message_id = message_id(notice.id, notice.domain);
  authored.in_reply_to = notice.in_reply_to;
  if (sign && notice.list) authored.reply_to = plain_address;
  authored.auto_submitted = notice.auto_submitted;
  authored.date = ports.clock.now();

  tt2::Data data = notice.data;
  add_standard_data(data, notice.list, notice.domain, notice.to, authored.from, ports);
  auto message = compose::from_template(notice.template_name,
                                        loader(ports, notice.list, notice.domain), data, authored);
  if (!message || !sign) return message;
  const std::string seed = ports.digest.sha256("boundary:" + notice.id.str());
  return smime::sign_message(*message, *ring->sign, ring->sign_chain, ports.clock.now(), seed);
}

Result<void> enqueue_notice(const Notice& notice, std::string_view reverse_path,
                            spool::BulkSpool& bulk, const Ports& ports) {
  auto sent = was_sent(notice.id, ports);
  if (!sent) return std::move(sent).error();
  if (*sent) return {};
  auto message = compose_notice(notice, ports);
  if (message && notice.seal_to)
    message = smime::encrypt_message(*message, *notice.seal_to, cms::ContentCipher::aes_256_cbc);
  if (!message) return std::move(message).error();
  return enqueue(notice.id, notice.to, notice.list ? notice.list->str() : std::string{},
                 reverse_path, *message, bulk, ports);
}

Result<void> enqueue_refusal(const Refusal& refusal, spool::BulkSpool& bulk, const Ports& ports) {
  auto sent = was_sent(refusal.id, ports);
  if (!sent) return std::move(sent).error();
  if (*sent) return {};
  tt2::Data data{{"reason", refusal.reason},
                 {"address", utf8::printable(refusal.recipient)},
                 {"message_id", utf8::printable(refusal.message_id, 200)}};
  add_standard_data(data, refusal.list, refusal.domain, refusal.to, refusal.recipient, ports);
  auto text = tt2::render("report.tt2", loader(ports, refusal.list, refusal.domain), data);
  if (!text) return std::move(text).error();

  compose::Report report;
  report.authored.from =
      fmt::format("{}-request@{}", ports.site.get("email", refusal.domain), refusal.domain);
  report.authored.from_name = ports.site.get("gecos", refusal.domain);
  report.authored.to = refusal.to;
  report.authored.message_id = message_id(refusal.id, refusal.domain);
  report.authored.auto_submitted = "auto-replied";
  report.authored.date = ports.clock.now();
  report.reporting_domain = refusal.domain;
  report.final_recipient = refusal.recipient;
  report.status = refusal.status;
  report.diagnostic =
      refusal.detail.empty() ? refusal.reason : refusal.reason + " (" + refusal.detail + ")";
  report.text = std::move(*text);
  report.original_header = refusal.original_header;
  report.arrival = refusal.arrival;
  auto message = compose::delivery_status_notification(report);
  if (!message) return std::move(message).error();
  return enqueue(refusal.id, refusal.to, refusal.list ? refusal.list->str() : std::string{}, {},
                 *message, bulk, ports);
}

}  // namespace paraph::pipeline
