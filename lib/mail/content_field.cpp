#include "mail/content_field.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "base/ascii.h"
#include "mail/address.h"
#include "mail/lexer.h"

namespace paraph::mail {
namespace {

constexpr auto npos = std::string_view::npos;

using detail::Lexer;

constexpr std::size_t kMaxOctets = 8192;
constexpr std::size_t kMaxParameters = 100;

// A parameter as written: `name`, `name*` or, in the sections of RFC 2231 §3, `name*2` and
// `name*2*`.
struct Written {
  std::string name;
  std::string value;
  std::size_t section = 0;
  bool encoded = false;  // by RFC 2231 §4: percent escapes, a charset in section 0
  bool rfc2231 = false;
};

struct Decoded {
  std::string name;
  std::string value;
  bool rfc2231 = false;
};

struct Parameters {
  std::vector<Decoded> all;
  bool doubtful = false;
};

std::string percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool whole = text[i] == '%' && i + 2 < text.size();
    const int high = whole ? detail::hex_value(text[i + 1]) : -1;
    const int low = whole ? detail::hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      out += text[i];
    } else {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

// "filename*1*" into its three parts; a name that only looks so stays as it is.
void split_name(Written& written) {
  const std::string_view name = written.name;
  const auto star = name.find('*');
  if (star == npos || star == 0) return;
  std::string_view tail = name.substr(star + 1);
  const bool encoded = tail.empty() || tail.back() == '*';
  if (!tail.empty() && encoded) tail.remove_suffix(1);
  if (tail.size() > 2 || !std::all_of(tail.begin(), tail.end(), ascii::is_digit)) return;
  if (tail.empty() && name.size() - star > 1) return;  // "name**"
  std::size_t section = 0;
  for (const char digit : tail) section = section * 10 + static_cast<std::size_t>(digit - '0');
  written.section = section;
  written.encoded = encoded;
  written.rfc2231 = true;
  written.name.resize(star);
}

// Unquoted values are read up to the next white space, comment or semicolon: many programs forget
// the quotes around `=`, `/` and `:`.
bool is_bare_value(char c) {
  return c != ' ' && c != ';' && c != '(' && !ascii::is_control(c);
}

void skip_to_semicolon(Lexer& in) {
  while (!in.at_end() && in.peek() != ';') {
    bool closed = true;
    if (in.peek() == '"') {
      (void)in.quoted_string(closed);
    } else if (in.peek() == '(') {
      (void)in.skip_cfws();
    } else {
      in.advance(1);
    }
  }
}

std::optional<Written> read_parameter(Lexer& in, bool& doubtful) {
  Written written;
  written.name = ascii::to_lower(in.run(detail::is_token_char));
  (void)in.skip_cfws();
  if (written.name.empty() || !in.take('=')) return std::nullopt;
  (void)in.skip_cfws();
  if (in.peek() == '"') {
    bool closed = true;
    written.value = in.quoted_string(closed);
    doubtful |= !closed;
  } else {
    written.value = std::string(in.run(is_bare_value));
    if (written.value.empty()) return std::nullopt;
  }
  (void)in.skip_cfws();
  split_name(written);
  return written;
}

// RFC 2231 §3: sections in any order, used from 0 up to the first gap. §4.1: charset in section 0.
std::string join_sections(const std::vector<Written>& written, std::string_view name) {
  std::map<std::size_t, const Written*> sections;
  for (const auto& w : written)
    if (w.rfc2231 && w.name == name) sections.emplace(w.section, &w);
  std::string out;
  std::string charset;
  std::size_t expected = 0;
  for (const auto& [section, w] : sections) {
    if (section != expected++) break;
    std::string_view value = w->value;
    if (section == 0 && w->encoded) {
      const auto first = value.find('\'');
      const auto second = first == npos ? first : value.find('\'', first + 1);
      if (second != npos) {
        charset = std::string(value.substr(0, first));
        value.remove_prefix(second + 1);
      }
    }
    out += w->encoded ? percent_decode(value) : std::string(value);
  }
  if (charset.empty()) return out;
  auto converted = to_utf8(out, charset);
  return converted ? *std::move(converted) : out;
}

std::vector<Decoded> decode(std::vector<Written>&& written) {
  std::vector<Decoded> out;
  for (auto& w : written) {
    const auto known = [&](const Decoded& d) { return d.rfc2231 && d.name == w.name; };
    if (!w.rfc2231) {
      out.push_back({w.name, w.value, false});
    } else if (std::none_of(out.begin(), out.end(), known)) {
      out.push_back({w.name, join_sections(written, w.name), true});
    }
  }
  return out;
}

// *( ";" parameter ), the cursor being before the first semicolon or the end.
Parameters read_parameters(Lexer& in, bool was_cut) {
  Parameters result;
  std::vector<Written> written;
  for (skip_to_semicolon(in); in.take(';'); skip_to_semicolon(in)) {
    (void)in.skip_cfws();
    if (written.size() == kMaxParameters) {
      result.doubtful = true;
      break;
    }
    auto parameter = read_parameter(in, result.doubtful);
    // The last one before the cut may be half a value.
    if (parameter && !(was_cut && in.at_end())) written.push_back(*std::move(parameter));
  }
  result.all = decode(std::move(written));
  result.doubtful |= was_cut;
  return result;
}

}  // namespace

std::optional<detail::ParsedContentType> detail::read_content_type(std::string_view field_body) {
  const bool was_cut = field_body.size() > kMaxOctets;
  const std::string text = unfold(field_body.substr(0, kMaxOctets));
  Lexer in(text);
  (void)in.skip_cfws();
  const auto type = in.run(is_token_char);
  (void)in.skip_cfws();
  if (type.empty() || !in.take('/')) return std::nullopt;
  (void)in.skip_cfws();
  const auto subtype = in.run(is_token_char);
  if (subtype.empty()) return std::nullopt;
  auto parameters = read_parameters(in, was_cut);

  ParsedContentType parsed;
  parsed.type.type = ascii::to_lower(type);
  parsed.type.subtype = ascii::to_lower(subtype);
  for (auto& [name, value, rfc2231] : parameters.all)
    parsed.type.parameters.push_back({std::move(name), std::move(value)});
  const auto boundaries =
      std::count_if(parsed.type.parameters.begin(), parsed.type.parameters.end(),
                    [](const auto& parameter) { return parameter.name == "boundary"; });
  parsed.doubtful = parameters.doubtful || boundaries > 1;
  return parsed;
}

std::optional<ContentType> parse_content_type(std::string_view field_body) {
  auto parsed = detail::read_content_type(field_body);
  if (!parsed) return std::nullopt;
  return std::move(parsed->type);
}

std::optional<std::string> ContentType::parameter(std::string_view name) const {
  for (const auto& parameter : parameters)
    if (parameter.name == name) return parameter.value;
  return std::nullopt;
}

std::optional<ContentDisposition> parse_content_disposition(std::string_view field_body) {
  const std::string text = detail::unfold(field_body.substr(0, kMaxOctets));
  Lexer in(text);
  (void)in.skip_cfws();
  ContentDisposition result;
  result.disposition = ascii::to_lower(in.run(detail::is_token_char));
  if (result.disposition.empty()) return std::nullopt;
  bool encoded = false;
  for (auto& parameter : read_parameters(in, field_body.size() > kMaxOctets).all) {
    // The plain form beside the RFC 2231 one is a fallback for old readers (RFC 6266 §4.3).
    if (parameter.name != "filename" || (result.filename && (encoded || !parameter.rfc2231)))
      continue;
    result.filename = std::move(parameter.value);
    encoded = parameter.rfc2231;
  }
  return result;
}

TransferEncoding parse_transfer_encoding(std::string_view field_body) {
  static constexpr auto kNames = std::to_array<std::pair<std::string_view, TransferEncoding>>({
      {"", TransferEncoding::seven_bit},  // RFC 2045 §6.1: the default
      {"7bit", TransferEncoding::seven_bit},
      {"8bit", TransferEncoding::eight_bit},
      {"binary", TransferEncoding::binary},
      {"quoted-printable", TransferEncoding::quoted_printable},
      {"base64", TransferEncoding::base64},
  });
  const std::string text = detail::unfold(field_body.substr(0, kMaxOctets));
  Lexer in(text);
  (void)in.skip_cfws();
  const auto token = in.run(detail::is_token_char);
  if (token.empty() && !in.at_end()) return TransferEncoding::other;
  for (const auto& [name, encoding] : kNames)
    if (ascii::iequals(token, name)) return encoding;
  return TransferEncoding::other;
}

}  // namespace paraph::mail
