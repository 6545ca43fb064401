#include "cms/keys.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <climits>
#include <cstring>

#include "base/utf8.h"
#include "cms/openssl.h"

namespace paraph::cms {
namespace {

/// What PEM_read_bio_PrivateKey asks for a passphrase with; never a prompt.
struct Passphrase {
  std::string_view text;
  bool asked = false;
};

int give_passphrase(char* buffer, int size, int /*writing*/, void* context) {
  auto* passphrase = static_cast<Passphrase*>(context);
  passphrase->asked = true;
  if (passphrase->text.empty() || passphrase->text.size() > static_cast<std::size_t>(size)) {
    return -1;
  }
  std::memcpy(buffer, passphrase->text.data(), passphrase->text.size());
  return static_cast<int>(passphrase->text.size());
}

}  // namespace

// A missing or unreadable key is always `later`: an administrator can mend it, the mail waits.
Result<PrivateKey> PrivateKey::from_pem(std::string_view pem, std::string_view passphrase) {
  if (pem.size() > (std::size_t{1} << 20U)) {
    return Error::later(Errc::config, "no private key found: the file is larger than 1 MiB");
  }
  const BioPtr bio = reader(utf8::without_mark(pem));
  Passphrase asked{passphrase};
  auto impl = std::make_shared<Impl>();
  ERR_clear_error();
  impl->key.reset(
      PEM_read_bio_PrivateKey_ex(bio.get(), nullptr, give_passphrase, &asked, library(), nullptr));
  const bool damaged = pem.find("PRIVATE KEY-----") != std::string_view::npos;
  const std::string why = drain_errors("unknown reason");
  if (impl->key) {
    return PrivateKey(std::move(impl));
  }
  if (asked.asked) {
    return Error::later(Errc::config, "wrong passphrase, or none given");
  }
  return Error::later(Errc::config,
                      damaged ? "damaged private key: " + why : "no private key found");
}

bool PrivateKey::matches(const Certificate& certificate) const {
  const EVP_PKEY* wanted = X509_get0_pubkey(certificate.impl().x509.get());
  const bool equal = wanted != nullptr && EVP_PKEY_eq(wanted, impl_->key.get()) == 1;
  ERR_clear_error();
  return equal;
}

}  // namespace paraph::cms
