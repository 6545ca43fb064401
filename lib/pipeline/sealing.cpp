#include "pipeline/sealing.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "pipeline/incoming.h"
#include "pipeline/key_ring.h"

namespace paraph::pipeline {
namespace {

using Cipher = cms::ContentCipher;

/// From the weakest to the best.
constexpr std::array kByStrength{Cipher::aes_128_cbc, Cipher::aes_256_cbc, Cipher::aes_256_gcm};

std::ptrdiff_t strength(Cipher cipher) {
  return std::find(kByStrength.begin(), kByStrength.end(), cipher) - kByStrength.begin();
}

bool states(const store::Reader& reader, Cipher cipher) {
  return reader.stated.find(cms::cipher_name(cipher)) != std::string::npos;
}

std::optional<Cipher> of_stated(const CipherWishes& wishes, const store::Reader& reader) {
  if (wishes.preferred && states(reader, *wishes.preferred)) return wishes.preferred;
  std::optional<Cipher> best;
  for (const auto cipher : kByStrength)
    if (states(reader, cipher)) best = cipher;
  return best;
}

template <class Config>  // a list's or the site's
CipherWishes wishes_of(const Config& config) {
  return {cms::cipher_from_name(config.get("cipher")),
          cms::cipher_from_name(config.get("cipher_floor")).value_or(Cipher::aes_128_cbc)};
}

Result<std::shared_ptr<const store::SealTrust>> seal_trust(const config::ListConfig* list,
                                                           bool pins, const Ports& ports) {
  const auto files = anchor_files(ports.site, list);
  auto anchors = current_anchors(files, ports);
  if (!anchors) return std::move(anchors).error();
  const auto revocation = revocation_of(list, ports);
  if (!revocation) return revocation.error();
  const auto key = fmt::format("{}\n{} {}", files.key(), cms::to_string(revocation->check), pins);
  auto& kept = ports.cache.sealing;
  constexpr std::size_t kMost = 100;
  if (kept.size() >= kMost && kept.find(key) == kept.end()) kept.clear();
  auto& [of, trust] = kept[key];
  // The same set, and not an equal one: it lives as long as `trust` does.
  if (of != *anchors || &trust->crls.all() != &revocation->crls.all()) {
    of = *anchors;
    trust = store::make_trust(**anchors, *revocation, pins);
  }
  return trust;
}

}  // namespace

Result<store::SealTerms> seal_terms(const Ports& ports, const config::ListConfig* config) {
  const auto trusted = config != nullptr ? config->get("trust") : ports.site.get("trust");
  const auto transport =
      config != nullptr ? config->get("key_transport") : ports.site.get("key_transport");
  auto trust = seal_trust(config, trusted == "ca+pins", ports);
  if (!trust) return std::move(trust).error();
  // What a list asks of signatures does not concern those who read.
  cms::Policy policy;
  policy.min_rsa_bits = policy_of(ports.site, config).min_rsa_bits;
  return store::SealTerms{ports.clock.now(), policy, cms::key_transport_from(transport),
                          *std::move(trust)};
}

Result<store::SealTarget> seal_target(const std::string& member, const Ports& ports,
                                      const config::ListConfig* config) {
  const auto lookup = ports.certificates.find(member, list::CertificateUse::encrypt);
  if (!lookup) return lookup.error();
  const auto terms = seal_terms(ports, config);
  if (!terms) return terms.error();
  return store::choose(*lookup, *terms);
}

CipherWishes cipher_wishes(const config::ListConfig& config) {
  return wishes_of(config);
}

Cipher choose_cipher(const CipherWishes& wishes, const store::Reader& reader) {
  auto wanted = cms::cipher_from_name(reader.cipher);
  if (!wanted) wanted = of_stated(wishes, reader);
  if (!wanted) wanted = wishes.preferred;
  const Cipher cipher = wanted.value_or(Cipher::aes_256_cbc);
  return strength(cipher) < strength(wishes.floor) ? wishes.floor : cipher;
}

Result<Cipher> cipher_for(const std::string& address, const cms::Certificate& certificate,
                          const Ports& ports, const config::ListConfig* config) {
  store::Reader reader;
  auto by_hand = ports.memory.cipher_for(address);
  if (!by_hand) return std::move(by_hand).error();
  reader.cipher = *std::move(by_hand);
  const auto stated = ports.memory.capability(certificate.sha256());
  if (!stated) return stated.error();
  if (*stated) reader.stated = (*stated)->stated;
  return choose_cipher(config != nullptr ? wishes_of(*config) : wishes_of(ports.site), reader);
}

}  // namespace paraph::pipeline
