#include <fmt/core.h>

#include <algorithm>

#include "pipeline/incoming.h"

namespace paraph::pipeline {
namespace {

// 0: never. Of a list that is gone or cannot be read the site's.
long long days_of(const spool::Entry& entry, const Ports& ports) {
  if (entry.spool == "auth") return ports.site.number("clean_delay_queueauth");
  const std::string_view name = entry.header->list;
  const auto at = std::min(name.rfind('@'), name.size());
  if (const auto list =
          list::ListAddress::parse(name.substr(0, at), name.substr(std::min(at + 1, name.size()))))
    if (const auto config = config::ListConfig::load(ports.site, *list))
      return config->number("clean_delay_queuemod");
  return ports.site.number("clean_delay_queuemod");
}

Result<void> expire_one(const spool::Entry& entry, spool::HoldSpool& spool, const Ports& ports) {
  const auto& header = *entry.header;
  const long long days = days_of(entry, ports);
  const auto age = epoch(ports.clock.now()) - epoch(entry.modified);
  if (days <= 0 || age <= days * 24 * 3600) return {};
  const auto gone = spool.expire(entry.place());
  if (!gone) return gone.error();
  if (!*gone) return {};
  ports.log.write(sys::Level::info, "held-expired",
                  {{"id", header.id.str()}, {"spool", entry.spool}, {"from", header.sender}});
  return ports.ledger.record({.id = header.id.str(),
                              .list = header.list,
                              .from = header.sender,
                              .outcome = "expired",
                              .reason = fmt::format("nobody decided for {} days", days),
                              .mta_id = {},
                              .size = static_cast<long long>(entry.size),
                              .received = epoch(header.received),
                              .message_id = {}});
}

}  // namespace

Result<void> expire_held(const IncomingSpools& spools, const Ports& ports) {
  for (auto* spool : {&spools.auth, &spools.moderation}) {
    const auto entries = spool->entries();
    if (!entries) return entries.error();
    for (const auto& entry : *entries)
      if (entry.header)
        if (auto done = expire_one(entry, *spool, ports); !done) return done;
  }
  return {};
}

}  // namespace paraph::pipeline
