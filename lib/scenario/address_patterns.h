#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace paraph::scenario {

/// The lines of a search_filters/FILE.txt, made to be asked often: one copy of the text and eight octets a line. A line
/// is a whole address, whatever the case of its ASCII letters; its first "*" stands for any text. Lines that
/// begin with "#" or ";" are comments, blank ones say nothing. Octets after the first 4 GiB are not read.
class AddressPatterns {
 public:
  AddressPatterns() = default;
  explicit AddressPatterns(std::string text);
  /// Two binary searches, and a look at each wildcard line whose part after the last "@" is open, like "bob@*".
  [[nodiscard]] bool matches(std::string_view address) const;
  [[nodiscard]] std::size_t size() const { return whole_.size() + domain_.size() + open_.size(); }

 private:
  struct Line {
    std::uint32_t at, length;
  };
  [[nodiscard]] std::string_view text_of(Line line) const {
    return std::string_view(text_).substr(line.at, line.length);
  }
  void add(std::string_view line);
  std::string text_;         ///< lower case
  std::vector<Line> whole_;  ///< without "*", in order
  std::vector<Line>
      domain_;  ///< "*@example.org": with "*" before their last "@"; by what follows that
  std::vector<Line> open_;  ///< any other
};

}  // namespace paraph::scenario
