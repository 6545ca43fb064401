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
  std::string from;       ///< address of ours
  std::string from_name;  ///< display name
  std::string to;         ///< canonical address
  std::string
      message_id;  ///< without <>; derived from the ingest id so that a repeat is the same mail
  std::string in_reply_to;                        ///< Message-ID answered, or empty
  std::string reply_to;                           ///< or empty
  std::string auto_submitted = "auto-generated";  ///< RFC 3834: or "auto-replied"
  TimePoint date;
};

/// Renders a mail template: its leading lines are header fields; the first blank or other line ends them. Missing To,
/// Reply-To and Subject (`data.subject`, else the template's name) are supplied. From, Date, Message-ID, Auto-Submitted,
/// In-Reply-To, MIME-Version, Content-* are ours, and Bcc, Sender, Return-Path, Received, Resent-*, X-Sympa-*, X-Paraph-*
/// of a template are left out. No value can end a header line. UTF-8 text, quoted-printable when needed, so that a
/// signature survives 7-bit relays; LF line ends, fields folded at 76. The same input gives the same octets.
/// Errors: an address that is none or not ASCII (never); a template with a Content-Type other than text/plain (later,
/// config); what tt2::render says.
[[nodiscard]] Result<std::string> from_template(std::string_view name, const tt2::Loader& loader,
                                                const tt2::Data& data, const Authored& authored);

/// A delivery status notification (RFC 3464) as multipart/report: text, message/delivery-status, and only the header
/// of the original (RET=HDRS): what stands before its first empty line, at most 64 KiB. For an encrypted post the caller
/// passes the outer header, which is all that was in the clear.
struct Report {
  Authored authored;
  std::string reporting_domain;
  std::string final_recipient;
  std::string action = "failed";  ///< failed | delivered | delayed
  std::string status;             ///< "5.7.1"
  std::string diagnostic;         ///< one line
  std::string text;               ///< for people, UTF-8, LF
  std::string original_header;    ///< raw header section of the original, or empty
  TimePoint arrival;
};
[[nodiscard]] Result<std::string> delivery_status_notification(const Report& report);

}  // namespace paraph::compose
