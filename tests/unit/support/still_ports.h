#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ports.h"

namespace paraph::testing {

/// Octets that differ at every call and are the same in every run.
class CountingRandom final : public Random {
 public:
  explicit CountingRandom(std::uint64_t seed = 1) : state_(seed) {}
  std::string octets(std::size_t count) override {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) {
      state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
      out += static_cast<char>(state_ >> 56U);
    }
    return out;
  }

 private:
  std::uint64_t state_;
};

/// Not a digest, but deterministic and different for different texts, for modules that do not link
/// OpenSSL.
class ToyDigest final : public Digest {
 public:
  std::string sha256(std::string_view octets) const override {
    std::uint64_t hash = 14695981039346656037ULL;
    for (const char c : octets) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    return CountingRandom(hash).octets(32);
  }
  std::string hmac_sha256(std::string_view key, std::string_view octets) const override {
    return sha256(std::string(key).append(octets));
  }
};

}  // namespace paraph::testing
