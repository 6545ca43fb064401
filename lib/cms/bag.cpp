#include "cms/bag.h"

#include <fmt/core.h>

#include "cms/certificate_cache.h"
#include "cms/content_info.h"
#include "cms/oids.h"
#include "cms/parts.h"

namespace paraph::cms {

bool is_signed_data(std::string_view octets) {
  const auto info = content_info(octets);
  return info && info->type == oid::kSignedData;
}

Result<std::vector<Certificate>> certificates_of(std::string_view signed_data) {
  if (const PreScan scan = prescan(signed_data); scan.kind != ContentKind::signed_data) {
    const std::string why = scan.reason.empty() ? "not a SignedData" : scan.reason;
    return Error::never(Errc::corrupt, why);
  }
  const auto parts = signed_data_parts(signed_data);
  std::vector<Certificate> found;
  ber::Reader set(parts ? parts->certificates : std::string_view());
  while (const auto element = set.next_if(ber::kSequence)) {
    auto parsed = Certificate::from_der(element->whole);
    if (!parsed) {
      return std::move(parsed).error().in(fmt::format("certificate {}", found.size() + 1));
    }
    found.push_back(*std::move(parsed));
  }
  if (found.empty()) {
    return Error::never(Errc::corrupt, "no certificate found");
  }
  return found;
}

std::vector<Certificate> readable_certificates(std::string_view certificate_set) {
  std::vector<Certificate> found;
  ber::Reader set(certificate_set);
  while (const auto element = set.next()) {
    if (!element->is(ber::kSequence)) {
      continue;  // RFC 5652 §10.2.2: attribute certificates and the like
    }
    if (auto parsed = certificate_cache().get(element->whole)) {
      found.push_back(*std::move(parsed));
    }
  }
  return found;
}

}  // namespace paraph::cms
