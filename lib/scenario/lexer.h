#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ascii.h"

/// Lines of a scenario file and the characters within one.
namespace paraph::scenario {

/// Something to say about a line, before file and line number are known.
struct Remark {
  std::size_t column = 1;
  std::string message;
  bool fatal = true;
  std::string hint = {};
};
using Remarks = std::vector<Remark>;

[[nodiscard]] constexpr bool is_word(char c) {
  return ascii::is_alnum(c) || c == '_';
}

/// In capitals Sympa knows neither methods nor actions.
[[nodiscard]] inline bool is_lower(std::string_view word) {
  return word == ascii::to_lower(word);
}

/// Reads one line from left to right; never beyond its end.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return ahead < text_.size() - at_ ? text_[at_ + ahead] : '\0';
  }
  [[nodiscard]] std::size_t column() const { return at_ + 1; }
  [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }
  [[nodiscard]] std::string_view since(std::size_t column) const {
    return text_.substr(column - 1, at_ + 1 - column);
  }

  bool skip_space();  ///< whether there was any
  bool take(char c) { return peek() == c && !at_end() && (++at_, true); }
  bool take(std::string_view literal);
  void advance(std::size_t count) {
    at_ += count < text_.size() - at_ ? count : text_.size() - at_;
  }
  void back_to(std::size_t column) { at_ = column - 1; }

  template <class Predicate>
  std::string_view take_while(Predicate wanted) {
    const std::size_t start = at_;
    while (!at_end() && wanted(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
  }
  std::string_view take_word() {
    return take_while([](char c) { return is_word(c); });
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

/// What a line is; the order of the tests is Sympa's (doc/scenario.md).
struct Blank {};  ///< empty, a comment, or a lone word ("send": a paragraph name of old files)
struct TitleLine {
  std::string lang;  ///< lower case; "" for plain, "gettext"
  std::string text;
};
struct IncludeLine {
  std::string name;
  std::size_t column = 1;
};
struct RuleLine {
  std::string_view text;     ///< without the comment
  bool comment_cut = false;  ///< a '#' ended it
};
using Line = std::variant<Blank, TitleLine, IncludeLine, RuleLine>;

/// Never fails; a broken include is said in `remarks` and yields Blank.
[[nodiscard]] Line classify(std::string_view line, Remarks& remarks);

/// The file as UTF-8: without BOM; octets that are no UTF-8 make the whole of it ISO-8859-1.
[[nodiscard]] std::string as_utf8(std::string_view octets);

}  // namespace paraph::scenario
