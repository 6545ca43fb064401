#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ports.h"
#include "base/result.h"

/// What the database knows about certificates: where each came from, which were before, what their owners' programs can
/// read. The directory stays the truth about what is in use.
namespace paraph::store {

/// A row of paraph_certificate.
struct CertificateRow {
  std::string address, sha256, slot, der;
  std::string issuers;  ///< PEM of the authorities beside it
  std::string source, message_id, mail_id;
  long long learned_at = 0, not_before = 0, not_after = 0;  ///< epoch
  std::string state;
  bool pinned = false;
};

/// What a reader's program said that it can decrypt (SMIMECapabilities), by certificate.
struct Capability {
  long long signing_time = 0;  ///< epoch; of the mail that said so
  std::string stated;          ///< "AES-256-GCM AES-256-CBC OAEP"
};

/// Implemented by Database.
class CertificateMemory {
 public:
  virtual ~CertificateMemory() = default;
  /// Those of one address, newest notBefore first.
  [[nodiscard]] virtual Result<std::vector<CertificateRow>> of(std::string_view address) = 0;
  /// In one transaction; replaces. At most kMost of an address stay: of the rest in history the oldest go. Whoever
  /// prepares recipients hears of the address (RecipientRecords).
  static constexpr std::size_t kMost = 50;
  [[nodiscard]] virtual Result<void> put(const std::vector<CertificateRow>& rows) = 0;
  /// SHA-256 of those of an address that are pinned.
  [[nodiscard]] virtual Result<std::vector<std::string>> pinned(std::string_view address) = 0;

  [[nodiscard]] virtual Result<std::optional<Capability>> capability(std::string_view sha256) = 0;
  /// Security rule 25: newer signingTime only; empty `stated` erases nothing. True when what was stated has changed.
  [[nodiscard]] virtual Result<bool> learn_capability(std::string_view address,
                                                      std::string_view sha256,
                                                      const Capability& capability) = 0;
  /// What an administrator set for an address ("aes-256-gcm"); empty: nothing.
  [[nodiscard]] virtual Result<std::string> cipher_for(std::string_view address) = 0;
  [[nodiscard]] virtual Result<void> set_cipher(std::string_view address,
                                                std::string_view cipher) = 0;
};

}  // namespace paraph::store
