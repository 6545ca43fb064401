#include "smime/seal.h"

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

Result<std::string> sign_message(std::string_view message, const cms::KeyPair& signer,
                                 const std::vector<cms::Certificate>& chain, TimePoint at,
                                 std::string_view boundary_seed) {
  const Parts parts = take_apart(message);
  if (const auto reason = unsafe(parts.inner))
    return Error::never(Errc::denied,
                        fmt::format("cannot sign: {} would not survive transport", *reason));
  // "=_" occurs in neither base64 nor quoted-printable.
  const auto boundary = "=_paraph_" + base32_encode(boundary_seed.substr(0, kBoundarySeed));
  if (parts.inner.find("--" + boundary) != std::string::npos)
    return Error::never(Errc::denied, "cannot sign: the boundary occurs in the message");
  const auto signature = cms::sign_detached(mail::canonical_crlf(parts.inner), signer, chain, at);
  if (!signature) return signature.error();
  // RFC 2046 §5.1.1: the line end in front of a delimiter belongs to it, so the signed part ends
  // before it.
  return fmt::format(
      "{outer}MIME-Version: 1.0\n"
      "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\";\n"
      " micalg=sha-256; boundary=\"{boundary}\"\n"
      "\n"
      "--{boundary}\n"
      "{inner}\n"
      "--{boundary}\n"
      "Content-Type: application/pkcs7-signature; name=\"smime.p7s\"\n"
      "Content-Transfer-Encoding: base64\n"
      "Content-Disposition: attachment; filename=\"smime.p7s\"\n"
      "\n"
      "{signature}\n"
      "--{boundary}--\n",
      fmt::arg("outer", parts.outer), fmt::arg("boundary", boundary),
      fmt::arg("inner", parts.inner),
      fmt::arg("signature", base64_encode(*signature, kColumns, "\n")));
}

Result<std::string> encrypt_message(std::string_view message, const cms::Certificate& recipient,
                                    cms::ContentCipher cipher) {
  Parts parts = take_apart(message);
  const Sealed payload(mail::RawMessage(std::move(parts.inner)));
  auto post = SealedPost::prepare(std::move(parts.outer), payload, cipher);
  if (!post) return std::move(post).error();
  const auto prepared = cms::Recipient::from(recipient);
  if (!prepared) return prepared.error();
  const auto copy = post->copy_for(*prepared);
  if (!copy) return copy.error();
  return copy->str();
}

}  // namespace paraph::smime
