#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ports.h"
#include "base/sealed.h"
#include "cms/content_info.h"
#include "cms/keys.h"
#include "cms/trust.h"
#include "mail/entity.h"
#include "mail/raw_message.h"
#include "smime/protection.h"

namespace paraph::smime {

/// What opening needs to know. Only the keys of the delivered address (security rule 15).
struct OpenContext {
  cms::DecryptKeys keys;  ///< at hand already
  /// Further certificates of that address, the keys of which are asked for, once at the most, when a RecipientInfo names
  /// one of them; gone when the message is open. Without its key a certificate goes under `locked`.
  std::vector<cms::Certificate> own_certificates;
  std::function<cms::DecryptKeys()> fetch_keys;
  cms::TrustAnchors anchors;
  cms::Policy policy;
  cms::Revocation revocation;  ///< off unless said otherwise
  TimePoint at;                ///< when the queue wrote it
  std::vector<cms::Certificate>
      stored;  ///< stored certificates of the From address: missing bytes only
  std::vector<cms::Certificate> issuers;  ///< authorities kept beside them: no trust, missing links
  /// Those of them that need no issuer (security rule 19): pinned by a person for the From address, on a list with
  /// `trust ca+pins`.
  std::vector<cms::Certificate> pinned;
  std::vector<std::string> own_addresses;  ///< canonical; From in them never yields smime (rule 27)
  /// Whether a key is one of ours, by its spki_sha256(): asked for signers. Unset: none is (rule 27).
  std::function<bool(const std::string& spki_sha256)> is_own_key;
  std::size_t max_layers = 8;
  std::size_t max_octets = 256U << 20;  ///< after decryption and decompression
};

/// A message with its layers opened as far as they are ours.
struct Opened {
  Protection protection;
  /// The MIME entity inside the last decryption: Content-* fields, protected fields and body
  /// exactly as they came out, signatures on it included. Absent when nothing was decrypted. What
  /// is sealed again for subscribers.
  std::optional<Sealed<mail::RawMessage>> payload;
  /// The root entity that a person reads, all layers (signatures too) removed: for inspect and
  /// tests.
  std::optional<Sealed<mail::RawMessage>> innermost;
};

/// The type of what a person reads, "text/plain", for people who may not read it: a name of a short table, never octets of
/// the message (security rule 28), else "another type". Empty: it did not open.
[[nodiscard]] std::string_view content_kind(const Opened& opened);

/// Walks the layers outside in, dispatching on the CMS content type and not on the MIME label:
/// `multipart/signed`, opaque `signed-data`, `enveloped-data`, `authEnveloped-data`,
/// `compressed-data`; also application/x-pkcs7-* and application/octet-stream named *.p7m / *.p7s.
/// Only the root entity of each layer counts; a signed part below it gives `not_whole_message`, as does
/// a signed message/partial; a signature around ciphertext `signs_ciphertext` (rule 5). Cryptography first, then identity and
/// trust, so that each message gets its own reason. Never fails.
[[nodiscard]] Opened open(const mail::MimeTree& message, const OpenContext& context);

/// Hands what a person has typed (mail::typed_text() of what is left when all layers are off) to `read`; false: there is no
/// such text. The one door by which commands leave an encrypted mail: of what was in one only values of ours may be
/// kept - a word of a table, a list, an address, a digest - and no text (security rule 28).
[[nodiscard]] bool with_typed_text(const Opened& opened,
                                   const std::function<void(std::string_view)>& read);

/// The `smime` method from a Protection, as Opened::protection.smime has it: one valid signature
/// over the whole message by a trusted certificate that names the one From mailbox. Certificates
/// that such a message lets us learn for its From address (rules 19 to 21): the signer's, and a
/// companion encryption certificate: the one that the signed SMIMEEncryptionKeyPreference names, for the same address, or
/// one with equal issuer, subject and address. Empty unless
/// protection.smime, and when the signing time lies more than 5 minutes after judged_at (rule 20).
struct Learnable {
  std::string address;  ///< canonical From
  cms::Certificate signer;
  std::optional<cms::Certificate> encryption;
};
[[nodiscard]] std::optional<Learnable> learnable(const Protection& protection);

}  // namespace paraph::smime
