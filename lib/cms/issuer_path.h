#pragma once

#include <string>
#include <vector>

#include "cms/certificate.h"
#include "cms/trust.h"

namespace paraph::cms {

/// subject and issuer are one, and nothing says that another key signed it.
[[nodiscard]] bool self_signed(const Certificate& certificate);

/// What goes along with a signature (RFC 8550 §2.3: a chain up to a root that the reader may trust, without the root).
struct IssuerPath {
  std::vector<Certificate> issuers;  ///< all of `given`, then those that it lacks
  /// Whose certificate is not at hand, though the path ends at no root and no anchor; empty: it is complete.
  std::string missing = {};
};
/// From `leaf` upwards over `given` and what `anchors` has of anchors and issuers, by name and signature. No trust is
/// judged: a reader does that. Of several issuers one that is valid `at` that moment goes first.
[[nodiscard]] IssuerPath issuer_path(const Certificate& leaf, std::vector<Certificate> given,
                                     const TrustAnchors& anchors, TimePoint at);

}  // namespace paraph::cms
