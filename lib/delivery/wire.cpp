#include "delivery/wire.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "base/ascii.h"
#include "base/utf8.h"

namespace paraph::delivery {
namespace {

constexpr std::size_t kAddressLimit = 320;  // 64 + "@" + 255 (RFC 5321 §4.5.3.1)
constexpr std::size_t kReplyLines = 100;
constexpr std::size_t kReplyText = 500;

std::optional<std::size_t> number(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

const char* recipient_fault(std::string_view address) {
  for (const char c : address)
    if (ascii::is_control(c) || c == ' ' || c == '<' || c == '>')
      return "the address holds a blank, a control character or an angle bracket";
  if (address.size() > kAddressLimit) return "the address is too long";
  const auto at = address.rfind('@');
  const bool whole = at != std::string_view::npos && at > 0 && at + 1 < address.size();
  return whole ? nullptr : "the address is not local@domain";
}

const char* reverse_path_fault(std::string_view address) {
  return address.empty() ? nullptr : recipient_fault(address);
}

bool has_eight_bit(std::string_view octets) {
  return std::any_of(octets.begin(), octets.end(),
                     [](char c) { return static_cast<unsigned char>(c) > 0x7f; });
}

std::string wire_form(std::string_view message) {
  std::string out;
  out.reserve(message.size() + message.size() / 32 + 2);
  bool line_start = true;
  for (std::size_t i = 0; i < message.size(); ++i) {
    char c = message[i];
    if (c == '\r') {
      if (i + 1 < message.size() && message[i + 1] == '\n') continue;
      c = ' ';
    }
    if (c == '\n') {
      out += "\r\n";
      line_start = true;
      continue;
    }
    if (line_start && c == '.') out += '.';
    out += c;
    line_start = false;
  }
  if (!line_start) out += "\r\n";
  return out;
}

std::string Reply::str() const {
  return utf8::printable(text.empty() ? fmt::format("{}", code) : fmt::format("{} {}", code, text),
                         kReplyText);
}

ReplyReader::State ReplyReader::take(std::string_view line) {
  const bool digits = line.size() >= 3 && line[0] >= '2' && line[0] <= '5' &&
                      ascii::is_digit(line[1]) && ascii::is_digit(line[2]);
  const bool more = line.size() > 3 && line[3] == '-';
  if (!digits || (line.size() > 3 && !more && line[3] != ' ')) return State::garbage;
  const int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
  if ((lines_ > 0 && code != reply_.code) || ++lines_ > kReplyLines) return State::garbage;
  reply_.code = code;
  const auto text = ascii::trim(line.substr(std::min<std::size_t>(4, line.size())));
  if (!reply_.text.empty() && !text.empty()) reply_.text += ' ';
  reply_.text += text;
  reply_.full += std::string(text) + '\n';
  return more ? State::more : State::complete;
}

Delivery outcome_of(const Reply& reply) {
  if (reply.positive()) return Delivery::delivered;
  return reply.code / 100 == 5 ? Delivery::failed : Delivery::deferred;
}

Capabilities parse_capabilities(const Reply& reply) {
  Capabilities found;
  bool first = true;  // the server's name and greeting
  for (const auto line : ascii::lines(reply.full)) {
    const auto words = ascii::split(line, " \t");
    if (first || words.empty()) {
      first = false;
      continue;
    }
    if (ascii::iequals(words[0], "8BITMIME")) found.eight_bit_mime = true;
    if (!ascii::iequals(words[0], "SIZE")) continue;
    found.size = true;
    const auto limit = words.size() > 1 ? number(words[1]) : std::nullopt;
    if (limit && *limit > 0) found.max_size = limit;
  }
  return found;
}

std::string Endpoint::str() const {
  if (!path.empty()) return path;
  return host.find(':') == std::string::npos ? host + ":" + port : "[" + host + "]:" + port;
}

std::optional<Endpoint> parse_endpoint(std::string_view authority, std::string_view default_port) {
  if (!authority.empty() && authority.back() == '/') authority.remove_suffix(1);
  Endpoint endpoint;
  std::string_view rest;
  if (!authority.empty() && authority.front() == '[') {
    const auto close = authority.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    endpoint.host = authority.substr(1, close - 1);
    rest = authority.substr(close + 1);
  } else {
    const auto colon = std::min(authority.find(':'), authority.size());
    endpoint.host = authority.substr(0, colon);
    rest = authority.substr(colon);
  }
  if (!rest.empty() && rest.front() != ':') return std::nullopt;
  endpoint.port = rest.empty() ? default_port : rest.substr(1);
  const auto port = number(endpoint.port);
  if (!is_host_name(endpoint.host) || !port || *port < 1 || *port > 65535) return std::nullopt;
  return endpoint;
}

bool is_host_name(std::string_view name) {
  constexpr std::string_view kOthers = ".-_:[]";
  return !name.empty() && name.size() <= 255 && std::all_of(name.begin(), name.end(), [&](char c) {
    return ascii::is_alnum(c) || kOthers.find(c) != std::string_view::npos;
  });
}

}  // namespace paraph::delivery
