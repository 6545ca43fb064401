#pragma once

#include "base/result.h"
#include "outcome/disposition.h"
#include "pipeline/incoming.h"

namespace paraph::pipeline {

/// Carries out what was decided, in this order: effects, outputs (under names made from the ingest id, published last), the
/// ledger row. Repeating it after a crash finds and keeps what is there. The caller then removes or quarantines the mail.
[[nodiscard]] Result<void> perform(const Item& item, const outcome::Disposition& disposition,
                                   const IncomingSpools& spools, const Ports& ports);

}  // namespace paraph::pipeline
