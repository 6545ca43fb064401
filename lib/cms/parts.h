#pragma once

// For this module only: CMS objects taken apart by position, before anything is decoded. All views
// point into the octets given.

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cms/ber.h"

namespace paraph::cms {

/// RFC 5652 §3.
struct ContentInfo {
  std::string type;               ///< dotted OID
  std::string_view type_element;  ///< the whole OBJECT IDENTIFIER
  std::string_view content;       ///< contents of the inner SEQUENCE; empty when it is none
};
[[nodiscard]] std::optional<ContentInfo> content_info(std::string_view octets);

/// RFC 5652 §5.1, §5.2. CRLs are passed over: those inside messages are ignored (security rule 23).
struct SignedDataParts {
  std::string_view type_element;
  std::string_view version;  ///< whole element
  std::string content_type;  ///< dotted OID of eContentType
  std::string_view content_type_element;
  std::optional<ber::Element> content;  ///< the OCTET STRING of eContent
  std::string_view certificates;        ///< contents of the CertificateSet
  std::string_view signer_infos;        ///< contents of the SET OF
};
[[nodiscard]] std::optional<SignedDataParts> signed_data_parts(std::string_view octets);

/// RFC 5652 §6.1, RFC 5083 §2.1. OriginatorInfo and unprotected attributes are passed over.
struct EnvelopedParts {
  bool authenticated = false;
  std::string_view type_element;
  std::string_view version;          ///< whole element
  std::string_view recipient_infos;  ///< contents of the SET OF
  std::string content_type;          ///< dotted OID
  std::string_view content_type_element;
  ber::Element cipher;                        ///< contentEncryptionAlgorithm
  ber::Element content;                       ///< encryptedContent [0]
  std::string_view authenticated_attributes;  ///< whole element, or empty
  std::optional<ber::Element> mac;
};
[[nodiscard]] std::optional<EnvelopedParts> enveloped_parts(std::string_view octets);

/// A DER ContentInfo (RFC 5652 §3) of this type (whole OBJECT IDENTIFIER) around the fields of a
/// SEQUENCE.
[[nodiscard]] std::string make_content_info(std::string_view type_element,
                                            std::initializer_list<std::string_view> fields);

}  // namespace paraph::cms
