#include "cms/openssl.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/provider.h>

#include <cassert>
#include <climits>
#include <cstdlib>

namespace paraph::cms {
namespace {

OSSL_LIB_CTX* make_library() {
  // Security rule 47: OSSL_LIB_CTX_new() reads no openssl.cnf, and only the default provider is
  // loaded, so RC2, DES and the like stay out of reach whatever the machine's configuration says.
  OSSL_LIB_CTX* made = OSSL_LIB_CTX_new();
  if (made == nullptr || OSSL_PROVIDER_load(made, "default") == nullptr) {
    std::abort();  // a broken installation: nothing here could work
  }
  return made;
}

}  // namespace

OSSL_LIB_CTX* library() {
  // Never freed: EVP objects held by other statics may outlive any order of destruction.
  static OSSL_LIB_CTX* const context = make_library();
  return context;
}

std::string drain_errors(const char* otherwise) {
  std::string line;
  while (const unsigned long code = ERR_get_error()) {
    const char* reason = ERR_reason_error_string(code);
    if (reason == nullptr) {
      continue;
    }
    if (!line.empty()) {
      line += ": ";
    }
    line += reason;
  }
  return line.empty() ? otherwise : line;
}

std::string print_name(const X509_NAME* name) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), name, 0,
                     XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
  char* data = nullptr;
  const long length = BIO_get_mem_data(out.get(), &data);
  return length > 0 ? std::string(data, static_cast<std::size_t>(length)) : std::string();
}

BioPtr reader(std::string_view octets) {
  assert(octets.size() <= INT_MAX);  // callers check their limits (CmsLimits) first
  // BIO_new_mem_buf takes no nullptr, which an empty view may hold.
  BioPtr bio(BIO_new_mem_buf(octets.empty() ? "" : octets.data(), static_cast<int>(octets.size())));
  if (!bio) {
    std::abort();  // out of memory
  }
  return bio;
}

}  // namespace paraph::cms
