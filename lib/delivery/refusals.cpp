#include "delivery/refusals.h"

#include "delivery/wire.h"

namespace paraph::delivery {
namespace {

constexpr const char* kNeedsSmtpUtf8 =
    "the address is not ASCII and would need SMTPUTF8 (RFC 6531)";

std::string fault_of(const std::string& reverse_path, const std::string& recipient, Address kind) {
  if (const char* fault = reverse_path_fault(reverse_path))
    return std::string("refused here, the sender: ") + fault;
  if (const char* fault = recipient_fault(recipient)) return std::string("refused here: ") + fault;
  if (kind == Address::ascii_only && (has_eight_bit(recipient) || has_eight_bit(reverse_path)))
    return std::string("refused here: ") + kNeedsSmtpUtf8;
  return {};
}

}  // namespace

std::vector<DeliveryStatus> with_local_refusals(const mail::Envelope& envelope, Address kind) {
  std::vector<DeliveryStatus> statuses;
  statuses.reserve(envelope.forward_paths.size());
  for (const auto& recipient : envelope.forward_paths) {
    std::string fault = fault_of(envelope.reverse_path, recipient, kind);
    const Delivery outcome = fault.empty() ? Delivery::deferred : Delivery::failed;
    statuses.push_back({recipient, outcome, std::move(fault)});
  }
  return statuses;
}

std::vector<DeliveryStatus*> unsettled(std::vector<DeliveryStatus>& statuses) {
  std::vector<DeliveryStatus*> open;
  for (auto& status : statuses)
    if (status.outcome == Delivery::deferred && status.reply.empty()) open.push_back(&status);
  return open;
}

}  // namespace paraph::delivery
