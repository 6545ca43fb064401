#include "spool/fsck.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>

#include "spool/desk_bulk.h"
#include "spool/entry.h"

namespace paraph::spool {
namespace {

constexpr auto kInTheMaking = std::chrono::hours(1);
constexpr auto kAbandoned = std::chrono::hours(24);
constexpr std::string_view kTemporary = "T.";

using Directory = std::map<std::string, sys::FileInfo, std::less<>>;

std::string_view without_suffix(std::string_view name, std::string_view suffix) {
  const bool has =
      name.size() > suffix.size() && name.substr(name.size() - suffix.size()) == suffix;
  return has ? name.substr(0, name.size() - suffix.size()) : std::string_view();
}

// A set is published as a whole or written anew by whoever began it: the mail it is for, or the one that a notice is
// about, whose id has the same second. As long as such a mail is anywhere, also quarantined, nothing of the set may be
// set aside, since it would be sent beside the new one.
using Seconds = std::set<long long>;
Result<Seconds> origins(const Desk::Roots& roots) {
  struct Place {
    sys::FileSystem& fs;
    std::string_view directory;
  };
  Seconds seconds;
  const auto add = [&](const Place& place, const auto& second_of) -> Result<void> {
    const auto names = names_in(place.fs, place.directory);
    if (!names) return names.error();
    for (const auto& name : *names) seconds.insert(second_of(name));
    return {};
  };
  const auto of_id = [](const std::string& name) {
    const auto id = QueueId::parse(name);
    return id ? epoch(id->made_at()) : 0;
  };
  for (const auto directory : {std::string_view(), kHeld, kBad})
    if (auto added = add({*roots.msg, directory}, accepted_at); !added) return added.error();
  for (const auto& place :
       {Place{*roots.auth, ""}, Place{*roots.moderation, ""}, Place{*roots.bulk, bulk::kMessages},
        Place{*roots.bulk, kHeld}, Place{*roots.bulk, kBad}})
    if (auto added = add(place, of_id); !added) return added.error();
  return seconds;
}

// Nobody has got a copy by it, and somebody may write it anew.
bool unfinished(const PacketName& packet, bool has_journal, const Seconds& origins) {
  return !has_journal && origins.count(epoch(packet.id.made_at())) > 0;
}

/// One spool: its directories as they were at one moment, and what is wrong with them.
class Look {
 public:
  Look(sys::FileSystem& fs, std::string spool, TimePoint now, std::vector<Finding>& found)
      : fs_(fs), spool_(std::move(spool)), now_(now), found_(found) {}

  Result<void> read(std::initializer_list<std::string_view> directories) {
    for (const auto directory : directories) {
      const auto files = list_in(fs_, directory);
      if (!files) return files.error();
      for (const auto& file : *files) {
        directories_[std::string(directory)].emplace(file.name, file);
        check_kind(directory, file);
      }
    }
    return {};
  }

  void msg() {
    std::map<std::string, std::string> by_id;
    for (const auto directory : {std::string_view(), kHeld, kBad})
      for (const auto& [name, file] : directories_[std::string(directory)]) {
        if (!file.regular || !is_mail_name(name) || (directory == kBad && is_reason(name)))
          continue;
        check_header(directory, name, false, directory.empty() ? Repair::to_bad : Repair::none,
                     by_id);
      }
    notes_without({"", kHeld});
    reasons_without(kBad);
  }

  void person() {
    std::map<std::string, std::string> by_id;
    for (const auto& [name, file] : directories_[""])
      if (file.regular && is_mail_name(name) && !is_reason(name))
        check_header("", name, true, Repair::none, by_id);
    reasons_without("");
  }

  void bulk(const Seconds& origins) {
    std::map<std::string, std::string> by_id;
    for (const auto directory : {bulk::kMessages, kHeld, kBad})
      for (const auto& [name, file] : directories_[std::string(directory)])
        if (file.regular && QueueId::parse(name))
          check_header(directory, name, true, Repair::none, by_id);
    for (const auto& [name, file] : directories_[std::string(bulk::kPackets)])
      check_packet(file, origins);
    std::set<std::string> with_packets;
    for (const auto& [name, file] : directories_[std::string(bulk::kPackets)])
      if (const auto packet = PacketName::parse(name)) with_packets.insert(packet->id.str());
    for (const auto directory : {bulk::kMessages, kHeld})
      for (const auto& [name, file] : directories_[std::string(directory)])
        if (QueueId::parse(name) && with_packets.count(name) == 0 && settled(file))
          add(directory, name, "a message without packets", Repair::to_bad);
    for (const auto& [name, file] : directories_[std::string(kBad)])
      if (const auto packet = without_suffix(name, bulk::kJournal);
          !packet.empty() && !has(kBad, packet))
        add(kBad, name, "a journal without its packet", Repair::remove);
    notes_without({bulk::kPackets});
    reasons_without(kBad);
  }

