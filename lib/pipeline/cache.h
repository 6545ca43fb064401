#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cms/crl.h"
#include "cms/trust.h"
#include "pipeline/key_ring.h"
#include "scenario/address_patterns.h"
#include "scenario/regex.h"
#include "scenario/scenario.h"
#include "store/recipients.h"
#include "sys/sightings.h"

namespace paraph::pipeline {

/// A file of one level's search_filters/; nullopt: it is not there.
using FilterPatterns = std::optional<scenario::AddressPatterns>;

/// What a worker need not read again for every mail: public things and the site's secret, each good for as long as the files that it was
/// made from look the same. A change holds from the next mail on, or where look_again() is called, for every mail that came
/// after it. No private key, nothing of a mail, no failure. For one Site, which gives the keys their meaning, and one
/// thread.
struct Cache {
  sys::FileCache<cms::TrustAnchors> anchors{100};  ///< by AnchorFiles::key()
  sys::FileCache<cms::CrlSet> crls{1};
  /// Whom copies are sealed to, by the anchors' key, check of CRLs and pins; made from `anchors` and `crls`, and made anew
  /// when those are.
  struct Sealing {
    std::shared_ptr<const cms::TrustAnchors> anchors;
    std::shared_ptr<const store::SealTrust> trust;
  };
  std::map<std::string, Sealing> sealing;
  sys::FileCache<std::string> secret{1};               ///< of the site (pipeline/guard.h)
  sys::FileCache<OwnCertificates> own{1000};           ///< by directory
  sys::FileCache<OwnKeys> own_keys{1};                 ///< of the whole site
  sys::FileCache<scenario::Scenario> scenarios{1000};  ///< by list, domain and name
  sys::FileCache<FilterPatterns> filters{100};         ///< by path
  /// Of configuration values, by their text: few, and for as long as the process lives.
  std::map<std::string, std::shared_ptr<const scenario::Pattern>> patterns;

  /// Before each listing of the spool (sys::FileCache).
  void look_again() {
    anchors.look_again();
    crls.look_again();
    secret.look_again();
    own.look_again();
    own_keys.look_again();
    scenarios.look_again();
    filters.look_again();
  }
};

}  // namespace paraph::pipeline
