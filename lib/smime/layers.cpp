#include "smime/layers.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/ascii.h"
#include "base/utf8.h"
#include "cms/content_info.h"

namespace paraph::smime {
namespace {

constexpr std::size_t kLineLimit = 998;     // RFC 5322 §2.1.1
constexpr std::size_t kProbedObjects = 16;  // CMS objects below the root that are worth a look

bool is_signature_type(std::string_view media_type) {
  return media_type == "application/pkcs7-signature" ||
         media_type == "application/x-pkcs7-signature";
}

bool is_mime_type(std::string_view media_type) {
  return media_type == "application/pkcs7-mime" || media_type == "application/x-pkcs7-mime";
}

/// RFC 8551 §3.10: application/octet-stream is S/MIME by the extension of its name.
template <std::size_t N>
bool is_octet_stream_named(const mail::MimeTree& tree, const mail::Entity& entity,
                           const std::array<std::string_view, N>& extensions) {
  if (!entity.content_type.is("application", "octet-stream")) {
    return false;
  }
  std::vector<std::string> names;
  if (auto name = entity.content_type.parameter("name")) {
    names.push_back(std::move(*name));
  }
  if (auto field = tree.field(entity, "Content-Disposition")) {
    if (auto disposition = mail::parse_content_disposition(*field);
        disposition && disposition->filename) {
      names.push_back(std::move(*disposition->filename));
    }
  }
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return std::any_of(extensions.begin(), extensions.end(), [&](std::string_view extension) {
      return ascii::iends_with(ascii::trim(name), extension);
    });
  });
}

bool is_signature_part(const mail::MimeTree& tree, const mail::Entity& entity) {
  static constexpr std::array<std::string_view, 1> kExtensions = {".p7s"};
  return is_signature_type(entity.content_type.full()) ||
         is_octet_stream_named(tree, entity, kExtensions);
}

bool is_cms_object(const mail::MimeTree& tree, const mail::Entity& entity) {
  static constexpr std::array<std::string_view, 4> kExtensions = {".p7m", ".p7s", ".p7c", ".p7z"};
  const std::string type = entity.content_type.full();
  return is_mime_type(type) || is_signature_type(type) ||
         is_octet_stream_named(tree, entity, kExtensions);
}

/// multipart/signed that its protocol, or a signature part where the protocol is missing, makes
/// ours.
bool is_ours(const mail::MimeTree& tree, const mail::Entity& entity,
             const std::vector<std::size_t>& parts) {
  if (!entity.content_type.is("multipart", "signed")) {
    return false;
  }
  if (const auto protocol = entity.content_type.parameter("protocol")) {
    return is_signature_type(ascii::to_lower(ascii::trim(*protocol)));
  }
  return std::any_of(parts.begin(), parts.end(), [&](std::size_t part) {
    return is_signature_type(tree.entities()[part].content_type.full());
  });
}

bool holds_signed_data(const mail::MimeTree& tree, std::size_t index) {
  const auto octets = body_octets(tree, index);
  return octets && cms::prescan(*octets).kind == cms::ContentKind::signed_data;
}

// RFC 2046 §5.1.1: 1 to 70 bchars, no space at the end.
bool is_boundary(std::string_view text) {
  constexpr std::string_view marks = "'()+_,-./:=? ";
  return !text.empty() && text.size() <= 70 && text.back() != ' ' &&
         std::all_of(text.begin(), text.end(), [&](char c) {
           return ascii::is_alnum(c) || marks.find(c) != std::string_view::npos;
         });
}

// Without comments, quoted pairs, RFC 2231 and controls: what readers are known to understand differently.
bool is_plain_field(std::string_view field) {
  bool quoted = false;
  for (const char c : field) {
    if (c == '"') quoted = !quoted;
    if (c == '\\' || (ascii::is_control(c) && c != '\t')) return false;
    if (!quoted && (c == '(' || c == '*')) return false;
  }
  return !quoted;
}

// Lines that begin with the delimiter, whatever follows: RFC 2046 §5.1.1 lets readers match the prefix alone.
std::size_t delimiter_lines(std::string_view body, std::string_view delimiter) {
  std::size_t lines = body.substr(0, delimiter.size()) == delimiter ? 1 : 0;
  for (std::size_t at = body.find('\n'); at != std::string_view::npos; at = body.find('\n', at + 1))
    if (body.substr(at + 1, delimiter.size()) == delimiter) ++lines;
  return lines;
}

}  // namespace

Container container(const mail::MimeTree& tree, std::size_t index) {
  const mail::Entity& entity = tree.entities()[index];
  const bool multipart = entity.content_type.is("multipart", "signed");
  const std::vector<std::size_t> parts =
      multipart ? tree.children(index) : std::vector<std::size_t>{};
  if (is_ours(tree, entity, parts)) {
    // RFC 1847 §2.1: exactly two parts, and the protocol parameter is required.
    const bool well_formed = parts.size() == 2 && entity.content_type.parameter("protocol") &&
                             is_signature_part(tree, tree.entities()[parts[1]]);
    return well_formed ? Container::detached : Container::ill_formed;
  }
  return is_cms_object(tree, entity) ? Container::cms : Container::none;
}

