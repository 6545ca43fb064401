#include "spool/entry.h"
#include "spool/names.h"
#include "spool/spool.h"

namespace paraph::spool {

HoldSpool::HoldSpool(std::shared_ptr<sys::FileSystem> fs, std::string name)
    : fs_(std::move(fs)), name_(std::move(name)) {}

Result<void> HoldSpool::hold(const SpoolHeader& header, std::string_view message,
                             std::string_view reason) {
  const std::string& name = header.id.str();
  const auto present = fs_->exists(name);
  if (!present) return present.error();
  if (*present) return {};
  if (auto noted = write_note(*fs_, name + std::string(kReason), reason); !noted) return noted;
  const std::string temporary = "T." + name;
  if (auto cleared = fs_->remove(temporary, false); !cleared) return cleared;
  const std::string internal = write_header(header, true);
  if (auto written = fs_->write_new_from(temporary, pieces(internal, message)); !written)
    return written;
  auto renamed = fs_->rename_new(temporary, name);
  if (!renamed) static_cast<void>(fs_->remove(temporary, false));
  return renamed;
}

Result<std::vector<Entry>> HoldSpool::entries() {
  const auto held = fs_->list("");
  if (!held) return held.error();
  std::vector<Entry> found;
  for (const auto& file : *held)
    if (file.regular && is_mail_name(file.name) && !is_reason(file.name))
      found.push_back(describe(*fs_, {name_, State::waiting, file.name}, file.name, file, true,
                               file.name + std::string(kReason)));
  sort_by_time(found);
  return found;
}

Result<bool> HoldSpool::expire(const Place& place) {
  const auto lock = fs_->lock(place.name);
  if (!lock && (lock.error().code() == Errc::busy || lock.error().code() == Errc::not_found))
    return false;
  if (!lock) return lock.error();
  if (auto removed = fs_->remove(place.name, true); !removed) return std::move(removed).error();
  static_cast<void>(fs_->remove(place.name + std::string(kReason), false));
  return true;
}

}  // namespace paraph::spool
