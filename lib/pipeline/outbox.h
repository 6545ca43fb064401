#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/sealed.h"
#include "cms/certificate.h"
#include "cms/seal.h"
#include "compose/compose.h"
#include "list/list.h"
#include "mail/raw_message.h"
#include "pipeline/ports.h"
#include "spool/spool.h"
#include "template/template.h"

/// Every mail of ours goes through here: composed from a template, signed where the key's certificate names our From,
/// enqueued in spool/bulk.
namespace paraph::pipeline {

struct Notice {
  spool::QueueId id;          ///< derived from the mail that caused it
  std::string template_name;  ///< "x509-user-cert-missing.tt2"
  tt2::Data data;             ///< standard variables are added
  std::string to;
  std::optional<list::ListAddress> list;  ///< context; absent: the domain's own
  std::string domain;
  std::string auto_submitted = "auto-generated";
  std::string in_reply_to;  ///< Message-ID, without <>
  /// Our signature is no oracle (security rule 39): a signed notice holds at most kSignedValue characters of each value
  /// of `data`. `cut`: longer ones end in "…". `whole`: they are all there, and the notice goes unsigned if one is longer.
  enum class Values : unsigned char { cut, whole };
  Values values = Values::cut;
  bool only_signed = false;                      ///< worth nothing unsigned: an Error rather
  std::optional<cms::Certificate> seal_to = {};  ///< enqueued encrypted for it
  cms::ContentCipher cipher = cms::ContentCipher::aes_256_cbc;
  /// With `seal_to`: a decrypted post that goes along as message/rfc822, inside the encryption and outside our signature.
  struct Enclosed {
    std::string header;  ///< its outer fields (outer_fields())
    const Sealed<mail::RawMessage>* payload = nullptr;
  };
  std::optional<Enclosed> enclosed = {};
};
inline constexpr std::size_t kSignedValue = 80;

/// The finished message: LF line ends, signed by the list's newest usable key (or the site's, without a list) when there
/// is one whose certificate names the From (signing_key()). Without one it goes unsigned; the log says why.
[[nodiscard]] Result<std::string> compose_notice(const Notice& notice, const Ports& ports);

/// compose_notice(), then into spool/bulk with `reverse_path`; a notice of that id that was sent before is kept.
[[nodiscard]] Result<void> enqueue_notice(const Notice& notice, std::string_view reverse_path,
                                          spool::BulkSpool& bulk, const Ports& ports);

/// Whether a notice of that id has been enqueued, and perhaps sent: enqueue_notice() would keep that one.
[[nodiscard]] Result<bool> is_enqueued(const spool::QueueId& id, spool::BulkSpool& bulk,
                                       const Ports& ports);

/// One message for all `recipients`; `notice.to` is what stands in To.
[[nodiscard]] Result<void> enqueue_notice_to(const std::vector<std::string>& recipients,
                                             const Notice& notice, std::string_view reverse_path,
                                             spool::BulkSpool& bulk, const Ports& ports);

/// The listmaster hears of it: at once when nothing else was told for an hour, else with all that came until then, in
/// one mail. `kind`: "quarantined", "expired", "failed" (store::Alarm). An Error: it is not on the disk. That the mail
/// cannot be made now is logged, and tried again by send_alarms().
[[nodiscard]] Result<void> raise_alarm(const spool::QueueId& id, std::string_view kind,
                                       std::string_view subject, std::string_view reason,
                                       spool::BulkSpool& bulk, const Ports& ports);
/// Tells what is due. Called by raise_alarm(), and between mails.
[[nodiscard]] Result<void> send_alarms(spool::BulkSpool& bulk, const Ports& ports);

/// A failure report (RFC 3464) with the null reverse path.
struct Refusal {
  spool::QueueId id;
  std::string to;         ///< the envelope sender
  std::string recipient;  ///< the address it came to
  std::optional<list::ListAddress> list;
  std::string domain;
  std::string status;
  std::string reason;      ///< key of report.tt2
  std::string detail;      ///< reason codes for the diagnostic, or empty
  std::string message_id;  ///< of the mail refused, without <>
  std::string original_header;
  TimePoint arrival;
};
[[nodiscard]] Result<void> enqueue_refusal(const Refusal& refusal, spool::BulkSpool& bulk,
                                           const Ports& ports);

}  // namespace paraph::pipeline
