#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ports.h"
#include "base/result.h"

namespace paraph::cms {

enum class KeyType : std::uint8_t { rsa, rsa_pss, ec, ed25519, ed448, x25519, x448, dsa, other };

/// An X.509 certificate (RFC 5280), immutable, cheap to copy. Parsing applies the limits of security
/// rule 26 (size ≤ 64 KiB); nothing is ever fetched from a URL inside it.
class Certificate {
 public:
  [[nodiscard]] static Result<Certificate> from_der(std::string_view der);
  /// Every certificate of a PEM text, in order; text around the blocks and a byte order mark are ignored. An Error when there is
  /// none or one is broken ("no certificate found", "certificate 2: …").
  [[nodiscard]] static Result<std::vector<Certificate>> from_pem(std::string_view pem);
  /// PEM or DER or PKCS#7 certs-only, by looking.
  [[nodiscard]] static Result<std::vector<Certificate>> from_any(std::string_view octets);

  [[nodiscard]] const std::string& der() const;
  [[nodiscard]] std::string pem() const;
  [[nodiscard]] std::string sha256() const;   ///< 64 upper-case hex digits over the DER
  [[nodiscard]] std::string subject() const;  ///< RFC 2253-like, UTF-8, not escaped for display
  [[nodiscard]] std::string issuer() const;
  [[nodiscard]] std::string common_name() const;
  [[nodiscard]] std::string serial() const;  ///< upper-case hex
  [[nodiscard]] TimePoint not_before() const;
  [[nodiscard]] TimePoint not_after() const;
  [[nodiscard]] KeyType key_type() const;
  [[nodiscard]] int key_bits() const;
  [[nodiscard]] std::string key_description() const;  ///< "RSA 2048", "EC P-256", "Ed25519"

  /// SAN rfc822Name and SmtpUTF8Mailbox; the DN's emailAddress only when the SAN has no address.
  /// As written. Names with NUL, controls or non-IA5 octets are left out (attack A22).
  [[nodiscard]] const std::vector<std::string>& emails() const;
  /// Whether one of emails() is this address, in canonical form (`canonical` from mail::AddrSpec).
  /// Canonicalisation of the certificate's own names happens here: ASCII lower case of the whole address.
  [[nodiscard]] bool names(std::string_view canonical_address) const;

  [[nodiscard]] bool is_ca() const;
  /// keyUsage digitalSignature or nonRepudiation, or no keyUsage (RFC 8550 §4.4.2).
  [[nodiscard]] bool may_sign() const;
  /// keyEncipherment for RSA, keyAgreement for EC, or no keyUsage; never for signature-only keys.
  [[nodiscard]] bool may_encrypt() const;
  /// No EKU, or emailProtection, or anyExtendedKeyUsage (RFC 8550 §4.4.4).
  [[nodiscard]] bool eku_allows_email() const;
  /// The DER of IssuerAndSerialNumber (RFC 5652 §10.2.4), name octets copied from the certificate.
  [[nodiscard]] std::string issuer_and_serial_der() const;
  [[nodiscard]] std::string spki_sha256()
      const;  ///< 64 upper-case hex digits over the SubjectPublicKeyInfo

  friend bool operator==(const Certificate& a, const Certificate& b) { return a.der() == b.der(); }

  struct Impl;  ///< the OpenSSL side, for this module only
  [[nodiscard]] const Impl& impl() const { return *impl_; }

 private:
  explicit Certificate(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace paraph::cms
