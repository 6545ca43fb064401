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
};

/// Private to `delivery`: a lock-step SMTP or LMTP client. It keeps its connection for further
/// messages and opens a new one when the server has closed it meanwhile.
///
/// | What the server says                              | becomes                              |
/// |---------------------------------------------------|--------------------------------------|
/// | nothing, no, 421 or garbage, up to and with MAIL  | Error, later: the transport is down  |
/// | 4xx, 5xx to MAIL                                  | deferred, failed for every recipient |
/// | 4xx, 5xx to RCPT                                  | deferred, failed for that one        |
/// | 421, silence, garbage from RCPT on                | deferred: one poison mail must not   |
/// |                                                   | look like a dead server              |
/// | 2xx, 4xx, 5xx after the dot                       | delivered, deferred, failed          |
/// | silence, garbage, a lost connection after the dot | deferred, "in doubt: …": a retry may |
/// |                                                   | arrive twice                         |
[[nodiscard]] std::unique_ptr<Courier> smtp_courier(Protocol protocol, Endpoint endpoint,
                                                    std::string helo, Timeouts timeouts);

}  // namespace paraph::delivery
