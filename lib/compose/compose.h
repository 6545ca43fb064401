#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ports.h"
#include "base/result.h"
#include "template/template.h"

/// Mail that we author. The only place that includes mimetic; it builds, it never reads arriving mail.
namespace paraph::compose {

struct Authored {
  std::string from;                    ///< address of ours
  std::string from_name;               ///< display name
  std::string to;                      ///< canonical address
  std::string message_id;              ///< without <>; derived from the ingest id so that a repeat is the same mail
  std::string in_reply_to;             ///< Message-ID answered, or empty
  std::string reply_to;                ///< or empty
  std::string auto_submitted = "auto-generated";   ///< RFC 3834: or "auto-replied"
  TimePoint date;
};

/// Renders a mail template: its leading lines are header fields, missing ones (Message-ID, Date, To, From, Subject,
/// Reply-To, MIME-Version, Content-Type, Auto-Submitted) are supplied. UTF-8 text, quoted-printable when needed, LF line
/// ends, fields folded at 78, no CR/LF/NUL can leave a field. Template output may set Subject and To only to one line.
[[nodiscard]] Result<std::string> from_template(std::string_view name, const tt2::Loader& loader, const tt2::Data& data,
                                                const Authored& authored);

/// A delivery status notification (RFC 3464) as multipart/report: text, message/delivery-status, and only the header
/// of the original (RET=HDRS; `safe_header` leaves out everything but transport fields when the post is encrypted).
struct Report {
  Authored authored;
  std::string reporting_domain;
  std::string final_recipient;
  std::string action = "failed";       ///< failed | delivered | delayed
  std::string status;                  ///< "5.7.1"
  std::string diagnostic;              ///< one line
  std::string text;                    ///< for people, UTF-8, LF
  std::string original_header;         ///< raw header section of the original, or empty
  TimePoint arrival;
};
[[nodiscard]] Result<std::string> delivery_status_notification(const Report& report);

}  // namespace paraph::compose
