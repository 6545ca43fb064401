#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// Template text → tokens. Text between tags is one token; a tag yields its words and a closing
/// `end`.
namespace paraph::tt2 {

enum class TokenKind : std::uint8_t {
  text,    ///< outside of tags
  string,  ///< '…', taken as it is
  quoted,  ///< "…", to be interpolated
  number,
  name,       ///< identifier
  keyword,    ///< upper-case word of the language, or and/or/not
  op,         ///< punctuation, longest first
  separator,  ///< ';' or the end of a tag
  finish,     ///< end of the template
};

struct Token {
  TokenKind kind = TokenKind::finish;
  std::string text;
  std::size_t line = 1;
};

/// Errors name `path` and line. At most 1 MiB of template.
[[nodiscard]] Result<std::vector<Token>> tokenize(std::string_view text, const std::string& path);

/// The words of one expression, as inside "${…}".
[[nodiscard]] Result<std::vector<Token>> tokenize_expression(std::string_view text,
                                                             const std::string& path,
                                                             std::size_t line);

/// "PATH:LINE: what".
[[nodiscard]] Error fault(const std::string& path, std::size_t line, std::string_view what);

}  // namespace paraph::tt2
