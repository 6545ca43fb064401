#pragma once

#include <memory>

#include "base/ports.h"
#include "base/result.h"
#include "config/site.h"
#include "delivery/courier.h"

namespace paraph::app {

/// The courier that the configuration names. An Error (never) also has the file and line of `transport`. Nobody is asked
/// yet: an MTA that is away is no fault of the configuration.
[[nodiscard]] Result<std::unique_ptr<delivery::Courier>> open_transport(const config::Site& site,
                                                                        const Clock& clock,
                                                                        Random& random);

}  // namespace paraph::app
