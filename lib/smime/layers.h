#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mail/entity.h"
#include "smime/protection.h"

/// For this module only: where in a MIME tree S/MIME stands.
namespace paraph::smime {

/// How an entity announces S/MIME (RFC 8551 §3.2, §3.5.3, §3.10). What a CMS object really is, only
/// its octets say.
enum class Container : std::uint8_t {
  none,
  detached,   ///< multipart/signed of two parts, the second of them a signature
  cms,        ///< the body is one CMS object
  ill_formed  ///< multipart/signed for S/MIME that is not as RFC 8551 §3.5.3 wants it
};
[[nodiscard]] Container container(const mail::MimeTree& tree, std::size_t entity);

/// Whether every reader of mail splits this multipart/signed as we do (attack A27): a plain Content-Type with one boundary and
/// one protocol, an identity transfer encoding, three delimiter lines and no line that could be taken for a fourth.
/// Otherwise somebody may show a reader other text than the signed one.
[[nodiscard]] bool is_unambiguous(const mail::MimeTree& tree, std::size_t entity);

/// A bare CR or NUL: line ends and header fields of their own for some readers (security rule 43).
[[nodiscard]] bool has_bare_cr_or_nul(std::string_view octets);

/// Whether readers could differ in where this header section ends, or which fields it has.
[[nodiscard]] bool has_two_readings(const mail::MimeTree& tree, const mail::Entity& entity);

/// The body as octets: transfer encoding removed.
[[nodiscard]] std::optional<std::string> body_octets(const mail::MimeTree& tree,
                                                     std::size_t entity);

/// The encrypted layer that the smime-type parameter promises. Only for naming what cannot be read.
[[nodiscard]] std::optional<LayerType> encrypted_label(const mail::Entity& entity);

/// Whether something signed stands below `entity`, where no signature covers the whole (attack
/// A15).
[[nodiscard]] bool signed_part_below(const mail::MimeTree& tree, std::size_t entity);

/// Whether decryption gave a MIME entity: a well-formed header section with at least one field.
/// Octets made with a wrong key do not (security rule 13).
[[nodiscard]] bool is_mime_entity(const mail::MimeTree& tree);

/// UTF-8 without controls but line ends and tabs: something a person wrote, though perhaps without
/// a header.
[[nodiscard]] bool is_text(std::string_view octets);

/// Bare CR, NUL or a line of more than 998 octets (security rule 43).
[[nodiscard]] bool has_unsafe_octets(std::string_view signed_part);

}  // namespace paraph::smime
