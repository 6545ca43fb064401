#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "base/utf8.h"
#include "command/command.h"
#include "mail/address.h"

namespace paraph::command {
namespace {

constexpr std::size_t kMostText = 64 * 1024;
constexpr std::size_t kLongestName = 200;
constexpr std::size_t kLongestReason = 1000;
constexpr std::size_t kLongestList = 320;

// The next word of `rest`, which moves on behind it.
std::string_view next_word(std::string_view& rest) {
  rest = ascii::trim(rest);
  const auto end = std::min(rest.find_first_of(" \t"), rest.size());
  const auto word = rest.substr(0, end);
  rest = ascii::trim(rest.substr(end));
  return word;
}

bool is_list_name(std::string_view word) {
  const auto is_part = [](char c) {
    return ascii::is_alnum(c) || c == '.' || c == '-' || c == '_' || c == '+' || c == '@';
  };
  return !word.empty() && word.size() <= kLongestList &&
         std::all_of(word.begin(), word.end(), is_part);
}

// One line without controls, cut between two characters; what comes out comes out again as it is.
std::string words_of(std::string_view text, std::size_t limit) {
  std::string words = utf8::printable(ascii::trim(text), kMostText);
  std::size_t end = 0;
  for (std::size_t at = 0; at < words.size() && at <= limit;
       static_cast<void>(utf8::next(words, at)))
    end = at;
  if (words.size() > limit) words.resize(end);
  return std::string(ascii::trim(words));
}

const Row* row_of(std::string_view keyword) {
  for (const auto& row : table())
    for (const auto known : row.keywords)
      if (ascii::iequals(known, keyword)) return &row;
  return nullptr;
}

// A command that a scenario decides about, as we write it.
std::optional<std::string> request_of(std::string_view words) {
  auto rest = words;
  const auto* named = row_of(next_word(rest));
  if (named == nullptr || named->function.empty()) return std::nullopt;
  const auto inner = read_line(words);
  if (!inner || !inner->command) return std::nullopt;
  return to_string(*inner->command);
}

// Takes one argument from `rest`; the answer is what is wrong, or empty.
std::string_view take(Argument argument, std::string_view& rest, Command& command) {
  switch (argument) {
    case Argument::list: {
      const auto word = next_word(rest);
      if (!is_list_name(word))
        return word.empty() ? "LIST is missing" : "LIST is no name of a list";
      command.list = ascii::to_lower(word);
      return {};
    }
    case Argument::who:
      if (rest.empty()) return {};
      [[fallthrough]];
    case Argument::email: {
      const auto word = next_word(rest);
      const auto address = mail::AddrSpec::parse(word);
      if (!address) return word.empty() ? "EMAIL is missing" : "EMAIL is no address";
      command.email = address->canonical();
      return {};
    }
    case Argument::key: {
      const auto word = next_word(rest);
      if (!is_key(word)) return word.empty() ? "KEY is missing" : "KEY is none of ours";
      command.key = ascii::to_lower(word);
      return {};
    }
    case Argument::name:
      command.name = words_of(std::exchange(rest, {}), kLongestName);
      return {};
    case Argument::reason:
      command.reason = words_of(std::exchange(rest, {}), kLongestReason);
      return {};
    case Argument::request: {
      if (rest.empty()) return {};
      auto request = request_of(std::exchange(rest, {}));
      if (!request) return "COMMAND is none that a key stands for";
      command.request = std::move(*request);
      return {};
    }
  }
  return {};
}

Line arguments_of(const Row& row, bool quiet, std::string_view rest) {
  Command command;
  command.verb = row.verb;
  command.quiet = quiet;
  for (const auto argument : row.arguments)
    if (const auto wrong = take(argument, rest, command); !wrong.empty())
      return {std::nullopt, Fault{0, fmt::format("{}: {}", row.usage, wrong)}};
  if (!rest.empty())
    return {std::nullopt, Fault{0, fmt::format("{}: there are words behind it", row.usage)}};
  return {std::move(command), std::nullopt};
}

/// The lines of a text, one after the other, with their numbers.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  std::optional<std::string_view> next() {
    if (rest_.empty()) return std::nullopt;
    const auto end = std::min(rest_.find('\n'), rest_.size());
    auto line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    ++number_;
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }
  /// The next line, if it is a key and nothing else; then it is taken.
  std::optional<std::string_view> next_key() {
    const auto before = *this;
    if (const auto line = next(); line && is_key(ascii::trim(*line))) return ascii::trim(*line);
    *this = before;
    return std::nullopt;
  }
  [[nodiscard]] std::size_t number() const { return number_; }

