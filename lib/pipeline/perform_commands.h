#pragma once

#include <string>

#include "pipeline/incoming.h"

namespace paraph::pipeline {

/// Carries out what was decided about the commands of a mail, each once however often it is repeated, and sends one mail
/// that tells how it went: to the author, and, where he has proven nothing, at most twenty a day. The answer is a note for
/// the ledger, or empty.
[[nodiscard]] Result<std::string> perform_commands(const Item& item,
                                                   const outcome::Commands& commands,
                                                   const IncomingSpools& spools,
                                                   const Ports& ports);

}  // namespace paraph::pipeline
