#pragma once

#include "apps/paraph/verb.h"
#include "smime/protection.h"

/// What the message verbs share.
namespace paraph::app {

/// As `message inspect --json` shows it (design §7).
[[nodiscard]] Json to_json(const smime::Protection& protection);

}  // namespace paraph::app
