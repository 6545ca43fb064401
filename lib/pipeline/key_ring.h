#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cms/content_info.h"
#include "cms/keys.h"
#include "cms/trust.h"
#include "config/site.h"
#include "list/list.h"
#include "sys/sightings.h"

namespace paraph::pipeline {

/// The key material of one address of ours: `cert.pem*` and `private_key*` of one directory, paired by their suffix
/// (Sympa's rule). Only the keys of the delivered address are ever loaded (security rule 15).
struct KeyRing {
  cms::DecryptKeys decrypt;                  ///< all generations; unusable ones under `locked`
  std::optional<cms::KeyPair> sign;          ///< cert.pem.sign, else cert.pem
  std::vector<cms::Certificate> sign_chain;  ///< further certificates of the signing file
  std::optional<cms::Certificate> publish;   ///< cert.pem.enc, else cert.pem
  bool incomplete =
      false;  ///< a pair whose certificate cannot be read: we do not know what is ours
  std::vector<std::string> problems;  ///< "…/private_key: wrong passphrase, or none given"
};
/// `certificate` and `key` of a pair, by file name inside `directory`.
struct PairNames {
  std::string certificate;
  std::string key;
};
[[nodiscard]] Result<std::vector<PairNames>> key_pairs_in(const std::string& directory);

/// key_passwd_file, else key_passwd; empty when neither is set.
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
/// The addresses that are not ours: mail to ourselves would go in circles.
[[nodiscard]] std::vector<std::string> without_own_addresses(std::vector<std::string> addresses,
                                                             const config::Site& site);

}  // namespace paraph::pipeline
