#include "template/lexer.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/utf8.h"

namespace paraph::tt2 {
namespace {

constexpr std::size_t kMaxTemplate = 1024 * 1024;

constexpr std::array<std::string_view, 25> kKeywords{
    "GET",     "SET", "DEFAULT", "CALL",  "IF",      "UNLESS",  "ELSIF",  "ELSE",   "END",
    "FOREACH", "FOR", "IN",      "BLOCK", "PROCESS", "INCLUDE", "INSERT", "FILTER", "TRY",
    "CATCH",   "AND", "OR",      "NOT",   "and",     "or",      "not"};
// Longest first.
constexpr std::array<std::string_view, 26> kOperators{
    "==", "!=", "<=", ">=", "=>", "&&", "||", "${", "=", "<", ">", "!", "|",
    "(",  ")",  "[",  "]",  "{",  "}",  ",",  ".",  "_", "?", ":", "$", "+"};
constexpr std::string_view kChomps = "-~+=";

bool is_word(char c) {
  return ascii::is_alnum(c) || c == '_';
}
bool is_blank(char c) {
  return ascii::is_space(c) || c == '\f' || c == '\v';
}
bool names_file(std::string_view keyword) {
  return keyword == "PROCESS" || keyword == "INCLUDE" || keyword == "INSERT";
}
bool in_file_name(char c) {
  return is_word(c) || c == '.' || c == '-' || c == '/' || c == ':';
}

// How white space around a tag goes: '-' one line end, '~' all, '=' all but one blank, '+' nothing.
void chomp_before(std::string& text, char how) {
  std::size_t end = text.size();
  if (how == '-') {
    while (end > 0 && is_blank(text[end - 1]) && text[end - 1] != '\n') --end;
    if (end > 0 && text[end - 1] != '\n') return;
    text.resize(end > 0 ? end - 1 : 0);
  } else if (how == '~' || how == '=') {
    while (end > 0 && is_blank(text[end - 1])) --end;
    const bool had = end < text.size();
    text.resize(end);
    if (how == '=' && had) text += ' ';
  }
}

std::string_view chomp_after(std::string_view text, char how, bool& leave_blank) {
  std::size_t at = 0;
  leave_blank = false;
  if (how == '-') {
    while (at < text.size() && is_blank(text[at]) && text[at] != '\n') ++at;
    return at < text.size() && text[at] == '\n' ? text.substr(at + 1) : text;
  }
  if (how != '~' && how != '=') return text;
  while (at < text.size() && is_blank(text[at])) ++at;
  leave_blank = how == '=' && at > 0;
  return text.substr(at);
}

class Lexer {
 public:
  Lexer(std::string_view text, const std::string& path, std::size_t line)
      : text_(text), path_(path), line_(line) {}

  Result<void> run();
  Result<void> directive(std::string_view words);
  std::vector<Token> finish() {
    push(TokenKind::finish, "");
    return std::move(tokens_);
  }

 private:
  void push(TokenKind kind, std::string text) { tokens_.push_back({kind, std::move(text), line_}); }
  Result<void> tag(std::string_view inside, bool comment, char& chomp_next);
  Result<std::size_t> word(std::string_view words, std::size_t at);
  Result<std::size_t> quote(std::string_view words, std::size_t at);
  std::size_t identifier(std::string_view words, std::size_t at);
  std::size_t file_name(std::string_view words, std::size_t at);
  void count_lines(std::string_view passed) {
    line_ += static_cast<std::size_t>(std::count(passed.begin(), passed.end(), '\n'));
  }

