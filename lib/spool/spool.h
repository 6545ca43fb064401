#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/ports.h"
#include "base/result.h"
#include "spool/header.h"
#include "spool/header_cache.h"
#include "spool/order.h"
#include "spool/place.h"
#include "spool/queue_id.h"
#include "sys/file_system.h"

/// The spools. This module alone knows spool file names. The place of a file is its state and each arrow is one rename or
/// unlink after fsync: states.h has the table. What people do with waiting mail is in desk.h.
///
/// Beside them, for people: msg/.wait/NAME and bulk/.wait/ID.NNNN say why something waits. Names that begin with "T."
/// are being written, in every directory. Whatever is no regular file is passed over. What is quarantined while its
/// name is taken in bad/ becomes NAME.1, NAME.2 …, and its .done and .reason are named after that.
namespace paraph::spool {

/// NAME of a mail in msg: ADDRESS.EPOCH.PID,RANDOM with ADDRESS whitelist-encoded (`_XX`), cut at 150 octets, never
/// starting with "T." or ".". The address proper stands in X-Sympa-To.
[[nodiscard]] std::string incoming_name(std::string_view address, TimePoint at, int pid,
                                        Random& random);

/// NAME of a mail that comes back into msg with a person's word: one for each ingest id.
[[nodiscard]] std::string decided_name(const SpoolHeader& header);

/// A mail that this process alone works on.
struct Claim {
  std::string name;  ///< file name
  std::unique_ptr<sys::FileLock> lock;
};

/// spool/msg: accepted mail. `fs` is rooted at the directory of the queue.
class IncomingSpool {
 public:
  explicit IncomingSpool(std::shared_ptr<sys::FileSystem> fs,
                         std::size_t max_octets = std::size_t{1} << 30);

  /// S1 → S2. Used by paraph-queue. More than `max_octets` is Errc::limit; after any Error T.NAME is gone, and so is
  /// NAME where the machine lets it: the MTA will bring the mail again.
  [[nodiscard]] Result<std::string> accept(const SpoolHeader& header, std::string_view message,
                                           int pid, Random& random);
  /// The same for a message that arrives piece by piece.
  [[nodiscard]] Result<std::string> accept(const SpoolHeader& header, const sys::NextChunk& message,
                                           int pid, Random& random);
  /// Names in S2, oldest first. Temporary, hidden, bad and .wait files are not among them.
  /// Also removes each T.NAME that nobody has written to for a day.
  [[nodiscard]] Result<std::vector<std::string>> pending();
  [[nodiscard]] Result<std::vector<std::string>> pending(TimePoint now);
  /// The same in fair_order(): the list is the address in the file name, the sender the envelope sender of the internal
  /// header. Of priority z there is none, and a note says so. Each look reads at most `kLookedAt` headers more, oldest
  /// first and each once as long as this object lives; mails whose sender is not known yet take their turn in the list as
  /// if one had sent them. A name that does not tell the address is always looked into.
  static constexpr std::size_t kLookedAt = 1000;
  [[nodiscard]] Result<std::vector<std::string>> pending(TimePoint now, const PriorityOf& priority);
  /// S2 → S3; nullopt when somebody else has it, it is gone, or no name of a mail.
  [[nodiscard]] Result<std::optional<Claim>> claim(const std::string& name);
  [[nodiscard]] Result<Spooled> read(const Claim& claim);
  /// The header alone, of a mail of any size.
  [[nodiscard]] Result<SpoolHeader> read_header(const Claim& claim);
  /// S4 → S5. Not synced: after a power cut the mail may be back, and then its outputs and its ledger row are found under
  /// its ingest id, nothing is done twice, and it is finished again.
  [[nodiscard]] Result<void> finish(Claim claim);
  /// S3 → S6: bad/NAME and bad/NAME.reason, or NAME.1 … where there is a NAME.
  [[nodiscard]] Result<void> quarantine(Claim claim, std::string_view reason);
  /// Notes beside a mail why it waits (msg/.wait/NAME), for people; cleared by finish and quarantine.
  void note_waiting(const Claim& claim, std::string_view reason);
  [[nodiscard]] Result<std::vector<Entry>> entries();

 private:
  void forget_abandoned(const std::vector<std::string>& names, TimePoint now);

