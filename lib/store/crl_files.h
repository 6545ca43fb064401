#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "cms/certificate.h"
#include "cms/crl.h"
#include "sys/file_system.h"
#include "sys/sightings.h"

/// Revocation lists on disk: every regular file of `crl_dir`, PEM or DER, whatever its name. Those that store_crl() wrote
/// are named after what they follow and their digest, IDENTITY-SHA256.crl, and removed when a newer one of the same
/// identity comes; others are an administrator's and stay.
namespace paraph::store {

struct CrlFile {
  std::string name;  ///< inside the directory
  cms::Crl crl;
};
struct CrlFiles {
  std::vector<CrlFile> files;  ///< by name
  /// "…/crl/x.pem: not a CRL": such a file counts for nothing, and the others for what they are.
  std::vector<std::string> problems;

  [[nodiscard]] cms::CrlSet set() const;
};
/// An absent directory holds none. Beyond 64 MiB in all, further files are problems. An Error is the machine's. `seen`:
/// what it depends on.
[[nodiscard]] Result<CrlFiles> load_crls(const std::string& directory, sys::Sightings& seen);

/// Whether one of these CAs made the signature of a CRL.
[[nodiscard]] bool is_verified(const cms::Crl& crl, const std::vector<cms::Certificate>& issuers);

enum class CrlStored : std::uint8_t { stored, already_there, kept_newer };
/// Writes it and removes what it follows. A newer one that is there stays, and the new one is not written, unless only the
/// new one is_verified() by `issuers`. One that is not verified removes none that is.
[[nodiscard]] Result<CrlStored> store_crl(sys::FileSystem& directory, const cms::Crl& crl,
                                          const CrlFiles& known,
                                          const std::vector<cms::Certificate>& issuers);

}  // namespace paraph::store
