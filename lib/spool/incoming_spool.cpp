#include <algorithm>
#include <array>
#include <map>

#include "spool/entry.h"
#include "spool/names.h"
#include "spool/spool.h"

namespace paraph::spool {
namespace {

constexpr auto kKeepAbandoned = std::chrono::hours(24);
constexpr std::string_view kTemporary = "T.";

std::string bad(std::string_view name) {
  return in(kBad, name);
}
std::string wait_note(std::string_view name) {
  return in(kNotes, name);
}
std::string temporary(std::string_view name) {
  return std::string(kTemporary).append(name);
}

constexpr std::string_view kNotReadYet = "\n";  // no envelope sender has a line end

struct ByName {
  std::vector<Waiting> all;         ///< the list is empty where the name does not tell
  std::vector<std::string> untold;  ///< names of those
};
ByName by_name(const std::vector<std::string>& names, const PriorityOf& priority) {
  struct Told {
    std::string address;
    std::optional<unsigned> priority = kNormalPriority;
  };
  std::map<std::string_view, Told> addresses;
  ByName waiting;
  for (const auto& name : names) {
    const auto part = address_part(name);
    const auto [told, fresh] = addresses.try_emplace(part);
    if (fresh)
      if (auto address = decode_address(part)) told->second = {*address, priority(*address)};
    const auto& [address, its_priority] = told->second;
    if (address.empty()) waiting.untold.push_back(name);
    waiting.all.push_back(
        {name, its_priority, address, {}, TimePoint{std::chrono::seconds(accepted_at(name))}});
  }
  return waiting;
}

/// The header, then the message as it comes, up to `limit` octets of it.
sys::NextChunk limited(std::string_view header, const sys::NextChunk& message, std::size_t limit) {
  return [header, &message, limit, taken = std::size_t{0}]() mutable -> Result<std::string_view> {
    if (!header.empty()) return std::exchange(header, std::string_view());
    auto chunk = message();
    if (!chunk) return chunk;
    taken += chunk->size();
    if (taken > limit)
      return Error::never(Errc::limit,
                          "the message is larger than " + std::to_string(limit) + " octets");
    return chunk;
  };
}

}  // namespace

IncomingSpool::IncomingSpool(std::shared_ptr<sys::FileSystem> fs, std::size_t max_octets)
    : fs_(std::move(fs)), max_octets_(max_octets) {}

Result<std::string> IncomingSpool::accept(const SpoolHeader& header, const sys::NextChunk& message,
                                          int pid, Random& random) {
  const std::string name = incoming_name(header.address, header.received, pid, random);
  const std::string internal = write_header(header, false);
  if (auto written = fs_->write_new_from(temporary(name), limited(internal, message, max_octets_));
      !written)
    return std::move(written).error();
  if (auto renamed = fs_->rename_new(temporary(name), name); !renamed) {
    static_cast<void>(fs_->remove(temporary(name), false));
    // Renamed, but not durably: the MTA hears of an Error and brings the mail again, so this one
    // goes. What was there before under that name is somebody else's.
    if (renamed.error().code() != Errc::exists) static_cast<void>(fs_->remove(name, false));
    return std::move(renamed).error();
  }
  return name;
}

Result<std::string> IncomingSpool::accept(const SpoolHeader& header, std::string_view message,
                                          int pid, Random& random) {
  return accept(header, pieces(message, {}), pid, random);
}

Result<std::vector<std::string>> IncomingSpool::pending() {
  return pending(sys::SystemClock().now());
}

Result<std::vector<std::string>> IncomingSpool::pending(TimePoint now) {
  auto names = fs_->names("");
  if (!names) return names;
  forget_abandoned(*names, now);
  names->erase(std::remove_if(names->begin(), names->end(),
                              [](const std::string& name) { return !is_mail_name(name); }),
               names->end());
  std::sort(names->begin(), names->end(), [](const std::string& a, const std::string& b) {
    return std::pair(accepted_at(a), std::string_view(a)) <
           std::pair(accepted_at(b), std::string_view(b));
  });
  return names;
}

// The name tells the address, and that the priority and the list, of any number of mails without a look into one. Only
// senders stand inside: those who are not known yet take their turn together.
Result<std::vector<std::string>> IncomingSpool::pending(TimePoint now, const PriorityOf& priority) {
  const auto names = pending(now);
  if (!names) return names;
  auto waiting = by_name(*names, priority);
  std::vector<std::string> to_look_at = std::move(waiting.untold);
  const std::size_t most = to_look_at.size() + kLookedAt;
  for (const auto& item : waiting.all)
    if (item.priority && !item.list.empty()) to_look_at.push_back(item.name);
  const auto& headers = headers_.look_at(*fs_, "", to_look_at, false, most);
  std::vector<std::string> never;
  for (auto& item : waiting.all) {
    if (const auto found = headers.find(item.name); found == headers.end()) {
      item.sender = kNotReadYet;
    } else if (found->second) {
      item.sender = found->second->reverse_path;
      if (item.list.empty()) {
        item.list = found->second->address;
        item.priority = priority(item.list);
      }
    }
    if (!item.priority) never.push_back(item.name);
  }
  never_.note(*fs_, never);
  return fair_order(std::move(waiting.all));
}

// There are as many of them as queues at work, and those a crash left: each may be looked at.
void IncomingSpool::forget_abandoned(const std::vector<std::string>& names, TimePoint now) {
  for (const auto& name : names) {
    if (name.substr(0, kTemporary.size()) != kTemporary) continue;
    const auto file = fs_->info(name);
    if (file && file->modified + kKeepAbandoned < now) static_cast<void>(fs_->remove(name, false));
  }
}

Result<std::optional<Claim>> IncomingSpool::claim(const std::string& name) {
  if (!is_mail_name(name)) return std::optional<Claim>();
  auto lock = fs_->lock(name);
  if (lock) return std::optional<Claim>(Claim{name, std::move(*lock)});
  const Errc code = lock.error().code();
  if (code == Errc::busy || code == Errc::not_found) return std::optional<Claim>();
  return std::move(lock).error();
}

Result<Spooled> IncomingSpool::read(const Claim& claim) {
  auto octets = fs_->read(claim.name, max_octets_ + kHeaderOctets);
  if (!octets) return std::move(octets).error();
  return read_spooled(std::move(*octets), false);
}

Result<SpoolHeader> IncomingSpool::read_header(const Claim& claim) {
  const auto start = fs_->read_start(claim.name, kHeaderOctets);
  if (!start) return start.error();
  return read_spool_header(*start, false);
}

Result<void> IncomingSpool::finish(Claim claim) {
  if (auto removed = fs_->remove(claim.name, false); !removed) return removed;
  static_cast<void>(fs_->remove(wait_note(claim.name), false));
  return {};
}

Result<void> IncomingSpool::quarantine(Claim claim, std::string_view reason) {
  const auto free = free_name(*fs_, "bad", claim.name);
  if (!free) return free.error();
  const std::string target = bad(*free);
  // The reason first: a mail in bad/ is never without one.
  if (auto noted = write_note(*fs_, target + std::string(kReason), reason); !noted) return noted;
  if (auto moved = fs_->rename_new(claim.name, target); !moved) return moved;
  static_cast<void>(fs_->remove(wait_note(claim.name), false));
  return {};
}

void IncomingSpool::note_waiting(const Claim& claim, std::string_view reason) {
  static_cast<void>(write_note(*fs_, wait_note(claim.name), reason));
}

Result<std::vector<Entry>> IncomingSpool::entries() {
  std::vector<Entry> found;
  constexpr std::array<std::pair<State, std::string_view>, 3> kPlaces{
      {{State::waiting, ""}, {State::held, kHeld}, {State::quarantined, kBad}}};
  for (const auto& [state, directory] : kPlaces) {
    const auto files = directory.empty() ? fs_->list("") : list_in(*fs_, directory);
    if (!files) return files.error();
    const bool quarantined = state == State::quarantined;
    for (const auto& file : *files) {
      if (!file.regular || !is_mail_name(file.name) || (quarantined && is_reason(file.name)))
        continue;
      const std::string path = in(directory, file.name);
      found.push_back(describe(*fs_, {"msg", state, file.name}, path, file, false,
                               quarantined ? path + std::string(kReason) : wait_note(file.name)));
      if (state == State::waiting && at_work(*fs_, path)) found.back().state = State::at_work;
    }
  }
  sort_by_time(found);
  return found;
}

}  // namespace paraph::spool
