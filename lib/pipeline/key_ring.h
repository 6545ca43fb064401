#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cms/content_info.h"
#include "cms/keys.h"
#include "cms/seal.h"
#include "cms/trust.h"
#include "config/site.h"
#include "list/list.h"
#include "sys/sightings.h"

namespace paraph::pipeline {

/// One pair of a directory: `cert.pem*` with its `private_key*`.
struct KeyGeneration {
  std::string file;    ///< the certificate's, full path
  std::string suffix;  ///< what stands behind "cert.pem": "", ".sign", ".20261124"
  cms::Certificate certificate;
  std::vector<cms::Certificate> chain;  ///< further certificates of that file
  std::optional<cms::PrivateKey> key;   ///< nullopt: it cannot be used now
};

/// The key material of one address of ours: the pairs of one directory, paired by their suffix (Sympa's rule). Only the
/// keys of the delivered address are ever loaded (security rule 15). A key is exchanged by laying a further pair beside
/// the old one: all open mail, and the newest usable one signs and is published.
struct KeyRing {
  cms::DecryptKeys decrypt;                ///< all generations; unusable ones under `locked`
  std::vector<KeyGeneration> generations;  ///< by suffix
  bool incomplete =
      false;  ///< a pair whose certificate cannot be read: we do not know what is ours
  std::vector<std::string> problems;  ///< "…/private_key: wrong passphrase, or none given"
};
/// Who signs mail from `address` now. Of the certificates that name it and may sign (cms::sign_fitness) the one that an
/// authority issued goes before a self-signed one, then the newest (notBefore, rule 22); a suffix counts only between two of the same
/// dates, where the later one is the newer generation. None:
/// `refusal` says why, or is empty where there is no key at all. A signature that readers reject is worse than none.
struct SigningKey {
  std::optional<cms::Signer> signer;
  const KeyGeneration* generation = nullptr;  ///< of the ring that was asked
  std::string refusal;                        ///< "…/cert.pem: expired"
};
[[nodiscard]] SigningKey signing_key(const KeyRing& ring, std::string_view address, TimePoint at,
                                     const cms::Policy& policy);
/// What members encrypt to: the same choice among those that can be encrypted to, and when none can any more, the newest
/// that could. nullptr: nothing.
[[nodiscard]] const KeyGeneration* published(const KeyRing& ring, TimePoint at,
                                             const cms::Policy& policy);
/// `certificate` and `key` of a pair, by file name inside `directory`.
struct PairNames {
  std::string certificate;
  std::string key;
};
/// Where `paraph key retire` lays pairs aside, inside that directory.
inline constexpr std::string_view kRetired = "retired";
[[nodiscard]] Result<std::vector<PairNames>> key_pairs_in(const std::string& directory);

/// key_passwd_file, else key_passwd, else systemd's credential `paraph-key-passphrase` (LoadCredential= of the unit, which
/// guards it); empty when there is none.
[[nodiscard]] Result<std::string> key_passphrase(const config::Site& site);

/// An absent directory or no pair is an empty ring: a list without a key. Errors are `later` (disk).
[[nodiscard]] Result<KeyRing> load_key_ring(const std::string& directory, const config::Site& site);

/// The certificates of those pairs, without a look at a key: enough to tell what is ours.
struct OwnCertificates {
  std::vector<cms::Certificate> certificates;
  std::vector<std::string> key_digests;  ///< spki_sha256() of each
  bool incomplete = false;               ///< as in KeyRing
  std::vector<std::string> problems;
};
/// `seen`: what it depends on.
[[nodiscard]] Result<OwnCertificates> load_own_certificates(const std::string& directory,
                                                            sys::Sightings& seen);

/// spki_sha256() of every key of ours: all lists, the site, and what was retired. One that signs as somebody else is an
/// attack (security rule 27). A directory that cannot be read lacks; `check` and `status` name it.
using OwnKeys = std::set<std::string, std::less<>>;
[[nodiscard]] Result<OwnKeys> load_own_keys(const config::Site& site, sys::Sightings& seen);

/// Whom a site trusts, and who may stand between: cafile, capath and issuers of the list where it has any, else of the
/// site. Neither set, or an empty file: no trust. Unreadable: an Error, `later`.
struct AnchorFiles {
  std::string cafile, capath, issuers;
  [[nodiscard]] std::string key() const { return cafile + '\n' + capath + '\n' + issuers; }
};
/// `list` may be null.
[[nodiscard]] AnchorFiles anchor_files(const config::Site& site, const config::ListConfig* list);
[[nodiscard]] Result<cms::TrustAnchors> load_anchors(const config::Site& site);
[[nodiscard]] Result<cms::TrustAnchors> load_anchors(const AnchorFiles& files,
                                                     sys::Sightings& seen);

/// min_rsa_bits, accepted_digests and required_policies of the list, or of the site when `list` is null.
[[nodiscard]] cms::Policy policy_of(const config::Site& site,
                                    const config::ListConfig* list = nullptr);

/// sympa@, listmaster@, a list, or a role address of one of our domains (security rule 27).
[[nodiscard]] bool is_own_address(const config::Site& site, const mail::AddrSpec& address);
/// It is an address, and none of ours: nothing else in a From field is ever answered or asked.
[[nodiscard]] bool may_be_written_to(const config::Site& site, std::string_view address);
/// The addresses that are not ours: mail to ourselves would go in circles.
[[nodiscard]] std::vector<std::string> without_own_addresses(std::vector<std::string> addresses,
                                                             const config::Site& site);

}  // namespace paraph::pipeline
