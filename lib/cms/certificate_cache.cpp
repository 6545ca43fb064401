#include "cms/certificate_cache.h"

#include "cms/keys.h"

namespace paraph::cms {

Result<Certificate> CertificateCache::get(std::string_view der) {
  std::string sha256 = digest().sha256(der);
  const std::lock_guard lock(guard_);
  if (const auto found = by_digest_.find(sha256); found != by_digest_.end()) {
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->certificate;
  }
  auto parsed = Certificate::from_der(der);
  if (!parsed) {
    return parsed;
  }
  entries_.push_front({std::move(sha256), der.size(), *parsed});
  by_digest_.emplace(entries_.front().sha256, entries_.begin());
  held_ += der.size();
  shrink();
  return parsed;
}

void CertificateCache::shrink() {
  while (!entries_.empty() && (entries_.size() > most_ || held_ > most_octets_)) {
    held_ -= entries_.back().octets;
    by_digest_.erase(entries_.back().sha256);
    entries_.pop_back();
  }
}

std::size_t CertificateCache::size() const {
  const std::lock_guard lock(guard_);
  return entries_.size();
}

CertificateCache& certificate_cache() {
  static CertificateCache cache(1024, std::size_t{4} << 20U);
  return cache;
}

}  // namespace paraph::cms
