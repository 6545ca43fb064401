#include "cms/certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <array>
#include <climits>
#include <utility>

#include <fmt/core.h>

#include "base/ascii.h"
#include "base/utf8.h"
#include "cms/bag.h"
#include "cms/certificate_cache.h"
#include "cms/emails.h"
#include "cms/openssl.h"
#include "cms/public_key.h"

namespace paraph::cms {
namespace {

constexpr std::size_t kMaxDer = std::size_t{64} << 10U;  // security rule 26

Error broken(std::string what) {
  return Error::never(Errc::corrupt, std::move(what));
}

X509Ptr parse(std::string_view der) {
  X509* x509 = X509_new_ex(library(), nullptr);
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const auto* const end = at + der.size();
  X509Ptr owned(d2i_X509(&x509, &at, static_cast<long>(der.size())));
  // d2i frees what it was given when it fails, so nothing is left behind then.
  return at == end ? std::move(owned) : nullptr;
}

std::string encode(const X509* x509) {
  unsigned char* out = nullptr;
  const int length = i2d_X509(x509, &out);
  std::string der;
  if (length > 0) {
    der.assign(reinterpret_cast<const char*>(out), static_cast<std::size_t>(length));
    OPENSSL_free(out);
  }
  return der;
}

/// One block of a PEM text.
struct PemBlock {
  std::string name;
  std::string der;
};

/// The next block of any kind; nullopt at the end; an Error when its base64 is broken.
Result<std::optional<PemBlock>> next_block(BIO* pem) {
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long length = 0;
  if (PEM_read_bio(pem, &name, &header, &data, &length) != 1) {
    const unsigned long last = ERR_peek_last_error();
    const bool at_end =
        ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
    const std::string why = drain_errors("damaged PEM block");
    if (at_end) {
      return std::optional<PemBlock>();
    }
    return broken(why);
  }
  PemBlock block{name, {reinterpret_cast<const char*>(data), static_cast<std::size_t>(length)}};
  OPENSSL_free(name);
  OPENSSL_free(header);
  OPENSSL_cleanse(data, static_cast<std::size_t>(length));  // it may have been a private key
  OPENSSL_free(data);
  return std::optional<PemBlock>(std::move(block));
}

/// What one block adds: a certificate, the certificates of a PKCS#7, or nothing.
Result<void> add_block(const PemBlock& block, std::vector<Certificate>& out) {
  if (block.name == PEM_STRING_PKCS7 || block.name == PEM_STRING_CMS) {
    auto inside = certificates_of(block.der);
    if (!inside) {
      return std::move(inside).error();
    }
    out.insert(out.end(), inside->begin(), inside->end());
    return {};
  }
  if (block.name != PEM_STRING_X509 && block.name != PEM_STRING_X509_OLD &&
      block.name != PEM_STRING_X509_TRUSTED) {
    return {};
  }
  // A TRUSTED CERTIFICATE has OpenSSL's own trust settings behind the certificate: left out.
  const auto element = ber::Reader(block.der).next();
  // The same files are read again and again: own certificates, anchors, those of members who write.
  auto parsed = certificate_cache().get(element ? element->whole : std::string_view(block.der));
  if (!parsed) {
    return std::move(parsed).error().in(fmt::format("certificate {}", out.size() + 1));
  }
  out.push_back(*std::move(parsed));
  return {};
}

}  // namespace

Result<Certificate> Certificate::from_der(std::string_view der) {
  if (der.size() > kMaxDer) {
    return broken("larger than 64 KiB");
  }
  if (const auto fit = check_public_key(der); !fit) {
    return fit.error();
  }
  auto impl = std::make_shared<Impl>();
  impl->x509 = parse(der);
  const std::string why = drain_errors("not an X.509 certificate");
  if (!impl->x509) {
    return broken(why);
  }
  const X509* x509 = impl->x509.get();
  if (!to_time_point(X509_get0_notBefore(x509)) || !to_time_point(X509_get0_notAfter(x509))) {
    return broken("dates that are none");
  }
  // Encoded anew: the signed part stays octet for octet, and a BER variation of the frame around
  // it cannot give one certificate several fingerprints.
  impl->der = encode(x509);
  impl->emails = emails_of(x509);
  ERR_clear_error();
  return Certificate(std::move(impl));
}

Result<std::vector<Certificate>> Certificate::from_pem(std::string_view pem) {
  if (pem.size() > INT_MAX) {
    return broken("larger than any certificate file");
  }
  std::vector<Certificate> found;
  const BioPtr bio = reader(utf8::without_mark(pem));
  for (;;) {
    auto block = next_block(bio.get());
    if (!block) {
      return std::move(block).error().in(fmt::format("certificate {}", found.size() + 1));
    }
    if (!*block) {
      break;
    }
    if (auto added = add_block(**block, found); !added) {
      return std::move(added).error();
    }
  }
  if (found.empty()) {
    return broken("no certificate found");
  }
  return found;
}

Result<std::vector<Certificate>> Certificate::from_any(std::string_view octets) {
  if (octets.find("-----BEGIN ") != std::string_view::npos) {
    return from_pem(octets);
  }
  if (octets.empty()) {
    return broken("no certificate found");
  }
  if (is_signed_data(octets)) {
    return certificates_of(octets);
  }
  auto single = from_der(octets);
  if (!single) {
    return std::move(single).error();
  }
  return std::vector<Certificate>{*std::move(single)};
}

const std::string& Certificate::der() const {
  return impl_->der;
}

const std::vector<std::string>& Certificate::emails() const {
  return impl_->emails;
}

bool Certificate::names(std::string_view canonical_address) const {
  for (const std::string& email : impl_->emails) {
    if (ascii::to_lower(email) == canonical_address) {
      return true;
    }
  }
  return false;
}

}  // namespace paraph::cms
