#include <openssl/err.h>

#include <algorithm>
#include <array>

#include "cms/content_info.h"
#include "cms/der.h"
#include "cms/oids.h"
#include "cms/openssl.h"
#include "cms/parts.h"
#include "cms/public_key.h"

// The RecipientInfo that names our certificate is found by position, and an object with only that
// one goes to OpenSSL, together with the certificate: thousands of foreign RecipientInfos cost
// nothing, and OpenSSL's answer to a wrong RSA padding (a random key, RFC 3218 §2.3.2) stays in
// force.
namespace paraph::cms {
namespace {

struct ReadableCipher {
  std::string_view oid;
  std::string_view name;
  bool authenticated;
};
/// What we open. RC2, DES and the like are no longer worth the name of encryption.
constexpr std::array kReadable{
    ReadableCipher{"2.16.840.1.101.3.4.1.2", "AES-128-CBC", false},
    ReadableCipher{"2.16.840.1.101.3.4.1.22", "AES-192-CBC", false},
    ReadableCipher{"2.16.840.1.101.3.4.1.42", "AES-256-CBC", false},
    ReadableCipher{"1.2.840.113549.3.7", "DES-EDE3-CBC", false},
    ReadableCipher{"2.16.840.1.101.3.4.1.6", "AES-128-GCM", true},
    ReadableCipher{"2.16.840.1.101.3.4.1.26", "AES-192-GCM", true},
    ReadableCipher{"2.16.840.1.101.3.4.1.46", "AES-256-GCM", true},
};

constexpr std::size_t kTagOctets = 16;
constexpr std::size_t kMinNonce = 12;  // RFC 5084 §3.2
constexpr std::size_t kMaxNonce = 16;

std::string cipher_oid(const EnvelopedParts& parts) {
  const auto id = ber::Reader(parts.cipher.content).next_if(ber::kOid);
  return id ? ber::oid_text(id->content) : std::string();
}

const ReadableCipher* readable_cipher(std::string_view oid) {
  const auto* row =
      std::find_if(kReadable.begin(), kReadable.end(),
                   [oid](const ReadableCipher& candidate) { return candidate.oid == oid; });
  return row != kReadable.end() ? row : nullptr;
}

/// RFC 5084 §3.2: GCMParameters { aes-nonce OCTET STRING, aes-ICVlen INTEGER DEFAULT 12 }. Attack
/// A2: a tag cut to 4 octets can be forged, so nothing below 16 is looked at, whatever OpenSSL
/// thinks.
bool full_tag(const EnvelopedParts& parts) {
  ber::Reader algorithm(parts.cipher.content);
  (void)algorithm.next_if(ber::kOid);
  const auto parameters = algorithm.next_if(ber::kSequence);
  ber::Reader fields(parameters ? parameters->content : std::string_view());
  const auto nonce = fields.next_if(ber::kOctetString);
  const auto tag_length = fields.next_if(ber::kInteger);
  return nonce && !nonce->head.constructed && nonce->content.size() >= kMinNonce &&
         nonce->content.size() <= kMaxNonce && tag_length && fields.at_end() &&
         tag_length->content == std::string_view("\x10", 1) && parts.mac &&
         !parts.mac->head.constructed && parts.mac->content.size() == kTagOctets;
}

/// Security rule and attack A2: an AEAD cipher in AuthEnvelopedData and nowhere else.
bool acceptable(const EnvelopedParts& parts, const ReadableCipher* cipher) {
  return cipher != nullptr && cipher->authenticated == parts.authenticated &&
         parts.content_type == oid::kData && (!parts.authenticated || full_tag(parts));
}

using NamePtr = std::unique_ptr<X509_NAME, Freed<X509_NAME_free>>;

NamePtr decode_name(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  NamePtr name(d2i_X509_NAME(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  return name;
}

/// A certificate as RecipientInfos name it.
struct Identity {
  const Certificate* certificate;
  std::string issuer_and_serial;
  std::string serial;  ///< contents of the INTEGER
  std::string subject_key_id;
};

Identity identity_of(const Certificate& certificate) {
  Identity identity{&certificate, certificate.issuer_and_serial_der(), {}, {}};
  ber::Reader fields(ber::Reader(identity.issuer_and_serial).next()->content);
  (void)fields.next();
  identity.serial = fields.next()->content;
  const ASN1_OCTET_STRING* id = X509_get0_subject_key_id(certificate.impl().x509.get());
  if (id != nullptr) {
    identity.subject_key_id.assign(reinterpret_cast<const char*>(ASN1_STRING_get0_data(id)),
                                   static_cast<std::size_t>(ASN1_STRING_length(id)));
  }
  return identity;
}

/// RFC 5652 §10.2.4. Names that differ only in string types or case are the same (RFC 5280 §7.1).
bool same_issuer_and_serial(const ber::Element& named, const Identity& identity) {
  if (named.whole == identity.issuer_and_serial) {
    return true;
  }
  ber::Reader fields(named.content);
  const auto issuer = fields.next_if(ber::kSequence);
  const auto serial = fields.next_if(ber::kInteger);
  if (!issuer || !serial || serial->content != identity.serial) {
    return false;
  }
  const NamePtr name = decode_name(issuer->whole);
  return name && X509_NAME_cmp(name.get(),
                               X509_get_issuer_name(identity.certificate->impl().x509.get())) == 0;
}

/// RecipientIdentifier (RFC 5652 §6.2.1) and KeyAgreeRecipientIdentifier (§6.2.2).
bool names(const ber::Element& rid, const Identity& identity) {
  if (rid.is(ber::kSequence)) {
    return same_issuer_and_serial(rid, identity);
  }
  if (!rid.is_context(0) || identity.subject_key_id.empty()) {
    return false;
  }
  if (!rid.head.constructed) {
    return rid.content == identity.subject_key_id;
  }
  const auto id = ber::Reader(rid.content).next_if(ber::kOctetString);
  return id && id->content == identity.subject_key_id;
}

/// A key transport or one key of a key agreement, as a RecipientInfo of its own.
struct Candidate {
  ber::Element rid;
  std::string_view recipient;   ///< ktri: the whole; kari: the fields before the keys
  std::string_view agreed_key;  ///< kari: the RecipientEncryptedKey
  bool agreement = false;

  /// ktri: version, rid, keyEncryptionAlgorithm, encryptedKey; kari: rid, encryptedKey.
  [[nodiscard]] std::string encrypted_key() const {
    ber::Reader fields(agreement ? agreed_key : recipient);
    fields = ber::Reader(fields.next()->content);
    std::optional<ber::Element> last;
    while (const auto field = fields.next()) {
      last = field;
    }
    const std::string_view key = last ? last->content : std::string_view();
    return std::string(key.substr(std::min(key.find_first_not_of('\0'), key.size())));
  }

  [[nodiscard]] std::string recipient_info() const {
    if (!agreement) {
      return std::string(recipient);
    }
    return der::tlv(der::context(1), {recipient, der::tlv(der::kSequence, {agreed_key})});
  }
};

/// RFC 5652 §6.2.2: originator OriginatorPublicKey [1] must use a named curve (security rule 26).
bool sane_originator(const ber::Element& originator) {
  const auto key = ber::Reader(originator.content).next();
  if (!key || !key->is_context(1)) {
    return key.has_value();
  }
  const auto algorithm = ber::Reader(key->content).next_if(ber::kSequence);
  return algorithm && names_its_curve(*algorithm, true);
}

template <class Visit>
void each_agreed_key(const ber::Element& kari, Visit visit) {
  ber::Reader fields(kari.content);
  const auto version = fields.next_if(ber::kInteger);
  const auto originator = fields.next_if_context(0);
  (void)fields.next_if_context(1);  // ukm
  const auto algorithm = fields.next_if(ber::kSequence);
  const auto keys = fields.next_if(ber::kSequence);
  if (!version || !originator || !algorithm || !keys || !sane_originator(*originator)) {
    return;
  }
  const auto before = static_cast<std::size_t>(keys->whole.data() - kari.content.data());
  ber::Reader list(keys->content);
  while (const auto key = list.next_if(ber::kSequence)) {
    if (const auto rid = ber::Reader(key->content).next()) {
      visit(Candidate{*rid, kari.content.substr(0, before), key->whole, true});
    }
  }
}

/// Calls `visit` for every key transport and agreed key; passwords, shared keys and unknown kinds
/// are passed over. Returns the number of RecipientInfos.
template <class Visit>
std::size_t each_candidate(std::string_view recipient_infos, Visit visit) {
  std::size_t count = 0;
  ber::Reader reader(recipient_infos);
  while (const auto recipient = reader.next()) {
    ++count;
    if (recipient->is_context(1) && recipient->head.constructed) {
      each_agreed_key(*recipient, visit);
    } else if (recipient->is(ber::kSequence) && recipient->head.constructed) {
      ber::Reader fields(recipient->content);
      const auto version = fields.next_if(ber::kInteger);
      if (const auto rid = fields.next(); version && rid) {
        visit(Candidate{*rid, recipient->whole, {}, false});
      }
    }
  }
  return count;
}

/// Decrypts into memory of OpenSSL's that is wiped when it goes; out comes everything or nothing.
std::optional<std::string> decrypt(const EnvelopedParts& parts, const Candidate& candidate,
                                   std::string_view ciphertext, const KeyPair& ours) {
  const std::string_view mac = parts.mac ? parts.mac->whole : std::string_view();
  const std::string object =
      make_content_info(parts.type_element,
                        {parts.version, der::tlv(der::kSet, {candidate.recipient_info()}),
                         der::tlv(der::kSequence, {parts.content_type_element, parts.cipher.whole}),
                         parts.authenticated_attributes, mac});
  CMS_ContentInfo* target = CMS_ContentInfo_new_ex(library(), nullptr);
  const auto* at = reinterpret_cast<const unsigned char*>(object.data());
  const CmsPtr cms(d2i_CMS_ContentInfo(&target, &at, static_cast<long>(object.size())));
  const BioPtr source = reader(ciphertext);
  const BioPtr plain(BIO_new(BIO_s_mem()));
  // Always with the certificate, never CMS_DEBUG_DECRYPT: either would open an oracle.
  const bool opened =
      cms && plain &&
      CMS_decrypt(cms.get(), ours.key.impl().key.get(), ours.certificate.impl().x509.get(),
                  source.get(), plain.get(), CMS_BINARY) == 1;
  ERR_clear_error();
  if (!opened) {
    return std::nullopt;
  }
  char* data = nullptr;
  const long length = BIO_get_mem_data(plain.get(), &data);
  return std::string(data, static_cast<std::size_t>(std::max(length, 0L)));
}

/// Which of our certificates the object names: for each the first RecipientInfo that does.
struct Matches {
  std::vector<std::optional<Candidate>> ours;
  bool locked = false;
  std::size_t recipients = 0;
};

Matches find_matches(const EnvelopedParts& parts, const DecryptKeys& keys) {
  std::vector<Identity> ours;
  std::vector<Identity> locked;
  for (const KeyPair& pair : keys.ours) {
    ours.push_back(identity_of(pair.certificate));
  }
  for (const Certificate& certificate : keys.locked) {
    locked.push_back(identity_of(certificate));
  }
  Matches found;
  found.ours.resize(ours.size());
  found.recipients = each_candidate(parts.recipient_infos, [&](const Candidate& candidate) {
    for (std::size_t i = 0; i < ours.size(); ++i) {
      if (!found.ours[i] && names(candidate.rid, ours[i])) {
        found.ours[i] = candidate;
      }
    }
    found.locked =
        found.locked || std::any_of(locked.begin(), locked.end(),
                                    [&](const Identity& one) { return names(candidate.rid, one); });
  });
  return found;
}

void open_with(const EnvelopedParts& parts, const Matches& found, const DecryptKeys& keys,
               EnvelopedReport& report) {
  std::string scratch;
  const auto ciphertext = ber::octet_string(parts.content, scratch);
  report.status = ciphertext ? OpenStatus::failed : OpenStatus::malformed;
  for (std::size_t i = 0; ciphertext && i < keys.ours.size(); ++i) {
    if (!found.ours[i]) {
      continue;
    }
    if (!report.matched) {
      report.matched = i;
    }
    if (auto plain = decrypt(parts, *found.ours[i], *ciphertext, keys.ours[i])) {
      report.status = OpenStatus::opened;
      report.matched = i;
      report.opened_with = keys.ours[i].certificate;
      report.content.emplace(std::move(*plain));
      return;
    }
  }
}

}  // namespace

bool names_recipient(std::string_view cms, const std::vector<Certificate>& certificates,
                     const CmsLimits& limits) {
  if (certificates.empty() || prescan(cms, limits).kind == ContentKind::malformed) {
    return false;
  }
  const auto parts = enveloped_parts(cms);
  return parts && find_matches(*parts, {{}, certificates}).locked;
}

Decrypted decrypt_enveloped(std::string_view cms, const DecryptKeys& keys,
                            const CmsLimits& limits) {
  Decrypted out;
  EnvelopedReport& report = out.report;
  if (prescan(cms, limits).kind == ContentKind::malformed) {
    return out;
  }
  const auto parts = enveloped_parts(cms);
  if (!parts) {
    return out;
  }
  const std::string oid = cipher_oid(*parts);
  const ReadableCipher* cipher = readable_cipher(oid);
  report.cipher = cipher != nullptr ? cipher->name : oid;
  report.authenticated = parts->authenticated;
  const Matches found = find_matches(*parts, keys);
  report.recipients = found.recipients;
  for (std::size_t i = 0; i < keys.ours.size(); ++i) {
    if (found.ours[i]) {
      report.wrapped.push_back(
          {keys.ours[i].certificate.spki_sha256(), found.ours[i]->encrypted_key()});
    }
  }
  const bool ours = std::any_of(found.ours.begin(), found.ours.end(),
                                [](const auto& match) { return match.has_value(); });
  if (!ours && !found.locked) {
    report.status = OpenStatus::not_for_us;
  } else if (!acceptable(*parts, cipher)) {
    report.status = OpenStatus::unsupported;
    // It is ours all the same: a refused cipher must not pass for somebody else's mail.
    for (std::size_t i = 0; i < found.ours.size() && !report.matched; ++i)
      if (found.ours[i]) report.matched = i;
    out.locked_matched = false;
  } else if (!ours) {
    report.status = OpenStatus::failed;
    out.locked_matched = true;
  } else {
    open_with(*parts, found, keys, report);
  }
  return out;
}

}  // namespace paraph::cms
