#include "mail/encoded_word.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/ascii.h"
#include "base/encode.h"
#include "base/utf8.h"
#include "mail/address.h"
#include "mail/lexer.h"

namespace paraph::mail {
namespace {

constexpr auto npos = std::string_view::npos;

using detail::EncodedWord;

constexpr std::size_t kMaxCharset = 64;
constexpr std::size_t kWordLimit = 75;  // RFC 2047 §2
constexpr std::string_view kStart = "=?UTF-8?";

// RFC 2047 §4.2.
std::string decode_q(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '=' && i + 2 < text.size() ? detail::hex_value(text[i + 1]) : -1;
    const int low = high >= 0 ? detail::hex_value(text[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i] == '_' ? ' ' : text[i];
    }
  }
  return out;
}

std::optional<std::string> octets_of(const EncodedWord& word) {
  return word.encoding == 'q' ? decode_q(word.text) : base64_decode(word.text);
}

// Words that follow each other in one charset. Some programs cut inside a character, so they are
// converted together when that succeeds, else each for itself.
class Run {
 public:
  bool add(std::string_view source, const EncodedWord& word) {
    if (!words_.empty() && !ascii::iequals(charset_, word.charset)) return false;
    charset_ = word.charset;
    words_.push_back({source, octets_of(word)});
    return true;
  }
  [[nodiscard]] bool empty() const { return words_.empty(); }
  void flush(std::string& out) {
    std::string joined;
    bool whole = true;
    for (const auto& word : words_) {
      whole &= word.octets.has_value();
      joined += word.octets.value_or("");
    }
    if (const auto text = whole ? to_utf8(joined, charset_) : std::nullopt)
      out += *text;
    else
      flush_each(out);
    words_.clear();
  }

 private:
  struct Word {
    std::string_view source;
    std::optional<std::string> octets;
  };
  void flush_each(std::string& out) const {
    bool first = true;
    bool decoded_before = false;
    for (const auto& [source, octets] : words_) {
      const auto text = octets ? to_utf8(*octets, charset_) : std::nullopt;
      if (!first && !(decoded_before && text)) out += ' ';
      out += text ? *text : std::string(source);
      decoded_before = text.has_value();
      first = false;
    }
  }
  std::string_view charset_;
  std::vector<Word> words_;
};

// RFC 2047 §5 (3): what may stand in a phrase is safe everywhere.
bool q_literal(char c) {
  return ascii::is_alnum(c) || c == '!' || c == '*' || c == '+' || c == '-' || c == '/';
}

std::string encode_q(std::string_view octets) {
  std::string out;
  for (std::size_t i = 0; i < octets.size(); ++i) {
    if (octets[i] == ' ')
      out += '_';
    else if (q_literal(octets[i]))
      out += octets[i];
    else
      out += '=' + ascii::hex_upper(octets.substr(i, 1));
  }
  return out;
}

// Well-formed UTF-8 without controls; CR LF is one space.
std::string cleaned(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (text.substr(at, 2) == "\r\n") ++at;
    const char32_t c = utf8::next(text, at);
    const bool control = (c < 0x20 && c != '\t') || (c >= 0x7f && c < 0xa0);
    utf8::append(out, control ? U' ' : c);
  }
  return out;
}

// Pieces of at most `room` encoded characters that never cut a UTF-8 character (RFC 2047 §5).
std::string encode_all(std::string_view text, char encoding) {
  const auto encoded = [&](std::string_view piece) {
    return encoding == 'Q' ? encode_q(piece) : base64_encode(piece);
  };
  const std::size_t room = kWordLimit - kStart.size() - 4;  // "Q?" and "?="
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    std::size_t used = 0;
    while (end < text.size()) {
      std::size_t next = end;
      (void)utf8::next(text, next);
      const std::size_t width = encoding == 'Q'
                                    ? used + encode_q(text.substr(end, next - end)).size()
                                    : (next - at + 2) / 3 * 4;
      if (width > room) break;
      used = width;
      end = next;
    }
    if (!out.empty()) out += ' ';
    out += std::string(kStart) + encoding + '?' + encoded(text.substr(at, end - at)) + "?=";
    at = end;
  }
  return out;
}

}  // namespace

EncodedWord detail::encoded_word_at(std::string_view text) {
  if (text.substr(0, 2) != "=?") return {};
  const auto mark = text.substr(0, kMaxCharset + 3).find('?', 2);
  if (mark == npos || mark == 2 || text.size() - mark < 5 || text[mark + 2] != '?') return {};
  EncodedWord word;
  word.charset = text.substr(2, mark - 2);
  word.encoding = ascii::lower(text[mark + 1]);
  if (word.encoding != 'q' && word.encoding != 'b') return {};
  const std::size_t start = mark + 3;
  const auto is_end = [](char c) { return c == '?' || ascii::is_space(c); };
  const auto* end = std::find_if(text.begin() + start, text.end(), is_end);
  const auto stop = static_cast<std::size_t>(end - text.begin());
  if (text.substr(stop, 2) != "?=") return {};
  word.text = text.substr(start, stop - start);
  word.length = stop + 2;
  word.charset = word.charset.substr(0, word.charset.find('*'));
  const auto odd = [](char c) { return !is_token_char(c); };
  if (word.charset.empty() || std::any_of(word.charset.begin(), word.charset.end(), odd)) return {};
  return word;
}

std::string decode_words(std::string_view field_body) {
  const std::string text = detail::unfold(field_body);
  const std::string_view view = text;
  std::string out;
  Run run;
  std::size_t copied = 0;  // text up to here is in `out` or in `run`
  for (auto at = view.find("=?"); at != npos; at = view.find("=?", at)) {
    const auto word = detail::encoded_word_at(view.substr(at));
    if (word.length == 0) {
      at += 2;
      continue;
    }
    const auto between = view.substr(copied, at - copied);
    const bool joins = !run.empty() && ascii::trim(between).empty();  // §6.2
    const auto source = view.substr(at, word.length);
    if (!joins || !run.add(source, word)) {
      run.flush(out);
      if (!joins) out += between;
      (void)run.add(source, word);
    }
    copied = at += word.length;
  }
  run.flush(out);
  out += view.substr(copied);
  return out;
}

std::string encode_words(std::string_view utf8_text) {
  std::string text = cleaned(utf8_text);
  const auto foreign = [](char c) { return static_cast<unsigned char>(c) >= 0x80; };
  const bool ascii_only = std::none_of(text.begin(), text.end(), foreign);
  if (ascii_only && text.find("=?") == npos) return text;
  const bool q_is_shorter = encode_q(text).size() <= base64_encode(text).size();
  return encode_all(text, q_is_shorter ? 'Q' : 'B');
}

}  // namespace paraph::mail