  std::shared_ptr<sys::FileSystem> fs_;
  std::size_t max_octets_;
  HeaderCache headers_;
  NeverNotes never_;
};

/// spool/auth and spool/moderation: mail held for a person, as it arrived (ciphertext stays ciphertext).
class HoldSpool {
 public:
  HoldSpool(std::shared_ptr<sys::FileSystem> fs, std::string name);
  /// Under a name made from the id; present already is success.
  [[nodiscard]] Result<void> hold(const SpoolHeader& header, std::string_view message,
                                  std::string_view reason);
  [[nodiscard]] Result<std::vector<Entry>> entries();
  /// H1 → nothing: nobody decided in time. False: somebody has it, or it is gone.
  [[nodiscard]] Result<bool> expire(const Place& place);

 private:
  std::shared_ptr<sys::FileSystem> fs_;
  std::string name_;
};

/// One recipient's ending in the journal. There `detail` is cut at 200 octets and the others at what they need, so that
/// a line is bounded.
struct CopyOutcome {
  std::string recipient;
  std::string outcome;      ///< "sealed" | "plain" | "notice" | "failed"
  std::string certificate;  ///< SHA-256 when sealed
  std::string cipher;
  std::string detail;  ///< the MTA's reply, or why a notice
};

/// A packet this process alone works on, positioned after what its journal says is done.
class PacketClaim {
 public:
  [[nodiscard]] const QueueId& id() const { return id_; }
  [[nodiscard]] std::string name() const;  ///< "ID.NNNN"
  /// As it was when the packet was claimed; record() does not change it.
  [[nodiscard]] const std::vector<std::string>& remaining() const { return remaining_; }
  /// What the journal said then, and what was recorded since.
  [[nodiscard]] const std::vector<CopyOutcome>& done() const { return done_; }
  /// Appends to the journal; synced at the end, and as soon as `kSyncInterval` outcomes are not: what a power cut may
  /// repeat, with the transaction that was under way.
  static constexpr std::size_t kSyncInterval = 32;
  [[nodiscard]] Result<void> record(const CopyOutcome& outcome);
  /// All outcomes of one transaction in one write(2): a kill -9 repeats the whole transaction or nothing of it.
  [[nodiscard]] Result<void> record_all(const std::vector<CopyOutcome>& outcomes);

 private:
  friend class BulkSpool;
  PacketClaim(QueueId id, unsigned serial) : id_(std::move(id)), serial_(serial) {}
  QueueId id_;
  unsigned serial_;
  std::vector<std::string> remaining_;
  std::vector<CopyOutcome> done_;
  std::unique_ptr<sys::FileLock> lock_;
  std::unique_ptr<sys::AppendFile> journal_;
  std::size_t unsynced_ = 0;
  [[nodiscard]] Result<void> sync();
};

/// spool/bulk. A message becomes visible to distribution with the rename that publishes bulk/msg/ID, after all its
/// packets are on disk; so a half-written set is never claimed and is rewritten by a repeat. It leaves after its last
/// packet, and B3 is written before it leaves: at no moment does a repeat find neither.
///
/// A packet is a file of recipients, one a line, and a checksum; a journal is a file of outcomes, one a line, the fields of CopyOutcome
/// between tabs. In both, backslash and controls stand as \xNN. A journal line that is cut or damaged (kill -9, power
/// cut) counts as absent and is dropped by the next claim: that recipient is sent to again.
class BulkSpool {
 public:
  BulkSpool(std::shared_ptr<sys::FileSystem> fs, std::size_t packet_size);

  /// Delivers recipients in batches, empty when there are no more.
  using Recipients = std::function<Result<std::vector<std::string>>()>;
  /// What is no recipient (empty, or with a control character) is passed over. Writes packets, then publishes. `exists already` is success (a repeat after a crash): nothing is written and `next`
  /// is only counted. Without any recipient nothing is published; returns how many recipients there are.
  [[nodiscard]] Result<std::size_t> enqueue(const SpoolHeader& header, std::string_view message,
                                            const Recipients& next);
  /// enqueue() in two halves, so that several messages share the syncs of their directories. prepare() does all but
  /// publish; publish() then publishes all that are prepared, one answer for each id in their order. What is prepared and
  /// never published (a crash) is rewritten by the repeat. `unpublished`: whether publish() has to follow. A second
  /// message of an id that is prepared is Errc::busy, later. `is_new`: the caller, who alone has the mail, has had a "no"
  /// from published().
  struct Prepared {
    std::size_t recipients = 0;
    bool unpublished = false;
  };
  [[nodiscard]] Result<Prepared> prepare(const SpoolHeader& header, std::string_view message,
                                         const Recipients& next, bool is_new = false);
  [[nodiscard]] std::vector<Result<void>> publish(const std::vector<QueueId>& ids);
  /// B1 or any state after it.
  [[nodiscard]] Result<bool> published(const QueueId& id);

