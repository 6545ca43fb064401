#pragma once

#include <vector>

#include "delivery/courier.h"

/// Private to `delivery`: what every courier refuses before it starts.
namespace paraph::delivery {

enum class Address : unsigned char {
  ascii_only,  ///< no SMTPUTF8 (RFC 6531) on this road
  any,
};

/// One status per forward path: failed, with the reason, where the address (or the reverse path) is
/// not fit to be sent; else deferred with an empty reply, which means: still to be served.
[[nodiscard]] std::vector<DeliveryStatus> with_local_refusals(const mail::Envelope& envelope,
                                                              Address kind);
[[nodiscard]] std::vector<DeliveryStatus*> unsettled(std::vector<DeliveryStatus>& statuses);

}  // namespace paraph::delivery
