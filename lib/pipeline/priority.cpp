#include "pipeline/priority.h"

#include <algorithm>

#include "base/ascii.h"
#include "mail/address.h"

namespace paraph::pipeline {
namespace {

using list::AddressKind;

std::string of_list(const config::Site& site, const list::Destination& destination) {
  const auto named = list::ListAddress::parse(destination.list_name, destination.domain);
  if (!named) return {};
  const auto config = config::ListConfig::load(site, *named);
  return config ? config->get("priority") : std::string();
}

std::string setting_for(const config::Site& site, std::string_view delivered_to) {
  const auto address = mail::AddrSpec::parse(delivered_to);
  if (!address) return {};
  const std::string domain = ascii::to_lower(address->domain());
  const auto destination =
      list::classify(address->local_part(), domain, site.address_rules(domain));
  switch (destination.kind) {
    case AddressKind::post:
      return of_list(site, destination);
    case AddressKind::owner:  // LIST-request
    case AddressKind::editor:
      return site.get("request_priority", domain);
    case AddressKind::return_path:  // LIST-owner
      return site.get("owner_priority", domain);
    default:
      return site.get("sympa_priority", domain);
  }
}

}  // namespace

std::optional<unsigned> parse_priority(std::string_view text) {
  if (text == "z") return std::nullopt;
  const bool digit = text.size() == 1 && text[0] >= '0' && text[0] <= '9';
  return digit ? static_cast<unsigned>(text[0] - '0') : spool::kNormalPriority;
}

unsigned bulk_priority(std::optional<unsigned> priority) {
  return priority.value_or(spool::kNormalPriority);
}

std::optional<unsigned> Priorities::operator()(const std::string& address) {
  const auto known = known_.find(address);
  if (known != known_.end()) return known->second;
  const auto found = parse_priority(setting_for(site_, address));
  known_.emplace(address, found);
  return found;
}

}  // namespace paraph::pipeline
