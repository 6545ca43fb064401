#include "scenario/network.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "base/ascii.h"

namespace paraph::scenario {
namespace {

constexpr std::size_t kIpv4At = 12;  // where an IPv4 address stands in its IPv6 form
constexpr unsigned kIpv4Bits = 8 * kIpv4At;

std::optional<unsigned> number(std::string_view text, unsigned most, int base = 10) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size() || value > most) return std::nullopt;
  return value;
}

std::optional<IpAddress> parse_ipv4(std::string_view text) {
  IpAddress address{};
  address[10] = address[11] = 0xff;
  for (std::size_t i = 0; i < 4; ++i) {
    const auto dot = text.find('.');
    const auto octet = number(text.substr(0, dot), 255);
    if (!octet || (dot == std::string_view::npos) != (i == 3)) return std::nullopt;
    address[kIpv4At + i] = static_cast<std::uint8_t>(*octet);
    text.remove_prefix(i == 3 ? text.size() : dot + 1);
  }
  return address;
}

// Groups of four hex digits, at most `room` octets of them; the last may be an IPv4 address.
std::optional<std::size_t> read_groups(std::string_view text, std::uint8_t* out, std::size_t room) {
  std::size_t done = 0;
  while (!text.empty()) {
    const auto colon = text.find(':');
    const auto group = text.substr(0, colon);
    if (colon == std::string_view::npos && group.find('.') != std::string_view::npos) {
      const auto ipv4 = parse_ipv4(group);
      if (!ipv4 || room < done + 4) return std::nullopt;
      for (std::size_t i = 0; i < 4; ++i) out[done + i] = (*ipv4)[kIpv4At + i];
      return done + 4;
    }
    const auto value = group.size() > 4 ? std::nullopt : number(group, 0xffff, 16);
    if (!value || room < done + 2) return std::nullopt;
    out[done] = static_cast<std::uint8_t>(*value >> 8U);
    out[done + 1] = static_cast<std::uint8_t>(*value & 0xffU);
    done += 2;
    if (colon == std::string_view::npos) return done;
    text.remove_prefix(colon + 1);
    if (text.empty()) return std::nullopt;
  }
  return done;
}

std::optional<IpAddress> parse_ipv6(std::string_view text) {
  IpAddress address{};
  const auto gap = text.find("::");
  const auto head = read_groups(text.substr(0, gap), address.data(), address.size());
  if (!head) return std::nullopt;
  if (gap == std::string_view::npos)
    return *head == address.size() ? std::optional(address) : std::nullopt;
  IpAddress rest{};
  const auto tail = read_groups(text.substr(gap + 2), rest.data(), address.size());
  if (!tail || *head + *tail > address.size() - 2) return std::nullopt;
  for (std::size_t i = 0; i < *tail; ++i) address[address.size() - *tail + i] = rest[i];
  return address;
}

bool bit(const IpAddress& address, unsigned at) {
  return (address[at / 8] >> (7 - at % 8) & 1U) != 0;
}

// Length of the prefix when `mask` is one: ones, then zeros. Of an IPv4 mask the first 96 are taken for granted.
std::optional<unsigned> prefix_of(const IpAddress& mask) {
  unsigned bits = kIpv4Bits;
  while (bits < 128 && bit(mask, bits)) ++bits;
  for (unsigned at = bits; at < 128; ++at)
    if (bit(mask, at)) return std::nullopt;
  return bits;
}

// The one block that is from..to; nullopt when it takes several.
std::optional<unsigned> block_of(const IpAddress& from, const IpAddress& to) {
  unsigned bits = 0;
  while (bits < 128 && bit(from, bits) == bit(to, bits)) ++bits;
  for (unsigned at = bits; at < 128; ++at)
    if (bit(from, at) || !bit(to, at)) return std::nullopt;
  return bits;
}

// As Net::CIDR has it, "192.0.2" and "10.1." are the networks that begin so.
struct Beginning {
  std::string address;
  unsigned octets = 4;
};
Beginning completed(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  Beginning whole{std::string(text)};
  const bool digits = !text.empty() && text.find_first_not_of("0123456789.") == text.npos;
  const auto dots = std::count(text.begin(), text.end(), '.');
  if (!digits || dots >= 3) return whole;
  whole.octets = static_cast<unsigned>(dots) + 1;
  for (auto octet = whole.octets; octet < 4; ++octet) whole.address += ".0";
  return whole;
}

}  // namespace

std::optional<IpAddress> parse_ip(std::string_view text) {
  return text.find(':') == std::string_view::npos ? parse_ipv4(text) : parse_ipv6(text);
}

std::optional<Network> Network::parse(std::string_view text) {
  Network network;
  if (text == "any" || text == "default") return network;
  const auto cut = text.find_first_of("/-");
  const auto colon = text.rfind(':');
  const bool masked =
      cut == std::string_view::npos && text.find('.') < colon && colon != std::string_view::npos;
  const std::size_t end = masked ? colon : cut;
  const auto whole = completed(text.substr(0, end));
  const auto address = parse_ip(whole.address);
  if (!address) return std::nullopt;
  network.address_ = *address;
  std::optional<unsigned> bits = whole.octets == 4 ? 128 : kIpv4Bits + 8 * whole.octets;
  if (end != std::string_view::npos) {
    const auto rest = text.substr(end + 1);
    const auto second = parse_ip(rest);
    const bool ipv4 = text.substr(0, end).find(':') == std::string_view::npos;
    if (text[end] == '-')
      bits = second ? block_of(*address, *second) : std::nullopt;
    else if (second && ipv4)
      bits = prefix_of(*second);
    else if (bits = number(rest, ipv4 ? 32 : 128); bits && ipv4)
      *bits += kIpv4Bits;
  }
  if (!bits) return std::nullopt;
  network.bits_ = *bits;
  return network;
}

bool Network::holds(const IpAddress& address) const {
  for (unsigned at = 0; at < bits_; ++at)
    if (bit(address, at) != bit(address_, at)) return false;
  return true;
}

}  // namespace paraph::scenario
