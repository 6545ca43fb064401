#pragma once

// For this module only: the OpenSSL side of a CRL.

#include <openssl/x509.h>

#include <memory>
#include <optional>
#include <string>

#include "cms/crl.h"
#include "cms/openssl.h"

namespace paraph::cms {

using CrlPtr = std::unique_ptr<X509_CRL, Freed<X509_CRL_free>>;
using NamePtr = std::unique_ptr<X509_NAME, Freed<X509_NAME_free>>;

struct Crl::Impl {
  std::string der;
  NamePtr issuer;
  TimePoint this_update{};
  std::optional<TimePoint> next_update;
  std::string number, base_number;  ///< hex
  std::string key_id;               ///< contents of authorityKeyIdentifier, DER
  std::string scope;                ///< contents of issuingDistributionPoint, DER
  std::string identity;

  /// With its entries, decoded at the first call; nullptr when OpenSSL cannot read it.
  [[nodiscard]] X509_CRL* decoded() const;
  /// Whether decoded() has given this, without decoding.
  [[nodiscard]] bool gave(const X509_CRL* crl) const { return decoded_.get() == crl; }

 private:
  mutable bool tried_ = false;
  mutable CrlPtr decoded_;
};

}  // namespace paraph::cms
