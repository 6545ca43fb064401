#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
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

/// How the loop watches over single recipients, since a worker may die on one of them.
struct RecipientWatch {
  /// Told before anything is done for a recipient (of several in one transaction, the first). A reason: nothing is, since
  /// he has ended workers before; he has failed with it, the listmaster is told, and the packet goes on.
  std::function<std::optional<std::string>(const std::string&)> next;
  bool singly = false;  ///< a transaction each: workers have died on this packet
};

/// Sends one claimed packet: opens the post once in memory when copies are sealed, seals or copies per recipient, records
/// each outcome in the journal after the courier's answer. Plaintext of an encrypted post exists here in memory only, and
/// no longer than its one encryption takes; per member there are a key wrap and some 1000 octets of his own.
///
/// A recipient who is deferred is tried again every 10 minutes. What is older than `packet_lifetime` gets one more try:
/// then whoever is deferred, or cannot be reached because the transport is down, has failed ("expired: …"). A clock that
/// jumped ahead costs nothing that the MTA would take.
[[nodiscard]] Sent send(spool::PacketClaim claim, spool::BulkSpool& bulk,
                        delivery::Courier& courier, const Ports& ports,
                        const RecipientWatch& watch = {});

/// Quarantines a claimed packet without touching its post: it killed its workers. The listmaster is told.
[[nodiscard]] Sent condemn(spool::PacketClaim claim, const std::string& reason,
                           spool::BulkSpool& bulk, const Ports& ports);

}  // namespace paraph::pipeline
