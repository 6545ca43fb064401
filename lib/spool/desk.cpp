#include "spool/desk.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <set>

#include "spool/desk_bulk.h"
#include "spool/entry.h"
#include "spool/names.h"
#include "spool/spool.h"

namespace paraph::spool {
namespace {

struct Names {
  std::string_view spool;
  std::array<std::string_view, 6> directories;
};
constexpr std::array kInside{
    Names{"msg", {kBad, kHeld, kNotes}},
    Names{"bulk", {bulk::kMessages, bulk::kPackets, bulk::kEnded, kBad, kHeld, kNotes}}};

std::string_view directory_of(State state) {
  if (state == State::held) return kHeld;
  return state == State::quarantined ? kBad : std::string_view();
}

std::string path_of(const Place& place) {
  return in(
      place.spool == "bulk" && live(place.state) ? bulk::kMessages : directory_of(place.state),
      place.name);
}

Result<void> add(Result<std::vector<Entry>> found, std::vector<Entry>& all) {
  if (!found) return std::move(found).error();
  std::move(found->begin(), found->end(), std::back_inserter(all));
  return {};
}

// NAME of a NAME.1 that free_name() made: RANDOM, after the comma, has no dot.
std::string original_name(const std::string& name) {
  const std::size_t comma = name.rfind(',');
  return comma == std::string::npos ? name : name.substr(0, name.find('.', comma));
}

// Back from bad/ or hold/ under its own name; the reason, if there is one, goes last.
Result<void> put_back(sys::FileSystem& fs, const std::string& from, const std::string& to) {
  const auto lock = desk::take(fs, from);
  if (!lock) return lock.error();
  if (auto moved = fs.rename_new(from, to); !moved) return moved;
  static_cast<void>(fs.remove(from + std::string(kReason), false));
  return {};
}

Result<void> drop_mail(sys::FileSystem& fs, const Place& place) {
  const std::string path = path_of(place);
  const auto lock = desk::take(fs, path);
  if (!lock) return lock.error();
  if (auto removed = fs.remove(path, true); !removed) return removed;
  static_cast<void>(fs.remove(path + std::string(kReason), false));
  static_cast<void>(fs.remove(in(kNotes, place.name), false));
  return {};
}

}  // namespace

namespace desk {

Result<std::unique_ptr<sys::FileLock>> take(sys::FileSystem& fs, const std::string& path) {
  auto lock = fs.lock(path);
  if (lock) return lock;
  if (lock.error().code() == Errc::busy)
    return Error::later(Errc::busy, fs.full_path(path) + ": a worker has it")
        .with_hint("try again in a moment");
  if (lock.error().code() == Errc::not_found)
    return Error::never(Errc::not_found, fs.full_path(path) + ": it has ended or moved meanwhile")
        .with_hint("paraph spool list");
  return lock;
}

}  // namespace desk

sys::FileSystem& Desk::fs(const Place& place) const {
  if (place.spool == "bulk") return *roots_.bulk;
  if (place.spool == "auth") return *roots_.auth;
  return place.spool == "moderation" ? *roots_.moderation : *roots_.msg;
}

std::string Desk::path(const Place& place) const {
  return fs(place).full_path(path_of(place));
}

Result<std::vector<Entry>> Desk::entries(TimePoint now) {
  std::vector<Entry> all;
  if (auto ok = add(IncomingSpool(roots_.msg).entries(), all); !ok) return std::move(ok).error();
  if (auto ok = add(HoldSpool(roots_.auth, "auth").entries(), all); !ok)
    return std::move(ok).error();
  if (auto ok = add(HoldSpool(roots_.moderation, "moderation").entries(), all); !ok)
    return std::move(ok).error();
  if (auto ok = add(BulkSpool(roots_.bulk, 1).entries(now), all); !ok) return std::move(ok).error();
  sort_by_time(all);
  return all;
}

Result<std::vector<Entry>> Desk::find(std::string_view prefix, TimePoint now) {
  auto all = entries(now);
  if (!all) return all;
  std::vector<Entry> exact, found;
  std::set<std::string> ids;
  for (auto& entry : *all) {
    const std::string id = entry.id();
    if (entry.name == prefix) {
      exact.push_back(std::move(entry));
    } else if (!id.empty() && id.substr(0, prefix.size()) == prefix) {
      ids.insert(id);
      found.push_back(std::move(entry));
    }
  }
  // A whole id is the name of its message in bulk, too.
  if (QueueId::parse(prefix))
    std::move(exact.begin(), exact.end(), std::back_inserter(found));
  else if (!exact.empty())
    return exact;
  if (found.empty() || prefix.empty())
    return Error::never(Errc::not_found, std::string(prefix) + ": no such mail in any spool")
        .with_hint("paraph spool list");
  if (ids.size() > 1)
    return Error::never(Errc::usage, fmt::format("{}: {} mails begin so; say more of the id",
                                                 prefix, ids.size()))
        .with_hint("paraph spool list");
  return found;
}

Result<void> Desk::hold(const Place& place) {
  if (auto may = desk::applies("hold", place); !may) return may;
  if (auto made = fs(place).make_directory(kHeld); !made) return made;
  return put_back(fs(place), path_of(place), in(kHeld, place.name));
}

Result<void> Desk::release(const Place& place) {
  if (auto may = desk::applies("release", place); !may) return may;
  const Place there{place.spool, State::waiting, place.name};
  // Its time begins anew: what was held for long is no expired mail.
  if (place.spool == "bulk")
    if (auto stamped = fs(place).set_modified(path_of(place), sys::SystemClock().now()); !stamped)
      return stamped;
  return put_back(fs(place), path_of(place), path_of(there));
}

Result<void> Desk::retry(const Place& place, TimePoint now) {
  if (auto may = desk::applies("retry", place); !may) return may;
  if (place.spool == "bulk")
    return live(place.state) ? desk::retry_message(fs(place), place.name, now)
                             : desk::retry_packet(fs(place), place.name, now);
  if (live(place.state)) return {};  // looked at with every pass
  const std::string first = original_name(place.name);
  auto back = put_back(fs(place), path_of(place), first);
  const bool taken = !back && back.error().code() == Errc::exists && first != place.name;
  return taken ? put_back(fs(place), path_of(place), place.name) : back;
}

Result<void> Desk::drop(const Place& place) {
  if (auto may = desk::applies("drop", place); !may) return may;
  if (place.spool != "bulk") return drop_mail(fs(place), place);
  return place.state == State::quarantined ? desk::drop_quarantined(fs(place), place.name)
                                           : desk::drop_message(fs(place), place.name);
}

// In msg first, under a name made from the id: at no moment is it nowhere, and never there twice.
Result<void> Desk::decide(const Place& place, Word word) {
  if (auto may = desk::applies(desk::kDecide, place); !may) return may;
  auto& held = fs(place);
  const auto lock = desk::take(held, place.name);
  if (!lock) return lock.error();
  auto octets = held.read(place.name, bulk::kMaxMessage);
  if (!octets) return std::move(octets).error();
  auto spooled = read_spooled(std::move(*octets), true);
  if (!spooled) return std::move(spooled).error().in(held.full_path(place.name));
  auto& header = spooled->header;
  word.judged = header.auth;
  header.word = std::move(word);
  const std::string name = decided_name(header);
  const std::string temporary = "T." + name;
  const std::string internal = write_header(header, false);
  if (auto cleared = roots_.msg->remove(temporary, false); !cleared) return cleared;
  auto done = roots_.msg->write_new_from(temporary, pieces(internal, spooled->message));
  if (done) done = roots_.msg->rename_new(temporary, name);
  if (!done) {
    static_cast<void>(roots_.msg->remove(temporary, false));
    if (done.error().code() != Errc::exists) return done;
    return Error::later(Errc::busy, place.name + ": somebody has decided about it already")
        .with_hint("paraph trace " + header.id.str());
  }
  if (auto removed = held.remove(place.name, true); !removed) return removed;
  static_cast<void>(held.remove(place.name + std::string(kReason), false));
  return {};
}

Result<std::size_t> Desk::flush(TimePoint now) {
  return desk::flush(*roots_.bulk, now);
}

// Below fs(place); of a quarantined packet its message.
Result<std::string> Desk::stored_path(const Place& place) const {
  if (place.name.empty() || place.name.find('/') != std::string::npos)
    return Error::never(Errc::not_found, place.name + ": no such mail in any spool");
  if (place.spool == "bulk") {
    const auto packet = PacketName::parse_quarantined(place.name);
    const auto id = packet ? std::optional(packet->id) : QueueId::parse(place.name);
    if (id) return desk::message_path(fs(place), *id);
  }
  return path_of(place);
}

Result<std::string> Desk::cat(const Place& place) {
  const auto stored = stored_path(place);
  if (!stored) return stored;
  auto octets = fs(place).read(*stored, bulk::kMaxMessage);
  if (!octets) return octets;
  auto spooled = read_spooled(std::move(*octets), place.spool != "msg");
  if (!spooled) return std::move(spooled).error().in(fs(place).full_path(*stored));
  return std::move(spooled->message);
}

Result<std::string> Desk::start(const Place& place, std::size_t octets) {
  const auto stored = stored_path(place);
  if (!stored) return stored;
  auto begin = fs(place).read_start(*stored, kHeaderOctets + octets);
  if (!begin) return begin;
  auto spooled = read_spooled(std::move(*begin), place.spool != "msg");
  if (!spooled) return std::move(spooled).error().in(fs(place).full_path(*stored));
  spooled->message.resize(std::min(spooled->message.size(), octets));
  return std::move(spooled->message);
}

Result<void> make_directories(sys::FileSystem& fs, std::string_view spool) {
  for (const auto& [name, directories] : kInside)
    for (const auto directory : directories)
      if (name == spool && !directory.empty())
        if (auto made = fs.make_directory(directory); !made) return made;
  return {};
}

}  // namespace paraph::spool
