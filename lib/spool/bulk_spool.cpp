#include <algorithm>
#include <cassert>
#include <set>

#include "spool/bulk_layout.h"
#include "spool/entry.h"
#include "spool/journal.h"
#include "spool/names.h"
#include "spool/spool.h"

namespace paraph::spool {
namespace {

using bulk::end_message;
using bulk::has_packet;
using bulk::journal_path;
using bulk::kJournal;
using bulk::kMaxMessage;
using bulk::kMaxPacket;
using bulk::message_path;
using bulk::packet_path;
using bulk::packets_of;
using bulk::wait_note;

constexpr auto kKeepEnded = std::chrono::hours(24);
constexpr auto kForgetEvery = std::chrono::hours(1);

constexpr std::size_t kTogether = 64;  // files open at once, and packets in memory
constexpr std::size_t kLeftOpen = 4;   // files of one prepared message that publish() syncs
static_assert(kLeftOpen < kTogether);

/// By age; the text of an id does not sort by time.
bool older(const std::string& a, const std::string& b) {
  return std::pair(QueueId::parse(a)->made_at(), std::string_view(a)) <
         std::pair(QueueId::parse(b)->made_at(), std::string_view(b));
}

std::string temporary_path(const QueueId& id) {
  return in(bulk::kMessages, "T." + id.str());
}

/// "ID.NNNN" of "ID.NNNN.done"; empty for other names.
std::string_view packet_of_journal(std::string_view name) {
  if (name.size() < kJournal.size()) return {};
  const auto packet = name.substr(0, name.size() - kJournal.size());
  return name.substr(packet.size()) == kJournal && PacketName::parse(packet) ? packet
                                                                             : std::string_view();
}

/// Under which of its names in bad/ a packet stands without a journal; empty: under none.
Result<std::string> misses_journal(sys::FileSystem& fs, std::string_view packet) {
  std::string found;
  for (unsigned number = 0; number < kMaxSame; ++number) {
    std::string name = numbered(packet, number);
    const auto there = fs.exists(in("bad", name));
    if (!there) return there.error();
    if (!*there) break;
    const auto journal = fs.exists(in("bad", name, kJournal));
    if (!journal) return journal.error();
    if (!*journal) found = std::move(name);
  }
  return found;
}

Result<std::size_t> count(const BulkSpool::Recipients& next) {
  for (std::size_t total = 0;;) {
    const auto batch = next();
    if (!batch) return batch.error();
    if (batch->empty()) return total;
    total += batch->size();
  }
}

}  // namespace

BulkSpool::BulkSpool(std::shared_ptr<sys::FileSystem> fs, std::size_t packet_size)
    : fs_(std::move(fs)), packet_size_(packet_size) {
  assert(packet_size_ > 0);
}

Result<bool> BulkSpool::published(const QueueId& id) {
  // In this order: end_message() makes the later one before it takes the earlier one away. And once more, since release()
  // and retry() lead back.
  for (const auto directory : {bulk::kMessages, kHeld, bulk::kEnded, kBad, bulk::kMessages}) {
    auto present = fs_->exists(in(directory, id.str()));
    if (!present && present.error().code() == Errc::not_found) continue;
    if (!present || *present) return present;
  }
  return false;
}

Result<BulkSpool::Written> BulkSpool::write_all(const QueueId& id,
                                                const std::vector<std::string_view>& message,
                                                const Recipients& next) {
  Written all;
  unsigned serial = 0;
  std::vector<std::string> packet, texts;
  const auto write = [&]() -> Result<void> {
    std::vector<sys::NewFile> files;
    // The message with the first packets: without any it is not written.
    if (serial == 0 && !texts.empty()) files.push_back({temporary_path(id), message});
    for (const auto& text : texts)
      files.push_back({packet_path(PacketName{id, ++serial}.str()), {text}});
    auto written = fs_->write_new_soon(files);
    if (!written) return std::move(written).error();
    texts.clear();
    if (files.size() > kLeftOpen) return (*written)->sync();
    all.unsynced =
        std::move(*written);  // the last ones of all: there are fewer of them than go together
    return {};
  };
  const auto close_packet = [&]() -> Result<void> {
    if (!packet.empty()) texts.push_back(write_recipients(packet));
    packet.clear();
    return texts.size() < kTogether ? Result<void>() : write();
  };
  for (;;) {
    auto batch = next();
    if (!batch) return std::move(batch).error();
    if (batch->empty()) break;
    for (auto& recipient : *batch) {
      if (!is_recipient(recipient)) continue;
      ++all.recipients;
      packet.push_back(std::move(recipient));
      if (packet.size() < packet_size_) continue;
      if (auto closed = close_packet(); !closed) return std::move(closed).error();
    }
  }
  if (auto closed = close_packet(); !closed) return std::move(closed).error();
  if (texts.empty()) return all;
  if (auto written = write(); !written) return std::move(written).error();
  return all;
}

Result<std::size_t> BulkSpool::enqueue(const SpoolHeader& header, std::string_view message,
                                       const Recipients& next) {
  const auto prepared = prepare(header, message, next);
  if (!prepared) return prepared.error();
  if (!prepared->unpublished) return prepared->recipients;
  const auto published = publish({header.id});
  if (published.front()) return prepared->recipients;
  // Not every caller comes again: what he leaves unpublished, nobody would clear.
  static_cast<void>(clear_unpublished(header.id));
  return published.front().error();
}

// What a power cut needs of all this: that msg/ID is never there without all its packets, since a message without packets
// has ended. So the octets of all files and the names in pct/ are durable before the rename, and the rename before the
// caller hears of it. Nothing else is synced: an unpublished set is thrown away by the repeat. Of several messages no
// order is needed, so pct/ is synced once before all renames and msg/ once after them.
Result<BulkSpool::Prepared> BulkSpool::prepare(const SpoolHeader& header, std::string_view message,
                                               const Recipients& next, bool is_new) {
  if (prepared_.count(header.id.str()) > 0)
    return Error::later(Errc::busy, "a mail of the same id is about to be published");
  const auto already = is_new ? Result<bool>(false) : published(header.id);
  if (!already) return already.error();
  if (*already) {
    const auto recipients = count(next);
    if (!recipients) return recipients.error();
    return Prepared{*recipients, false};
  }
  for (const auto directory : {bulk::kPackets, bulk::kMessages})
    if (auto made = fs_->make_directory(directory); !made) return std::move(made).error();
  if (auto cleared = clear_unpublished(header.id); !cleared) return std::move(cleared).error();
  const std::string internal = write_header(header, true);
  auto written = write_all(header.id, {internal, message}, next);
  if (!written) {
    static_cast<void>(clear_unpublished(header.id));
    return std::move(written).error();
  }
  const std::size_t total = written->recipients;
  if (total > 0) prepared_.insert_or_assign(header.id.str(), std::move(written->unsynced));
  return Prepared{total, total > 0};
}

std::vector<Result<void>> BulkSpool::publish(const std::vector<QueueId>& ids) {
  std::vector<Result<void>> answers;
  for (const auto& id : ids) {
    const auto files = prepared_.extract(id.str());
    answers.push_back(files && files.mapped() ? files.mapped()->sync() : Result<void>());
  }
  if (const auto synced = fs_->sync_directory(bulk::kPackets); !synced)
    return {ids.size(), synced.error()};
  for (std::size_t i = 0; i < ids.size(); ++i)
    if (answers[i]) answers[i] = fs_->rename_soon(temporary_path(ids[i]), message_path(ids[i]));
  if (const auto synced = fs_->sync_directory(bulk::kMessages); !synced)
    return {ids.size(), synced.error()};
  return answers;
}

// The recipients may have changed since, so nothing of the old set is kept. Nobody claims an unpublished packet. A set is
// made from 0001 on and removed down to it, so what a kill leaves has that name. A power cut may leave any names, but
// nothing of ours survives one: a fresh spool looks at all names once.
Result<void> BulkSpool::clear_unpublished(const QueueId& id) {
  if (auto removed = fs_->remove(temporary_path(id), false); !removed) return removed;
  if (!found_at_start_) {
    const auto names = fs_->names(bulk::kPackets);
    if (!names) return names.error();
    found_at_start_.emplace();
    for (const auto& name : *names)
      if (const auto packet = PacketName::parse(name)) found_at_start_->insert(packet->id.str());
  }
  if (found_at_start_->count(id.str()) == 0) {
    const auto first = fs_->exists(packet_path(PacketName{id, 1}.str()));
    if (!first) return first.error();
    if (!*first) return {};
  }
  const auto packets = packets_of(*fs_, bulk::kPackets, id);
  if (!packets) return packets.error();
  // A restored copy of a mail, in another worker's hand: since the last look its packets may have become live.
  if (!packets->empty())
    if (const auto live = published(id); !live || *live)
      return live ? Error::later(Errc::busy, "published meanwhile by another copy of it")
                  : live.error();
  for (auto packet = packets->rbegin(); packet != packets->rend(); ++packet)
    if (auto removed = fs_->remove(packet_path(*packet), false); !removed) return removed;
  return {};
}

// A message that has not been looked at may be of priority z: claim() looks.
std::vector<std::string> BulkSpool::in_turn(const std::vector<std::string>& messages,
                                            const std::vector<sys::FileInfo>& packets,
                                            TimePoint now) {
  const std::set<std::string_view> known(messages.begin(), messages.end());
  std::vector<Waiting> due;
  std::vector<std::string> owners;
  for (const auto& file : packets) {
    const auto name = PacketName::parse(file.name);
    if (!name || !file.regular || postponed(file.modified, now)) continue;
    if (known.count(name->id.str()) == 0) continue;
    owners.push_back(name->id.str());
    due.push_back({file.name, kNormalPriority, {}, {}, name->id.made_at()});
  }
  std::sort(owners.begin(), owners.end(), older);
  owners.erase(std::unique(owners.begin(), owners.end()), owners.end());
  const auto& headers =
      headers_.look_at(*fs_, bulk::kMessages, owners, true, IncomingSpool::kLookedAt);
  std::vector<Waiting> fair, later;
  std::vector<std::string> never;
  for (auto& item : due) {
    const auto header = headers.find(PacketName::parse(item.name)->id.str());
    if (header != headers.end() && header->second) {
      item.priority = header->second->priority;
      item.list = header->second->list;
      item.sender = header->second->sender;
    }
    if (!item.priority) never.push_back(item.name);
    (header == headers.end() ? later : fair).push_back(std::move(item));
  }
  never_.note(*fs_, never);
  auto names = fair_order(std::move(fair));
  auto rest = fair_order(std::move(later));
  std::move(rest.begin(), rest.end(), std::back_inserter(names));
  return names;
}

Result<std::vector<std::string>> BulkSpool::pending(TimePoint now) {
  // Messages before packets: one that is published between the two looks is not yet known, one that
  // is known has had its packets before. So a known message without packets has ended.
  const auto messages = names_in(*fs_, "msg");
  if (!messages) return messages.error();
  const auto held = names_in(*fs_, kHeld);
  if (!held) return held.error();
  const auto packets = list_in(*fs_, "pct");
  if (!packets) return packets.error();
  auto names = in_turn(*messages, *packets, now);
  auto owners = *messages;
  owners.insert(owners.end(), held->begin(), held->end());
  tidy(owners, *packets);
  forget_ended(now);
  return names;
}

// What fails here is tried again by the next look; it must not keep other mail waiting. The list of
// packets is only a hint: what comes while a directory is being read may be missing from it, so
// everything is looked for again before anything goes.
void BulkSpool::tidy(const std::vector<std::string>& messages,
                     const std::vector<sys::FileInfo>& packets) {
  std::set<std::string, std::less<>> names, with_packets;
  for (const auto& file : packets)
    if (const auto name = PacketName::parse(file.name)) {
      names.insert(file.name);
      with_packets.insert(name->id.str());
    }
  const std::set<std::string_view> known(messages.begin(), messages.end());
  for (const auto& id : with_packets)
    if (known.count(id) == 0) follow_packet(id);
  for (const auto& message : messages)
    if (const auto id = QueueId::parse(message); id && with_packets.count(message) == 0)
      if (const auto more = has_packet(*fs_, "pct", *id); more && !*more)
        static_cast<void>(end_message(*fs_, *id));
  for (const auto& file : packets) {
    const auto packet = packet_of_journal(file.name);
    if (!packet.empty() && names.count(packet) == 0) tidy_journal(packet);
  }
}

// Packets whose message is in bad/: a crash of Desk::retry() between the two, so the message follows. (Most are not yet
// published: their message is nowhere.)
void BulkSpool::follow_packet(const std::string& id) {
  const auto left = fs_->exists(in(kBad, id));
  if (left && *left) static_cast<void>(fs_->rename_new(in(kBad, id), in("msg", id)));
}

void BulkSpool::tidy_journal(std::string_view packet) {
  const auto gone = [&] {
    const auto live = fs_->exists(packet_path(packet));
    return live && !*live;
  };
  if (!gone()) return;
  const auto quarantined = misses_journal(*fs_, packet);
  if (!quarantined) return;
  if (quarantined->empty()) {
    // Looked for once more: between the two looks it may have come back from bad/.
    if (gone()) static_cast<void>(fs_->remove(journal_path(packet), false));
    return;
  }
  // A crash between the two renames of condemn(): the journal follows its packet. Somebody who has the packet locked is
  // in the middle of moving the two.
  const auto lock = fs_->lock(in(kBad, *quarantined));
  if (lock)
    static_cast<void>(fs_->rename_new(journal_path(packet), in(kBad, *quarantined, kJournal)));
}

void BulkSpool::forget_ended(TimePoint now) {
  if (now < next_forget_) return;
  next_forget_ = now + kForgetEvery;
  const auto ended = list_in(*fs_, "done");
  if (!ended) return;
  for (const auto& file : *ended)
    if (file.modified + kKeepEnded < now)
      static_cast<void>(fs_->remove(in("done", file.name), false));
}

Result<std::optional<PacketClaim>> BulkSpool::claim(const std::string& packet) {
  const auto name = PacketName::parse(packet);
  if (!name) return std::optional<PacketClaim>();
  auto lock = fs_->lock(packet_path(packet));
  if (!lock) {
    const Errc code = lock.error().code();
    if (code == Errc::busy || code == Errc::not_found) return std::optional<PacketClaim>();
    return std::move(lock).error();
  }
  const auto whole = fs_->exists(message_path(name->id));
  if (!whole) return whole.error();
  if (!*whole) return std::optional<PacketClaim>();
  const auto header = headers_.find(*fs_, bulk::kMessages, name->id.str(), true);
  if (!header && header.error().retry() == Retry::later) return header.error();
  if (header && !header->priority) return std::optional<PacketClaim>();
  PacketClaim claim(name->id, name->serial);
  claim.lock_ = std::move(*lock);
  return open_packet(std::move(claim));
}

// Corrupt is what no later try reads better; all else is the machine's trouble and waits.
Result<std::optional<PacketClaim>> BulkSpool::open_packet(PacketClaim claim) {
  const std::string name = claim.name();
  const auto give_up = [&](const std::string& reason) -> Error {
    if (auto moved = condemn(name, reason); !moved) return std::move(moved).error();
    return Error::never(Errc::corrupt, "packet " + name + ": " + reason);
  };
  const auto text = fs_->read(packet_path(name), kMaxPacket);
  if (!text)
    return text.error().retry() == Retry::later ? text.error() : give_up(text.error().what());
  const auto recipients = read_recipients(*text);
  if (!recipients) return give_up("it is empty, cut or damaged");
  const auto written = fs_->read(journal_path(name), kMaxPacket);
  if (!written && written.error().retry() == Retry::never) return give_up(written.error().what());
  if (!written && written.error().code() != Errc::not_found) return written.error();
  Journal journal = read_journal(written ? std::string_view(*written) : std::string_view());
  if (journal.damaged)
    if (auto mended = fs_->replace(journal_path(name), write_outcomes(journal.done)); !mended)
      return std::move(mended).error();
  claim.remaining_ = without(*recipients, journal.done);
  claim.done_ = std::move(journal.done);
  auto file = fs_->append_to(journal_path(name));
  if (!file) return std::move(file).error();
  claim.journal_ = std::move(*file);
  // On a full disk nothing is sent: a copy whose outcome cannot be written is sent again and again.
  if (auto room = claim.journal_->reserve(journal_room(claim.remaining_)); !room)
    return std::move(room).error();
  return std::optional<PacketClaim>(std::move(claim));
}

Result<Spooled> BulkSpool::message(const QueueId& id) {
  // The rename that published it may not be on the disk yet: before a copy leaves, and a row says so, it is. Else a power
  // cut leaves the row alone, and incoming would take the mail for ended.
  if (auto synced = fs_->sync_directory("msg"); !synced) return std::move(synced).error();
  auto octets = fs_->read(message_path(id), kMaxMessage);
  // Held after the packet was claimed: that packet ends as it would have.
  if (!octets && octets.error().code() == Errc::not_found)
    octets = fs_->read(bulk::held_path(id), kMaxMessage);
  if (!octets) return std::move(octets).error();
  auto spooled = read_spooled(std::move(*octets), true);
  if (!spooled) return spooled;
  auto file = fs_->info(message_path(id));
  if (!file && file.error().code() == Errc::not_found) file = fs_->info(bulk::held_path(id));
  if (!file) return file.error();
  spooled->since = file->modified;
  return spooled;
}

Result<bool> BulkSpool::finish(PacketClaim claim) {
  assert(without(claim.remaining_, claim.done_).empty());
  const std::string name = claim.name();
  const auto ended = [&]() -> Result<void> {
    if (auto synced = claim.sync(); !synced) return synced;
    // Packet before journal: a packet without its journal would be sent all over again.
    return fs_->remove(packet_path(name), true);
  }();
  if (!ended) return note_waiting(claim, ended.error().advice()), ended.error();
  if (auto removed = fs_->remove(journal_path(name), false); !removed)
    return std::move(removed).error();
  static_cast<void>(fs_->remove(wait_note(name), false));
  const auto more = has_packet(*fs_, "pct", claim.id_);
  if (!more) return more.error();
  if (*more) return false;
  if (auto done = end_message(*fs_, claim.id_); !done) return std::move(done).error();
  return true;
}

Result<void> BulkSpool::postpone(PacketClaim claim, TimePoint at, std::string_view reason) {
  const std::string name = claim.name();
  if (auto synced = claim.sync(); !synced) return synced;
  note_waiting(claim, reason);
  return fs_->set_modified(packet_path(name), at);
}

void BulkSpool::note_waiting(const PacketClaim& claim, std::string_view reason) {
  static_cast<void>(write_note(*fs_, wait_note(claim.name()), reason));
}

void BulkSpool::clear_note(const PacketClaim& claim) {
  static_cast<void>(fs_->remove(wait_note(claim.name()), false));
}

Result<void> BulkSpool::quarantine(PacketClaim claim, std::string_view reason) {
  if (auto synced = claim.sync(); !synced) return synced;
  return condemn(claim.name(), reason);
}

Result<void> BulkSpool::set_aside(const PacketClaim& claim, const std::string& recipient,
                                  std::string_view reason) {
  const std::string own = write_recipients({recipient});
  const auto others = bulk::packets_of(*fs_, kBad, claim.id_);
  if (!others) return others.error();
  for (const auto& name : *others) {
    const auto text = fs_->read(in(kBad, name), kMaxPacket);
    if (text && *text == own) return {};
  }
  if (auto made = fs_->make_directory(kBad); !made) return made;
  // Never the plain name, which is that of the whole packet.
  unsigned number = 1;
  while (number < kMaxSame &&
         std::find(others->begin(), others->end(), numbered(claim.name(), number)) != others->end())
    ++number;
  const std::string path = in(kBad, numbered(claim.name(), number));
  // With a journal of its own, else tidy_journal() could take one that is left over for its.
  for (const auto suffix : {kJournal, kReason})
    if (auto cleared = fs_->remove(path + std::string(suffix), false); !cleared) return cleared;
  if (auto begun = fs_->write_new(path + std::string(kJournal), {}); !begun) return begun;
  if (auto noted = write_note(*fs_, path + std::string(kReason), reason); !noted) return noted;
  if (auto written = fs_->write_new(path, own); !written) return written;
  return fs_->sync_directory(kBad);
}

Result<void> BulkSpool::condemn(const std::string& packet, std::string_view reason) {
  const auto name = PacketName::parse(packet);
  assert(name);
  const auto place = free_name(*fs_, "bad", packet);
  if (!place) return place.error();
  if (auto noted = write_note(*fs_, in("bad", *place, kReason), reason); !noted) return noted;
  // Packet before journal, as in finish(); tidy() mends a crash between the two.
  if (auto cleared = fs_->remove(in("bad", *place, kJournal), false); !cleared) return cleared;
  if (auto moved = fs_->rename_new(packet_path(packet), in("bad", *place)); !moved) return moved;
  auto followed = fs_->rename_new(journal_path(packet), in("bad", *place, kJournal));
  if (!followed && followed.error().code() != Errc::not_found) return followed;
  static_cast<void>(fs_->remove(wait_note(packet), false));
  const auto more = has_packet(*fs_, "pct", name->id);
  if (!more) return more.error();
  return *more ? Result<void>() : end_message(*fs_, name->id);
}

}  // namespace paraph::spool
