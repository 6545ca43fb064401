#include <algorithm>

#include "base/ascii.h"
#include "base/utf8.h"
#include "spool/header.h"

namespace paraph::spool {
namespace {

constexpr std::size_t kMaxReversePath = 320;  // RFC 3696 §3: 64 + "@" + 255
constexpr std::string_view kFromLine = "From ";
constexpr std::string_view kReturnPath = "Return-Path:";

// The end of the line at `from`, its LF included; 0 when `text` holds no end of it.
std::size_t line_end(std::string_view text, std::size_t from) {
  const std::size_t eol = text.find('\n', from);
  return eol == std::string_view::npos ? 0 : eol + 1;
}

// RFC 5321 §4.4: the final MTA writes the envelope sender, `<>` for the null one. Empty for all
// that could not be one.
std::string to_reverse_path(std::string_view text) {
  text = ascii::trim(text);
  if (text.size() >= 2 && text.front() == '<' && text.back() == '>')
    text = text.substr(1, text.size() - 2);
  const std::size_t at = text.rfind('@');
  const bool two_sides = at != std::string_view::npos && at > 0 && at + 1 < text.size();
  const auto unfit = [](char c) {
    return ascii::is_control(c) || ascii::is_wsp(c) || c == '<' || c == '>';
  };
  if (!two_sides || text.size() > kMaxReversePath || !utf8::valid(text) ||
      std::any_of(text.begin(), text.end(), unfit))
    return {};
  return std::string(text);
}

std::string_view first_word(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  return text.substr(0, text.find(' '));
}

// The end of a field at `from` with its continuation lines (RFC 5322 §2.2.3), or 0.
std::size_t field_end(std::string_view text, std::size_t from) {
  std::size_t end = line_end(text, from);
  while (end != 0 && end < text.size() && ascii::is_wsp(text[end])) end = line_end(text, end);
  return end;
}

}  // namespace

PipeInput read_pipe(std::string_view input, std::string_view environment_sender) {
  const auto start = input.substr(0, kPipeOctets);
  PipeInput result;
  bool known = false;
  // "From : x" is a header field in obsolete syntax, and the message's own.
  if (start.substr(0, kFromLine.size()) == kFromLine &&
      ascii::trim(start.substr(4, 64)).substr(0, 1) != ":") {
    if (const std::size_t end = line_end(start, 0); end != 0) {
      known = true;
      result.reverse_path = to_reverse_path(
          first_word(ascii::trim_right(start.substr(kFromLine.size(), end - kFromLine.size()))));
      result.message_offset = end;
    }
  }
  const auto rest = start.substr(result.message_offset);
  if (ascii::istarts_with(rest, kReturnPath)) {
    if (const std::size_t end = field_end(rest, 0); end != 0) {
      if (!known)
        result.reverse_path =
            to_reverse_path(rest.substr(kReturnPath.size(), end - kReturnPath.size()));
      known = true;
      result.message_offset += end;
    }
  }
  if (!known) {
    result.reverse_path = to_reverse_path(environment_sender);
    result.unknown_sender = environment_sender.empty();
  }
  return result;
}

}  // namespace paraph::spool
