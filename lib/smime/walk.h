#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "mail/entity.h"
#include "smime/judge.h"
#include "smime/open.h"

/// For this module only: the way from the outside in.
namespace paraph::smime {

/// What was met on the way, not yet judged as a whole.
struct Trail {
  Opened opened;                              ///< layers, payload and what follows from them alone
  Sender sender;                              ///< of the outer header section
  std::vector<std::vector<Reason>> findings;  ///< for each layer: what speaks against its signature
  std::vector<Reason> faults;                 ///< what ended the walk early
  bool closed = false;                    ///< it ended before something that could not be opened
  bool ambiguous = false;                 ///< readers may disagree about a header section
  const mail::MimeTree* tree = nullptr;   ///< the level reached …
  std::size_t root = 0;                   ///< … and its root entity
  std::unique_ptr<mail::MimeTree> inner;  ///< owns `tree` once a CMS object was opened

  [[nodiscard]] const mail::Entity& root_entity() const { return tree->entities()[root]; }
};

[[nodiscard]] Trail walk(const mail::MimeTree& message, const OpenContext& context);

}  // namespace paraph::smime
