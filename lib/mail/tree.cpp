#include <array>
#include <utility>

#include "base/ascii.h"
#include "mail/entity.h"
#include "mail/lexer.h"

namespace paraph::mail {

std::string to_string(Defect mask) {
  static constexpr auto kNames = std::to_array<std::pair<Defect, std::string_view>>({
      {Defect::field_without_colon, "field_without_colon"},
      {Defect::bare_cr, "bare_cr"},
      {Defect::nul_octet, "nul_octet"},
      {Defect::long_line, "long_line"},
      {Defect::mixed_line_ends, "mixed_line_ends"},
      {Defect::boundary_missing, "boundary_missing"},
      {Defect::boundary_never_seen, "boundary_never_seen"},
      {Defect::boundary_unclosed, "boundary_unclosed"},
      {Defect::duplicate_content_field, "duplicate_content_field"},
      {Defect::bad_content_type, "bad_content_type"},
      {Defect::limit_depth, "limit_depth"},
      {Defect::limit_parts, "limit_parts"},
      {Defect::limit_header, "limit_header"},
      {Defect::eight_bit_header, "eight_bit_header"},
      {Defect::encoded_multipart, "encoded_multipart"},
  });
  std::string out;
  for (const auto& [bit, name] : kNames) {
    if (!has(mask, bit)) continue;
    if (!out.empty()) out += ',';
    out += name;
  }
  return out;
}

std::vector<std::size_t> MimeTree::children(std::size_t entity) const {
  std::vector<std::size_t> out;
  for (auto i = entities_.at(entity).first_child; i != Entity::kNone; i = entities_[i].next)
    out.push_back(i);
  return out;
}

std::vector<const HeaderField*> MimeTree::find(const Entity& entity,
                                               std::string_view wanted) const {
  std::vector<const HeaderField*> out;
  for (const auto& candidate : entity.fields)
    if (ascii::iequals(name(candidate), wanted)) out.push_back(&candidate);
  return out;
}

std::string MimeTree::unfolded(const HeaderField& field) const {
  return std::string(ascii::trim(detail::unfold(message_.at(field.body))));
}

std::optional<std::string> MimeTree::field(const Entity& entity, std::string_view wanted) const {
  for (const auto& candidate : entity.fields)
    if (ascii::iequals(name(candidate), wanted)) return unfolded(candidate);
  return std::nullopt;
}

}  // namespace paraph::mail
