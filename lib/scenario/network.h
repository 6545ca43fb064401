#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace paraph::scenario {

/// An IPv4 or IPv6 address; IPv4 as ::ffff:a.b.c.d, so that both compare.
using IpAddress = std::array<std::uint8_t, 16>;
[[nodiscard]] std::optional<IpAddress> parse_ip(std::string_view text);

/// A range that verify_netmask() takes: one address, CIDR, "a.b.c.d:mask", "from-to" when that is one block of CIDR,
/// "any" or "default".
class Network {
 public:
  [[nodiscard]] static std::optional<Network> parse(std::string_view text);
  [[nodiscard]] bool holds(const IpAddress& address) const;

 private:
  IpAddress address_{};
  unsigned bits_ = 0;  ///< of the prefix, 0 to 128
};

}  // namespace paraph::scenario
