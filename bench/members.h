#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bench.h"
#include "cms/certificate.h"
#include "cms/openssl.h"

/// Members with a key and a certificate each, by the thousand: test keys, worth nothing.
namespace paraph::bench {

/// An RSA key nobody knows the private half of: a random odd 2048-bit number as modulus, e = 65537. To encrypt to it
/// costs what it costs with any other.
[[nodiscard]] cms::KeyPtr rsa_key();
[[nodiscard]] cms::KeyPtr p256_key();

struct Person {
  std::string address;  ///< "member00042@example.org"
  cms::KeyPtr key;
};

/// Writes certificates for `count` people, signed by one EC test authority, into `directory` under their addresses.
[[nodiscard]] std::vector<Person> make_people(std::size_t count, cms::KeyPtr (*make_key)(),
                                              const std::string& directory);
/// One certificate for `key` by the test authority; `address` as its rfc822Name, a random serial number of 14 to 16
/// octets: so that copies need the shared base64 in all three alignments.
[[nodiscard]] std::string certificate_pem(EVP_PKEY* key, const std::string& address,
                                          std::size_t index);

/// That authority's own certificate.
[[nodiscard]] std::string authority_pem();

/// Waits until files written just now count as settled (sys::FileIdentity).
void let_settle();

}  // namespace paraph::bench
