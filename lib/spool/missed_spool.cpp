#include "spool/missed_spool.h"

#include <limits>

namespace paraph::spool {

Result<void> MissedSpool::keep(const SpoolHeader& header, std::string_view message) {
  const std::string& name = header.id.str();
  const auto present = fs_->exists(name);
  if (!present) return present.error();
  if (*present) return {};
  const std::string internal = write_header(header, true);
  return fs_->replace(name, internal + std::string(message));
}

Result<std::optional<Spooled>> MissedSpool::read(const QueueId& id) {
  auto octets = fs_->read(id.str(), std::numeric_limits<std::size_t>::max() / 2);
  if (!octets && octets.error().code() == Errc::not_found) return std::optional<Spooled>();
  if (!octets) return std::move(octets).error();
  auto spooled = read_spooled(*std::move(octets), true);
  if (!spooled) return std::move(spooled).error();
  return std::optional(*std::move(spooled));
}

Result<void> MissedSpool::remove(const QueueId& id) {
  return fs_->remove(id.str(), true);
}

Result<std::vector<QueueId>> MissedSpool::ids() {
  const auto names = fs_->names("");
  if (!names) return names.error();
  std::vector<QueueId> out;
  for (const auto& name : *names)
    if (const auto id = QueueId::parse(name)) out.push_back(*id);
  return out;
}

}  // namespace paraph::spool
