#pragma once

// For this module only: certificates that arrive with mail come again with the next mail, and
// decoding one costs more than checking a signature with it.

#include <cstddef>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "cms/certificate.h"

namespace paraph::cms {

/// The least recently used leave. Keyed by the SHA-256 of the octets that came, and so by nothing that
/// a stranger could give two of: neither serial number nor name. What does not parse is not kept. A
/// certificate taken out lives on when it leaves.
class CertificateCache {
 public:
  /// `octets` bounds the DER that is held; what is decoded takes some ten times as much.
  CertificateCache(std::size_t certificates, std::size_t octets)
      : most_(certificates), most_octets_(octets) {}

  /// Certificate::from_der(), or what it gave for these octets before.
  [[nodiscard]] Result<Certificate> get(std::string_view der);
  [[nodiscard]] std::size_t size() const;

 private:
  struct Entry {
    std::string sha256;
    std::size_t octets;
    Certificate certificate;
  };
  void shrink();

  mutable std::mutex guard_;
  std::size_t most_, most_octets_, held_ = 0;
  std::list<Entry> entries_;  ///< the last used in front
  std::map<std::string_view, std::list<Entry>::iterator> by_digest_;
};

/// The one of this process: 1024 certificates, 4 MiB of DER.
[[nodiscard]] CertificateCache& certificate_cache();

}  // namespace paraph::cms
