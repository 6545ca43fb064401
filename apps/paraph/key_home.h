#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/paraph/verb.h"
#include "cms/keys.h"
#include "config/site.h"
#include "list/list.h"
#include "sys/file_system.h"

/// The verbs `key …`.
namespace paraph::app {

/// Whose keys: a list's, or the site's own.
struct KeyHome {
  std::string name;  ///< "secure@lists.example.org" or "site", as the verbs take it
  std::string directory;
  std::vector<std::string> addresses;  ///< what its certificates must name
  std::string common_name;
  std::optional<list::ListAddress> list;
};
[[nodiscard]] KeyHome site_key_home(const config::Site& site);
[[nodiscard]] KeyHome list_key_home(const config::Site& site, const list::ListAddress& list);
/// What to say when readers who have the root alone cannot verify what `leaf` signs: it and its `chain` lead to no root
/// or anchor of the list or the site; empty when they do. Mail gets what lies there (pipeline::add_issuers()).
[[nodiscard]] std::string chain_problem(const KeyHome& home, const cms::Certificate& leaf,
                                        const std::vector<cms::Certificate>& chain,
                                        const config::Site& site);
/// The one that the first argument names.
[[nodiscard]] Result<KeyHome> key_home(Invocation& call);

/// A private key of a directory: what its name has behind "private_key", and whether a cert.pem of that suffix is there.
/// Without one the key waits for its certificate and serves nobody.
struct KeyFiles {
  std::string suffix;
  bool key = false;
  bool certificate = false;
};
[[nodiscard]] Result<std::vector<KeyFiles>> key_files(sys::FileSystem& root);
[[nodiscard]] std::vector<KeyFiles> waiting_keys(const std::vector<KeyFiles>& files);
/// ".20261124", or ".20261124-2" where that is taken.
[[nodiscard]] std::string next_suffix(const std::vector<KeyFiles>& files, TimePoint now);
/// Errc::exists about that file.
[[nodiscard]] Error already_there(const sys::FileSystem& root, const std::string& name);
/// O_EXCL, 0600 (security rule 47): Errc::exists when it is there.
[[nodiscard]] Result<void> write_key_file(sys::FileSystem& root, const std::string& name,
                                          const std::string& octets);
/// Of a key without a certificate: Sympa's ".sign" and ".enc" at the end of its suffix.
[[nodiscard]] cms::KeyPurpose purpose_of(const std::string& suffix);

}  // namespace paraph::app
