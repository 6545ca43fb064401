#include "cms/parts.h"

#include "cms/der.h"
#include "cms/oids.h"

namespace paraph::cms {
namespace {

/// RFC 5652 §5.2: EncapsulatedContentInfo.
bool read_encapsulated(const ber::Element& sequence, SignedDataParts& parts) {
  ber::Reader fields(sequence.content);
  const auto type = fields.next_if(ber::kOid);
  if (!type) {
    return false;
  }
  parts.content_type = ber::oid_text(type->content);
  parts.content_type_element = type->whole;
  if (const auto wrapped = fields.next_if_context(0)) {
    ber::Reader inner(wrapped->content);
    parts.content = inner.next_if(ber::kOctetString);
    if (!parts.content || !inner.at_end()) {
      return false;
    }
  }
  return fields.at_end();
}

/// RFC 5652 §6.1: EncryptedContentInfo.
bool read_encrypted(const ber::Element& sequence, EnvelopedParts& parts) {
  ber::Reader fields(sequence.content);
  const auto type = fields.next_if(ber::kOid);
  const auto cipher = fields.next_if(ber::kSequence);
  const auto content = fields.next();
  if (!type || !cipher || !content || !content->is_context(0)) {
    return false;
  }
  parts.content_type = ber::oid_text(type->content);
  parts.content_type_element = type->whole;
  parts.cipher = *cipher;
  parts.content = *content;
  return fields.at_end();
}

}  // namespace

std::optional<ContentInfo> content_info(std::string_view octets) {
  const auto outer = ber::Reader(octets).next_if(ber::kSequence);
  ber::Reader fields(outer ? outer->content : std::string_view());
  const auto type = fields.next_if(ber::kOid);
  if (!type) {
    return std::nullopt;
  }
  ContentInfo info{ber::oid_text(type->content), type->whole, {}};
  if (const auto wrapped = fields.next_if_context(0)) {
    const auto inner = ber::Reader(wrapped->content).next_if(ber::kSequence);
    info.content = inner ? inner->content : std::string_view();
  }
  return info;
}

std::optional<SignedDataParts> signed_data_parts(std::string_view octets) {
  const auto info = content_info(octets);
  if (!info || info->type != oid::kSignedData) {
    return std::nullopt;
  }
  ber::Reader fields(info->content);
  const auto version = fields.next_if(ber::kInteger);
  const auto digests = fields.next_if(ber::kSet);
  const auto encapsulated = fields.next_if(ber::kSequence);
  const auto certificates = fields.next_if_context(0);
  (void)fields.next_if_context(1);  // crls
  const auto signers = fields.next_if(ber::kSet);
  SignedDataParts parts;
  if (!version || !digests || !encapsulated || !signers || !fields.at_end() ||
      !read_encapsulated(*encapsulated, parts)) {
    return std::nullopt;
  }
  parts.type_element = info->type_element;
  parts.version = version->whole;
  parts.certificates = certificates ? certificates->content : std::string_view();
  parts.signer_infos = signers->content;
  return parts;
}

std::optional<EnvelopedParts> enveloped_parts(std::string_view octets) {
  const auto info = content_info(octets);
  EnvelopedParts parts;
  parts.authenticated = info && info->type == oid::kAuthEnvelopedData;
  if (!info || (info->type != oid::kEnvelopedData && !parts.authenticated)) {
    return std::nullopt;
  }
  ber::Reader fields(info->content);
  const auto version = fields.next_if(ber::kInteger);
  (void)fields.next_if_context(0);  // originatorInfo
  const auto recipients = fields.next_if(ber::kSet);
  const auto encrypted = fields.next_if(ber::kSequence);
  if (!version || !recipients || !encrypted || !read_encrypted(*encrypted, parts)) {
    return std::nullopt;
  }
  // [1] is unprotectedAttrs in EnvelopedData, authAttrs in AuthEnvelopedData.
  const auto attributes = fields.next_if_context(1);
  if (parts.authenticated) {
    parts.authenticated_attributes = attributes ? attributes->whole : std::string_view();
    parts.mac = fields.next_if(ber::kOctetString);
    (void)fields.next_if_context(2);  // unauthAttrs
  }
  if (!fields.at_end() || parts.authenticated != parts.mac.has_value()) {
    return std::nullopt;
  }
  parts.type_element = info->type_element;
  parts.version = version->whole;
  parts.recipient_infos = recipients->content;
  return parts;
}

std::string make_content_info(std::string_view type_element,
                              std::initializer_list<std::string_view> fields) {
  const std::string content = der::tlv(der::kSequence, fields);
  return der::tlv(der::kSequence, {type_element, der::tlv(der::context(0), {content})});
}

}  // namespace paraph::cms
