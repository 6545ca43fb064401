#include "smime/seal.h"

#include <fmt/core.h>

#include <initializer_list>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "base/encode.h"
#include "mail/entity.h"

namespace paraph::smime {
namespace {

constexpr std::size_t kMaxLine = 998;      // RFC 5322 §2.1.1
constexpr std::size_t kBoundarySeed = 20;  // 32 characters of base32, within RFC 2046's 70
constexpr std::size_t kColumns = 72;

/// A message taken apart (RFC 8551 §3.1): what is wrapped, and the fields that stay outside. LF
/// line ends.
struct Parts {
  std::string outer;  ///< fields but MIME-Version
  std::string inner;  ///< Content-* fields, empty line, body
};

Parts take_apart(std::string_view message) {
  const auto tree = mail::scan(mail::RawMessage(mail::lf_only(message)));
  const auto& root = tree.root();
  const auto append = [&tree](std::string& out, const mail::HeaderField& field) {
    out += tree.message().at(field.whole);
    if (out.back() != '\n') out += '\n';  // the message ends with this field
  };
  Parts out;
  out.inner.reserve(message.size() + 64);  // no copy left behind by growing
  // RFC 2045 §5.2, said aloud: some readers take an entity without fields for a failed decryption.
  if (!root.has_content_type) out.inner = "Content-Type: text/plain; charset=us-ascii\n";
  for (const auto& field : root.fields) {
    const auto name = tree.name(field);
    if (ascii::istarts_with(name, "content-"))
      append(out.inner, field);
    else if (!ascii::iequals(name, "mime-version"))
      append(out.outer, field);
  }
  out.inner += '\n';
  out.inner += tree.message().at(root.body);
  return out;
}

/// RFC 8551 §3.1.3: what would not reach the reader octet for octet, and so break the signature.
std::optional<std::string_view> unsafe(std::string_view entity) {
  std::size_t line = 0;
  for (const char c : entity) {
    if (static_cast<unsigned char>(c) >= 0x80) return "8-bit text";
    if (c == '\0') return "NUL";
    if (c == '\r') return "bare CR";
    line = c == '\n' ? 0 : line + 1;
    if (line > kMaxLine) return "a line over 998 octets";
  }
  return std::nullopt;
}

std::string_view smime_type(cms::ContentCipher cipher) {
  // RFC 8551 §3.2.2; the capital E is the registered spelling.
  return cipher == cms::ContentCipher::aes_256_gcm ? "authEnveloped-data" : "enveloped-data";
}

std::string sealed_fields(cms::ContentCipher cipher) {
  return fmt::format(
      "MIME-Version: 1.0\n"
      "Content-Type: application/pkcs7-mime; smime-type={};\n"
      " name=\"smime.p7m\"\n"
      "Content-Transfer-Encoding: base64\n"
      "Content-Disposition: attachment; filename=\"smime.p7m\"\n"
      "\n",
      smime_type(cipher));
}

/// multipart/signed around `inner`, Content-Type first, with that line end; `inner` has it already.
Result<std::string> signed_entity(std::string_view inner, std::string_view eol,
                                  const cms::Signer& signer, TimePoint at, std::string_view seed) {
  // "=_" occurs in neither base64 nor quoted-printable.
  const auto boundary = "=_paraph_" + base32_encode(seed.substr(0, kBoundarySeed));
  if (inner.find("--" + boundary) != std::string_view::npos)
    return Error::never(Errc::denied, "cannot sign: the boundary occurs in the message");
  const auto signature = eol == "\n" ? cms::sign_detached(mail::canonical_crlf(inner), signer, at)
                                     : cms::sign_detached(inner, signer, at);
  if (!signature) return signature.error();
  const auto lines = [&](std::initializer_list<std::string_view> texts) {
    std::string out;
    for (const auto text : texts) out.append(text).append(eol);
    return out;
  };
  const std::string before = lines(
      {"Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\";",
       fmt::format(" micalg={}; boundary=\"{}\"", cms::signing_digest(signer.pair.key), boundary),
       "", "--" + boundary});
  // RFC 2046 §5.1.1: the line end in front of a delimiter belongs to it, so the signed part ends
  // before it.
  const std::string after =
      lines({"", "--" + boundary, "Content-Type: application/pkcs7-signature; name=\"smime.p7s\"",
             "Content-Transfer-Encoding: base64",
             "Content-Disposition: attachment; filename=\"smime.p7s\"", ""}) +
      lines({base64_encode(*signature, kColumns, std::string(eol)), "--" + boundary + "--"});
  std::string out;
  out.reserve(before.size() + inner.size() + after.size());  // no copy left behind by growing
  return out.append(before).append(inner).append(after);
}

}  // namespace

Result<SealedPost> SealedPost::prepare(std::string outer_header,
                                       const Sealed<mail::RawMessage>& payload,
                                       cms::ContentCipher cipher, LineEnd tail_line_end) {
  // As a RawMessage the canonical plaintext is wiped on return.
  const mail::RawMessage canonical(mail::canonical_crlf(payload.reveal().octets()));
  auto content = cms::SealedContent::encrypt(canonical.octets(), cipher);
  if (!content) return std::move(content).error();
  outer_header += sealed_fields(cipher);
  return SealedPost(std::move(outer_header), std::move(*content), tail_line_end);
}

Result<SealedPost::Copy> SealedPost::copy_for(const cms::Recipient& recipient) {
  front_.resize(header_octets_);
  auto tail = content_.append_base64(front_, recipient, line_end_);
  if (!tail) return std::move(tail).error();
  return Copy{front_, *tail};
}

Result<std::string> sign_message(std::string_view message, const cms::Signer& signer, TimePoint at,
                                 std::string_view boundary_seed) {
  const Parts parts = take_apart(message);
  if (const auto reason = unsafe(parts.inner))
    return Error::never(Errc::denied,
                        fmt::format("cannot sign: {} would not survive transport", *reason));
  auto entity = signed_entity(parts.inner, "\n", signer, at, boundary_seed);
  if (!entity) return entity;
  return parts.outer + "MIME-Version: 1.0\n" + *entity;
}

Result<Sealed<mail::RawMessage>> sign_payload(const Sealed<mail::RawMessage>& payload,
                                              const cms::Signer& signer, TimePoint at,
                                              std::string_view boundary_seed) {
  // As a RawMessage the canonical plaintext is wiped on return.
  const mail::RawMessage canonical(mail::canonical_crlf(payload.reveal().octets()));
  auto entity = signed_entity(canonical.octets(), "\r\n", signer, at, boundary_seed);
  if (!entity) return std::move(entity).error();
  return Sealed(mail::RawMessage(std::move(*entity)));
}

namespace {

Result<std::string> encrypt_entity(std::string outer, std::string inner,
                                   const cms::Certificate& recipient, cms::ContentCipher cipher) {
  const Sealed payload(mail::RawMessage(std::move(inner)));
  auto post = SealedPost::prepare(std::move(outer), payload, cipher);
  if (!post) return std::move(post).error();
  const auto prepared = cms::Recipient::from(recipient);
  if (!prepared) return prepared.error();
  const auto copy = post->copy_for(*prepared);
  if (!copy) return copy.error();
  return copy->str();
}

}  // namespace

Result<std::string> encrypt_message(std::string_view message, const cms::Certificate& recipient,
                                    cms::ContentCipher cipher) {
  Parts parts = take_apart(message);
  return encrypt_entity(std::move(parts.outer), std::move(parts.inner), recipient, cipher);
}

Result<std::string> encrypt_with_post(std::string_view message, std::string_view post_header,
                                      const Sealed<mail::RawMessage>& post,
                                      const cms::Certificate& recipient, cms::ContentCipher cipher,
                                      std::string_view boundary_seed) {
  Parts parts = take_apart(message);
  const auto boundary = "=_paraph_" + base32_encode(boundary_seed.substr(0, kBoundarySeed));
  const auto entity = post.reveal().octets();
  if (entity.find("--" + boundary) != std::string_view::npos)
    return Error::never(Errc::denied, "cannot enclose the post: the boundary occurs in it");
  const std::string before = fmt::format(
      "Content-Type: multipart/mixed; boundary=\"{0}\"\n\n--{0}\n{1}\n--{0}\n"
      "Content-Type: message/rfc822\nContent-Disposition: attachment; filename=\"message.eml\"\n\n"
      "{2}",
      boundary, parts.inner, post_header);
  const std::string after = fmt::format("\n--{}--\n", boundary);
  std::string inner;
  inner.reserve(before.size() + entity.size() + after.size());  // no copy left behind by growing
  inner.append(before).append(entity).append(after);
  return encrypt_entity(std::move(parts.outer), std::move(inner), recipient, cipher);
}

}  // namespace paraph::smime