 private:
  [[nodiscard]] bool has(std::string_view directory, std::string_view name) const {
    const auto found = directories_.find(directory);
    return found != directories_.end() && found->second.find(name) != found->second.end();
  }
  [[nodiscard]] bool settled(const sys::FileInfo& file) const {
    return file.modified + kInTheMaking < now_;
  }
  void add(std::string_view directory, std::string_view name, std::string what, Repair repair,
           std::string hint = {}) {
    found_.push_back({spool_, in(directory, name), std::move(what), repair, std::move(hint)});
  }

  void check_kind(std::string_view directory, const sys::FileInfo& file) {
    const std::string path = fs_.full_path(in(directory, file.name));
    if (!file.regular && !file.directory)
      return add(directory, file.name, "no regular file", Repair::none, "rm '" + path + "'");
    if (file.regular && file.name.substr(0, kTemporary.size()) == kTemporary &&
        file.modified + kAbandoned < now_)
      add(directory, file.name, "abandoned while it was written", Repair::remove);
    const auto owner = sys::ownership(path);
    if (!owner) return;
    const unsigned wanted = file.directory ? 0700 : 0600;
    if ((owner->mode & 07777U) != wanted)
      add(directory, file.name,
          fmt::format("mode {:04o}, not {:04o}", owner->mode & 07777U, wanted), Repair::none,
          fmt::format("chmod {:04o} '{}'", wanted, path));
    if (owner->uid != ::geteuid())
      add(directory, file.name, fmt::format("belongs to user {}", owner->uid), Repair::none,
          fmt::format("chown {} '{}'", ::geteuid(), path));
  }

  void check_header(std::string_view directory, const std::string& name, bool trusted,
                    Repair repair, std::map<std::string, std::string>& by_id) {
    const auto start = fs_.read_start(in(directory, name), kHeaderOctets);
    if (!start) return;  // it has moved on meanwhile
    const auto header = read_spool_header(*start, trusted);
    if (!header)
      return add(directory, name, header.error().what(), repair,
                 repair == Repair::none ? "paraph spool show '" + name + "'" : "");
    const auto [first, fresh] = by_id.emplace(header->id.str(), in(directory, name));
    if (!fresh)
      add(directory, name, fmt::format("the same id as {}", first->second), Repair::none,
          "paraph spool show " + header->id.str());
  }

  void check_packet(const sys::FileInfo& file, const Seconds& origins) {
    const auto journal = without_suffix(file.name, bulk::kJournal);
    if (!journal.empty() && PacketName::parse(journal) && !has(bulk::kPackets, journal) &&
        settled(file))
      return add(bulk::kPackets, file.name, "a journal without its packet", Repair::to_bad);
    const auto packet = PacketName::parse(file.name);
    if (!packet || !file.regular) return;
    if (has(kBad, file.name))
      add(bulk::kPackets, file.name, "the same packet as " + in(kBad, file.name), Repair::none,
          "paraph spool show " + packet->id.str());
    const auto& id = packet->id.str();
    if (!has(bulk::kMessages, id) && !has(kHeld, id) && !has(kBad, id) && settled(file) &&
        !unfinished(*packet, has(bulk::kPackets, file.name + std::string(bulk::kJournal)), origins))
      add(bulk::kPackets, file.name, "a packet without its message", Repair::to_bad);
  }

  void notes_without(const std::vector<std::string_view>& mails) {
    for (const auto& [name, file] : directories_[std::string(kNotes)]) {
      bool there = false;
      for (const auto directory : mails) there = there || has(directory, name);
      if (!there && is_mail_name(name) && settled(file))
        add(kNotes, name, "a note without its mail", Repair::remove);
    }
  }
  void reasons_without(std::string_view directory) {
    for (const auto& [name, file] : directories_[std::string(directory)])
      if (const auto mail = without_suffix(name, kReason);
          !mail.empty() && !has(directory, mail) && is_mail_name(name) && settled(file))
        add(directory, name, "a reason without its mail", Repair::remove);
  }

