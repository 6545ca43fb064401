#include "mail/text.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/utf8.h"
#include "mail/address.h"

namespace paraph::mail {
namespace {

constexpr std::size_t kDeepest = 8;

// Of alternatives the plain one, wherever it stands; else the first part.
std::size_t next_part(const MimeTree& tree, std::size_t at) {
  const auto& entity = tree.entities()[at];
  if (entity.content_type.subtype == "alternative")
    for (const auto child : tree.children(at))
      if (tree.entities()[child].content_type.is("text", "plain")) return child;
  return entity.first_child;
}

const Entity* text_part(const MimeTree& tree) {
  std::size_t at = 0;
  for (std::size_t depth = 0; depth < kDeepest && at != Entity::kNone; ++depth) {
    const auto& entity = tree.entities()[at];
    if (entity.content_type.is("text", "plain")) return &entity;
    if (entity.content_type.type != "multipart") return nullptr;
    at = next_part(tree, at);
  }
  return nullptr;
}

std::optional<std::string> to_text(std::string octets, const ContentType& type) {
  const auto charset = type.parameter("charset").value_or("us-ascii");
  if (auto text = to_utf8(octets, charset)) return text;
  if (utf8::valid(octets)) return octets;  // said wrongly, or not said
  return std::nullopt;
}

// RFC 3676 §4: a line that ends in a space goes on in the next of the same quote depth, unless it is the signature's mark.
std::string unflowed(const std::string& text, bool delete_space) {
  std::string out;
  std::optional<std::size_t> goes_on;  // at which depth
  bool first = true;
  for (auto line : ascii::lines(text)) {
    const auto depth = std::min(line.find_first_not_of('>'), line.size());
    line.remove_prefix(depth);
    if (line.starts_with(' ')) line.remove_prefix(1);  // stuffed
    const bool flows = line.ends_with(' ') && line != "-- ";
    if (flows && delete_space) line.remove_suffix(1);
    if (goes_on != depth) {
      if (!first) out += '\n';
      out.append(depth, '>');
    }
    out += line;
    goes_on = flows ? std::optional(depth) : std::nullopt;
    first = false;
  }
  return out += '\n';
}

}  // namespace

std::optional<std::string> typed_text(const MimeTree& message) {
  const auto* part = text_part(message);
  if (part == nullptr || part->body.length > kMostText) return std::nullopt;
  auto octets = decode_body(message.message().at(part->body), part->transfer_encoding);
  if (!octets) return std::nullopt;
  auto text = to_text(lf_only(*octets), part->content_type);
  if (!text || !ascii::iequals(part->content_type.parameter("format").value_or(""), "flowed"))
    return text;
  return unflowed(*text, ascii::iequals(part->content_type.parameter("delsp").value_or(""), "yes"));
}

}  // namespace paraph::mail
