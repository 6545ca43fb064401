#include "cms/crl.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>

#include "base/ascii.h"
#include "base/ports.h"
#include "base/utf8.h"
#include "cms/ber.h"
#include "cms/crl_impl.h"
#include "cms/der.h"
#include "cms/keys.h"
#include "cms/public_key.h"

namespace paraph::cms {
namespace {

using TimePtr = std::unique_ptr<ASN1_TIME, Freed<ASN1_TIME_free>>;
using ScopePtr = std::unique_ptr<ISSUING_DIST_POINT, Freed<ISSUING_DIST_POINT_free>>;
using KeyIdPtr = std::unique_ptr<AUTHORITY_KEYID, Freed<AUTHORITY_KEYID_free>>;

constexpr std::string_view kKeyId = "2.5.29.35";   // RFC 5280 §5.2.1
constexpr std::string_view kNumber = "2.5.29.20";  // §5.2.3
constexpr std::string_view kDelta = "2.5.29.27";   // §5.2.4
constexpr std::string_view kScope = "2.5.29.28";   // §5.2.5
constexpr std::uint32_t kUtcTime = 23;
constexpr std::uint32_t kGeneralizedTime = 24;
constexpr std::size_t kMaxCrls = 1000;  // of one file

Error broken(std::string what) {
  return Error::never(Errc::corrupt, std::move(what));
}

const unsigned char* octets_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

NamePtr name_from(std::string_view der) {
  const unsigned char* at = octets_of(der);
  return NamePtr(d2i_X509_NAME(nullptr, &at, static_cast<long>(der.size())));
}

bool is_time(const ber::Element& element) {
  return element.is(kUtcTime) || element.is(kGeneralizedTime);
}

std::optional<TimePoint> time_from(const ber::Element& element) {
  const unsigned char* at = octets_of(element.whole);
  const TimePtr time(d2i_ASN1_TIME(nullptr, &at, static_cast<long>(element.whole.size())));
  return to_time_point(time.get());
}

std::string hex_integer(std::string_view der) {
  ber::Reader reader(der);
  const auto number = reader.next_if(ber::kInteger);
  if (!number) return {};
  std::string_view digits = number->content;
  while (digits.size() > 1 && digits.front() == '\0') digits.remove_prefix(1);
  return ascii::hex_upper(digits);
}

/// One extension: its OID and what extnValue holds.
struct Extension {
  std::string oid;
  std::string_view value;
};
std::optional<Extension> extension_from(const ber::Element& element) {
  ber::Reader fields(element.content);
  const auto oid = fields.next_if(ber::kOid);
  auto value = fields.next();
  if (value && !value->is(ber::kOctetString)) value = fields.next();  // behind `critical`
  if (!oid || !value || !value->is(ber::kOctetString) || value->head.constructed)
    return std::nullopt;
  return Extension{ber::oid_text(oid->content), value->content};
}

bool read_extensions(std::string_view list, Crl::Impl& out) {
  ber::Reader reader(list);
  while (const auto element = reader.next()) {
    const auto extension = extension_from(*element);
    if (!extension) return false;
    if (extension->oid == kKeyId) out.key_id = extension->value;
    if (extension->oid == kScope) out.scope = extension->value;
    if (extension->oid == kNumber) out.number = hex_integer(extension->value);
    if (extension->oid == kDelta) {
      out.base_number = hex_integer(extension->value);
      if (out.base_number.empty()) return false;
    }
  }
  return reader.at_end();
}

/// RFC 5280 §5.1.2: version?, signature, issuer, thisUpdate, nextUpdate?, revokedCertificates?, [0] crlExtensions?
std::string read_frame(std::string_view tbs, Crl::Impl& out) {
  ber::Reader fields(tbs);
  (void)fields.next_if(ber::kInteger);
  const auto algorithm = fields.next_if(ber::kSequence);
  const auto issuer = fields.next_if(ber::kSequence);
  const auto this_update = fields.next();
  if (!algorithm || !issuer || !this_update || !is_time(*this_update)) return "not a CRL";
  out.issuer = name_from(issuer->whole);
  const auto since = time_from(*this_update);
  if (!out.issuer || !since) return "an issuer or a date that is none";
  out.this_update = *since;
  auto next = fields.next();
  if (next && is_time(*next)) {
    out.next_update = time_from(*next);
    if (!out.next_update) return "a date that is none";
    next = fields.next();
  }
  if (next && next->is(ber::kSequence)) next = fields.next();  // the entries
  if (next && next->is_context(0)) {
    ber::Reader outer(next->content);
    const auto list = outer.next_if(ber::kSequence);
    if (!list || !read_extensions(list->content, out)) return "extensions that are none";
  }
  return {};
}

std::string hex(const ASN1_OCTET_STRING* octets) {
  return octets == nullptr
             ? std::string()
             : ascii::hex_upper({reinterpret_cast<const char*>(ASN1_STRING_get0_data(octets)),
                                 static_cast<std::size_t>(ASN1_STRING_length(octets))});
}

/// nullptr without one, or when it cannot be read.
ScopePtr scope_of(const Crl::Impl& impl) {
  const unsigned char* at = octets_of(impl.scope);
  ScopePtr point(d2i_ISSUING_DIST_POINT(nullptr, &at, static_cast<long>(impl.scope.size())));
  ERR_clear_error();
  return point;
}

/// A number of hex digits without leading zeros.
int compare_numbers(const std::string& a, const std::string& b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return a.compare(b);
}

}  // namespace

X509_CRL* Crl::Impl::decoded() const {
  if (!tried_) {
    tried_ = true;
    X509_CRL* target = X509_CRL_new_ex(library(), nullptr);
    const unsigned char* at = octets_of(der);
    decoded_.reset(d2i_X509_CRL(&target, &at, static_cast<long>(der.size())));
    ERR_clear_error();
  }
  return decoded_.get();
}

Result<Crl> Crl::from_der(std::string_view der) {
  if (der.size() > kMaxOctets)
    return Error::never(Errc::limit, fmt::format("larger than {} MiB", kMaxOctets >> 20U));
  ber::Reader whole(der);
  const auto list = whole.next_if(ber::kSequence);
  if (!list || !whole.at_end() || !list->head.length) return broken("not a CRL");
  const auto tbs = ber::Reader(list->content).next_if(ber::kSequence);
  auto impl = std::make_shared<Impl>();
  const std::string fault = tbs ? read_frame(tbs->content, *impl) : "not a CRL";
  ERR_clear_error();
  if (!fault.empty()) return broken(fault);
  impl->der = der;
  unsigned char* name = nullptr;
  const int length = i2d_X509_NAME(impl->issuer.get(), &name);
  const std::string issuer(reinterpret_cast<char*>(name), static_cast<std::size_t>(length));
  OPENSSL_free(name);
  impl->identity = ascii::hex_upper(
      digest().sha256(der::tlv(der::kSequence, {issuer, der::tlv(der::kOctetString, {impl->key_id}),
                                                der::tlv(der::kOctetString, {impl->scope}),
                                                impl->base_number.empty() ? "base" : "delta"})));
  return Crl(std::move(impl));
}

Result<std::vector<Crl>> Crl::from_any(std::string_view octets) {
  std::vector<Crl> found;
  if (octets.substr(0, 4096).find("-----BEGIN ") == std::string_view::npos) {
    auto one = from_der(octets);
    if (!one) return std::move(one).error();
    found.push_back(*std::move(one));
    return found;
  }
  if (octets.size() > 2 * kMaxOctets) return Error::never(Errc::limit, "too large");
  const BioPtr bio = reader(utf8::without_mark(octets));
  for (;;) {
    unsigned char* data = nullptr;
    long length = 0;
    if (PEM_bytes_read_bio(&data, &length, nullptr, PEM_STRING_X509_CRL, bio.get(), nullptr,
                           nullptr) != 1)
      break;
    const std::string der(reinterpret_cast<char*>(data), static_cast<std::size_t>(length));
    OPENSSL_free(data);
    auto one = from_der(der);
    if (!one) return std::move(one).error().in(fmt::format("CRL {}", found.size() + 1));
    found.push_back(*std::move(one));
    if (found.size() > kMaxCrls) return Error::never(Errc::limit, "more than 1000 CRLs");
  }
  const unsigned long last = ERR_peek_last_error();
  const bool at_end =
      ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
  const std::string why = drain_errors("damaged PEM block");
  if (!at_end) return broken(why);
  if (found.empty()) return broken("no CRL found");
  return found;
}

const std::string& Crl::der() const {
  return impl_->der;
}

std::string Crl::sha256() const {
  return ascii::hex_upper(digest().sha256(impl_->der));
}

std::string Crl::issuer() const {
  return print_name(impl_->issuer.get());
}

TimePoint Crl::this_update() const {
  return impl_->this_update;
}

std::optional<TimePoint> Crl::next_update() const {
  return impl_->next_update;
}

const std::string& Crl::number() const {
  return impl_->number;
}

const std::string& Crl::base_number() const {
  return impl_->base_number;
}

bool Crl::is_delta() const {
  return !impl_->base_number.empty();
}

std::string Crl::key_id() const {
  const unsigned char* at = octets_of(impl_->key_id);
  const KeyIdPtr id(d2i_AUTHORITY_KEYID(nullptr, &at, static_cast<long>(impl_->key_id.size())));
  ERR_clear_error();
  return id ? hex(id->keyid) : std::string();
}

std::string Crl::scope() const {
  if (impl_->scope.empty()) return {};
  const ScopePtr point = scope_of(*impl_);
  if (!point) return "unreadable scope";
  const std::array<std::pair<bool, const char*>, 6> words = {{
      {point->distpoint != nullptr, "one distribution point"},
      {point->onlyuser > 0, "user certificates only"},
      {point->onlyCA > 0, "CA certificates only"},
      {point->onlyattr > 0, "attribute certificates only"},
      {point->onlysomereasons != nullptr, "some reasons only"},
      {point->indirectCRL > 0, "indirect"},
  }};
  std::string text;
  for (const auto& [holds, word] : words)
    if (holds) text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

const std::string& Crl::identity() const {
  return impl_->identity;
}

bool Crl::newer_than(const Crl& other) const {
  const int order = compare_numbers(impl_->number, other.impl_->number);
  return order != 0 && !impl_->number.empty() && !other.impl_->number.empty()
             ? order > 0
             : impl_->this_update > other.impl_->this_update;
}

bool Crl::is_indirect() const {
  const auto point = scope_of(*impl_);
  return point && point->indirectCRL > 0;
}

bool Crl::same_scope(const Crl& other) const {
  return X509_NAME_cmp(impl_->issuer.get(), other.impl_->issuer.get()) == 0 &&
         impl_->key_id == other.impl_->key_id && impl_->scope == other.impl_->scope;
}

bool Crl::adds_to(const Crl& base) const {
  return is_delta() && !base.is_delta() && same_scope(base) && !base.number().empty() &&
         compare_numbers(base_number(), base.number()) <= 0 &&
         compare_numbers(base.number(), number()) < 0;
}

bool Crl::signed_by(const Certificate& issuer) const {
  X509* x509 = issuer.impl().x509.get();
  EVP_PKEY* key = X509_get0_pubkey(x509);
  const bool good = key != nullptr &&
                    X509_NAME_cmp(X509_get_subject_name(x509), impl_->issuer.get()) == 0 &&
                    (X509_get_key_usage(x509) & KU_CRL_SIGN) != 0 && impl_->decoded() != nullptr &&
                    X509_CRL_verify(impl_->decoded(), key) == 1;
  ERR_clear_error();
  return good;
}

std::optional<std::size_t> Crl::entries() const {
  X509_CRL* decoded = impl_->decoded();
  if (decoded == nullptr) return std::nullopt;
  const STACK_OF(X509_REVOKED)* revoked = X509_CRL_get_REVOKED(decoded);
  return revoked == nullptr ? 0 : static_cast<std::size_t>(sk_X509_REVOKED_num(revoked));
}

const std::vector<Crl>& CrlSet::all() const {
  static const std::vector<Crl> none;
  return crls_ ? *crls_ : none;
}

}  // namespace paraph::cms
