#include "mail/address.h"

#include <idn2.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/ascii.h"
#include "mail/address_syntax.h"
#include "mail/lexer.h"

namespace paraph::mail {
namespace {

constexpr auto npos = std::string_view::npos;

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// U-labels to A-labels, or nothing. UTS 46 maps look-alikes of '@', '/' and '>' to the ASCII ones,
// so what comes out is held against the syntax of a domain again.
std::optional<std::string> to_a_labels(const std::string& domain) {
  std::uint8_t* converted = nullptr;
  const auto* in = reinterpret_cast<const std::uint8_t*>(domain.c_str());
  if (idn2_lookup_u8(in, &converted, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
    return std::nullopt;
  const std::unique_ptr<std::uint8_t, void (*)(void*)> owner(converted, idn2_free);
  std::string out = ascii::to_lower(reinterpret_cast<const char*>(converted));
  if (!is_ascii(out) || !detail::is_dotted_domain(out)) return std::nullopt;
  return out;
}

}  // namespace

AddrSpec::AddrSpec(std::string local_part, std::string domain)
    : local_part_(std::move(local_part)), domain_(std::move(domain)) {}

std::string AddrSpec::canonical() const {
  const std::string local = ascii::to_lower(local_part_);
  const std::string domain = ascii::to_lower(domain_);
  if (!is_ascii(domain)) {
    const auto converted = to_a_labels(domain);
    if (converted && local.size() + 1 + converted->size() <= detail::kMaxAddress)
      return local + "@" + *converted;
  }
  return local + "@" + domain;
}

std::string canonical_message_id(std::string_view field_body) {
  const std::string text = detail::unfold(field_body);
  const auto open = text.find('<');
  const auto close = open == npos ? open : text.find('>', open);
  if (close == npos) return std::string(ascii::trim(text));
  return std::string(ascii::trim(std::string_view(text).substr(open + 1, close - open - 1)));
}

}  // namespace paraph::mail