bool is_unambiguous(const mail::MimeTree& tree, std::size_t index) {
  const mail::Entity& entity = tree.entities()[index];
  using mail::Defect;
  for (const Defect defect : {Defect::bad_content_type, Defect::encoded_multipart,
                              Defect::boundary_unclosed, Defect::duplicate_content_field})
    if (mail::has(entity.defects, defect)) return false;
  if (entity.transfer_encoding != mail::TransferEncoding::seven_bit &&
      entity.transfer_encoding != mail::TransferEncoding::eight_bit &&
      entity.transfer_encoding != mail::TransferEncoding::binary)
    return false;
  const auto named = [&](std::string_view name) {
    const auto& all = entity.content_type.parameters;
    return std::count_if(all.begin(), all.end(),
                         [&](const auto& parameter) { return parameter.name == name; });
  };
  const std::string boundary = entity.content_type.parameter("boundary").value_or("");
  if (named("boundary") != 1 || named("protocol") != 1 || !is_boundary(boundary)) return false;
  if (!is_plain_field(tree.field(entity, "Content-Type").value_or(""))) return false;
  return delimiter_lines(tree.message().at(entity.body), "--" + boundary) == 3;
}

bool has_bare_cr_or_nul(std::string_view octets) {
  if (octets.find('\0') != std::string_view::npos) return true;
  for (std::size_t at = octets.find('\r'); at != std::string_view::npos;
       at = octets.find('\r', at + 1))
    if (octets.substr(at + 1, 1) != "\n") return true;
  return false;
}

bool has_two_readings(const mail::MimeTree& tree, const mail::Entity& entity) {
  using mail::Defect;
  return mail::has(entity.defects, Defect::field_without_colon) ||
         mail::has(entity.defects, Defect::limit_header) ||
         mail::has(entity.defects, Defect::duplicate_content_field) ||
         has_bare_cr_or_nul(tree.message().at(entity.header));
}

std::optional<std::string> body_octets(const mail::MimeTree& tree, std::size_t index) {
  const mail::Entity& entity = tree.entities()[index];
  return mail::decode_body(tree.message().at(entity.body), entity.transfer_encoding);
}

std::optional<LayerType> encrypted_label(const mail::Entity& entity) {
  const std::string label = entity.content_type.parameter("smime-type").value_or("");
  for (const LayerType type : {LayerType::enveloped_data, LayerType::auth_enveloped_data}) {
    if (ascii::iequals(label, to_string(type))) {
      return type;
    }
  }
  return std::nullopt;
}

bool signed_part_below(const mail::MimeTree& tree, std::size_t index) {
  const std::vector<mail::Entity>& entities = tree.entities();
  std::vector<bool> below(entities.size(), false);  // parents come before their children
  std::size_t probed = 0;
  for (std::size_t i = index + 1; i < entities.size(); ++i) {
    const std::size_t parent = entities[i].parent;
    below[i] = parent == index || (parent != mail::Entity::kNone && below[parent]);
    if (!below[i]) {
      continue;
    }
    const Container kind = container(tree, i);
    if (kind == Container::detached || kind == Container::ill_formed ||
        is_signature_part(tree, entities[i])) {
      return true;
    }
    if (kind == Container::cms && probed++ < kProbedObjects && holds_signed_data(tree, i)) {
      return true;
    }
  }
  return false;
}

bool is_mime_entity(const mail::MimeTree& tree) {
  const mail::Entity& root = tree.root();
  if (root.fields.empty() || mail::has(root.defects, mail::Defect::field_without_colon) ||
      tree.message().at(root.header).find('\0') != std::string_view::npos) {
    return false;
  }
  const bool ended = root.body.offset > root.header.end();  // by an empty line
  return ended ||
         std::any_of(root.fields.begin(), root.fields.end(), [&](const mail::HeaderField& field) {
           return ascii::istarts_with(tree.name(field), "Content-");
         });
}

bool is_text(std::string_view octets) {
  return utf8::valid(octets) && std::none_of(octets.begin(), octets.end(), [](char c) {
           return ascii::is_control(c) && !ascii::is_space(c);
         });
}

// By lines, so that each search is memchr(3): every post is read here from end to end.
bool has_unsafe_octets(std::string_view octets) {
  if (octets.find('\0') != std::string_view::npos) return true;
  while (!octets.empty()) {
    const std::size_t end = std::min(octets.find('\n'), octets.size());
    const bool ended = end < octets.size();
    auto line = octets.substr(0, end);
    if (ended && !line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.size() > kLineLimit || line.find('\r') != std::string_view::npos) return true;
    octets.remove_prefix(ended ? end + 1 : end);
  }
  return false;
}

}  // namespace paraph::smime