  std::string_view text_;
  const std::string& path_;
  std::size_t line_;
  std::vector<Token> tokens_;
};

Result<void> Lexer::run() {
  std::size_t at = 0;
  char chomp = '\0';
  while (at <= text_.size()) {
    const std::size_t open = std::min(text_.find("[%", at), text_.size());
    const auto between = text_.substr(at, open - at);
    bool blank = false;
    std::string text(chomp_after(between, chomp, blank));
    if (blank) text.insert(text.begin(), ' ');
    const std::size_t text_line = line_;
    count_lines(between);
    if (open == text_.size()) {
      if (!text.empty()) tokens_.push_back({TokenKind::text, std::move(text), text_line});
      return {};
    }
    const std::size_t close = text_.find("%]", open + 2);
    if (close == std::string_view::npos) return fault(path_, line_, "this [% has no %]");
    auto inside = text_.substr(open + 2, close - open - 2);
    const bool comment = !inside.empty() && inside.front() == '#';
    if (!inside.empty() && kChomps.find(inside.front()) != std::string_view::npos) {
      chomp_before(text, inside.front());
      inside.remove_prefix(1);
    }
    if (!text.empty()) tokens_.push_back({TokenKind::text, std::move(text), text_line});
    if (auto done = tag(inside, comment, chomp); !done) return done;
    at = close + 2;
  }
  return {};
}

Result<void> Lexer::tag(std::string_view inside, bool comment, char& chomp_next) {
  const std::size_t start = line_;
  const auto whole = inside;
  chomp_next = '\0';
  if (!inside.empty() && kChomps.find(inside.back()) != std::string_view::npos) {
    chomp_next = inside.back();
    inside.remove_suffix(1);
  }
  // "[%# …" comments out the whole tag; after a chomp sign, '#' ends at the line as anywhere else.
  if (!comment)
    if (auto done = directive(inside); !done) return done;
  push(TokenKind::separator, "");
  line_ = start;
  count_lines(whole);
  return {};
}

Result<void> Lexer::directive(std::string_view words) {
  std::size_t at = 0;
  while (at < words.size()) {
    if (words[at] == '#') {
      at = std::min(words.find('\n', at), words.size());
    } else if (is_blank(words[at])) {
      if (words[at] == '\n') ++line_;
      ++at;
    } else {
      auto next = word(words, at);
      if (!next) return std::move(next).error();
      at = *next;
    }
  }
  return {};
}

Result<std::size_t> Lexer::word(std::string_view words, std::size_t at) {
  const char c = words[at];
  const bool after_dot =
      !tokens_.empty() && tokens_.back().kind == TokenKind::op && tokens_.back().text == ".";
  if (c == ';') return push(TokenKind::separator, ""), at + 1;
  if (c == '\'' || c == '"') return quote(words, at);
  const bool minus = c == '-' && at + 1 < words.size() && ascii::is_digit(words[at + 1]);
  if (ascii::is_digit(c) || minus) {
    std::size_t end = at + 1;
    while (end < words.size() && ascii::is_digit(words[end])) ++end;
    if (!after_dot && end + 1 < words.size() && words[end] == '.' &&
        ascii::is_digit(words[end + 1]))
      for (++end; end < words.size() && ascii::is_digit(words[end]);) ++end;
    return push(TokenKind::number, std::string(words.substr(at, end - at))), end;
  }
  const bool concat = c == '_' && (at + 1 == words.size() || !is_word(words[at + 1]));
  if (is_word(c) && !concat) return identifier(words, at);
  for (const auto op : kOperators)
    if (words.substr(at, op.size()) == op)
      return push(TokenKind::op, std::string(op)), at + op.size();
  return fault(path_, line_,
               fmt::format("unexpected \"{}\"", utf8::printable(words.substr(at), 20)));
}

std::size_t Lexer::identifier(std::string_view words, std::size_t at) {
  std::size_t end = at;
  while (end < words.size() && is_word(words[end])) ++end;
  const auto name = words.substr(at, end - at);
  const bool after_dot = !tokens_.empty() && tokens_.back().kind == TokenKind::op &&
                         (tokens_.back().text == "." || tokens_.back().text == "$");
  const bool keyword =
      !after_dot && std::find(kKeywords.begin(), kKeywords.end(), name) != kKeywords.end();
  push(keyword ? TokenKind::keyword : TokenKind::name, std::string(name));
  return keyword && names_file(name) ? file_name(words, end) : end;
}

// PROCESS dir/name-1.tt2: a file name needs no quotes.
std::size_t Lexer::file_name(std::string_view words, std::size_t at) {
  std::size_t start = at;
  while (start < words.size() && is_blank(words[start])) ++start;
  std::size_t end = start;
  while (end < words.size() && in_file_name(words[end])) ++end;
  if (end == start) return at;
  count_lines(words.substr(at, start - at));
  push(TokenKind::string, std::string(words.substr(start, end - start)));
  return end;
}

Result<std::size_t> Lexer::quote(std::string_view words, std::size_t at) {
  const char mark = words[at];
  std::string raw;
  std::size_t end = at + 1;
  for (; end < words.size() && words[end] != mark; ++end) {
    if (words[end] == '\\' && end + 1 < words.size()) {
      const char next = words[end + 1];
      // In '…' only the quote and the backslash are escaped; "…" keeps escapes for the
      // interpolation.
      if (mark == '"' || (next != mark && next != '\\')) raw += '\\';
      ++end;
    }
    raw += words[end];
  }
  if (end >= words.size()) return fault(path_, line_, "this quote is never closed");
  push(mark == '"' ? TokenKind::quoted : TokenKind::string, raw);
  count_lines(words.substr(at, end - at));
  return end + 1;
}

}  // namespace

Error fault(const std::string& path, std::size_t line, std::string_view what) {
  return Error::later(Errc::config, fmt::format("{}:{}: {}", path, line, what));
}

Result<std::vector<Token>> tokenize(std::string_view text, const std::string& path) {
  if (text.size() > kMaxTemplate)
    return fault(path, 1, fmt::format("larger than {} octets", kMaxTemplate));
  Lexer lexer(text, path, 1);
  if (auto done = lexer.run(); !done) return std::move(done).error();
  return lexer.finish();
}

Result<std::vector<Token>> tokenize_expression(std::string_view text, const std::string& path,
                                               std::size_t line) {
  Lexer lexer(text, path, line);
  if (auto done = lexer.directive(text); !done) return std::move(done).error();
  return lexer.finish();
}

}  // namespace paraph::tt2
