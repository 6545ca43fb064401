#include "cms/emails.h"

#include <algorithm>
#include <string_view>

#include "base/ascii.h"
#include "base/utf8.h"
#include "cms/ber.h"
#include "cms/oids.h"

namespace paraph::cms {
namespace {

using NamesPtr = std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>>;

constexpr std::size_t kMaxAddress = 254;  // RFC 5321 §4.5.3.1.3

std::string_view octets(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

/// RFC 9598 §3: only such an address may be a SmtpUTF8Mailbox. As one, an ASCII address would slip by the name constraints
/// that are written for it.
bool has_foreign_local_part(std::string_view address) {
  const std::string_view local = address.substr(0, address.rfind('@'));
  return std::any_of(local.begin(), local.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

/// Attack A22: what a careless reader would cut short or show as something else is no address.
bool acceptable(std::string_view address, bool international) {
  if (address.empty() || address.size() > kMaxAddress ||
      address.find('@') == std::string_view::npos) {
    return false;
  }
  for (const char c : address) {
    if (ascii::is_control(c) || (!international && static_cast<unsigned char>(c) > 0x7e)) {
      return false;
    }
  }
  return !international || (utf8::valid(address) && has_foreign_local_part(address));
}

/// RFC 9598 §3: SmtpUTF8Mailbox ::= UTF8String.
const ASN1_STRING* smtp_utf8_mailbox(const OTHERNAME* other) {
  const unsigned char* id = OBJ_get0_data(other->type_id);
  const std::string_view content(reinterpret_cast<const char*>(id), OBJ_length(other->type_id));
  const bool is_mailbox = id != nullptr && ber::oid_text(content) == oid::kSmtpUtf8Mailbox;
  return is_mailbox && other->value->type == V_ASN1_UTF8STRING ? other->value->value.utf8string
                                                               : nullptr;
}

/// Adds the addresses of the subjectAltName. True when it has any, acceptable or not: then the
/// subject's emailAddress does not count.
bool add_alternative_names(const X509* x509, std::vector<std::string>& out) {
  int critical = -1;
  const NamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(x509, NID_subject_alt_name, &critical, nullptr)));
  if (!names) {
    return critical != -1;  // -1: none there; otherwise damaged or there twice: trust neither
  }
  bool any = false;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    const bool plain = name->type == GEN_EMAIL;
    const ASN1_STRING* text = plain                         ? name->d.rfc822Name
                              : name->type == GEN_OTHERNAME ? smtp_utf8_mailbox(name->d.otherName)
                                                            : nullptr;
    any = any || text != nullptr;
    if (text != nullptr && acceptable(octets(text), !plain)) {
      out.emplace_back(octets(text));
    }
  }
  return any;
}

/// RFC 8550 §3: emailAddress (PKCS #9) is an IA5String.
void add_subject_addresses(const X509* x509, std::vector<std::string>& out) {
  const X509_NAME* subject = X509_get_subject_name(x509);
  for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, NID_pkcs9_emailAddress, at)) >= 0;) {
    const ASN1_STRING* text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
    const int type = ASN1_STRING_type(text);
    const bool octet_text =
        type == V_ASN1_IA5STRING || type == V_ASN1_UTF8STRING || type == V_ASN1_PRINTABLESTRING;
    if (octet_text && acceptable(octets(text), false)) {
      out.emplace_back(octets(text));
    }
  }
}

}  // namespace

std::vector<std::string> emails_of(const X509* x509) {
  std::vector<std::string> found;
  if (!add_alternative_names(x509, found)) {
    add_subject_addresses(x509, found);
  }
  return found;
}

}  // namespace paraph::cms