 private:
  std::string_view rest_;
  std::size_t number_ = 0;
};

// A signature of the mail, or an order to stop.
bool ends_script(std::string_view line) {
  return line == "-- " || line == "--";
}

bool is_passed_over(std::string_view line) {
  return line.empty() || line.front() == '#' || line.front() == '>';
}

void add(Script& script, Line line, std::size_t number) {
  if (line.fault) {
    line.fault->line = number;
    script.faults.push_back(std::move(*line.fault));
  }
  if (!line.command) return;
  line.command->line = number;
  script.commands.push_back(std::move(*line.command));
}

}  // namespace

bool is_key(std::string_view word) {
  const auto is_base32 = [](char c) { return ascii::is_alpha(c) || (c >= '2' && c <= '7'); };
  return word.size() == kKeyLength && std::all_of(word.begin(), word.end(), is_base32);
}

std::optional<Line> read_line(std::string_view line) {
  auto rest = line;
  auto word = next_word(rest);
  const bool quiet = ascii::iequals(word, "quiet");
  if (quiet) word = next_word(rest);
  const auto* row = row_of(word);
  if (row == nullptr) return std::nullopt;
  return arguments_of(*row, quiet, rest);
}

Script read_subject(std::string_view subject) {
  auto text = ascii::trim(subject);
  if (ascii::istarts_with(text, "re:")) text = ascii::trim(text.substr(3));
  Script script;
  if (auto line = read_line(text)) add(script, std::move(*line), 0);
  return script;
}

Script read_text(std::string_view text) {
  Script script;
  bool other_words = false;
  Lines lines(text.substr(0, kMostText));
  while (const auto raw = lines.next()) {
    if (ends_script(*raw)) break;
    const auto line = ascii::trim(*raw);
    if (is_passed_over(line)) {
      other_words = other_words || !line.empty();
      continue;
    }
    const auto number = lines.number();
    auto read = read_line(line);
    if (read && read->fault)  // broken off before its key, perhaps
      if (const auto key = lines.next_key())
        if (auto joined = read_line(fmt::format("{} {}", line, *key))) read = std::move(joined);
    if (!read && script.empty()) {
      other_words = true;
      continue;
    }
    if (!read) {
      script.faults.push_back({number, "is no command; it and what follows were not read"});
      break;
    }
    if (read->command && read->command->verb == Verb::finished) break;
    if (script.commands.size() + script.faults.size() >= Script::kMost) {
      script.faults.push_back(
          {number, fmt::format("at most {} commands a mail; it and what follows were not read",
                               Script::kMost)});
      break;
    }
    script.preceded = script.preceded || (read->command && other_words);
    other_words =
        other_words || read->fault.has_value();  // "Delete this please:" begins like a command
    add(script, std::move(*read), number);
  }
  return script;
}

std::string to_string(const Command& command, bool with_key) {
  const auto& known = row(command.verb);
  std::string out = command.quiet ? "QUIET " : "";
  out += known.keywords.front();
  const auto put = [&out](std::string_view word) {
    if (!word.empty()) out.append(" ").append(word);
  };
  for (const auto argument : known.arguments) {
    switch (argument) {
      case Argument::list:
        put(command.list);
        break;
      case Argument::email:
      case Argument::who:
        put(command.email);
        break;
      case Argument::name:
        put(command.name);
        break;
      case Argument::reason:
        put(command.reason);
        break;
      case Argument::key:
        if (with_key) put(command.key);
        break;
      case Argument::request:
        put(command.request);
        break;
    }
  }
  return out;
}

}  // namespace paraph::command
