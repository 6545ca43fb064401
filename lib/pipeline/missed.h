#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"
#include "config/site.h"
#include "pipeline/ports.h"
#include "spool/spool.h"

/// Posts that a member could not be sealed a copy of: kept as ciphertext, and sent once when his certificate is mended.
namespace paraph::pipeline {

/// Notes that he missed it, and keeps the post when the list's `missed_post_retention` says so, as it lies in `bulk`:
/// encrypted. Repeats are harmless.
[[nodiscard]] Result<void> note_missed(const spool::SpoolHeader& header, spool::BulkSpool& bulk,
                                       const std::string& member, const std::string& reason,
                                       const config::ListConfig& config, const Ports& ports);

/// After a certificate of the address has been stored: every kept post that he missed, and can be sealed now, is enqueued
/// for him alone, once, if he still is a member who gets copies. How many.
[[nodiscard]] Result<std::size_t> send_missed(const std::string& address, spool::BulkSpool& bulk,
                                              const Ports& ports);

/// Whether the list keeps what members miss.
[[nodiscard]] bool keeps_missed(const config::ListConfig& config);

/// Removes posts that have been kept for as long as their list says, and forgets who missed them; sends those that can be
/// sent by now, since certificates are mended in other ways, too (a file put into the directory, a CRL that came).
[[nodiscard]] Result<void> tend_missed(spool::BulkSpool& bulk, const Ports& ports);

}  // namespace paraph::pipeline
