#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/ports.h"
#include "base/result.h"
#include "base/sealed.h"
#include "cms/seal.h"
#include "mail/raw_message.h"

namespace paraph::smime {

/// A decrypted post made ready to be sealed for many: the payload in canonical form under one content key, and
/// the outer header. One per packet claim, cipher profile and exact plaintext (security rule 37).
class SealedPost {
 public:
  /// `outer_header`: the finished outer fields but MIME-Version and Content-*, each with its line end (LF).
  /// From `payload` only what stands in it is encrypted; nothing of it travels outward.
  /// With `tail_line_end` crlf the part that all copies share needs no work on its way through SMTP.
  using LineEnd = cms::SealedContent::LineEnd;
  [[nodiscard]] static Result<SealedPost> prepare(std::string outer_header,
                                                  const Sealed<mail::RawMessage>& payload,
                                                  cms::ContentCipher cipher,
                                                  LineEnd tail_line_end = LineEnd::lf);

  /// One recipient's message: outer header, `MIME-Version`, `Content-Type: application/pkcs7-mime;
  /// smime-type=enveloped-data|authEnveloped-data; name="smime.p7m"`, base64. `front` lives until the next copy_for(),
  /// `tail` (whole lines of base64) as long as the post. Nothing of the size of the post is copied.
  struct Copy {
    std::string_view front, tail;
    [[nodiscard]] std::string str() const { return std::string(front).append(tail); }
  };
  [[nodiscard]] Result<Copy> copy_for(const cms::Recipient& recipient);
  [[nodiscard]] cms::ContentCipher cipher() const { return content_.cipher(); }

 private:
  SealedPost(std::string header, cms::SealedContent content, LineEnd line_end)
      : front_(std::move(header)),
        header_octets_(front_.size()),
        content_(std::move(content)),
        line_end_(line_end) {}
  std::string front_;  ///< the header, and behind it what the last copy had of its own
  std::size_t header_octets_;
  cms::SealedContent content_;
  LineEnd line_end_;
};

/// Signs a message of ours: its Content-* fields and body become the first part of multipart/signed
/// (RFC 8551 §3.5.3), the other fields stay outside. Input and output with LF line ends; the signed octets are
/// the canonical form. `boundary_seed` makes the boundary (20 random octets; more is not used).
/// Precondition: the message is 7-bit (RFC 8551 §3.1.3); whoever composes it encodes what is not. An Error says
/// so when an octet is above 127, a NUL or a bare CR, or a line longer than 998: the signature would not survive.
[[nodiscard]] Result<std::string> sign_message(std::string_view message, const cms::Signer& signer,
                                               TimePoint at, std::string_view boundary_seed);

/// The payload of an encrypted post as the first part of multipart/signed, octet for octet (its lines in canonical
/// form): what `list_sign inside` encrypts in its place. Inside an encryption nothing needs to be 7-bit.
[[nodiscard]] Result<Sealed<mail::RawMessage>> sign_payload(const Sealed<mail::RawMessage>& payload,
                                                            const cms::Signer& signer, TimePoint at,
                                                            std::string_view boundary_seed);

/// Encrypts a message of ours for one recipient the same way SealedPost does (its Content-* fields and body
/// inside, the rest outside).
[[nodiscard]] Result<std::string> encrypt_message(std::string_view message,
                                                  const cms::Certificate& recipient,
                                                  cms::ContentCipher cipher);

/// The same, with a decrypted post beside it as message/rfc822: `post_header` are the fields that stand in front of what
/// came out of the encryption. `boundary_seed` as for sign_message().
[[nodiscard]] Result<std::string> encrypt_with_post(
    std::string_view message, std::string_view post_header, const Sealed<mail::RawMessage>& post,
    const cms::Certificate& recipient, cms::ContentCipher cipher, std::string_view boundary_seed);

}  // namespace paraph::smime
