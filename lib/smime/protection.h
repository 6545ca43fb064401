#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ports.h"
#include "cms/certificate.h"
#include "cms/content_info.h"

/// What was found out about a message's S/MIME protection, as data. Design §6 and §7 ("message
/// inspect").
namespace paraph::smime {

enum class SignatureStatus : std::uint8_t {
  none,
  valid,
  invalid,
  untrusted,
  expired,
  revoked,
  weak,
  unsupported,
  malformed
};

/// Every reason by name; the table below gives each its status and sentences. A reason is a fact
/// about the mail.
enum class Reason : std::uint8_t {
  not_signed,
  digest_mismatch,
  bad_signature,
  other_signing_certificate,
  untrusted_issuer,
  expired,
  not_yet_valid,
  revoked,
  revocation_unknown,
  waits_for_crl,
  weak_digest,
  weak_key,
  wrong_usage,
  wrong_policy,
  no_signed_attributes,
  several_signers,
  no_signers,
  signer_is_not_sender,
  no_address_in_certificate,
  signer_is_ca,
  several_from,
  no_from,
  own_address,
  not_whole_message,
  signs_ciphertext,
  embedded_content_in_detached,
  no_signer_certificate,
  unsupported_algorithm,
  stale_signature,
  replayed_signature,
  cross_posted_signature,
  replayed_ciphertext,
  protected_sender_differs,
  unsafe_octets,
  malformed,
  forwarded_message,
  not_for_us,
  decryption_failed,
  key_unavailable,
  limit_exceeded,
};

struct ReasonRow {
  Reason reason;
  std::string_view code;         ///< as --json and logs print it: "signer_is_not_sender"
  SignatureStatus status;        ///< what it makes of `signature.status`
  bool denies_smime;             ///< false: a remark only
  std::string_view for_members;  ///< one sentence, no jargon
  std::string_view for_administrators;
};
[[nodiscard]] const ReasonRow& row(Reason reason);
[[nodiscard]] const std::vector<ReasonRow>& reason_table();
[[nodiscard]] std::string_view to_string(SignatureStatus status);

enum class LayerType : std::uint8_t {
  multipart_signed,
  signed_data,
  enveloped_data,
  auth_enveloped_data,
  compressed_data
};
/// "multipart/signed", "signed-data", "enveloped-data", "authenveloped-data", "compressed-data".
[[nodiscard]] std::string_view to_string(LayerType type);

struct Signer {
  std::optional<cms::Certificate> certificate;
  std::string digest;
  SignatureStatus status = SignatureStatus::malformed;
  Reason reason = Reason::malformed;  ///< meaningful unless status is valid
  std::string detail;                 ///< for administrators
  std::optional<TimePoint> signing_time;
  std::string message_digest;
  std::string capabilities_der;
  std::string preference_der;  ///< SMIMEEncryptionKeyPreference
};

struct Signature {
  SignatureStatus status = SignatureStatus::none;
  bool covers_whole_message = false;  ///< the SignedData is the root entity of its layer
  bool inside_encryption = false;
  std::vector<Signer> signers;
  std::vector<cms::Certificate> certificates;  ///< all that the SignedData carried
};

struct Layer {
  LayerType type = LayerType::signed_data;
  std::string cipher;  ///< of an encrypted layer
  /// The key opened it. A bare text that comes out still counts as decryption_failed (security rule
  /// 13): then Protection::fully_opened is false although this is true.
  bool opened = false;
  std::optional<cms::Certificate> opened_with;
  /// Content keys wrapped for keys of ours, whether it opened or not (security rule 7). Empty: it is not for us.
  std::vector<cms::WrappedKey> wrapped;
  Signature signature;  ///< of a signed layer; status none otherwise
};

/// The whole judgement of one message.
struct Protection {
  std::vector<std::string> from;  ///< every address of every From field, as written
  std::vector<Layer> layers;      ///< outside in
  Signature signature;  ///< the one of security rule 5: outermost after the last decryption
  /// The signer's separate encryption certificate, where he has one (security rule 21): equal
  /// issuer, subject and address, carried by the same SignedData, chain checked. Only with `smime`.
  std::optional<cms::Certificate> companion;
  /// Who the signature says the text was meant for: canonical addresses of the protected To and Cc (RFC 9788, the drafts
  /// before it, or a wrapped message with the same From). nullopt: no such field is protected.
  std::optional<std::vector<std::string>> protected_recipients;
  TimePoint judged_at{};     ///< OpenContext::at
  bool encrypted = false;    ///< at least one encrypted layer, opened or not
  bool fully_opened = true;  ///< every encrypted layer gave a MIME entity
  bool must_wait = false;    ///< one is ours and our key is unavailable: key_unavailable
  /// Under `crl_check require`: which list is missing or stale, when nothing else speaks against `smime`; else empty.
  std::string missing_crl;
  /// The `smime` method is deserved: `signature` is valid and no reason denies it. The one denying
  /// reason that may stand beside it is signs_ciphertext, said of an outer signature that does not
  /// count anyway (triple wrapping).
  bool smime = false;
  std::vector<Reason> reasons;  ///< why not, and remarks; in order of discovery, without repeats

  /// A layer is encrypted to a key of ours.
  [[nodiscard]] bool is_ours() const;
  /// One is, and gave no MIME entity, for whatever reason (security rule 13).
  [[nodiscard]] bool ours_but_failed() const;
  /// Takes the method away.
  void deny_smime(Reason reason);
};

}  // namespace paraph::smime
