#include "store/certificate_files.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "cms/keys.h"
#include "mail/address.h"
#include "store/certificate_slots.h"

namespace paraph::store {
namespace {

using cms::Certificate;
using list::CertificateLookup;
using list::CertificateUse;
using list::StoredCertificate;

constexpr std::size_t max_file = 256U << 10U;

bool serves(const Slot& slot, CertificateUse use) {
  return use == CertificateUse::verify ? slot.verifies : slot.encrypts;
}

struct Source {
  std::string name;
  const Slot* slot;
  bool historic;
};

std::vector<Source> sources(std::string_view address, CertificateUse use) {
  const std::string current = mail::filesystem_encode(address);
  const std::string historic = mail::historic_escape(address);
  std::vector<Source> out;
  for (const bool old : {false, true}) {
    if (old && historic == current) break;
    for (const Slot& slot : slots) {
      Source source{(old ? historic : current) + std::string(slot.suffix), &slot, old};
      if (serves(slot, use) && is_file_name(source.name)) out.push_back(std::move(source));
    }
  }
  return out;
}

// A file with its chain: the authorities in it are nobody's own certificate.
void drop_authorities(std::vector<Certificate>& certificates, std::vector<Certificate>& issuers) {
  const auto is_ca = [](const Certificate& each) { return each.is_ca(); };
  if (std::all_of(certificates.begin(), certificates.end(), is_ca)) return;
  std::copy_if(certificates.begin(), certificates.end(), std::back_inserter(issuers), is_ca);
  certificates.erase(std::remove_if(certificates.begin(), certificates.end(), is_ca),
                     certificates.end());
}

void take(FileContent content, const Source& source, std::string_view address, CertificateUse use,
          CertificateLookup& lookup) {
  if (!content.fault.empty())
    (content.refused ? lookup.refused : lookup.unreadable)
        .push_back(fmt::format("{}: {}", source.name, content.fault));
  drop_authorities(content.certificates, lookup.issuers);
  for (Certificate& certificate : content.certificates) {
    // A historic name may stand for two addresses; only the certificate can tell (Sympa's encoding
    // before 6.2.63).
    if (source.historic && !certificate.names(address)) continue;
    // Why nothing can be sealed to it, fitness() says; one that may not sign is no signer's.
    if (use == CertificateUse::encrypt || certificate.may_sign())
      lookup.found.push_back({std::move(certificate), source.slot->slot, source.name});
    else
      lookup.unreadable.push_back(
          fmt::format("{}: its keyUsage does not allow signing", source.name));
  }
}

// So that no text can be moved from one file to the other without a change.
void add_to(std::string& texts, const Source& source, const FileContent& content) {
  texts += fmt::format("{} {} {}:", source.name, content.fault, content.text.size());
  texts += content.text;
}

}  // namespace

bool is_file_name(std::string_view name) {
  constexpr std::size_t max_name = 255;  // in octets, on every file system that matters
  return !name.empty() && name.size() <= max_name && name.find('/') == std::string_view::npos &&
         name.find('\0') == std::string_view::npos;
}

// One bad file must not stop the mail of the others; empty: it is not there, or the process is out
// of means.
std::string CertificateFiles::fault_of(const Error& error, const std::string& name) {
  if (error.code() == Errc::denied) return "cannot be read (permissions, or a link)";
  if (error.code() == Errc::limit) return "too large for a certificate";
  if (error.code() == Errc::not_found) return {};
  const auto info = fs_->info(name);
  if (info && info->directory) return "is a directory";
  if (error.code() == Errc::corrupt) return "is not a regular file";  // what() has its whole path
  // What may pass is no fact about the certificate: an older one must not take its place meanwhile.
  return info && error.retry() == Retry::never ? error.what() : std::string{};
}

Result<FileContent> CertificateFiles::read_text(const std::string& name) {
  FileContent content;
  auto text = fs_->read(name, max_file);
  if (text) {
    content.text = *std::move(text);
    return content;
  }
  content.absent = true;
  content.fault = fault_of(text.error(), name);
  content.hidden = text.error().code() == Errc::denied;
  if (content.fault.empty() && text.error().code() != Errc::not_found)
    return std::move(text).error();
  return content;
}

// A member who writes a hundred posts is parsed once: the same text is the same certificates.
void CertificateFiles::parse(const std::string& name, FileContent& content) {
  constexpr std::size_t most = 1000;
  if (content.absent) return;
  const auto known = parsed_.find(name);
  if (known != parsed_.end() && known->second.text == content.text) {
    content.certificates = known->second.certificates;
    return;
  }
  auto certificates = Certificate::from_pem(content.text);
  if (!certificates) {
    content.fault = certificates.error().what();
    content.refused = certificates.error().code() == Errc::denied;
    return;
  }
  content.certificates = *std::move(certificates);
  if (parsed_.size() >= most) parsed_.clear();
  parsed_.insert_or_assign(name, Parsed{content.text, content.certificates});
}

Result<FileContent> CertificateFiles::read(const std::string& name) {
  auto content = read_text(name);
  if (content) parse(name, *content);
  return content;
}

std::vector<std::string> CertificateFiles::names(std::string_view canonical_address,
                                                 CertificateUse use) {
  std::vector<std::string> out;
  for (auto& source : sources(canonical_address, use)) out.push_back(std::move(source.name));
  return out;
}

Result<CertificateFiles::Found> CertificateFiles::find(std::string_view canonical_address,
                                                       CertificateUse use) {
  Found out;
  for (const auto& source : sources(canonical_address, use)) {
    auto content = read_text(source.name);
    if (!content) return std::move(content).error();
    add_to(out.texts, source, *content);
    parse(source.name, *content);
    take(*std::move(content), source, canonical_address, use, out.lookup);
  }
  // Whoever has one for signing alone is told that, and not that he has none.
  const bool nothing =
      out.lookup.found.empty() && out.lookup.unreadable.empty() && out.lookup.refused.empty();
  if (use == CertificateUse::encrypt && nothing)
    for (const auto& source : sources(canonical_address, CertificateUse::verify)) {
      auto content = read(source.name);
      if (!content) return std::move(content).error();
      take(*std::move(content), source, canonical_address, use, out.lookup);
    }
  // Rule 22: by date, not by suffix; at one date the current name before the historic.
  std::stable_sort(out.lookup.found.begin(), out.lookup.found.end(),
                   [](const StoredCertificate& a, const StoredCertificate& b) {
                     return a.certificate.not_before() > b.certificate.not_before();
                   });
  return out;
}

std::string CertificateFiles::Found::digest() const {
  return cms::digest().sha256(texts);
}

Result<std::string> CertificateFiles::digest(std::string_view canonical_address,
                                             CertificateUse use) {
  std::string texts;
  for (const auto& source : sources(canonical_address, use)) {
    const auto content = read_text(source.name);
    if (!content) return content.error();
    add_to(texts, source, *content);
  }
  return cms::digest().sha256(texts);
}

}  // namespace paraph::store
