#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/site.h"
#include "list/list.h"
#include "mail/entity.h"
#include "outcome/disposition.h"
#include "pipeline/ports.h"
#include "scenario/scenario.h"
#include "smime/open.h"
#include "spool/desk.h"
#include "spool/spool.h"
#include "store/store.h"

/// The way of a mail from spool/msg to its ending. decide.cpp reads as the specification.
namespace paraph::pipeline {

/// One mail on its way, with what has been learned so far. Stages read and add; nothing is written to disk.
struct Item {
  spool::SpoolHeader header;
  mail::MimeTree tree;     ///< of the message as it arrived; never replaced
  bool published = false;  ///< by an attempt that did not come to its end

  list::Destination destination;
  std::optional<list::ListAddress> list;
  std::optional<config::ListConfig> config;  ///< of `list`
  std::string sender;                        ///< canonical From
  smime::Opened opened;
  scenario::AuthMethod method = scenario::AuthMethod::smtp;
  /// What the signature alone was worth, before the guard: what a later judgement may not exceed (security rule 18).
  scenario::AuthMethod judged = scenario::AuthMethod::smtp;
  std::optional<scenario::Decision> decision;
  std::vector<outcome::Effect> effects;
  bool only_asked =
      false;  ///< nothing happens to it (explain.h): what counts mails does not count it
};

/// nullopt: go on to the next stage. A Disposition: the journey ends here. An Error: the machine failed, not the mail;
/// with `later` it stays in its spool, with `never` it is quarantined.
using Outcome = Result<std::optional<outcome::Disposition>>;

/// Decides about one mail. Nothing is written but log lines: the same mail, site and time give the same answer.
[[nodiscard]] Result<outcome::Disposition> decide(Item& item, const Ports& ports);

/// Parses what the spool holds into an Item.
[[nodiscard]] Item make_item(spool::Spooled spooled);

/// What opening a mail to this list, or to the site's own addresses, needs: a way to its keys, anchors, stored
/// certificates of `from`. `distribution` opens a post a second time with it. Not to outlive what `ports` names.
struct Opening {
  smime::OpenContext context;
  bool keys_incomplete =
      false;  ///< a certificate of ours could not be read: `not_for_us` cannot be believed
};
[[nodiscard]] Result<Opening> open_context(const std::optional<list::ListAddress>& list,
                                           const std::vector<std::string>& from, TimePoint at,
                                           const Ports& ports);

/// Adds the sender's certificates that others have replaced: what was at hand when a mail was held must be there when it is
/// judged again (security rule 18). One that was removed stays out.
[[nodiscard]] Result<void> add_replaced(std::string_view sender, smime::OpenContext& context,
                                        const Ports& ports);

/// Those anchors as they are on the disk; the same object for as long as the files are.
[[nodiscard]] Result<std::shared_ptr<const cms::TrustAnchors>> current_anchors(
    const AnchorFiles& files, const Ports& ports);
/// The issuers that its cert.pem lacks, out of the anchors and `issuers` of the list, or of the site without one: a reader
/// may have nothing but the root.
void add_issuers(cms::Signer& signer, const std::optional<list::ListAddress>& list,
                 const Ports& ports);

/// What the list, or the site when `list` is null, asks of revocation lists now, with those at hand (security rule 23).
[[nodiscard]] Result<cms::Revocation> revocation_of(const config::ListConfig* list,
                                                    const Ports& ports);

/// Whom a role's address reaches: those who want mail, else all who have the role, else the listmasters. Without a list
/// the listmasters. Addresses of the site itself are left out.
[[nodiscard]] Result<std::vector<std::string>> people_of(
    const std::optional<list::ListAddress>& list, list::Role role, const Ports& ports);

/// Sent by a program (RFC 3834): Auto-Submitted other than `no`, or a report. Such mail is never answered.
[[nodiscard]] bool is_automatic(const mail::MimeTree& message);

struct IncomingSpools {
  spool::IncomingSpool& msg;
  spool::HoldSpool& auth;
  spool::HoldSpool& moderation;
  spool::BulkSpool& bulk;
  spool::Desk& desk;  ///< of the same four, for somebody's word about what is held
};

/// What became of one claim, for the loop.
enum class Handled : unsigned char {
  ended,
  waits,
  gathered  ///< with others: settle() will say
};

/// Mails whose outputs are written, and which still have to be published, recorded and removed: together, since each of
/// these steps waits for the disk. Their claims are held until then. Dropping it is a crash: all is done again.
struct Endings {
  static constexpr std::size_t kTogether = 16;
  struct Ending {
    spool::Claim claim;
    spool::QueueId id;
    bool publish = false;
    store::MailRow row;
  };
  std::vector<Ending> gathered;
  [[nodiscard]] bool full() const { return gathered.size() >= kTogether; }
};

/// Reads, decides and performs one claimed mail; the whole relation between errors and the spool. Every exception and
/// every Error `never` ends in quarantine; an Error `later` leaves the mail where it is, with a note why. A mail that is
/// handed on or held is added to `endings`; settle() it when that is full, and at the end of each pass.
[[nodiscard]] Handled process(spool::Claim claim, const IncomingSpools& spools, const Ports& ports,
                              Endings& endings);

/// Publishes, records and removes what was gathered, and forgets it. One answer for each file name, in their order.
struct Settled {
  std::string name;
  Handled handled = Handled::ended;  ///< or waits
};
[[nodiscard]] std::vector<Settled> settle(Endings& endings, const IncomingSpools& spools,
                                          const Ports& ports);

/// Ends what has waited for a person for longer than `clean_delay_queueauth` or `clean_delay_queuemod` days; the ledger
/// says `expired`.
[[nodiscard]] Result<void> expire_held(const IncomingSpools& spools, const Ports& ports);

/// Quarantines a claimed mail unread: it killed its workers. The listmaster is told.
[[nodiscard]] Handled condemn(spool::Claim claim, const std::string& reason,
                              const IncomingSpools& spools, const Ports& ports);

}  // namespace paraph::pipeline
