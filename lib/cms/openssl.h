#pragma once

// For this module only: how its public types hold OpenSSL objects. Handles never travel naked.

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cms/certificate.h"
#include "cms/keys.h"

namespace paraph::cms {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* p) const {
    Free(p);
  }
};
using X509Ptr = std::unique_ptr<X509, Freed<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using KeyContextPtr = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using CmsPtr = std::unique_ptr<CMS_ContentInfo, Freed<CMS_ContentInfo_free>>;
using BioPtr = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using CipherContextPtr = std::unique_ptr<EVP_CIPHER_CTX, Freed<EVP_CIPHER_CTX_free>>;
using DigestContextPtr = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;

/// What is made when it is first asked for.
class MadeOnce {
 public:
  template <class Make>
  const std::string& get(const Make& make) const {
    std::call_once(made_, [&] { text_ = make(); });
    return text_;
  }

 private:
  mutable std::once_flag made_;
  mutable std::string text_;
};

struct Certificate::Impl {
  X509Ptr x509;
  std::string der;
  std::vector<std::string> emails;
  MadeOnce sha256, spki_sha256;  ///< asked for several times with each mail
};

struct PrivateKey::Impl {
  KeyPtr key;
};

/// The only library context that this module uses: default provider, no openssl.cnf (security rule 47).
[[nodiscard]] OSSL_LIB_CTX* library();

/// OpenSSL's error queue as one line, drained; `otherwise` when it is empty.
[[nodiscard]] std::string drain_errors(const char* otherwise);

/// RFC 2253 order and escaping, but UTF-8 as it is: who shows it goes through utf8::printable().
[[nodiscard]] std::string print_name(const X509_NAME* name);

/// A read-only memory BIO over octets that outlive it.
[[nodiscard]] BioPtr reader(std::string_view octets);

}  // namespace paraph::cms
