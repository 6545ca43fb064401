#pragma once

#include <cstddef>
#include <string_view>

namespace paraph::mail::detail {

/// The parts of `=?charset*lang?Q?text?=` (RFC 2047 §2, RFC 2231 §5); `length` 0: there is none.
struct EncodedWord {
  std::size_t length = 0;
  std::string_view charset;  ///< without the language
  char encoding = '\0';      ///< 'q' or 'b'
  std::string_view text;
};

/// The encoded word at the very start of `text`.
[[nodiscard]] EncodedWord encoded_word_at(std::string_view text);

}  // namespace paraph::mail::detail
