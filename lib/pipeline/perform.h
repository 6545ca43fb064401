#pragma once

#include <optional>

#include "base/result.h"
#include "outcome/disposition.h"
#include "pipeline/incoming.h"
#include "store/store.h"

namespace paraph::pipeline {

/// What is left to do, in this order, once the outputs are written.
struct Performed {
  bool publish = false;  ///< BulkSpool::publish() of the ingest id has to follow
  /// To be recorded after that, with those of other mails. Without it the mail has its row already.
  std::optional<store::MailRow> row;
};

/// Carries out what was decided: effects, then outputs, under names made from the ingest id. The row of a mail that
/// leaves a file is the caller's to record once that is published. Repeating it after a crash finds and keeps what is
/// there. The caller then removes or quarantines the mail.
[[nodiscard]] Result<Performed> perform(const Item& item, const outcome::Disposition& disposition,
                                        const IncomingSpools& spools, const Ports& ports);

}  // namespace paraph::pipeline
