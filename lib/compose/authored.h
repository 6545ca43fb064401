#pragma once

#include "compose/compose.h"
#include "compose/header_value.h"

namespace paraph::compose {

/// Private to `compose`: the fields that every mail of ours carries and that nobody else may set:
/// From, Date, Message-ID, Auto-Submitted (RFC 3834 §5), MIME-Version, and In-Reply-To with
/// References where it answers something.
[[nodiscard]] Result<Fields> own_fields(const Authored& authored);

}  // namespace paraph::compose
