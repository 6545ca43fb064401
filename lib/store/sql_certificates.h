#pragma once

#include "store/certificate_memory.h"
#include "store/connection.h"

namespace paraph::store {

/// SHA-256 of the certificates of an address that are pinned.
[[nodiscard]] Result<std::vector<std::string>> pinned_of(Connection& connection,
                                                         std::string_view address);

/// paraph_certificate, paraph_capability and paraph_reader; for this module only.
class SqlCertificates final : public CertificateMemory {
 public:
  explicit SqlCertificates(Connection& connection) : connection_(connection) {}
  Result<std::vector<CertificateRow>> of(std::string_view address) override;
  Result<void> put(const std::vector<CertificateRow>& rows) override;
  Result<std::vector<std::string>> pinned(std::string_view address) override;
  Result<std::optional<Capability>> capability(std::string_view sha256) override;
  Result<bool> learn_capability(std::string_view address, std::string_view sha256,
                                const Capability& capability) override;
  Result<std::string> cipher_for(std::string_view address) override;
  Result<void> set_cipher(std::string_view address, std::string_view cipher) override;

 private:
  [[nodiscard]] Result<void> put_row(const CertificateRow& row);
  [[nodiscard]] Result<void> forget_oldest(const std::string& address);
  /// What is known of the address is not what it was: paraph_reader's number moves on.
  [[nodiscard]] Result<void> touch(std::string_view address);
  Connection& connection_;
};

}  // namespace paraph::store
