#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ports.h"
#include "base/result.h"
#include "mail/envelope.h"

namespace paraph::delivery {

enum class Delivery : unsigned char { delivered, deferred, failed };

/// What became of one forward path.
struct DeliveryStatus {
  std::string recipient;
  Delivery outcome = Delivery::deferred;
  std::string reply;  ///< the MTA's words: "250 2.0.0 Ok: queued as 4XkQ2", for trace
  /// false: the MTA was not asked now, since it has just refused this sender; no last try has been made.
  bool tried = true;
};

/// A message in two pieces, so that what many messages end with is handed over without a copy of it.
struct Content {
  std::string_view front;
  std::string_view tail = {};
  /// The tail begins and ends with a line, is 7-bit with CRLF line ends, and no line of it starts with a dot: base64,
  /// say. Then SMTP sends it as it is.
  bool tail_is_wire_form = false;
  [[nodiscard]] std::size_t size() const { return front.size() + tail.size(); }
};

/// Where octets leave the program. One message per call; an Error (`later`) means the transport itself is down: nobody
/// was served, no attempt counts, the caller waits. Per-recipient answers are values, one for each forward path and in
/// their order. An address with blanks, controls or angle brackets fails here and never reaches a wire or an argv.
class Courier {
 public:
  virtual ~Courier() = default;
  /// `message` leaves octet for octet, with the line ends it has: a signature may cover them (SMTP puts CR before a
  /// lone LF and a space for a lone CR, RFC 5321 §2.3.8). Octets above 127 need 8BITMIME, or that recipient fails
  /// (security rule 43).
  [[nodiscard]] virtual Result<std::vector<DeliveryStatus>> deliver(const mail::Envelope& envelope,
                                                                    const Content& message) = 0;
  /// Whether a tail is best made with CRLF.
  [[nodiscard]] virtual bool wants_crlf() const { return false; }
};

/// `maildir:/dir` (one Maildir per recipient, named by address), `sendmail:/usr/sbin/sendmail [args]`,
/// `smtp://host[:port]`, `lmtp://host:port`, `lmtp+unix:/path`. `helo` is our domain. Config errors are `never`.
[[nodiscard]] Result<std::unique_ptr<Courier>> open_courier(std::string_view url,
                                                            std::string_view helo,
                                                            const Clock& clock, Random& random);

}  // namespace paraph::delivery
