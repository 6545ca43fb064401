#pragma once

// For this module only: who posts to a list posts again, and checking the signatures of his chain costs as much as all
// else that his signature asks for.

#include <chrono>
#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ports.h"
#include "cms/certificate.h"
#include "cms/trust.h"

namespace paraph::cms {

/// All that a path depends on, but for the anchors: each set of them has a memory of its own.
struct PathQuestion {
  const Certificate& leaf;
  const std::vector<Certificate>& untrusted;
  TimePoint at;
  TrustAnchors::Purpose purpose;
  const Policy& policy;
};

/// A path that has no fault, revocation aside.
struct GoodPath {
  bool issued = false;  ///< false: the leaf is an anchor itself
};

/// Paths that were found good, so that the same question needs no signature checked again. An answer holds for the very
/// same octets, and from the last to the next moment at which any certificate at hand begins or ceases to be valid:
/// between them nothing that time decides can differ. The least recently used leave; what is not good is never kept,
/// nor what came with more than 16 KiB of certificates.
class PathMemory {
 public:
  explicit PathMemory(std::size_t most) : most_(most) {}
  [[nodiscard]] std::optional<GoodPath> find(const PathQuestion& question);
  /// `anchors`: those of this memory, whose dates bound the answer too. `skew`: how long before its notBefore a
  /// certificate is taken.
  void keep(const PathQuestion& question, const std::vector<Certificate>& anchors,
            const std::vector<Certificate>& issuers, std::chrono::seconds skew, GoodPath path);
  [[nodiscard]] std::size_t size() const;

 private:
  struct Entry {
    Certificate leaf;
    std::vector<Certificate> untrusted;
    TrustAnchors::Purpose purpose;
    Policy policy;
    TimePoint after, before;  ///< holds strictly between
    GoodPath path;

    [[nodiscard]] bool answers(const PathQuestion& question) const;
  };
  using Entries = std::list<Entry>;

  mutable std::mutex guard_;
  std::size_t most_;
  Entries entries_;  ///< the last used in front
  std::unordered_multimap<std::string_view, Entries::iterator> by_leaf_;  ///< views into entries_
};

}  // namespace paraph::cms
