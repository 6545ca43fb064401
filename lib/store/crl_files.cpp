#include "store/crl_files.h"

#include <algorithm>

#include <fmt/core.h>

#include "base/ascii.h"

namespace paraph::store {
namespace {

constexpr std::size_t kMaxTogether = std::size_t{64} << 20U;
constexpr std::size_t kIdentityDigits = 16;
constexpr std::string_view kSuffix = ".crl";

std::string name_of(const cms::Crl& crl) {
  return ascii::to_lower(crl.identity().substr(0, kIdentityDigits) + "-" +
                         crl.sha256().substr(0, kIdentityDigits)) +
         std::string(kSuffix);
}

bool is_ours(const CrlFile& file) {
  return file.name == name_of(file.crl);
}

// One file; what is wrong with it is a problem and no Error.
void load_file(const std::string& path, const std::string& name, std::size_t& left, CrlFiles& out) {
  const auto octets = sys::read_file(path, 2 * cms::Crl::kMaxOctets);
  if (!octets) {
    out.problems.push_back(octets.error().advice());
    return;
  }
  if (octets->size() > left) {
    out.problems.push_back(
        fmt::format("{}: the revocation lists exceed {} MiB together", path, kMaxTogether >> 20U));
    return;
  }
  left -= octets->size();
  auto crls = cms::Crl::from_any(*octets);
  if (!crls) {
    out.problems.push_back(path + ": " + crls.error().what());
    return;
  }
  for (auto& crl : *crls) out.files.push_back({name, std::move(crl)});
}

}  // namespace

cms::CrlSet CrlFiles::set() const {
  std::vector<cms::Crl> crls;
  crls.reserve(files.size());
  for (const auto& file : files) crls.push_back(file.crl);
  return cms::CrlSet(std::move(crls));
}

Result<CrlFiles> load_crls(const std::string& directory, sys::Sightings& seen) {
  CrlFiles out;
  if (directory.empty()) return out;
  seen.note(directory);
  auto root = sys::open_root(directory);
  if (!root && root.error().code() == Errc::not_found) return out;
  if (!root) return std::move(root).error().in("crl_dir");
  auto entries = (*root)->list(".");
  if (!entries) return std::move(entries).error().in("crl_dir");
  std::sort(entries->begin(), entries->end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  std::size_t left = kMaxTogether;
  for (const auto& entry : *entries) {
    if (!entry.regular || entry.name.substr(0, 2) == "T." || entry.name.front() == '.') continue;
    const std::string path = sys::join(directory, entry.name);
    seen.note(path);
    load_file(path, entry.name, left, out);
  }
  return out;
}

bool is_verified(const cms::Crl& crl, const std::vector<cms::Certificate>& issuers) {
  return std::any_of(issuers.begin(), issuers.end(),
                     [&](const auto& issuer) { return crl.signed_by(issuer); });
}

Result<CrlStored> store_crl(sys::FileSystem& directory, const cms::Crl& crl, const CrlFiles& known,
                            const std::vector<cms::Certificate>& issuers) {
  const bool verified = is_verified(crl, issuers);
  std::vector<std::string> followed;
  for (const auto& file : known.files) {
    if (file.crl.der() == crl.der()) return CrlStored::already_there;
    if (file.crl.identity() != crl.identity()) continue;
    const bool trusted = is_verified(file.crl, issuers);
    if (verified == trusted && file.crl.newer_than(crl)) return CrlStored::kept_newer;
    const bool gives_way = verified && !trusted;
    if (is_ours(file) && (gives_way || (verified == trusted && crl.newer_than(file.crl))))
      followed.push_back(file.name);
  }
  if (auto written = directory.replace(name_of(crl), crl.der()); !written)
    return std::move(written).error();
  for (const auto& name : followed)
    if (auto removed = directory.remove(name, false); !removed) return std::move(removed).error();
  return CrlStored::stored;
}

}  // namespace paraph::store
