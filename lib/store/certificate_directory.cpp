#include <fmt/core.h>

#include <algorithm>

#include "mail/address.h"
#include "store/certificate_files.h"
#include "store/certificate_slots.h"
#include "store/store.h"

namespace paraph::store {
namespace {

using cms::Certificate;
using list::CertificateLookup;
using list::CertificateStore;
using list::CertificateUse;

// The row for what a certificate's keyUsage allows; nullptr: neither.
const Slot* slot_of(const Certificate& certificate) {
  for (const Slot& slot : slots) {
    if (slot.verifies == certificate.may_sign() && slot.encrypts == certificate.may_encrypt())
      return &slot;
  }
  return nullptr;
}

class CertificateDirectory final : public CertificateStore {
 public:
  explicit CertificateDirectory(std::shared_ptr<sys::FileSystem> fs) : files_(std::move(fs)) {}
  Result<CertificateLookup> find(std::string_view canonical_address, CertificateUse use) override;
  Result<Stored> store(std::string_view canonical_address, const Certificate& certificate,
                       bool replace_newer) override;

 private:
  CertificateFiles files_;
};

Result<CertificateLookup> CertificateDirectory::find(std::string_view canonical_address,
                                                     CertificateUse use) {
  auto found = files_.find(canonical_address, use);
  if (!found) return std::move(found).error();
  return std::move(found->lookup);
}

Result<CertificateStore::Stored> CertificateDirectory::store(std::string_view canonical_address,
                                                             const Certificate& certificate,
                                                             bool replace_newer) {
  const Slot* slot = slot_of(certificate);
  if (slot == nullptr)
    return Error::never(Errc::denied,
                        "the certificate's keyUsage allows neither signing nor encryption");
  const std::string name = mail::filesystem_encode(canonical_address) + std::string(slot->suffix);
  if (!is_file_name(name))
    return Error::never(Errc::limit, "the address is too long for a file's name");
  auto content = files_.read(name);
  if (!content) return std::move(content).error();
  if (content->hidden)
    return Error::later(Errc::denied,
                        fmt::format("{}: {}", files_.fs().full_path(name), content->fault));
  const auto& stored = content->certificates;
  if (std::find(stored.begin(), stored.end(), certificate) != stored.end())
    return Stored::already_there;
  // No rollback; at the same date the one that is there stays, or two senders' mails would take
  // turns.
  const auto newer = [&](const Certificate& each) {
    return each.not_before() >= certificate.not_before();
  };
  if (!replace_newer && std::any_of(stored.begin(), stored.end(), newer)) return Stored::kept_newer;
  if (auto done = files_.fs().replace(name, certificate.pem()); !done)
    return std::move(done).error();
  return Stored::stored;
}

}  // namespace

std::unique_ptr<list::CertificateStore> open_certificate_directory(
    std::shared_ptr<sys::FileSystem> fs) {
  return std::make_unique<CertificateDirectory>(std::move(fs));
}

}  // namespace paraph::store
