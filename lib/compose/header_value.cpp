#include "compose/header_value.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/encode.h"
#include "base/utf8.h"
#include "mail/address.h"

namespace paraph::compose {
namespace {

constexpr std::size_t kValueLimit = 900;  // octets of text that goes into one field
constexpr std::size_t kFoldAt = 76;  // RFC 5322 §2.1.1: 78; RFC 2047 §2: 76 with encoded words
constexpr std::size_t kLineLimit = 900;  // and MUST be below 998

bool is_printable_ascii(char c) {
  return c >= 0x20 && c < 0x7f;
}

bool all_printable_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), is_printable_ascii);
}

// White space becomes single spaces' worth of ' ', everything that could fool a reader an escape.
std::string sanitised(std::string_view text) {
  std::string flat(ascii::trim(text));
  std::replace_if(flat.begin(), flat.end(), ascii::is_space, ' ');
  return utf8::printable(flat, kValueLimit);
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text)
    out += is_printable_ascii(c) ? std::string(1, c)
                                 : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  return out;
}

// The whole text as RFC 2047 B words: they hold no special of a phrase (§5 (3)), and they are short
// enough to stand behind "Subject: ".
std::string encoded_words(std::string_view text) {
  constexpr std::size_t kOctetsPerWord = 36;
  std::string out;
  std::string word;
  const auto flush = [&] {
    if (!out.empty() && !word.empty()) out += ' ';
    if (!word.empty()) out += "=?UTF-8?B?" + base64_encode(word) + "?=";
    word.clear();
  };
  for (std::size_t at = 0; at < text.size();) {
    std::string character;
    utf8::append(character, utf8::next(text, at));
    if (word.size() + character.size() > kOctetsPerWord) flush();
    word += character;
  }
  flush();
  return out;
}

std::string phrase(std::string_view name) {
  const std::string clean = sanitised(name);
  if (!all_printable_ascii(clean)) return encoded_words(clean);
  std::string quoted = "\"";
  for (const char c : clean) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

HeaderValue HeaderValue::text(std::string_view utf8) {
  std::string clean = sanitised(utf8);
  if (all_printable_ascii(clean)) return HeaderValue(clean);
  return HeaderValue(encoded_words(sanitised(mail::decode_words(clean))));
}

HeaderValue HeaderValue::ascii(std::string_view text) {
  return HeaderValue(escaped(sanitised(text)));
}

Result<HeaderValue> HeaderValue::structured(std::string_view value) {
  if (all_printable_ascii(value)) return HeaderValue(std::string(value));
  return Error::never(Errc::corrupt,
                      fmt::format("a header field cannot hold \"{}\"", utf8::printable(value, 80)));
}

Result<HeaderValue> HeaderValue::mailbox(std::string_view name, std::string_view address) {
  const auto parsed = mail::AddrSpec::parse(address);
  if (!parsed || !all_printable_ascii(parsed->str()))
    return Error::never(Errc::corrupt, fmt::format("\"{}\" is not an ASCII mail address",
                                                   utf8::printable(address, 80)));
  if (ascii::trim(name).empty()) return HeaderValue(parsed->str());
  return HeaderValue(phrase(name) + " <" + parsed->str() + ">");
}

Result<HeaderValue> HeaderValue::message_id(std::string_view id) {
  const bool fits = !id.empty() && id.size() <= kValueLimit && all_printable_ascii(id) &&
                    id.find_first_of(" <>") == std::string_view::npos;
  if (fits) return HeaderValue("<" + std::string(id) + ">");
  return Error::never(Errc::corrupt,
                      fmt::format("\"{}\" is not a Message-ID", utf8::printable(id, 80)));
}

HeaderValue HeaderValue::date(TimePoint at) {
  return HeaderValue(rfc5322_date(at));
}

HeaderValue HeaderValue::after(std::string_view prefix) const {
  return HeaderValue(std::string(prefix) + value_);
}

std::string HeaderValue::folded(std::string_view name) const {
  std::string out;
  std::size_t column = name.size() + 2;  // "name: "
  for (std::size_t at = 0; at < value_.size();) {
    // A piece is a run of spaces and the word after it; a line end may stand before the run.
    const std::size_t word = std::min(value_.find_first_not_of(' ', at), value_.size());
    std::size_t end = std::min(value_.find(' ', word), value_.size());
    end = std::min(end, at + kLineLimit);
    if (column + (end - at) > kFoldAt && !out.empty()) {
      out += value_[at] == ' ' ? "\n" : "\n ";
      column = value_[at] == ' ' ? 0 : 1;
    }
    out += value_.substr(at, end - at);
    column += end - at;
    at = end;
  }
  return out;
}

bool is_field_name(std::string_view name) {
  return !name.empty() && name.size() <= 76 && std::all_of(name.begin(), name.end(), [](char c) {
    return c > 0x20 && c < 0x7f && c != ':';
  });
}

std::string print(const Fields& fields) {
  std::string out;
  for (const auto& field : fields) out += field.name + ": " + field.value.folded(field.name) + "\n";
  return out;
}

}  // namespace paraph::compose
