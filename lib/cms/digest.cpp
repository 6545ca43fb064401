// Random and Digest (base/ports.h) over OpenSSL.

#include <openssl/core_names.h>
#include <openssl/rand.h>

#include <array>
#include <cstdlib>

#include "cms/keys.h"
#include "cms/openssl.h"

namespace paraph::cms {
namespace {

constexpr std::size_t kSha256Octets = 32;

class SystemRandom final : public Random {
 public:
  std::string octets(std::size_t count) override {
    std::string out(count, '\0');
    // RAND_bytes_ex is fork-safe: a child's generator is seeded anew.
    if (count != 0 &&
        RAND_bytes_ex(library(), reinterpret_cast<unsigned char*>(out.data()), count, 0) != 1) {
      std::abort();
    }
    return out;
  }
};

class Sha256 final : public Digest {
 public:
  std::string sha256(std::string_view octets) const override {
    std::string out(kSha256Octets, '\0');
    std::size_t length = 0;
    if (EVP_Q_digest(library(), "SHA256", nullptr, octets.data(), octets.size(),
                     reinterpret_cast<unsigned char*>(out.data()), &length) != 1) {
      std::abort();  // out of memory
    }
    return out;
  }

  std::string hmac_sha256(std::string_view key, std::string_view octets) const override {
    std::string out(kSha256Octets, '\0');
    std::size_t length = 0;
    const auto* data = reinterpret_cast<const unsigned char*>(octets.data());
    // EVP_Q_mac takes no null key, which an empty view may hold.
    if (EVP_Q_mac(library(), "HMAC", nullptr, "SHA256", nullptr, key.empty() ? "" : key.data(),
                  key.size(), data, octets.size(), reinterpret_cast<unsigned char*>(out.data()),
                  out.size(), &length) == nullptr) {
      std::abort();
    }
    return out;
  }
};

}  // namespace

Random& random() {
  static SystemRandom instance;
  return instance;
}

const Digest& digest() {
  static const Sha256 instance;
  return instance;
}

}  // namespace paraph::cms