  /// Packets that may be worked on at `now`, in fair_order() by priority, list and sender in their messages' headers:
  /// those whose mtime is not in the hour to come. (Nobody postpones by an hour; what lies farther ahead comes from a clock
  /// that has been put back.) Each look reads at most IncomingSpool::kLookedAt headers more, oldest first; packets of messages not looked at yet follow, oldest first. Also ends what a crash left
  /// half ended: messages without a packet, journals without theirs, and B3 after a day.
  [[nodiscard]] Result<std::vector<std::string>> pending(TimePoint now);
  /// nullopt when somebody else has it, it is gone, not published, or of priority z. A packet that cannot be read is quarantined here,
  /// since without recipients there is nothing to claim: Errc::corrupt says so. The journal has its space from here on:
  /// a full disk is an Error (later) of claim(), before any copy leaves, and never one of record().
  [[nodiscard]] Result<std::optional<PacketClaim>> claim(const std::string& packet);
  [[nodiscard]] Result<Spooled> message(const QueueId& id);
  /// All recipients of the packet have an outcome (asserted): removes packet and journal, and the message with its last
  /// packet; then true.
  [[nodiscard]] Result<bool> finish(PacketClaim claim);
  /// Some recipients were deferred: the packet is tried again at `at`.
  [[nodiscard]] Result<void> postpone(PacketClaim claim, TimePoint at, std::string_view reason);
  /// Notes beside a packet why it waits (bulk/.wait/ID.NNNN), for people; cleared by finish and quarantine. An Error of
  /// finish() that leaves the packet is noted by itself.
  void note_waiting(const PacketClaim& claim, std::string_view reason);
  void clear_note(const PacketClaim& claim);
  /// A packet or message that cannot be read: into bulk/bad/ with a reason, the journal with it; the message follows
  /// with its last packet.
  [[nodiscard]] Result<void> quarantine(PacketClaim claim, std::string_view reason);
  /// One recipient whose copy kills workers: a packet of his own in bad/ (ID.NNNN.1 …), which Desk::retry() brings back, and
  /// the message stays for it. His outcome in the journal is recorded by the caller, afterwards; told twice, it is there
  /// already.
  [[nodiscard]] Result<void> set_aside(const PacketClaim& claim, const std::string& recipient,
                                       std::string_view reason);
  /// One per message, live or held, counting the packets that are there; one per quarantined packet, and per quarantined
  /// message that has none left.
  [[nodiscard]] Result<std::vector<Entry>> entries(TimePoint now = sys::SystemClock().now());

 private:
  [[nodiscard]] Result<void> clear_unpublished(const QueueId& id);
  struct Written {
    std::size_t recipients = 0;
    std::shared_ptr<sys::Unsynced> unsynced = nullptr;  ///< what publish() has to sync, if anything
  };
  [[nodiscard]] Result<Written> write_all(const QueueId& id,
                                          const std::vector<std::string_view>& message,
                                          const Recipients& next);
  [[nodiscard]] Result<std::optional<PacketClaim>> open_packet(PacketClaim claim);
  [[nodiscard]] Result<void> condemn(const std::string& packet, std::string_view reason);
  [[nodiscard]] std::vector<std::string> in_turn(const std::vector<std::string>& messages,
                                                 const std::vector<sys::FileInfo>& packets,
                                                 TimePoint now);
  void tidy(const std::vector<std::string>& messages, const std::vector<sys::FileInfo>& packets);
  void follow_packet(const std::string& id);
  void tidy_journal(std::string_view packet);
  void forget_ended(TimePoint now);

  std::shared_ptr<sys::FileSystem> fs_;
  std::size_t packet_size_;
  TimePoint next_forget_{};
  HeaderCache headers_;
  NeverNotes never_;
  std::optional<std::set<std::string>>
      found_at_start_;  ///< ids that had packets before the first enqueue()
  std::map<std::string, std::shared_ptr<sys::Unsynced>> prepared_;
};

}  // namespace paraph::spool
