#pragma once

#include <optional>
#include <string>

#include "mail/entity.h"

namespace paraph::mail {

/// What a person has typed, as UTF-8 with LF line ends: the text/plain that a reader shows first. That is the root itself,
/// of multipart/alternative its text/plain part, of any other multipart what its first part gives. Transfer coding and
/// charset are undone, and so is format=flowed (RFC 3676): a line that a mail program has broken is whole again. nullopt:
/// there is none, it has more than `kMostText` octets, or its charset is unknown.
constexpr std::size_t kMostText = 1U << 20;
[[nodiscard]] std::optional<std::string> typed_text(const MimeTree& message);

}  // namespace paraph::mail
