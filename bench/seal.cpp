// Sealing rate against the bare public-key operation, interleaved in one process: absolute times
// move by a third within a minute, the ratio of neighbours does not.

#include <fmt/core.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "cms/openssl.h"
#include "cms/seal.h"

using namespace paraph;
using Seconds = std::chrono::duration<double>;

namespace {

constexpr std::size_t kContent = 10'000;
constexpr std::size_t kKeys = 50;
constexpr std::size_t kRecipients = 1'000;
constexpr int kRounds = 21;

/// Ends the program: a benchmark has nothing to fall back on.
template <class T>
T must(T value, const char* what) {
  if (!value) {
    fmt::print(stderr, "bench_seal: {}\n", what);
    std::exit(EXIT_FAILURE);
  }
  return value;
}

cms::Certificate certify(EVP_PKEY* key, long serial) {
  const cms::X509Ptr x509(X509_new_ex(cms::library(), nullptr));
  ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(x509.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(x509.get()), 86'400);
  X509_NAME* const name = X509_get_subject_name(x509.get());
  const auto* text = reinterpret_cast<const unsigned char*>("Member of a list at example.org");
  X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, text, -1, -1, 0);
  X509_set_issuer_name(x509.get(), name);
  X509_set_pubkey(x509.get(), key);
  must(X509_sign(x509.get(), key, EVP_sha256()), "cannot certify");
  unsigned char* der = nullptr;
  const int length = i2d_X509(x509.get(), &der);
  auto certificate =
      cms::Certificate::from_der({reinterpret_cast<char*>(der), static_cast<std::size_t>(length)});
  OPENSSL_free(der);
  return must(std::move(certificate), "certificate does not parse").value();
}

struct Member {
  cms::KeyPtr key;
  cms::KeyContextPtr context;  ///< kept, as the bare operation is at its best
  cms::Certificate certificate;
};

std::vector<Member> members(const std::function<EVP_PKEY*()>& make, bool encrypts) {
  std::vector<Member> out;
  for (std::size_t i = 0; i < kKeys; ++i) {
    cms::KeyPtr key(must(make(), "no key"));
    cms::KeyContextPtr context(EVP_PKEY_CTX_new_from_pkey(cms::library(), key.get(), nullptr));
    if (encrypts) {
      EVP_PKEY_encrypt_init(context.get());
      EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING);
    }
    auto certificate = certify(key.get(), static_cast<long>(1000 + i));
    out.push_back({std::move(key), std::move(context), std::move(certificate)});
  }
  return out;
}

double timed(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return Seconds(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.at(values.size() / 2);
}

void bare_rsa(const std::vector<Member>& all) {
  std::string out(512, '\0');
  const std::string cek(32, 'k');
  for (std::size_t i = 0; i < kRecipients; ++i) {
    std::size_t length = out.size();
    must(EVP_PKEY_encrypt(all[i % kKeys].context.get(),
                          reinterpret_cast<unsigned char*>(out.data()), &length,
                          reinterpret_cast<const unsigned char*>(cek.data()), cek.size()) == 1,
         "bare encryption failed");
  }
}

/// One ephemeral key, as sealing has it, and no check of the peer.
void bare_ec(const std::vector<Member>& all) {
  const cms::KeyPtr ours(EVP_PKEY_Q_keygen(cms::library(), nullptr, "EC", "P-256"));
  const cms::KeyContextPtr context(EVP_PKEY_CTX_new_from_pkey(cms::library(), ours.get(), nullptr));
  EVP_PKEY_derive_init(context.get());
  std::string out(32, '\0');
  for (std::size_t i = 0; i < kRecipients; ++i) {
    std::size_t length = out.size();
    must(EVP_PKEY_derive_set_peer_ex(context.get(), all[i % kKeys].key.get(), 0) == 1 &&
             EVP_PKEY_derive(context.get(), reinterpret_cast<unsigned char*>(out.data()),
                             &length) == 1,
         "bare agreement failed");
  }
}

/// Content encrypted once, then every copy as base64, thrown away.
void seal(const std::vector<Member>& all, cms::ContentCipher cipher) {
  static const std::string content(kContent, 'x');
  auto sealed = cms::SealedContent::encrypt(content, cipher);
  must(sealed.has_value(), "cannot encrypt");
  for (std::size_t i = 0; i < kRecipients; ++i)
    must(sealed->base64_for_recipient(all[i % kKeys].certificate).has_value(), "cannot seal");
}

void row(const char* name, const std::vector<Member>& all, void (*bare)(const std::vector<Member>&),
         cms::ContentCipher cipher) {
  std::vector<double> ratios;
  std::vector<double> bare_times;
  std::vector<double> seal_times;
  for (int round = 0; round < kRounds; ++round) {
    bare_times.push_back(timed([&] { bare(all); }));
    seal_times.push_back(timed([&] { seal(all, cipher); }));
    ratios.push_back(bare_times.back() / seal_times.back());
  }
  fmt::print("{:<24} {:>12.0f} {:>12.0f} {:>9.0f} %\n", name, kRecipients / median(bare_times),
             kRecipients / median(seal_times), 100 * median(ratios));
}

}  // namespace

int main() {
  const auto rsa = members(
      [] { return EVP_PKEY_Q_keygen(cms::library(), nullptr, "RSA", std::size_t{2048}); }, true);
  const auto ec =
      members([] { return EVP_PKEY_Q_keygen(cms::library(), nullptr, "EC", "P-256"); }, false);
  fmt::print("{} recipients over {} keys, {} octets, {} interleaved rounds, medians\n", kRecipients,
             kKeys, kContent, kRounds);
  fmt::print("{:<24} {:>12} {:>12} {:>11}\n", "", "bare/s", "copies/s", "ratio");
  row("RSA-2048 AES-256-CBC", rsa, bare_rsa, cms::ContentCipher::aes_256_cbc);
  row("RSA-2048 AES-256-GCM", rsa, bare_rsa, cms::ContentCipher::aes_256_gcm);
  row("P-256 AES-256-CBC", ec, bare_ec, cms::ContentCipher::aes_256_cbc);
  return EXIT_SUCCESS;
}
