#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/sealed.h"
#include "cms/certificate.h"
#include "cms/keys.h"

/// Opening CMS (RFC 5652, RFC 5083): octets in, facts out. Everything here judges cryptography only; who
/// signed and whether he is trusted is `smime`'s and `trust.h`'s.
namespace paraph::cms {

enum class ContentKind : std::uint8_t {
  signed_data,
  enveloped_data,
  auth_enveloped_data,
  compressed_data,
  other,
  malformed
};

struct CmsLimits {
  std::size_t octets = 256U << 20;  ///< of one CMS object
  std::size_t depth = 40;           ///< of constructed encodings
  std::size_t certificates = 200;
  std::size_t signers = 16;
  std::size_t recipients = 5'000;
};

/// Walks the BER/DER before any d2i: nesting, counts, lengths that fit (attack A28). `malformed` when the
/// octets are no ContentInfo or exceed a limit; `reason` then says which.
struct PreScan {
  ContentKind kind = ContentKind::malformed;
  std::string reason;
};
[[nodiscard]] PreScan prescan(std::string_view cms, const CmsLimits& limits = {});

/// Cryptographic state of one SignerInfo (RFC 5652 §5.3, §5.6).
enum class SignerCrypto : std::uint8_t {
  good,
  digest_mismatch,
  bad_signature,
  other_certificate,  ///< right, but a signed attribute names another certificate (RFC 5035 §3)
  no_certificate,
  no_signed_attributes,
  unsupported_algorithm,
  malformed
};

struct SignerInfo {
  SignerCrypto crypto = SignerCrypto::malformed;
  std::optional<Certificate> certificate;  ///< the one that matches the SignerIdentifier
  std::string digest;                      ///< "SHA-256", "SHA-1" …, as the standard names it
  bool weak_digest = false;               ///< below SHA-256, or a signature algorithm built on such
  std::optional<TimePoint> signing_time;  ///< signed attribute (RFC 5652 §11.3)
  std::string message_digest;             ///< octets of the signed messageDigest attribute
  std::string capabilities_der;           ///< SMIMECapabilities, or empty
  std::string preference_der;             ///< SMIMEEncryptionKeyPreference, or empty
};

struct SignedReport {
  bool malformed = false;
  std::string reason;                     ///< when malformed
  std::vector<SignerInfo> signers;        ///< empty: certs-only, never a signature (attack A13)
  std::vector<Certificate> certificates;  ///< all that the object carries
  bool has_content = false;               ///< eContent present: an error in multipart/signed (A11)
  bool content_is_data = true;            ///< eContentType is id-data
  std::string content;                    ///< eContent of an opaque signature
};

/// Checks every SignerInfo by itself. Without a matching certificate nothing is checked; otherwise the digest of the
/// content comes first, so a changed text is `digest_mismatch` and not `bad_signature`. A content-type attribute other
/// than eContentType, a missing or repeated messageDigest, an unreadable signingTime: `malformed`. EdDSA is
/// `unsupported_algorithm`. Facts are filled in whatever `crypto` says; believe them only when it is `good`.
/// Certificates in the object that cannot be read are left out; its CRLs are ignored (security rule 23).
/// `detached` is the canonical CRLF text of the first part of multipart/signed, or
/// nullopt for opaque. `stored` supplies certificates missing from the object (security rule 19).
[[nodiscard]] SignedReport verify_signed(std::string_view cms,
                                         std::optional<std::string_view> detached,
                                         const std::vector<Certificate>& stored = {},
                                         const CmsLimits& limits = {});

enum class OpenStatus : std::uint8_t {
  opened,
  not_for_us,   ///< no RecipientInfo matches one of the certificates: the message goes on intact
  failed,       ///< one is ours, but it does not open: one answer for every cause (attack A37)
  unsupported,  ///< content cipher or container we refuse
  malformed
};

/// A content key as one RecipientInfo of ours carries it: what the replay key of security rule 7 is made from.
struct WrappedKey {
  std::string ours;  ///< spki_sha256() of our key, whichever certificate names it
  std::string
      octets;  ///< encryptedKey without leading zeros, which change nothing when it is opened
};

struct EnvelopedReport {
  OpenStatus status = OpenStatus::malformed;
  std::string cipher;          ///< "AES-256-CBC", "AES-256-GCM", … or the OID
  bool authenticated = false;  ///< AuthEnvelopedData
  std::size_t recipients = 0;
  std::optional<Certificate> opened_with;
  std::optional<std::size_t>
      matched;  ///< index into `ours` of the certificate that a RecipientInfo names
  /// Of every RecipientInfo that could be tried, whatever became of it: with one alone, a forged second one would hide it.
  std::vector<WrappedKey> wrapped;
  std::optional<Sealed<std::string>> content;
};

/// Finds the RecipientInfo that names one of `ours`, drops all others, and decrypts into private memory; the
/// plaintext is there only after the final OK (tag checked, padding checked). PWRI, KEKRI and ORI are ignored.
/// AuthEnvelopedData: AEAD cipher and a tag of 16 octets required (attack A2); one with authenticated attributes
/// does not open. Of several RecipientInfos for one certificate the first is tried; the certificates in turn.
/// Certificates in `ours` whose key could not be loaded are passed through `locked`: when a RecipientInfo
/// matches only one of those, status is `failed`, `matched` empty and `locked_matched` set.
struct DecryptKeys {
  std::vector<KeyPair> ours;
  std::vector<Certificate> locked;
};
/// Whether a RecipientInfo names one of these certificates: whether it is worth fetching their keys.
[[nodiscard]] bool names_recipient(std::string_view cms,
                                   const std::vector<Certificate>& certificates,
                                   const CmsLimits& limits = {});

struct Decrypted {
  EnvelopedReport report;
  bool locked_matched = false;  ///< ours, but the key is unavailable: the mail waits (design §6.5)
};
[[nodiscard]] Decrypted decrypt_enveloped(std::string_view cms, const DecryptKeys& keys,
                                          const CmsLimits& limits = {});

/// CompressedData (RFC 3274): zlib, output ≤ `limit` octets, ≤ 10 times the input and ≤ 64 MiB. nullopt otherwise.
[[nodiscard]] std::optional<std::string> decompress(std::string_view cms, std::size_t limit);

}  // namespace paraph::cms