  sys::FileSystem& fs_;
  std::string spool_;
  TimePoint now_;
  std::vector<Finding>& found_;
  std::map<std::string, Directory, std::less<>> directories_;
};

// Since the look an unpublished set may have been made anew, or its message published.
Result<void> require_orphan(sys::FileSystem& fs, const Finding& finding, std::string_view name,
                            const Desk::Roots& roots, TimePoint now) {
  const auto file = fs.info(finding.path);
  if (!file) return file.error();
  const auto journal = without_suffix(name, bulk::kJournal);
  const auto packet = PacketName::parse(journal.empty() ? name : journal);
  if (finding.spool != "bulk" || !packet) return {};
  bool orphan = file->modified + kInTheMaking < now;
  for (const auto& owner : {bulk::message_path(packet->id), bulk::held_path(packet->id)}) {
    const auto there = fs.exists(journal.empty() ? owner : bulk::packet_path(journal));
    if (!there) return there.error();
    orphan = orphan && !*there;
  }
  if (orphan && journal.empty()) {
    const auto written = fs.exists(bulk::journal_path(name));
    if (!written) return written.error();
    const auto seconds = origins(roots);
    if (!seconds) return seconds.error();
    orphan = !unfinished(*packet, *written, *seconds);
  }
  if (orphan) return {};
  return Error::never(Errc::not_found, fs.full_path(finding.path) + ": it is in order meanwhile");
}

Result<void> move_to_bad(sys::FileSystem& fs, const Finding& finding, const Desk::Roots& roots,
                         TimePoint now) {
  const auto lock = desk::take(fs, finding.path);
  if (!lock) return lock.error();
  const std::size_t slash = finding.path.rfind('/');
  const auto name = std::string_view(finding.path).substr(slash + 1);  // npos + 1 is 0
  if (auto orphan = require_orphan(fs, finding, name, roots, now); !orphan) return orphan;
  const auto place = free_name(fs, kBad, name);
  if (!place) return place.error();
  const std::string target = in(kBad, *place);
  if (auto noted = write_note(fs, target + std::string(kReason), "fsck: " + finding.what); !noted)
    return noted;
  return fs.rename_new(finding.path, target);
}

}  // namespace

std::string_view to_string(Repair repair) {
  static constexpr std::array<std::string_view, 3> words{"none", "to_bad", "remove"};
  return words.at(static_cast<std::size_t>(repair));
}

Result<std::vector<Finding>> Fsck::look(TimePoint now) {
  std::vector<Finding> found;
  Look msg(*roots_.msg, "msg", now, found);
  if (auto read = msg.read({"", kHeld, kBad, kNotes}); !read) return std::move(read).error();
  msg.msg();
  Look bulk(*roots_.bulk, "bulk", now, found);
  if (auto read =
          bulk.read({"", bulk::kMessages, bulk::kPackets, kHeld, kBad, kNotes, bulk::kEnded});
      !read)
    return std::move(read).error();
  // After the packets: a mail that goes has published them before.
  const auto seconds = origins(roots_);
  if (!seconds) return seconds.error();
  bulk.bulk(*seconds);
  for (const auto& [name, fs] :
       {std::pair("auth", roots_.auth), std::pair("moderation", roots_.moderation)}) {
    Look held(*fs, name, now, found);
    if (auto read = held.read({""}); !read) return std::move(read).error();
    held.person();
  }
  std::stable_sort(found.begin(), found.end(), [](const Finding& a, const Finding& b) {
    return std::tie(a.spool, a.path) < std::tie(b.spool, b.path);
  });
  return found;
}

Result<void> Fsck::repair(const Finding& finding, TimePoint now) {
  auto& fs = finding.spool == "msg"    ? *roots_.msg
             : finding.spool == "bulk" ? *roots_.bulk
             : finding.spool == "auth" ? *roots_.auth
                                       : *roots_.moderation;
  switch (finding.repair) {
    case Repair::to_bad:
      return move_to_bad(fs, finding, roots_, now);
    case Repair::remove:
      return fs.remove(finding.path, true);
    case Repair::none:
      break;
  }
  return Error::never(Errc::usage, fs.full_path(finding.path) + ": " + finding.what)
      .with_hint(finding.hint);
}

}  // namespace paraph::spool
