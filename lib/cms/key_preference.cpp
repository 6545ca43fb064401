#include "cms/key_preference.h"

#include <openssl/x509v3.h>

#include <string>

#include "cms/ber.h"
#include "cms/openssl.h"

namespace paraph::cms {
namespace {

bool has_key_id(const Certificate& certificate, std::string_view id) {
  const ASN1_OCTET_STRING* own = X509_get0_subject_key_id(certificate.impl().x509.get());
  return own != nullptr && !id.empty() &&
         id == std::string_view(reinterpret_cast<const char*>(ASN1_STRING_get0_data(own)),
                                static_cast<std::size_t>(ASN1_STRING_length(own)));
}

}  // namespace

// IMPLICIT tags: [0] holds the contents of IssuerAndSerialNumber, [1] those of RecipientKeyIdentifier, [2] the identifier.
bool prefers(std::string_view preference_der, const Certificate& certificate) {
  const auto choice = ber::Reader(preference_der).next();
  if (!choice) return false;
  if (choice->is_context(0)) {
    const std::string own = certificate.issuer_and_serial_der();
    const auto sequence = ber::Reader(own).next_if(ber::kSequence);
    return sequence && sequence->content == choice->content;
  }
  if (choice->is_context(1)) {
    const auto id = ber::Reader(choice->content).next_if(ber::kOctetString);
    return id && has_key_id(certificate, id->content);
  }
  return choice->is_context(2) && has_key_id(certificate, choice->content);
}

}  // namespace paraph::cms
