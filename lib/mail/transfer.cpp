#include <array>
#include <cstddef>

#include "base/ascii.h"
#include "base/encode.h"
#include "mail/entity.h"
#include "mail/lexer.h"

namespace paraph::mail {
namespace {

constexpr auto npos = std::string_view::npos;

constexpr std::size_t kLineLimit = 76;  // RFC 2045 §6.7 (5), without the line end

// One line without its line end. True when it ends in a soft line break.
bool decode_line(std::string_view line, std::string& out) {
  // §6.7 (3): white space at the end of a line was added in transit.
  while (!line.empty() && ascii::is_wsp(line.back())) line.remove_suffix(1);
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '=') {
      out += line[i];
      continue;
    }
    if (i + 1 == line.size()) return true;
    const int high = detail::hex_value(line[i + 1]);
    const int low = i + 2 < line.size() ? detail::hex_value(line[i + 2]) : -1;
    if (high < 0 || low < 0) {
      out += '=';  // §6.7, note: what is no escape stays visible
    } else {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return false;
}

std::string decode_quoted_printable(std::string_view body) {
  std::string out;
  out.reserve(body.size());
  for (std::size_t at = 0; at < body.size();) {
    const auto lf = body.find('\n', at);
    std::string_view line = body.substr(at, lf == npos ? lf : lf - at);
    at = lf == npos ? body.size() : lf + 1;
    const bool crlf = lf != npos && !line.empty() && line.back() == '\r';
    if (crlf) line.remove_suffix(1);
    if (!decode_line(line, out) && lf != npos) out += crlf ? "\r\n" : "\n";
  }
  return out;
}

bool must_escape(std::string_view line, std::size_t i) {
  const char c = line[i];
  if (ascii::is_wsp(c)) return i + 1 == line.size();
  // RFC 2049 §3: "From " and a lone dot do not survive every transport.
  if (i == 0 && (line == "." || line.substr(0, 5) == "From ")) return true;
  return c == '=' || ascii::is_control(c) || static_cast<unsigned char>(c) >= 0x80;
}

void encode_line(std::string_view line, std::string& out) {
  std::size_t column = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool escape = must_escape(line, i);
    const std::size_t width = escape ? 3 : 1;
    const std::size_t room = i + 1 == line.size() ? kLineLimit : kLineLimit - 1;
    if (column + width > room) {
      out += "=\r\n";
      column = 0;
    }
    if (escape) {
      out += '=';
      out += ascii::hex_upper(line.substr(i, 1));
    } else {
      out += line[i];
    }
    column += width;
  }
}

}  // namespace

std::optional<std::string> decode_body(std::string_view body, TransferEncoding encoding) {
  switch (encoding) {
    case TransferEncoding::seven_bit:
    case TransferEncoding::eight_bit:
    case TransferEncoding::binary:
      return std::string(body);
    case TransferEncoding::quoted_printable:
      return decode_quoted_printable(body);
    case TransferEncoding::base64:
      return base64_decode(body);
    case TransferEncoding::other:
      break;
  }
  return std::nullopt;
}

std::string quoted_printable_encode(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for (std::size_t at = 0; at < text.size();) {
    const auto lf = text.find('\n', at);
    std::string_view line = text.substr(at, lf == npos ? lf : lf - at);
    at = lf == npos ? text.size() : lf + 1;
    if (lf != npos && !line.empty() && line.back() == '\r') line.remove_suffix(1);
    encode_line(line, out);
    if (lf != npos) out += "\r\n";
  }
  return out;
}

std::string canonical_crlf(std::string_view octets) {
  std::string out;
  out.reserve(octets.size() + octets.size() / 32);
  for (std::size_t at = 0; at < octets.size();) {
    const auto lf = octets.find('\n', at);
    if (lf == npos) {
      out += octets.substr(at);
      break;
    }
    out += octets.substr(at, lf - at);
    out += lf > 0 && octets[lf - 1] == '\r' ? "\n" : "\r\n";
    at = lf + 1;
  }
  return out;
}

std::string lf_only(std::string_view octets) {
  std::string out;
  out.reserve(octets.size());
  for (std::size_t at = 0; at < octets.size();) {
    const auto crlf = octets.find("\r\n", at);
    out += octets.substr(at, crlf == npos ? crlf : crlf - at);
    if (crlf == npos) break;
    out += '\n';
    at = crlf + 2;
  }
  return out;
}

}  // namespace paraph::mail
