#include "scenario/lexer.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "base/utf8.h"

namespace paraph::scenario {
namespace {

bool is_lone_word(std::string_view line) {
  const auto word = ascii::trim(line);
  return !word.empty() && std::all_of(word.begin(), word.end(), is_word);
}

// title.gettext TEXT | title.LANG TEXT | title TEXT
std::optional<TitleLine> read_title(std::string_view line) {
  constexpr std::string_view keyword = "title";
  Cursor cursor(line);
  cursor.skip_space();
  if (!ascii::istarts_with(cursor.rest(), keyword)) return std::nullopt;
  cursor.advance(keyword.size());
  TitleLine title;
  if (cursor.take('.')) {
    title.lang = ascii::to_lower(cursor.take_while([](char c) { return is_word(c) || c == '-'; }));
    if (title.lang.empty()) return std::nullopt;
  }
  if (!cursor.skip_space()) return std::nullopt;
  title.text = std::string(ascii::trim(cursor.rest()));
  return title;
}

bool begins_include(std::string_view line) {
  constexpr std::string_view keyword = "include";
  const auto text = ascii::trim(line);
  return ascii::istarts_with(text, keyword) && text.size() > keyword.size() &&
         !is_word(text[keyword.size()]);
}

// include('NAME'), the parentheses and quotes optional.
Line read_include(std::string_view line, Remarks& remarks) {
  Cursor cursor(line);
  cursor.skip_space();
  cursor.take_word();
  cursor.skip_space();
  const bool parenthesis = cursor.take('(');
  cursor.skip_space();
  const char quote = cursor.peek() == '\'' || cursor.peek() == '"' ? cursor.peek() : '\0';
  if (quote != '\0') cursor.advance(1);
  IncludeLine include;
  include.column = cursor.column();
  include.name = std::string(cursor.take_while([](char c) { return is_word(c) || c == '.'; }));
  const bool quoted_well = quote == '\0' || cursor.take(quote);
  cursor.skip_space();
  const bool closed = !parenthesis || cursor.take(')');
  cursor.skip_space();
  if (include.name.empty() || !quoted_well || !closed || !cursor.at_end()) {
    remarks.push_back(
        {cursor.column(),
         "an include line is include('NAME') and nothing else; NAME has letters, digits, _ and ."});
    return Blank{};
  }
  return include;
}

}  // namespace

bool Cursor::skip_space() {
  return !take_while([](char c) { return ascii::is_wsp(c) || c == '\f' || c == '\v'; }).empty();
}

bool Cursor::take(std::string_view literal) {
  if (rest().substr(0, literal.size()) != literal) return false;
  at_ += literal.size();
  return true;
}

Line classify(std::string_view line, Remarks& remarks) {
  if (is_lone_word(line)) {
    remarks.push_back(
        {1, fmt::format("the lone word \"{}\" is ignored", utf8::printable(ascii::trim(line), 40)),
         false});
    return Blank{};
  }
  const std::size_t hash = line.find('#');
  const auto text = line.substr(0, hash);
  if (ascii::trim(text).empty()) return Blank{};
  if (auto title = read_title(text)) return *title;
  if (begins_include(text)) return read_include(text, remarks);
  return RuleLine{text, hash != std::string_view::npos};
}

std::string as_utf8(std::string_view octets) {
  constexpr std::string_view bom = "\xEF\xBB\xBF";
  if (octets.substr(0, bom.size()) == bom) octets.remove_prefix(bom.size());
  if (utf8::valid(octets)) return std::string(octets);
  std::string out;
  for (const char c : octets) utf8::append(out, static_cast<unsigned char>(c));
  return out;
}

}  // namespace paraph::scenario
