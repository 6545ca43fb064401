#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/names.h"
#include "config/site.h"

namespace paraph::config {

/// Fills a ListConfig from the text of a list's `config`; for this module only.
///
///     text      = paragraph *(1*blank paragraph)          blank: white space only
///     paragraph = NAME [VALUE] | NAME 1*(newline KEY VALUE)
///     comment   = *WSP "#" ...                             anywhere, also inside a paragraph
class ListConfigReader {
 public:
  ListConfigReader(ListConfig& config, std::string file)
      : config_(config), file_(std::move(file)) {}
  void read(std::string_view text);

 private:
  struct Line {
    std::size_t number = 0;
    std::string_view name;
    std::string_view value;
  };
  using Paragraph = std::vector<Line>;
  using Values = std::map<std::string, std::vector<Setting>, std::less<>>;
  void add_line(std::string_view text, std::size_t number);
  void end_paragraph();
  void read_single(std::string_view name, const Paragraph& lines);
  void read_structured(std::string_view name, const Paragraph& lines);
  void read_digest(const Line& line);
  void read_reply_to(const Paragraph& lines, bool forced);
  /// A value that fits its row, else a warning; false when nothing of it holds.
  [[nodiscard]] bool take(const Parameter& row, const Line& line, std::string_view value,
                          Values& values);
  void store(Values values);
  void warn_without_effect(const Values& values);
  void warn(std::size_t line, std::string message);
  void warn(std::size_t line, Warning warning);

  ListConfig& config_;
  std::string file_;
  Paragraph lines_;
};

}  // namespace paraph::config
