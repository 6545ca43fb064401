#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cms/trust.h"
#include "pipeline/key_ring.h"
#include "scenario/regex.h"
#include "scenario/scenario.h"
#include "store/recipients.h"
#include "sys/sightings.h"

namespace paraph::pipeline {

/// Patterns of a file in search_filters/, of all levels; nullopt: no level has it.
using FilterPatterns = std::optional<std::vector<std::string>>;

/// What a worker need not read again for every mail: public things alone, each good for as long as the files that it was
/// made from look the same. A change holds from the next mail on, or where look_again() is called, for every mail that came
/// after it. No private key, nothing of a mail, no failure. For one Site, which gives the keys their meaning, and one
/// thread.
struct Cache {
  sys::FileCache<cms::TrustAnchors> anchors{1};
  /// Made from `anchors` and thrown away with them.
  struct Sealing {
    std::shared_ptr<const cms::TrustAnchors> of;
    std::shared_ptr<const store::SealTrust> plain, with_pins;
  } sealing;
  sys::FileCache<OwnCertificates> own{1000};           ///< by directory
  sys::FileCache<scenario::Scenario> scenarios{1000};  ///< by list, domain and name
  sys::FileCache<FilterPatterns> filters{100};         ///< by the same
  /// Of configuration values, by their text: few, and for as long as the process lives.
  std::map<std::string, std::shared_ptr<const scenario::Pattern>> patterns;

  /// After each listing of the spool (sys::FileCache).
  void look_again() {
    anchors.look_again();
    own.look_again();
    scenarios.look_again();
    filters.look_again();
  }
};

}  // namespace paraph::pipeline
