#include "pipeline/outbox.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "mail/address.h"
#include "pipeline/incoming.h"
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

Result<void> enqueue(const spool::QueueId& id, const std::string& to,
                     const std::vector<std::string>& recipients, const std::string& list_name,
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
    return recipients;
  });
  if (!enqueued) return std::move(enqueued).error();
  return {};
}

// One line without controls, and of what is longer than a signed notice may hold the beginning.
std::string shortened(std::string_view value) {
  const std::string text = utf8::printable(value, 4 * kSignedValue);
  std::string out;
  std::size_t characters = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = utf8::next(text, at);
    if (++characters == kSignedValue && at < text.size()) return out + "…";
    utf8::append(out, c);
  }
  return out;
}

tt2::Value shortened(tt2::Value value) {
  value.text = shortened(std::string_view(value.text));
  for (auto& item : value.list) item = shortened(std::move(item));
  for (auto& [name, item] : value.hash) item = shortened(std::move(item));
  return value;
}

bool same(const tt2::Value& a, const tt2::Value& b) {
  return a.text == b.text &&
         std::equal(a.list.begin(), a.list.end(), b.list.begin(), b.list.end(), same) &&
         std::equal(a.hash.begin(), a.hash.end(), b.hash.begin(), b.hash.end(),
                    [](const auto& x, const auto& y) { return same(x.second, y.second); });
}

// A repeat after a crash must not tell somebody twice: distribution has recorded what it began to
// send.
Result<bool> was_sent(const spool::QueueId& id, const Ports& ports) {
  auto row = ports.ledger.find(id.str());
  if (!row) return std::move(row).error();
  return row->has_value();
}

// Sympa 4.7: with a key the list itself speaks, replies go to its owners; without one, the owners' address speaks.
std::string signing_address(const Notice& notice, const Ports& ports) {
  return notice.list ? notice.list->str() : ports.site.command_address(notice.domain);
}

// Without a signer: unsigned.
Result<std::string> composed(const Notice& notice, tt2::Data data, const cms::Signer* signer,
                             const Ports& ports) {
  const std::string address = signing_address(notice, ports);
  const std::string plain_address = notice.list ? notice.list->with_suffix("-request") : address;
  compose::Authored authored;
  authored.from = signer != nullptr ? address : plain_address;
  authored.from_name = notice.list ? notice.list->name() : ports.site.get("gecos", notice.domain);
  authored.to = notice.to;
  authored.message_id = message_id(notice.id, notice.domain);
  authored.in_reply_to = notice.in_reply_to;
  if (signer != nullptr && notice.list) authored.reply_to = plain_address;
  authored.auto_submitted = notice.auto_submitted;
  authored.date = ports.clock.now();

  // His own address stands in To as it is; in the text it is a value like others.
  add_standard_data(data, notice.list, notice.domain,
                    signer != nullptr ? shortened(std::string_view(notice.to)) : notice.to,
                    authored.from, ports);
  auto message = compose::from_template(notice.template_name,
                                        loader(ports, notice.list, notice.domain), data, authored);
  if (!message || signer == nullptr) return message;
  const std::string seed = ports.digest.sha256("boundary:" + notice.id.str());
  return smime::sign_message(*message, *signer, ports.clock.now(), seed);
}

void goes_unsigned(const std::string& problem, const Ports& ports) {
  ports.log.write(sys::Level::warning, "unsigned", {{"problem", problem}});
}

}  // namespace

Result<std::string> compose_notice(const Notice& notice, const Ports& ports) {
  const std::string directory =
      notice.list ? ports.site.list_directory(*notice.list) : ports.site.site_key_directory();
  auto ring = load_key_ring(directory, ports.site);
  if (!ring) return std::move(ring).error();
  for (const auto& problem : ring->problems)
    ports.log.write(sys::Level::warning, "key-unusable", {{"problem", problem}});
  auto key =
      signing_key(*ring, signing_address(notice, ports), ports.clock.now(), policy_of(ports.site));
  if (key.signer) add_issuers(*key.signer, notice.list, ports);
  if (!key.refusal.empty()) goes_unsigned(key.refusal, ports);
  const auto whole = tt2::Value::of(notice.data);
  const auto cut = shortened(whole);
  if (key.signer && (notice.values == Notice::Values::cut || same(whole, cut))) {
    auto message = composed(notice, cut.hash, &*key.signer, ports);
    // What the key cannot sign is told all the same; what is wrong with the template shows again.
    if (message || message.error().retry() == Retry::later || notice.only_signed) return message;
    goes_unsigned(key.generation->file + ": " + message.error().what(), ports);
  }
  return composed(notice, notice.data, nullptr, ports);
}

Result<bool> is_enqueued(const spool::QueueId& id, spool::BulkSpool& bulk, const Ports& ports) {
  auto sent = was_sent(id, ports);
  return !sent || *sent ? sent : bulk.published(id);
}

Result<void> enqueue_notice(const Notice& notice, std::string_view reverse_path,
                            spool::BulkSpool& bulk, const Ports& ports) {
  return enqueue_notice_to({notice.to}, notice, reverse_path, bulk, ports);
}

Result<void> enqueue_notice_to(const std::vector<std::string>& recipients, const Notice& notice,
                               std::string_view reverse_path, spool::BulkSpool& bulk,
                               const Ports& ports) {
  auto sent = was_sent(notice.id, ports);
  if (!sent) return std::move(sent).error();
  if (*sent) return {};
  auto message = compose_notice(notice, ports);
  if (message && notice.seal_to)
    message = notice.enclosed
                  ? smime::encrypt_with_post(*message, notice.enclosed->header,
                                             *notice.enclosed->payload, *notice.seal_to,
                                             notice.cipher, ports.digest.sha256(notice.id.str()))
                  : smime::encrypt_message(*message, *notice.seal_to, notice.cipher);
  if (!message) return std::move(message).error();
  return enqueue(notice.id, notice.to, recipients, notice.list ? notice.list->str() : std::string{},
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
  return enqueue(refusal.id, refusal.to, {refusal.to},
                 refusal.list ? refusal.list->str() : std::string{}, {}, *message, bulk, ports);
}

}  // namespace paraph::pipeline
