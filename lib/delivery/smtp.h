#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "delivery/courier.h"
#include "delivery/wire.h"

namespace paraph::delivery {

enum class Protocol : unsigned char { smtp, lmtp };

/// RFC 5321 §4.5.3.2 asks for at least these.
struct Timeouts {
  std::chrono::milliseconds connect{30'000};
  std::chrono::milliseconds command{300'000};
  std::chrono::milliseconds after_dot{600'000};
  /// For so long a sender whom the server has hung up on is not brought before it again.
  std::chrono::milliseconds refused_sender{10'000};
};

/// Private to `delivery`: a lock-step SMTP or LMTP client. It keeps its connection for further
/// messages and opens a new one when the server has closed it meanwhile.
///
/// | What the server says                              | becomes                              |
/// |---------------------------------------------------|--------------------------------------|
/// | nothing, no or garbage, up to and with MAIL; 421  | Error, later: the transport is down  |
/// | before MAIL                                       |                                      |
/// | 421 to MAIL                                       | deferred, see below                  |
/// | other 4xx, 5xx to MAIL                            | deferred, failed for every recipient |
/// | 4xx, 5xx to RCPT                                  | deferred, failed for that one        |
/// | 421, silence, garbage from RCPT on                | deferred: one poison mail must not   |
/// |                                                   | look like a dead server              |
/// | 2xx, 4xx, 5xx after the dot                       | delivered, deferred, failed          |
/// | silence, garbage, a lost connection after the dot | deferred, "in doubt: …": a retry may |
/// |                                                   | arrive twice                         |
///
/// A server that was glad to see us and says 421 to MAIL ends the connection (RFC 5321 §3.8), perhaps on account of that
/// sender alone: his recipients are deferred, and for a while he is not tried again, else a packet of 250 would be 250
/// connections. Once three senders have heard it with nobody let in between, it is meant for everybody: an Error.
[[nodiscard]] std::unique_ptr<Courier> smtp_courier(Protocol protocol, Endpoint endpoint,
                                                    std::string helo, Timeouts timeouts);

}  // namespace paraph::delivery
