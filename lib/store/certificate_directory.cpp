#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "mail/address.h"
#include "store/store.h"

namespace paraph::store {
namespace {

using cms::Certificate;
using list::CertificateLookup;
using list::CertificateSlot;
using list::CertificateStore;
using list::CertificateUse;
using list::StoredCertificate;

constexpr std::size_t max_file = 256U << 10U;
constexpr std::size_t max_name = 255;  // of a file, in octets, on every file system that matters

struct Slot {
  CertificateSlot slot;
  std::string_view suffix;
  bool verifies;
  bool encrypts;
};
constexpr std::array<Slot, 3> slots = {{{CertificateSlot::encrypt, "@enc", false, true},
                                        {CertificateSlot::sign, "@sign", true, false},
                                        {CertificateSlot::both, "", true, true}}};

bool serves(const Slot& slot, CertificateUse use) {
  return use == CertificateUse::verify ? slot.verifies : slot.encrypts;
}

bool may_serve(const Certificate& certificate, CertificateUse use) {
  return use == CertificateUse::verify ? certificate.may_sign() : certificate.may_encrypt();
}

// The row for what a certificate's keyUsage allows; nullptr: neither.
const Slot* slot_of(const Certificate& certificate) {
  for (const Slot& slot : slots) {
    if (slot.verifies == certificate.may_sign() && slot.encrypts == certificate.may_encrypt())
      return &slot;
  }
  return nullptr;
}

// An address may become a longer name than a file can have; then nothing is there. What an address
// holds never climbs: both encodings turn '/' into something else.
bool is_file_name(std::string_view name) {
  return !name.empty() && name.size() <= max_name && name.find('/') == std::string_view::npos &&
         name.find('\0') == std::string_view::npos;
}

// A file with its chain: the authorities in it are nobody's own certificate.
void drop_authorities(std::vector<Certificate>& certificates) {
  const auto is_ca = [](const Certificate& each) { return each.is_ca(); };
  if (std::all_of(certificates.begin(), certificates.end(), is_ca)) return;
  certificates.erase(std::remove_if(certificates.begin(), certificates.end(), is_ca),
                     certificates.end());
}

// What one file gave: certificates, or why none (`fault`), or neither when it is not there.
struct FileContent {
  std::vector<Certificate> certificates;
  std::string fault;
  bool hidden = false;  // the fault is that nobody lets us look
};

class CertificateDirectory final : public CertificateStore {
 public:
  explicit CertificateDirectory(std::shared_ptr<sys::FileSystem> fs) : fs_(std::move(fs)) {}
  Result<CertificateLookup> find(std::string_view canonical_address, CertificateUse use) override;
  Result<Stored> store(std::string_view canonical_address, const Certificate& certificate,
                       bool replace_newer) override;

 private:
  struct Source {
    std::string name;
    const Slot& slot;
    bool historic;
  };
  [[nodiscard]] std::string fault_of(const Error& error, const std::string& name);
  [[nodiscard]] Result<FileContent> read(const std::string& name);
  [[nodiscard]] Result<void> look(const Source& source, std::string_view address,
                                  CertificateUse use, CertificateLookup& lookup);
  std::shared_ptr<sys::FileSystem> fs_;
};

// One bad file must not stop the mail of the others; empty: it is not there, or the process is out
// of means.
std::string CertificateDirectory::fault_of(const Error& error, const std::string& name) {
  if (error.code() == Errc::denied) return "cannot be read (permissions, or a link)";
  if (error.code() == Errc::limit) return "too large for a certificate";
  if (error.code() == Errc::not_found) return {};
  const auto info = fs_->info(name);
  if (info && info->directory) return "is a directory";
  // The directory itself answers, so the fault is this file's: a socket, a bad block.
  return info ? error.what() : std::string{};
}

Result<FileContent> CertificateDirectory::read(const std::string& name) {
  FileContent content;
  if (!is_file_name(name)) return content;
  auto text = fs_->read(name, max_file);
  if (!text) {
    content.fault = fault_of(text.error(), name);
    content.hidden = text.error().code() == Errc::denied;
    if (content.fault.empty() && text.error().code() != Errc::not_found)
      return std::move(text).error();
    return content;
  }
  auto certificates = Certificate::from_pem(*text);
  if (certificates) {
    content.certificates = *std::move(certificates);
  } else {
    content.fault = certificates.error().what();
  }
  return content;
}

Result<void> CertificateDirectory::look(const Source& source, std::string_view address,
                                        CertificateUse use, CertificateLookup& lookup) {
  auto content = read(source.name);
  if (!content) return std::move(content).error();
  if (!content->fault.empty())
    lookup.unreadable.push_back(fmt::format("{}: {}", source.name, content->fault));
  drop_authorities(content->certificates);
  for (Certificate& certificate : content->certificates) {
    // A historic name may stand for two addresses; only the certificate can tell (Sympa's encoding
    // before 6.2.63).
    if (source.historic && !certificate.names(address)) continue;
    if (may_serve(certificate, use)) {
      lookup.found.push_back({std::move(certificate), source.slot.slot, source.name});
    } else {
      lookup.unreadable.push_back(
          fmt::format("{}: its keyUsage does not allow {}", source.name,
                      use == CertificateUse::verify ? "signing" : "encryption"));
    }
  }
  return {};
}

Result<CertificateLookup> CertificateDirectory::find(std::string_view canonical_address,
                                                     CertificateUse use) {
  const std::string current = mail::filesystem_encode(canonical_address);
  const std::string historic = mail::historic_escape(canonical_address);
  CertificateLookup lookup;
  for (const bool old : {false, true}) {
    if (old && historic == current) break;
    for (const Slot& slot : slots) {
      if (!serves(slot, use)) continue;
      const Source source{(old ? historic : current) + std::string(slot.suffix), slot, old};
      if (auto done = look(source, canonical_address, use, lookup); !done)
        return std::move(done).error();
    }
  }
  // Rule 22: by date, not by suffix; at one date the current name before the historic.
  std::stable_sort(lookup.found.begin(), lookup.found.end(),
                   [](const StoredCertificate& a, const StoredCertificate& b) {
                     return a.certificate.not_before() > b.certificate.not_before();
                   });
  return lookup;
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
  auto content = read(name);
  if (!content) return std::move(content).error();
  if (content->hidden)
    return Error::later(Errc::denied, fmt::format("{}: {}", fs_->full_path(name), content->fault));
  const auto& stored = content->certificates;
  if (std::find(stored.begin(), stored.end(), certificate) != stored.end())
    return Stored::already_there;
  // No rollback; at the same date the one that is there stays, or two senders' mails would take
  // turns.
  const auto newer = [&](const Certificate& each) {
    return each.not_before() >= certificate.not_before();
  };
  if (!replace_newer && std::any_of(stored.begin(), stored.end(), newer)) return Stored::kept_newer;
  if (auto done = fs_->replace(name, certificate.pem()); !done) return std::move(done).error();
  return Stored::stored;
}

}  // namespace

std::unique_ptr<list::CertificateStore> open_certificate_directory(
    std::shared_ptr<sys::FileSystem> fs) {
  return std::make_unique<CertificateDirectory>(std::move(fs));
}

}  // namespace paraph::store
