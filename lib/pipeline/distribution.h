#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "cms/certificate.h"
#include "delivery/courier.h"
#include "pipeline/ports.h"
#include "spool/spool.h"

/// The way of a packet from spool/bulk to the MTA.
namespace paraph::pipeline {

/// What became of one packet, for the loop.
enum class Sent : unsigned char {
  done,           ///< every recipient has an outcome
  postponed,      ///< some were deferred: the packet is tried again later
  waits,          ///< the list's key, the database or the disk: nothing was counted
  transport_down  ///< the MTA does not answer: stop for now, nothing was counted
};

/// Sends one claimed packet: opens the post once in memory when copies are sealed, seals or copies per recipient, records
/// each outcome in the journal after the courier's answer. Plaintext of an encrypted post exists here in memory only.
[[nodiscard]] Sent send(spool::PacketClaim claim, spool::BulkSpool& bulk,
                        delivery::Courier& courier, const Ports& ports);

/// Quarantines a claimed packet without touching its post: it killed its workers. The listmaster is told.
[[nodiscard]] Sent condemn(spool::PacketClaim claim, const std::string& reason,
                           spool::BulkSpool& bulk, const Ports& ports);

/// The certificate to seal to for one member: the newest usable one, or why there is none.
struct SealTarget {
  std::optional<cms::Certificate> certificate;
  std::string problem;  ///< "missing", "expired", "weak_key", … (cms::SealFitness)
  std::string detail;   ///< of the certificate that came nearest
};
[[nodiscard]] Result<SealTarget> seal_target(const std::string& member, const Ports& ports);

}  // namespace paraph::pipeline
