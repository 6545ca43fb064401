#pragma once

#include <optional>
#include <string_view>

#include "mail/entity.h"

namespace paraph::mail::detail {

struct ParsedContentType {
  ContentType type;
  /// Readers may disagree about it: boundary named twice, an open quote, parameters beyond the
  /// limits.
  bool doubtful = false;
};

/// What parse_content_type() does, for the scanner, which also wants to know of doubts.
[[nodiscard]] std::optional<ParsedContentType> read_content_type(std::string_view field_body);

}  // namespace paraph::mail::detail
