#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "cms/seal.h"
#include "config/site.h"
#include "pipeline/ports.h"
#include "store/recipients.h"

/// Whom copies are sealed to, and how: the terms that a list's configuration sets, and the choice for one reader.
namespace paraph::pipeline {

/// Under which terms copies of the list's posts are sealed now; without a list, those of the site. An Error (later):
/// the anchors cannot be read.
[[nodiscard]] Result<store::SealTerms> seal_terms(const Ports& ports,
                                                  const config::ListConfig* config = nullptr);

/// The certificate that a copy for this member would be sealed to, parsed, for people.
[[nodiscard]] Result<store::SealTarget> seal_target(const std::string& member, const Ports& ports,
                                                    const config::ListConfig* config = nullptr);

/// What a list asks of the content cipher.
struct CipherWishes {
  std::optional<cms::ContentCipher> preferred;  ///< nullopt: the best that a reader states
  cms::ContentCipher floor = cms::ContentCipher::aes_128_cbc;
};
[[nodiscard]] CipherWishes cipher_wishes(const config::ListConfig& config);

/// Design §6.7: what an administrator set for the reader; else, of what his program stated, the list's preference or
/// the best; else the list's preference, or AES-256-CBC. Never below the floor: then the floor's (security rule 25).
[[nodiscard]] cms::ContentCipher choose_cipher(const CipherWishes& wishes,
                                               const store::Reader& reader);

/// choose_cipher() for mail to one person, who reads with that certificate; without a list, by the site's wishes.
[[nodiscard]] Result<cms::ContentCipher> cipher_for(const std::string& address,
                                                    const cms::Certificate& certificate,
                                                    const Ports& ports,
                                                    const config::ListConfig* config = nullptr);

}  // namespace paraph::pipeline
