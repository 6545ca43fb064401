#include <array>
#include <cassert>

#include "smime/protection.h"

namespace paraph::smime {
namespace {

using enum SignatureStatus;

constexpr bool kDenies = true;
constexpr bool kRemark = false;

/// In the order of the enumeration; reason_table() asserts it.
const std::vector<ReasonRow>& rows() {
  static const std::vector<ReasonRow> table = {
      {Reason::not_signed, "not_signed", none, kDenies, "The message is not signed.",
       "No S/MIME signature was found at the root of the message, or inside its encryption."},
      {Reason::digest_mismatch, "digest_mismatch", invalid, kDenies,
       "The message was changed after it was signed.",
       "The signed messageDigest is not the digest of the content: a gateway, a footer or somebody "
       "changed the "
       "message on its way (RFC 5652 §5.6)."},
      {Reason::bad_signature, "bad_signature", invalid, kDenies, "The signature is wrong.",
       "The signature value does not verify with the public key of the signer's certificate."},
      {Reason::other_signing_certificate, "other_signing_certificate", invalid, kDenies,
       "The signature was made for another certificate than the one it came with.",
       "The signed attribute signingCertificate or signingCertificateV2 does not name the signer's "
       "certificate: somebody put another one of the same key in its place (RFC 5035 §3)."},
      {Reason::untrusted_issuer, "untrusted_issuer", untrusted, kDenies,
       "The signer's certificate was not issued by an authority that is trusted here.",
       "No acceptable path leads from the signer's certificate to an anchor of this site; an "
       "intermediate "
       "certificate may be missing from the message. Anchors are added with `paraph ca add`."},
      {Reason::expired, "expired", SignatureStatus::expired, kDenies,
       "The signer's certificate had expired when the message arrived.",
       "The signer's certificate, or one above it, was past its notAfter at the time of receipt."},
      {Reason::not_yet_valid, "not_yet_valid", SignatureStatus::expired, kDenies,
       "The signer's certificate was not yet valid when the message arrived.",
       "The signer's certificate, or one above it, was before its notBefore at the time of receipt "
       "(5 minutes of "
       "skew are allowed); check the clocks."},
      {Reason::revoked, "revoked", SignatureStatus::revoked, kDenies,
       "The signer's certificate has been revoked.",
       "A revocation list of the issuer names the signer's certificate, or one above it."},
      {Reason::revocation_unknown, "revocation_unknown", valid, kRemark,
       "It could not be checked whether the signer's certificate has been revoked.",
       "No current revocation list of the issuer is at hand; under `crl_check soft` the signature "
       "counts. `paraph crl check` names what is missing or stale."},
      {Reason::waits_for_crl, "waits_for_crl", untrusted, kDenies,
       "The message waits until it can be checked whether the signer's certificate has been "
       "revoked.",
       "Under `crl_check require` a signature counts only with a current revocation list of every "
       "issuer in its path; mail that lacks nothing else waits for it. See `paraph crl check`."},
      {Reason::weak_digest, "weak_digest", weak, kDenies,
       "The signature uses a method that is no longer secure.",
       "The signature, or one in the certificate path, is built on MD5 or SHA-1; SHA-256 or better "
       "is "
       "required (RFC 8551 §2.1)."},
      {Reason::weak_key, "weak_key", weak, kDenies, "The signer's key is too short to be secure.",
       "The signer's key, or one in the certificate path, is outside what `min_rsa_bits` and the "
       "list of curves "
       "allow (RFC 8551 §4.2)."},
      {Reason::wrong_usage, "wrong_usage", untrusted, kDenies,
       "The signer's certificate was not issued for signing mail.",
       "keyUsage or extendedKeyUsage of the signer's certificate, or of one above it, does not "
       "allow signing "
       "mail (RFC 8550 §4.4.2, §4.4.4)."},
      {Reason::wrong_policy, "wrong_policy", untrusted, kDenies,
       "The signer's certificate was issued under rules that are not accepted here.",
       "The certificate path asserts none of `required_policies`, or breaks a demand that a CA in "
       "it makes on policies (RFC 5280 §6.1.3)."},
      {Reason::no_signed_attributes, "no_signed_attributes", weak, kDenies,
       "The signature lacks a part that guards against forgery.",
       "The SignerInfo has no signed attributes: such a signature can be made from another one's "
       "attributes "
       "(RFC 5652 §5.3)."},
      {Reason::several_signers, "several_signers", malformed, kDenies,
       "The message bears the signatures of several people.",
       "The SignedData holds SignerInfos of more than one certificate, so it proves no single "
       "author."},
      {Reason::no_signers, "no_signers", none, kDenies,
       "The message carries certificates but no signature.",
       "The SignedData holds no SignerInfo: a certificate bag (RFC 8551 §3.8), which proves "
       "nothing."},
      {Reason::signer_is_not_sender, "signer_is_not_sender", valid, kDenies,
       "The message was signed by somebody else than its sender.",
       "The address in From, or the one protected inside the signature, is not an address of the "
       "signer's "
       "certificate."},
      {Reason::no_address_in_certificate, "no_address_in_certificate", valid, kDenies,
       "The signer's certificate names no mail address.",
       "Neither subjectAltName nor the subject of the signer's certificate holds a mail address, "
       "so it proves "
       "none (RFC 8550 §3)."},
      {Reason::signer_is_ca, "signer_is_ca", valid, kDenies,
       "The message was signed by a certification authority, and not by a person.",
       "The signer's certificate is a CA's (basicConstraints): RFC 5280 lets it sign, but it names "
       "nobody who writes mail."},
      {Reason::several_from, "several_from", valid, kDenies,
       "The message does not name exactly one sender.",
       "There is more than one From field, or From is not exactly one mailbox (RFC 5322 §3.6.2)."},
      {Reason::no_from, "no_from", valid, kDenies, "The message does not name its sender.",
       "There is no From field, or no mailbox in it (RFC 5322 §3.6)."},
      {Reason::own_address, "own_address", valid, kDenies,
       "The message claims to come from this mail server itself.",
       "From is an address of this site, or the signer's key is one of its own: neither ever "
       "yields `smime`."},
      {Reason::not_whole_message, "not_whole_message", none, kDenies,
       "Only a part of the message is signed.",
       "A signed part stands below the root entity, and the signature does not cover what "
       "surrounds it; or it covers a piece "
       "of a message alone, or a hint where one lies (message/partial, message/external-body: RFC "
       "2046 §5.2)."},
      {Reason::signs_ciphertext, "signs_ciphertext", none, kDenies,
       "The signature lies around an encrypted text and says nothing about who wrote that text.",
       "An encrypted layer lies beneath the signature: whoever signs a ciphertext need not know "
       "what is in it. "
       "A signature inside the encryption counts."},
      {Reason::embedded_content_in_detached, "embedded_content_in_detached", invalid, kDenies,
       "The signature carries a second text besides the visible one.",
       "The SignedData of a multipart/signed holds content of its own, which must be absent (RFC "
       "8551 §3.5.3)."},
      {Reason::no_signer_certificate, "no_signer_certificate", untrusted, kDenies,
       "The signer's certificate is missing.",
       "No certificate in the message, and no stored one, matches the SignerIdentifier: the "
       "signature cannot be "
       "checked."},
      {Reason::unsupported_algorithm, "unsupported_algorithm", unsupported, kDenies,
       "The message uses a method that this server does not know.",
       "The signature algorithm, its parameters or the CMS content type are none that we support."},
      {Reason::stale_signature, "stale_signature", valid, kDenies,
       "The message was signed too long ago.",
       "signingTime lies further back than `replay_window`; such a signature could be an old one "
       "sent again."},
      {Reason::replayed_signature, "replayed_signature", valid, kDenies,
       "The same signature was seen on an earlier message.",
       "The guard holds this signature under another ingest id: the signed text was sent a second "
       "time."},
      {Reason::cross_posted_signature, "cross_posted_signature", valid, kDenies,
       "The signed text was sent to, or meant for, another list.",
       "The guard holds this signature for another list and no protected To and Cc name both; or "
       "the protected To and Cc do not name this list; or there are none and `list_binding` is "
       "`require`."},
      {Reason::replayed_ciphertext, "replayed_ciphertext", none, kDenies,
       "The encrypted text was seen on an earlier message.",
       "A wrapped content key of this message was seen before under another From, list or "
       "ciphertext."},
      {Reason::protected_sender_differs, "protected_sender_differs", none, kDenies,
       "The encrypted text names another sender than the message does.",
       "Inside the encryption, and not signed, a protected From (RFC 9788) differs from the From "
       "outside: the text was "
       "taken from another message, or the outer field was changed on its way."},
      {Reason::unsafe_octets, "unsafe_octets", malformed, kDenies,
       "The signed text holds characters or lines that do not survive transport.",
       "The signed part has a bare CR, a NUL or a line over 998 octets (RFC 5322 §2.1.1); it "
       "cannot be passed on "
       "without breaking the signature."},
      {Reason::malformed, "malformed", SignatureStatus::malformed, kDenies,
       "The signature or encryption is damaged.",
       "The S/MIME structure or the CMS object in it cannot be read, or can be read in two ways."},
      {Reason::forwarded_message, "forwarded_message", valid, kDenies,
       "The signed text is a message of somebody else that was passed on.",
       "The signed content is a message/rfc822 with another From: a forward, which makes the inner "
       "author not "
       "the sender."},
      {Reason::not_for_us, "not_for_us", none, kDenies,
       "The message is encrypted, but not for this list.",
       "No RecipientInfo names a certificate of the delivered address; the sender used another "
       "certificate, "
       "perhaps an old one. `paraph key show LIST` names those that open mail."},
      {Reason::decryption_failed, "decryption_failed", none, kDenies,
       "The message is encrypted for this list, but could not be opened.",
       "A RecipientInfo names our certificate, yet the content does not open to a MIME entity: it "
       "is damaged, "
       "forged, or uses a cipher that we refuse."},
      {Reason::key_unavailable, "key_unavailable", none, kDenies,
       "The message is encrypted for this list, and waits until the list's key is at hand.",
       "A RecipientInfo names our certificate, but its private key cannot be read: check the file, "
       "its "
       "permissions and `key_passwd`."},
      {Reason::limit_exceeded, "limit_exceeded", malformed, kDenies,
       "The message is nested too deeply, or is too large.",
       "The number of S/MIME layers, the size of the header section or the size after opening "
       "exceeds its "
       "limit."},
  };
  return table;
}

}  // namespace

const std::vector<ReasonRow>& reason_table() {
  return rows();
}

const ReasonRow& row(Reason reason) {
  const ReasonRow& found = rows()[static_cast<std::size_t>(reason)];
  assert(found.reason == reason);
  return found;
}

std::string_view to_string(SignatureStatus status) {
  static constexpr std::array<std::string_view, 9> kNames = {
      "none",    "valid", "invalid",     "untrusted", "expired",
      "revoked", "weak",  "unsupported", "malformed"};
  return kNames.at(static_cast<std::size_t>(status));
}

std::string_view to_string(LayerType type) {
  static constexpr std::array<std::string_view, 5> kNames = {
      "multipart/signed", "signed-data", "enveloped-data", "authenveloped-data", "compressed-data"};
  return kNames.at(static_cast<std::size_t>(type));
}

}  // namespace paraph::smime
