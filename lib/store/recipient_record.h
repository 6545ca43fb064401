#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cms/recipient.h"
#include "store/recipients.h"
#include "sys/file_system.h"

/// What a record of `paraph_recipient` holds; for this module only.
namespace paraph::store {

struct RecipientRecord {
  cms::RecipientFacts facts;
  std::vector<sys::FileIdentity> files;  ///< of each name that can serve, in the order of names()
  std::string digest;                    ///< over the texts (CertificateFiles)
  bool settled = false;                  ///< the files were; else their texts decide
  cms::Period period;                    ///< in which the choice stands
  std::string judged_by;                 ///< names policy and trust of the choice
  Reader reader;
};

/// Octets with a digest of their own in front, bound to the address.
[[nodiscard]] std::string encode(std::string_view address, const RecipientRecord& record);
/// nullopt for octets that encode() did not write for this address. `settled` of the identities is not kept.
[[nodiscard]] std::optional<RecipientRecord> decode_record(std::string_view address,
                                                           std::string_view octets);
/// Whether they are the files of a record: the device, whose number changes with a reboot, does not count.
[[nodiscard]] bool same_files(const std::vector<sys::FileIdentity>& recorded,
                              const std::vector<sys::FileIdentity>& now);

}  // namespace paraph::store
