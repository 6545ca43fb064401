#include "apps/owner/words.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/ascii.h"

namespace paraph::app {
namespace {

constexpr std::string_view kOfShells = ";&|<>()$`*?[]{}!#~";
constexpr std::string_view kInDoubleQuotes = "$`";
constexpr std::string_view kEscapedThere = "\\\"$`";

Error refuse(std::string_view what) {
  return Error::never(Errc::denied, fmt::format("the command of ssh: {}", what))
      .with_hint("paraph-owner runs no shell: VERB LIST [ARGUMENT…], odd characters in '…'");
}

class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  Result<std::vector<std::string>> run() {
    for (; at_ < text_.size(); ++at_)
      if (auto taken = take(text_[at_]); !taken) return std::move(taken).error();
    if (quote_ != '\0') return refuse("a quote has no end");
    end_word();
    if (words_.size() > kMaxWords) return refuse("too many words");
    return std::move(words_);
  }

 private:
  Result<void> take(char c) {
    if (c == quote_ && c != '\0') {
      quote_ = '\0';
    } else if (quote_ == '\0' && (c == '\'' || c == '"')) {
      quote_ = c;
      in_word_ = true;
    } else if (quote_ == '\0' && c == ' ') {
      end_word();
    } else if (c == '\\' && escapes()) {
      if (++at_ == text_.size()) return refuse("it ends in a backslash");
      add(text_[at_]);
    } else if (forbidden().find(c) != std::string_view::npos) {
      return refuse(fmt::format("'{}' is for shells", c));
    } else {
      add(c);
    }
    return {};
  }
  [[nodiscard]] bool escapes() const {
    if (quote_ == '"')
      return at_ + 1 < text_.size() && kEscapedThere.find(text_[at_ + 1]) != std::string_view::npos;
    return quote_ == '\0';
  }
  [[nodiscard]] std::string_view forbidden() const {
    if (quote_ == '\'') return {};
    return quote_ == '"' ? kInDoubleQuotes : kOfShells;
  }
  void add(char c) {
    word_ += c;
    in_word_ = true;
  }
  void end_word() {
    if (in_word_) words_.push_back(std::move(word_));
    word_.clear();
    in_word_ = false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  char quote_ = '\0';
  bool in_word_ = false;
  std::string word_;
  std::vector<std::string> words_;
};

}  // namespace

Result<std::vector<std::string>> command_words(std::string_view command) {
  if (command.size() > kMaxCommand) return refuse("too long");
  if (std::any_of(command.begin(), command.end(), ascii::is_control))
    return refuse("a line end or another control character");
  return Splitter(command).run();
}

}  // namespace paraph::app
