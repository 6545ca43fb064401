#include "pipeline/missed.h"

#include <chrono>
#include <optional>
#include <set>
#include <utility>

#include "pipeline/receivers.h"
#include "pipeline/sealing.h"
#include "spool/missed_spool.h"
#include "sys/file_system.h"

namespace paraph::pipeline {
namespace {

// Whoever has a certificate never comes here.
Result<spool::MissedSpool> open_missed(const Ports& ports) {
  if (ports.missed) return spool::MissedSpool(ports.missed);
  auto root = sys::open_root(ports.site.spool_directory("missed"));
  if (!root) return std::move(root).error().with_hint("paraph fsck --repair");
  return spool::MissedSpool(*std::move(root));
}

std::chrono::seconds retention(const config::ListConfig& config) {
  return std::chrono::hours(24 * config.number("missed_post_retention"));
}

Result<std::optional<config::ListConfig>> config_of(const std::string& list, const Ports& ports) {
  std::optional<config::ListConfig> none;
  auto address = ports.site.resolve_list(list);
  if (!address && address.error().retry() == Retry::never) return none;  // closed for good
  if (!address) return std::move(address).error();
  auto config = config::ListConfig::load(ports.site, *address);
  if (!config) return std::move(config).error();
  return std::optional(*std::move(config));
}

/// Whether a copy for him would go out now.
Result<bool> can_read(const std::string& member, const config::ListConfig& config,
                      const Ports& ports) {
  auto subscriber = ports.directory.member(config.address(), member);
  if (!subscriber) return std::move(subscriber).error();
  if (!*subscriber || !gets_copy(**subscriber, {})) return false;
  auto terms = seal_terms(ports, &config);
  if (!terms) return std::move(terms).error();
  auto target = ports.recipients.find(member, *terms);
  if (!target) return std::move(target).error();
  return target->recipient != nullptr;
}

Result<void> enqueue_again(spool::Spooled spooled, const std::string& member,
                           spool::BulkSpool& bulk, const Ports& ports) {
  spooled.header.id = spooled.header.id.derive("missed:" + member, ports.digest);
  bool given = false;
  auto enqueued =
      bulk.enqueue(spooled.header, spooled.message, [&]() -> Result<std::vector<std::string>> {
        if (std::exchange(given, true)) return std::vector<std::string>{};
        return std::vector<std::string>{member};
      });
  return enqueued ? Result<void>() : Result<void>(std::move(enqueued).error());
}

Result<void> forget(const store::Missed& missed, spool::MissedSpool& spool, const Ports& ports) {
  if (auto done = ports.notices.forget(missed.address, missed.list, missed.mail_id); !done)
    return done;
  const auto others = ports.notices.of_mail(missed.mail_id);
  if (!others) return others.error();
  const auto id = spool::QueueId::parse(missed.mail_id);
  return others->empty() && id ? spool.remove(*id) : Result<void>();
}

}  // namespace

bool keeps_missed(const config::ListConfig& config) {
  return config.number("missed_post_retention") > 0;
}

// The file first: what is noted can then be sent.
Result<void> note_missed(const spool::SpoolHeader& header, spool::BulkSpool& bulk,
                         const std::string& member, const std::string& reason,
                         const config::ListConfig& config, const Ports& ports) {
  if (keeps_missed(config)) {
    auto spool = open_missed(ports);
    if (!spool) return std::move(spool).error();
    const auto present = spool->has(header.id);
    if (!present) return present.error();
    if (!*present) {  // once a post, and not for each who missed it
      const auto spooled = bulk.message(header.id);
      if (!spooled) return spooled.error();
      if (auto kept = spool->keep(spooled->header, spooled->message); !kept) return kept;
    }
  }
  return ports.notices.missed({.address = member,
                               .list = config.address().str(),
                               .mail_id = header.id.str(),
                               .at = epoch(ports.clock.now()),
                               .reason = reason});
}

// Enqueued, then forgotten: a crash in between enqueues again under the same id, which finds what is there.
Result<std::size_t> send_missed(const std::string& address, spool::BulkSpool& bulk,
                                const Ports& ports) {
  const auto all = ports.notices.of(address);
  if (!all) return all.error();
  std::size_t sent = 0;
  if (all->empty()) return sent;
  auto spool = open_missed(ports);
  if (!spool) return std::move(spool).error();
  for (const auto& missed : *all) {
    const auto config = config_of(missed.list, ports);
    if (!config) return config.error();
    const auto able = *config ? can_read(address, **config, ports) : Result<bool>(false);
    if (!able) return able.error();
    if (!*able) continue;
    const auto id = spool::QueueId::parse(missed.mail_id);
    auto spooled = id ? spool->read(*id) : Result<std::optional<spool::Spooled>>(std::nullopt);
    if (!spooled) return std::move(spooled).error();
    if (*spooled) {
      if (auto done = enqueue_again(*std::move(*spooled), address, bulk, ports); !done)
        return std::move(done).error();
      ++sent;
    }
    if (auto done = forget(missed, *spool, ports); !done) return std::move(done).error();
  }
  return sent;
}

Result<void> tend_missed(spool::BulkSpool& bulk, const Ports& ports) {
  auto spool = open_missed(ports);
  if (!spool) return std::move(spool).error();
  const auto ids = spool->ids();
  if (!ids) return ids.error();
  std::set<std::string> waiting;
  for (const auto& id : *ids) {
    const auto rows = ports.notices.of_mail(id.str());
    if (!rows) return rows.error();
    for (const auto& missed : *rows) {
      const auto config = config_of(missed.list, ports);
      if (!config) return config.error();
      const TimePoint since{std::chrono::seconds(missed.at)};
      if (*config && ports.clock.now() - since <= retention(**config)) {
        waiting.insert(missed.address);
        continue;
      }
      if (auto done = forget(missed, *spool, ports); !done) return done;
    }
    constexpr auto kOrphan = std::chrono::hours(24);  // kept, and then noted by nobody
    if (rows->empty() && ports.clock.now() - id.made_at() > kOrphan)
      if (auto done = spool->remove(id); !done) return done;
  }
  for (const auto& address : waiting)
    if (auto sent = send_missed(address, bulk, ports); !sent) return std::move(sent).error();
  // Where nothing is kept the count of what was missed starts anew after a while.
  constexpr long long kForget = 90LL * 24 * 3600;
  return ports.notices.expire(epoch(ports.clock.now()) - kForget);
}

}  // namespace paraph::pipeline
