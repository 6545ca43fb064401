#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ports.h"
#include "base/result.h"
#include "cms/certificate.h"

/// Revocation lists (RFC 5280 §5), as somebody put them at hand: nothing is fetched, and those inside messages are never
/// read (security rule 23).
namespace paraph::cms {

/// One CRL, immutable, cheap to copy. Reading takes the frame alone apart, whatever the number of its entries; they are
/// decoded when a certificate of its issuer is first judged. Nothing is said about the signature before signed_by().
class Crl {
 public:
  static constexpr std::size_t kMaxOctets = std::size_t{16} << 20U;
  [[nodiscard]] static Result<Crl> from_der(std::string_view der);
  /// DER, or every CRL of a PEM text. An Error when there is none or one is broken.
  [[nodiscard]] static Result<std::vector<Crl>> from_any(std::string_view octets);

  [[nodiscard]] const std::string& der() const;
  [[nodiscard]] std::string sha256() const;  ///< 64 upper-case hex digits over the DER
  [[nodiscard]] std::string issuer() const;  ///< as Certificate::issuer()
  [[nodiscard]] TimePoint this_update() const;
  [[nodiscard]] std::optional<TimePoint> next_update() const;  ///< absent: it never grows stale
  [[nodiscard]] const std::string& number() const;  ///< cRLNumber in hex, empty without one
  [[nodiscard]] const std::string& base_number()
      const;                                 ///< of a delta: the base it adds to; else empty
  [[nodiscard]] bool is_delta() const;       ///< RFC 5280 §5.2.4
  [[nodiscard]] std::string key_id() const;  ///< authorityKeyIdentifier in hex, or empty
  /// What of its issuer's certificates it covers (RFC 5280 §5.2.5), in words: "indirect, CA certificates only"; empty:
  /// everything.
  [[nodiscard]] std::string scope() const;
  /// CRLs of one identity follow one another: same issuer, key, scope and kind. 64 hex digits.
  [[nodiscard]] const std::string& identity() const;
  /// Whether this one comes after `other` of the same identity: by number, else by thisUpdate.
  [[nodiscard]] bool newer_than(const Crl& other) const;
  /// RFC 5280 §5.2.5: of certificates of other issuers, too, if their distribution points name its issuer.
  [[nodiscard]] bool is_indirect() const;
  /// Whether both speak of the same certificates by the same key, as a base and its deltas do.
  [[nodiscard]] bool same_scope(const Crl& other) const;
  /// Whether this is a delta that adds to this base (RFC 5280 §5.2.4): newer, and from no later base.
  [[nodiscard]] bool adds_to(const Crl& base) const;
  /// Whether this CA's key made the signature. Costs a digest of the whole.
  [[nodiscard]] bool signed_by(const Certificate& issuer) const;
  /// The number of entries; nullopt when the whole cannot be decoded.
  [[nodiscard]] std::optional<std::size_t> entries() const;

  struct Impl;  ///< the OpenSSL side, for this module only
  [[nodiscard]] const Impl& impl() const { return *impl_; }

 private:
  explicit Crl(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

/// The CRLs at hand. Cheap to copy. What is decoded stays decoded, so one set is for one thread.
class CrlSet {
 public:
  CrlSet() = default;
  explicit CrlSet(std::vector<Crl> crls)
      : crls_(std::make_shared<const std::vector<Crl>>(std::move(crls))) {}
  [[nodiscard]] const std::vector<Crl>& all() const;

 private:
  std::shared_ptr<const std::vector<Crl>> crls_;
};

}  // namespace paraph::cms
