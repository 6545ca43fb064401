#include "pipeline/key_ring.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <map>
#include <tuple>
#include <utility>

#include "base/ascii.h"
#include "cms/recipient.h"
#include "sys/file_system.h"

namespace paraph::pipeline {
namespace {

constexpr std::size_t kMaxKeyFile = 256 * 1024;
constexpr std::size_t kMaxAnchorFile = 16U << 20;
constexpr std::string_view kCertificate = "cert.pem";
constexpr std::string_view kKey = "private_key";

// The key of one pair; an Error names the file and what to do.
Result<cms::PrivateKey> load_key(const std::string& path, const cms::Certificate& certificate,
                                 const std::string& phrase) {
  if (auto safe = sys::check_key_permissions(path); !safe) return std::move(safe).error();
  auto pem = sys::read_file(path, kMaxKeyFile);
  if (!pem) return std::move(pem).error();
  auto key = cms::PrivateKey::from_pem(*pem, phrase);
  if (!key) return std::move(key).error().in(path);
  if (!key->matches(certificate))
    return Error::later(Errc::config, path + ": does not belong to the certificate beside it");
  return key;
}

// cert.pem of a pair, its own certificate first; an Error names the file.
Result<std::vector<cms::Certificate>> load_certificates(const std::string& path) {
  auto pem = sys::read_file(path, kMaxKeyFile);
  auto chain = pem ? cms::Certificate::from_pem(*pem)
                   : Result<std::vector<cms::Certificate>>(std::move(pem).error());
  if (!chain) return std::move(chain).error().in(path);
  return chain;
}

// systemd.exec(5): the directory is the unit's alone, so its files need no look at their modes.
Result<std::string> credential() {
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (directory == nullptr || *directory != '/') return std::string();
  auto text = sys::read_file(sys::join(directory, "paraph-key-passphrase"), kMaxKeyFile);
  if (text) return std::string(ascii::trim_right(*text));
  if (text.error().code() == Errc::not_found) return std::string();
  return std::move(text).error();
}

bool self_signed(const cms::Certificate& certificate) {
  return certificate.subject() == certificate.issuer();
}

/// Which `key renew` made it: the day and its number of that day, both 0 for any other (".20261129", ".20261129-2.sign").
std::pair<int, int> renewal(std::string_view suffix) {
  std::pair<int, int> out{0, 0};
  const char* const end = suffix.data() + suffix.size();
  if (suffix.size() < 9 || suffix.front() != '.') return out;
  const auto day = std::from_chars(suffix.data() + 1, suffix.data() + 9, out.first);
  if (day.ec != std::errc() || day.ptr != suffix.data() + 9) return {0, 0};
  out.second = 1;
  if (day.ptr != end && *day.ptr == '-') std::from_chars(day.ptr + 1, end, out.second);
  return out;
}

/// The name that `key install` gives to what it takes the place of.
bool laid_aside(const KeyGeneration& one) {
  return one.suffix == "." + one.certificate.sha256().substr(0, 8);
}

// A self-signed certificate is often newer than the one a CA made of its request, and dated back. Of two that a CA
// dates alike, as many do to the day, the later generation is the newer.
bool goes_before(const KeyGeneration& a, const KeyGeneration& b) {
  const auto rank = [](const KeyGeneration& one) {
    const auto& c = one.certificate;
    return std::tuple(!self_signed(c), c.not_before(), c.not_after(), !laid_aside(one),
                      renewal(one.suffix), one.suffix);
  };
  return rank(a) > rank(b);
}

template <class Good>
const KeyGeneration* best(const KeyRing& ring, Good good) {
  const KeyGeneration* chosen = nullptr;
  for (const auto& one : ring.generations)
    if (good(one) && (chosen == nullptr || goes_before(one, *chosen))) chosen = &one;
  return chosen;
}

}  // namespace

Result<std::string> key_passphrase(const config::Site& site) {
  const std::string file = site.path_of("key_passwd_file");
  if (file.empty()) {
    std::string phrase = site.get("key_passwd");
    return phrase.empty() ? credential() : phrase;
  }
  if (auto safe = sys::check_key_permissions(file); !safe) return std::move(safe).error();
  auto text = sys::read_file(file, kMaxKeyFile);
  if (!text) return std::move(text).error();
  return std::string(ascii::trim_right(*text));
}

Result<std::vector<PairNames>> key_pairs_in(const std::string& directory) {
  auto root = sys::open_root(directory);
  if (!root) {
    if (root.error().code() == Errc::not_found) return std::vector<PairNames>{};
    return std::move(root).error();
  }
  auto files = (*root)->list(".");
  if (!files) return std::move(files).error();
  std::map<std::string, PairNames> by_suffix;
  for (const auto& file : *files) {
    if (file.directory) continue;
    if (file.name.starts_with(kCertificate))
      by_suffix[file.name.substr(kCertificate.size())].certificate = file.name;
    if (file.name.starts_with(kKey)) by_suffix[file.name.substr(kKey.size())].key = file.name;
  }
  std::vector<PairNames> pairs;
  for (auto& [suffix, pair] : by_suffix)
    if (!pair.certificate.empty() && !pair.key.empty()) pairs.push_back(std::move(pair));
  return pairs;
}

Result<KeyRing> load_key_ring(const std::string& directory, const config::Site& site) {
  auto pairs = key_pairs_in(directory);
  if (!pairs) return std::move(pairs).error();
  KeyRing ring;
  if (pairs->empty()) return ring;
  auto phrase = key_passphrase(site);
  if (!phrase) return std::move(phrase).error();

  for (const auto& [certificate_name, key_name] : *pairs) {
    auto chain = load_certificates(sys::join(directory, certificate_name));
    if (!chain) {
      ring.problems.push_back(chain.error().advice());
      ring.incomplete = true;
      continue;
    }
    const cms::Certificate leaf = chain->front();
    ring.generations.push_back({sys::join(directory, certificate_name),
                                certificate_name.substr(kCertificate.size()),
                                leaf,
                                {chain->begin() + 1, chain->end()},
                                std::nullopt});
    auto key = load_key(sys::join(directory, key_name), leaf, *phrase);
    if (!key) {
      ring.problems.push_back(key.error().advice());
      ring.decrypt.locked.push_back(leaf);
      continue;
    }
    ring.decrypt.ours.push_back({leaf, *key});
    ring.generations.back().key = std::move(*key);
  }
  return ring;
}

SigningKey signing_key(const KeyRing& ring, std::string_view address, TimePoint at,
                       const cms::Policy& policy) {
  const auto fitness = [&](const KeyGeneration& one) {
    return cms::sign_fitness(one.certificate, at, policy);
  };
  const auto named = [&](const KeyGeneration& one) { return one.certificate.names(address); };
  SigningKey out;
  out.generation = best(ring, [&](const KeyGeneration& one) {
    return one.key && named(one) && fitness(one) == cms::SignFitness::good;
  });
  if (out.generation != nullptr) {
    const auto& one = *out.generation;
    out.signer = cms::Signer{{one.certificate, *one.key}, one.chain, std::nullopt};
    const auto* encrypt = published(ring, at, policy);
    if (encrypt != nullptr && encrypt != out.generation && named(*encrypt) &&
        cms::fitness(encrypt->certificate, at, policy) == cms::SealFitness::good)
      out.signer->encrypt_to = encrypt->certificate;
    return out;
  }
  // What is told is about the one that would sign: of a pair for encryption nobody expects it.
  const KeyGeneration* meant = best(
      ring, [&](const KeyGeneration& one) { return named(one) && one.certificate.may_sign(); });
  if (meant == nullptr) meant = best(ring, named);
  if (meant != nullptr)
    out.refusal =
        meant->file + ": " +
        (fitness(*meant) == cms::SignFitness::good ? std::string("its private key cannot be used")
                                                   : std::string(cms::to_string(fitness(*meant))));
  else if (!ring.generations.empty())
    out.refusal = fmt::format("{}: does not name {}", ring.generations.front().file, address);
  return out;
}

const KeyGeneration* published(const KeyRing& ring, TimePoint at, const cms::Policy& policy) {
  const auto* usable = best(ring, [&](const KeyGeneration& one) {
    return cms::fitness(one.certificate, at, policy) == cms::SealFitness::good;
  });
  return usable != nullptr
             ? usable
             : best(ring, [](const KeyGeneration& one) { return one.certificate.may_encrypt(); });
}

Result<OwnCertificates> load_own_certificates(const std::string& directory, sys::Sightings& seen) {
  seen.note(directory);
  auto pairs = key_pairs_in(directory);
  if (!pairs) return std::move(pairs).error();
  OwnCertificates own;
  for (const auto& pair : *pairs) {
    const std::string path = sys::join(directory, pair.certificate);
    seen.note(path);
    auto chain = load_certificates(path);
    if (!chain) {
      own.problems.push_back(chain.error().advice());
      own.incomplete = true;
      continue;
    }
    own.key_digests.push_back(chain->front().spki_sha256());
    own.certificates.push_back(std::move(chain->front()));
  }
  return own;
}

AnchorFiles anchor_files(const config::Site& site, const config::ListConfig* list) {
  AnchorFiles files{site.path_of("cafile"), site.path_of("capath"), site.path_of("issuers")};
  if (list == nullptr) return files;
  // Compared with the site's: an own cafile without an own capath must not let the site's anchors in.
  const bool own =
      list->path_of("cafile") != files.cafile || list->path_of("capath") != files.capath;
  files.issuers = list->path_of("issuers");
  if (!own) return files;
  const auto own_path = [&](std::string_view name, const std::string& of_site) {
    const std::string path = list->path_of(name);
    return path == of_site ? std::string() : path;
  };
  return {own_path("cafile", files.cafile), own_path("capath", files.capath), files.issuers};
}

Result<OwnKeys> load_own_keys(const config::Site& site, sys::Sightings& seen) {
  seen.note(site.path_of("home"));  // a list that comes or goes
  for (const auto& domain : site.domains()) seen.note(sys::join(site.path_of("home"), domain));
  auto lists = site.lists();
  if (!lists) return std::move(lists).error();
  std::vector<std::string> directories{site.site_key_directory()};
  for (const auto& list : *lists) directories.push_back(site.list_directory(list));
  OwnKeys keys;
  for (const auto& directory : directories)
    for (const auto& place : {directory, sys::join(directory, kRetired)})
      if (const auto own = load_own_certificates(place, seen))
        keys.insert(own->key_digests.begin(), own->key_digests.end());
  return keys;
}

Result<cms::TrustAnchors> load_anchors(const config::Site& site) {
  sys::Sightings unused;
  return load_anchors(anchor_files(site, nullptr), unused);
}

namespace {

// Appends the certificates of one PEM file; an empty one holds none.
Result<void> add_file(const std::string& path, sys::Sightings& seen,
                      std::vector<cms::Certificate>& out) {
  seen.note(path);
  auto pem = sys::read_file(path, kMaxAnchorFile);
  if (!pem) return std::move(pem).error();
  if (ascii::trim(*pem).empty()) return {};  // a new site trusts nobody yet
  auto certificates = cms::Certificate::from_pem(*pem);
  if (!certificates) return Error::later(Errc::config, path + ": " + certificates.error().what());
  out.insert(out.end(), certificates->begin(), certificates->end());
  return {};
}

// c_rehash makes links to the same files; reading every entry and dropping repeats needs no hash names.
Result<void> add_directory(const std::string& directory, sys::Sightings& seen,
                           std::vector<cms::Certificate>& out) {
  seen.note(directory);
  auto root = sys::open_root(directory);
  if (!root) return std::move(root).error();
  auto files = (*root)->list(".");
  if (!files) return std::move(files).error();
  for (const auto& file : *files) {
    if (file.directory) continue;
    auto added = add_file(sys::join(directory, file.name), seen, out);
    // Such directories also hold CRLs, notes and links that lead nowhere; none of them is a CA.
    const bool no_certificate =
        !added && (added.error().code() == Errc::not_found || added.error().code() == Errc::config);
    if (!added && !no_certificate) return added;
  }
  return {};
}

}  // namespace

Result<cms::TrustAnchors> load_anchors(const AnchorFiles& files, sys::Sightings& seen) {
  std::vector<cms::Certificate> anchors, issuers;
  if (!files.cafile.empty())
    if (auto added = add_file(files.cafile, seen, anchors); !added)
      return std::move(added).error().in("cafile");
  if (!files.capath.empty())
    if (auto added = add_directory(files.capath, seen, anchors); !added)
      return std::move(added).error().in("capath");
  if (!files.issuers.empty())
    if (auto added = add_file(files.issuers, seen, issuers); !added)
      return std::move(added).error().in("issuers");
  return cms::TrustAnchors::from(anchors, issuers);
}

cms::Policy policy_of(const config::Site& site, const config::ListConfig* list) {
  cms::Policy policy;
  policy.min_rsa_bits = static_cast<int>(list != nullptr ? list->number("min_rsa_bits")
                                                         : site.number("min_rsa_bits"));
  policy.digests =
      list != nullptr ? list->get_list("accepted_digests") : site.get_list("accepted_digests");
  policy.required_policies =
      list != nullptr ? list->get_list("required_policies") : site.get_list("required_policies");
  return policy;
}

bool is_own_address(const config::Site& site, const mail::AddrSpec& address) {
  const auto domains = site.domains();
  const std::string domain = ascii::to_lower(address.domain());
  if (std::find(domains.begin(), domains.end(), domain) == domains.end()) return false;
  const auto destination = list::classify(address.local_part(), domain, site.address_rules(domain));
  if (destination.kind != list::AddressKind::post)
    return destination.kind != list::AddressKind::unknown;
  const auto named = list::ListAddress::parse(destination.list_name, domain);
  return named && site.resolve_list(named->str()).has_value();
}

bool may_be_written_to(const config::Site& site, std::string_view address) {
  const auto parsed = mail::AddrSpec::parse(address);
  return parsed && !is_own_address(site, *parsed);
}

std::vector<std::string> without_own_addresses(std::vector<std::string> addresses,
                                               const config::Site& site) {
  const auto own = [&](const std::string& text) { return !may_be_written_to(site, text); };
  addresses.erase(std::remove_if(addresses.begin(), addresses.end(), own), addresses.end());
  return addresses;
}

}  // namespace paraph::pipeline
