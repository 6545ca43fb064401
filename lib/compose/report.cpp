// Delivery status notifications: RFC 3464 inside RFC 6522.
#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "compose/authored.h"
#include "compose/compose.h"
#include "compose/writer.h"
#include "mail/entity.h"

namespace paraph::compose {
namespace {

constexpr std::size_t kHeaderLimit = 64 * 1024;

struct Action {
  std::string_view name;
  char status_class;  // RFC 3463 §2
  std::string_view subject;
};
constexpr std::array kActions{Action{"failed", '5', "Your message was not delivered"},
                              Action{"delivered", '2', "Your message was delivered"},
                              Action{"delayed", '4', "Your message is delayed"}};

// RFC 3463 §2: class "." 1*3digit "." 1*3digit
bool is_status(std::string_view status, char status_class) {
  const auto pieces = ascii::split(status, ".");
  const auto number = [](std::string_view piece) {
    return piece.size() <= 3 && std::all_of(piece.begin(), piece.end(), ascii::is_digit);
  };
  return pieces.size() == 3 && std::count(status.begin(), status.end(), '.') == 2 &&
         pieces[0] == std::string_view(&status_class, 1) && number(pieces[1]) && number(pieces[2]);
}

Result<const Action*> action_of(const Report& report) {
  for (const auto& action : kActions)
    if (action.name == report.action && is_status(report.status, action.status_class))
      return &action;
  return Error::never(Errc::corrupt, fmt::format("no delivery status: action \"{}\", status \"{}\"",
                                                 report.action, report.status));
}

// RFC 3464 §2.2 and §2.3: fields of the message, an empty line, fields of the recipient.
Part status_part(const Report& report) {
  const Fields message{
      {"Reporting-MTA", HeaderValue::ascii(report.reporting_domain).after("dns; ")},
      {"Arrival-Date", HeaderValue::date(report.arrival)}};
  Fields recipient{
      {"Final-Recipient", HeaderValue::ascii(report.final_recipient).after("rfc822; ")},
      {"Action", HeaderValue::ascii(report.action)},
      {"Status", HeaderValue::ascii(report.status)}};
  if (!report.diagnostic.empty())
    recipient.push_back(
        {"Diagnostic-Code", HeaderValue::text(report.diagnostic).after("X-Paraph; ")});
  return {{{"Content-Type", HeaderValue::text("message/delivery-status")}},
          print(message) + "\n" + print(recipient)};
}

// At most 64 KiB of whole lines, nothing after an empty line (a body is never returned), LF ends; a
// bare CR, which some readers take for a line end, becomes a space.
std::string safe_header(std::string_view raw) {
  std::string out;
  for (std::size_t at = 0; at < raw.size();) {
    const std::size_t end = std::min(raw.find('\n', at), raw.size());
    std::string line(raw.substr(at, end - at));
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty() || out.size() + line.size() + 1 > kHeaderLimit) break;
    std::replace(line.begin(), line.end(), '\r', ' ');
    out += line + '\n';
    at = end + 1;
  }
  return out;
}

// RFC 6522 §4: 7bit where the header is, else quoted-printable.
Part header_part(std::string_view header) {
  bool plain = true;
  for (const auto line : ascii::lines(header)) {
    plain = plain && line.size() <= 998;
    for (const char c : line)
      plain = plain && static_cast<unsigned char>(c) < 0x7f && (c == '\t' || !ascii::is_control(c));
  }
  return {{{"Content-Type", HeaderValue::text("text/rfc822-headers")},
           {"Content-Transfer-Encoding", HeaderValue::text(plain ? "7bit" : "quoted-printable")}},
          plain ? std::string(header) : mail::quoted_printable_encode(header)};
}

}  // namespace

Result<std::string> delivery_status_notification(const Report& report) {
  auto action = action_of(report);
  if (!action) return std::move(action).error();
  auto to = HeaderValue::mailbox("", report.authored.to);
  if (!to) return std::move(to).error();
  auto fields = own_fields(report.authored);
  if (!fields) return std::move(fields).error();
  fields->push_back({"To", *to});
  fields->push_back({"Subject", HeaderValue::text((*action)->subject)});

  std::vector<Part> parts{text_part(report.text), status_part(report)};
  if (const auto header = safe_header(report.original_header); !header.empty())
    parts.push_back(header_part(header));
  return write_report(*fields, parts, "delivery-status", report.authored.message_id);
}

}  // namespace paraph::compose
