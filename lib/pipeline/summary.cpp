#include "pipeline/summary.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "config/site.h"
#include "pipeline/authorize.h"
#include "pipeline/key_ring.h"
#include "pipeline/outbox.h"
#include "pipeline/sealing.h"

namespace paraph::pipeline {
namespace {

constexpr std::size_t kShown = 50;
constexpr std::size_t kForeign = 80;  // security rule 39

// What the transport could not do is the listmaster's to hear.
bool got_none(const std::string& outcome) {
  return outcome == "notice" || outcome == "missed";
}

// "expired: CN=…" is told as "expired": the rest is `cert coverage`'s.
std::string code_of(const store::CopyRow& copy) {
  return copy.reply.substr(0, copy.reply.find_first_of(":;"));
}

/// What both kinds of people are told; empty: everybody got a copy.
Result<tt2::Data> describe(const spool::SpoolHeader& post, const Ports& ports) {
  tt2::Data none;
  const auto counts = ports.ledger.counts(post.id.str());
  if (!counts) return counts.error();
  std::size_t all = 0;
  std::size_t without = 0;
  for (const auto& [word, count] : *counts) {
    all += count;
    if (got_none(word)) without += count;
  }
  if (without == 0) return none;
  const auto copies = ports.ledger.copies(post.id.str());
  if (!copies) return copies.error();
  std::vector<tt2::Value> rows;
  for (const auto& copy : *copies) {
    if (!got_none(copy.outcome)) continue;
    if (rows.size() == kShown) break;
    rows.push_back(tt2::Value::of(tt2::Data{{"address", copy.member}, {"reason", code_of(copy)}}));
  }
  const auto mail = ports.ledger.find(post.id.str());
  if (!mail) return mail.error();
  tt2::Data data{{"sender", utf8::printable(post.sender, kForeign)},
                 {"all", std::to_string(all)},
                 {"able", std::to_string(all - without)},
                 {"without", std::to_string(without)}};
  if (*mail) data["message_id"] = utf8::printable((*mail)->message_id, kForeign);
  if (without > rows.size()) data["more"] = std::to_string(without - rows.size());
  data["rows"] = tt2::Value::of(std::move(rows));
  return data;
}

Result<std::vector<std::string>> owners_of(const list::ListAddress& list, const Ports& ports) {
  const auto admins = ports.directory.admins(list, list::Role::owner);
  if (!admins) return admins.error();
  std::vector<std::string> people;
  for (const auto& admin : *admins) people.push_back(admin.email);
  if (people.empty()) people = ports.site.listmasters();
  return without_own_addresses(std::move(people), ports.site);
}

// Security rule 30.
Result<bool> author_may_see(const spool::SpoolHeader& post, const list::ListAddress& list,
                            const Ports& ports) {
  if (post.auth != "smime" && post.auth != "md5") return false;
  const Question question{
      .function = "review",
      .list = list,
      .domain = list.domain(),
      .scenario = {},
      .method = post.auth == "smime" ? scenario::AuthMethod::smime : scenario::AuthMethod::md5,
      .sender = post.sender,
      .email = {},
      .message = nullptr,
      .message_encrypted = false};
  const auto decision = authorize(question, ports);
  if (!decision) return decision.error();
  return decision->action.action == scenario::Action::do_it;
}

Notice notice_for(const std::string& person, bool author, const spool::SpoolHeader& post,
                  const list::ListAddress& list, const tt2::Data& data, const Ports& ports) {
  Notice notice{.id = post.id.derive("summary:" + person, ports.digest),
                .template_name = "encrypted-post-summary.tt2",
                .data = data,
                .to = person,
                .list = list,
                .domain = list.domain(),
                .auto_submitted = "auto-generated",
                .in_reply_to = {}};
  notice.data["author"] = author ? "1" : "";
  return notice;
}

Result<void> tell_author(const spool::SpoolHeader& post, const config::ListConfig& config,
                         const tt2::Data& data, spool::BulkSpool& bulk, const Ports& ports) {
  const auto may = author_may_see(post, config.address(), ports);
  if (!may || !*may ||  // a scenario that cannot be asked allows nothing
      without_own_addresses({post.sender}, ports.site).empty())
    return {};
  auto notice = notice_for(post.sender, true, post, config.address(), data, ports);
  auto target = seal_target(post.sender, ports, &config);
  if (!target) return std::move(target).error();
  if (target->certificate) {
    const auto cipher = cipher_for(post.sender, *target->certificate, ports, &config);
    if (!cipher) return cipher.error();
    notice.cipher = *cipher;
    notice.seal_to = std::move(target->certificate);
  }
  return enqueue_notice(notice, {}, bulk, ports);
}

}  // namespace

Result<void> send_summary(const spool::SpoolHeader& post, spool::BulkSpool& bulk,
                          const Ports& ports) {
  const auto list = ports.site.resolve_list(post.list);
  if (!list) return list.error();
  const auto config = config::ListConfig::load(ports.site, *list);
  if (!config) return config.error();
  const auto data = describe(post, ports);
  if (!data) return data.error();
  if (data->empty()) return {};
  const auto owners = owners_of(*list, ports);
  if (!owners) return owners.error();
  for (const auto& owner : *owners)
    if (auto told =
            enqueue_notice(notice_for(owner, false, post, *list, *data, ports), {}, bulk, ports);
        !told)
      return told;
  const bool told = std::find(owners->begin(), owners->end(), post.sender) != owners->end();
  return told ? Result<void>() : tell_author(post, *config, *data, bulk, ports);
}

}  // namespace paraph::pipeline
