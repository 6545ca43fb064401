#include "smime/judge.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <chrono>
#include <utility>

#include "base/utf8.h"
#include "cms/key_preference.h"

namespace paraph::smime {
namespace {

template <class From, std::size_t N>
Reason look_up(const std::array<std::pair<From, Reason>, N>& table, From key) {
  const auto found =
      std::find_if(table.begin(), table.end(), [&](const auto& pair) { return pair.first == key; });
  assert(found != table.end());
  return found->second;
}

Reason reason_of(cms::SignerCrypto crypto) {
  using enum cms::SignerCrypto;
  static constexpr std::array<std::pair<cms::SignerCrypto, Reason>, 7> kTable = {{
      {digest_mismatch, Reason::digest_mismatch},
      {bad_signature, Reason::bad_signature},
      {other_certificate, Reason::other_signing_certificate},
      {no_certificate, Reason::no_signer_certificate},
      {no_signed_attributes, Reason::no_signed_attributes},
      {unsupported_algorithm, Reason::unsupported_algorithm},
      {malformed, Reason::malformed},
  }};
  return look_up(kTable, crypto);
}

Reason reason_of(cms::ChainStatus chain) {
  using enum cms::ChainStatus;
  static constexpr std::array<std::pair<cms::ChainStatus, Reason>, 9> kTable = {{
      {expired, Reason::expired},
      {not_yet_valid, Reason::not_yet_valid},
      {revoked, Reason::revoked},
      {untrusted_issuer, Reason::untrusted_issuer},
      {wrong_usage, Reason::wrong_usage},
      {weak_key, Reason::weak_key},
      {weak_digest, Reason::weak_digest},
      {bad_chain, Reason::untrusted_issuer},
      {wrong_policy, Reason::wrong_policy},
  }};
  return look_up(kTable, chain);
}

/// Names in a certificate are compared in canonical form; those with U-labels need the mail parser
/// for it.
bool names(const cms::Certificate& certificate, const mail::AddrSpec& sender) {
  if (certificate.names(sender.canonical())) {
    return true;
  }
  const auto& emails = certificate.emails();
  return std::any_of(emails.begin(), emails.end(), [&](const std::string& email) {
    const bool ascii =
        std::all_of(email.begin(), email.end(), [](char c) { return (c & 0x80) == 0; });
    return !ascii && utf8::valid(email) && mail::AddrSpec::parse(email) == sender;
  });
}

void check_key(const cms::Certificate& certificate, const cms::Policy& policy,
               std::vector<Reason>& findings) {
  const bool rsa = certificate.key_type() == cms::KeyType::rsa ||
                   certificate.key_type() == cms::KeyType::rsa_pss;
  if (rsa && (certificate.key_bits() < policy.min_rsa_bits ||
              certificate.key_bits() > policy.max_rsa_bits)) {
    add(findings, Reason::weak_key);
  }
}

void check_identity(const cms::Certificate& certificate, const Sender& sender,
                    const OpenContext& context, std::vector<Reason>& findings) {
  if (context.is_own_key && context.is_own_key(certificate.spki_sha256())) {
    add(findings, Reason::own_address);
  }
  if (certificate.is_ca()) {
    add(findings, Reason::signer_is_ca);
  }
  if (certificate.emails().empty()) {
    add(findings, Reason::no_address_in_certificate);
  } else if (sender.mailbox && !names(certificate, *sender.mailbox)) {
    add(findings, Reason::signer_is_not_sender);
  }
}

cms::TrustAnchors::Verdict judge_chain(const cms::Certificate& signer,
                                       std::vector<cms::Certificate> bag,
                                       const OpenContext& context) {
  constexpr auto kSign = cms::TrustAnchors::Purpose::sign;
  bag.insert(bag.end(), context.issuers.begin(), context.issuers.end());
  auto verdict =
      context.anchors.judge(signer, bag, context.at, kSign, context.policy, context.revocation);
  const auto& pinned = context.pinned;
  const bool without_issuer = verdict.status == cms::ChainStatus::untrusted_issuer &&
                              std::find(pinned.begin(), pinned.end(), signer) != pinned.end();
  if (!without_issuer) return verdict;
  // Security rule 19: itself the end of the path, and all else as ever.
  return cms::TrustAnchors::from({signer}).judge(signer, {}, context.at, kSign, context.policy,
                                                 context.revocation);
}

/// What speaks against one signer, the weightiest first: cryptography, then trust, then identity,
/// so that each message gets its own reason.
std::vector<Reason> findings_of(const cms::SignerInfo& info,
                                const std::vector<cms::Certificate>& bag, const Sender& sender,
                                const OpenContext& context, std::string& detail) {
  std::vector<Reason> findings;
  if (info.crypto != cms::SignerCrypto::good) {
    return {reason_of(info.crypto)};
  }
  if (!info.certificate) {
    return {Reason::no_signer_certificate};
  }
  const auto& digests = context.policy.digests;
  if (info.weak_digest || (!digests.empty() && std::find(digests.begin(), digests.end(),
                                                         info.digest) == digests.end())) {
    add(findings, Reason::weak_digest);
  }
  const cms::TrustAnchors::Verdict verdict = judge_chain(*info.certificate, bag, context);
  detail = verdict.detail;
  if (verdict.status != cms::ChainStatus::good) {
    add(findings, reason_of(verdict.status));
  } else if (!verdict.revocation_unknown.empty()) {
    detail = verdict.revocation_unknown;
    add(findings, Reason::revocation_unknown);
    if (context.revocation.check == cms::CrlCheck::require) {
      add(findings, Reason::waits_for_crl);
    }
  }
  check_key(*info.certificate, context.policy, findings);
  check_identity(*info.certificate, sender, context, findings);
  return findings;
}

Signer judge_signer(const cms::SignerInfo& info, const std::vector<Reason>& findings,
                    std::string detail) {
  Signer signer;
  signer.certificate = info.certificate;
  signer.digest = info.digest;
  const auto denying = std::find_if(findings.begin(), findings.end(),
                                    [](Reason reason) { return row(reason).denies_smime; });
  signer.status = denying == findings.end() ? SignatureStatus::valid : row(*denying).status;
  if (denying != findings.end()) {
    signer.reason = *denying;
  }
  signer.detail = std::move(detail);
  signer.signing_time = info.signing_time;
  signer.message_digest = info.message_digest;
  signer.capabilities_der = info.capabilities_der;
  signer.preference_der = info.preference_der;
  return signer;
}

bool several_signers(const std::vector<cms::SignerInfo>& signers) {
  return std::any_of(signers.begin(), signers.end(), [&](const cms::SignerInfo& other) {
    return &other != &signers.front() &&
           (!other.certificate || !(other.certificate == signers.front().certificate));
  });
}

}  // namespace

Sender sender_of(const mail::MimeTree& tree, const mail::Entity& entity) {
  Sender sender;
  std::vector<mail::Mailbox> mailboxes;
  bool one = true;
  const auto fields = tree.find(entity, "From");
  for (const mail::HeaderField* field : fields) {
    mail::AddressList list = mail::parse_address_list(tree.message().at(field->body));
    one = one && list.well_formed && !list.had_group;
    std::move(list.mailboxes.begin(), list.mailboxes.end(), std::back_inserter(mailboxes));
  }
  std::transform(mailboxes.begin(), mailboxes.end(), std::back_inserter(sender.written),
                 [](const mail::Mailbox& mailbox) { return mailbox.address.str(); });
  if (mailboxes.empty()) {
    sender.fault = Reason::no_from;
  } else if (!one || fields.size() != 1 || mailboxes.size() != 1) {
    sender.fault = Reason::several_from;
  } else {
    sender.mailbox = mailboxes.front().address;
  }
  return sender;
}

Judged judge(const cms::SignedReport& report, const Sender& sender, const OpenContext& context) {
  Judged judged;
  judged.signature.certificates = report.certificates;
  if (report.malformed) {
    judged.signature.status = SignatureStatus::malformed;
    judged.reasons = {Reason::malformed};
    return judged;
  }
  if (report.signers.empty()) {
    judged.reasons = {Reason::no_signers};
    return judged;
  }
  judged.signature.status = SignatureStatus::valid;
  for (const cms::SignerInfo& info : report.signers) {
    std::string detail;
    const auto findings = findings_of(info, report.certificates, sender, context, detail);
    judged.signature.signers.push_back(judge_signer(info, findings, std::move(detail)));
    judged.signature.status =
        worse(judged.signature.status, judged.signature.signers.back().status);
    std::for_each(findings.begin(), findings.end(),
                  [&](Reason reason) { add(judged.reasons, reason); });
  }
  if (several_signers(report.signers)) {
    add(judged.reasons, Reason::several_signers);
    judged.signature.status = worse(judged.signature.status, row(Reason::several_signers).status);
  }
  return judged;
}

SignatureStatus worse(SignatureStatus a, SignatureStatus b) {
  using enum SignatureStatus;
  static constexpr std::array<SignatureStatus, 9> kOrder = {
      none, valid, weak, untrusted, expired, revoked, unsupported, malformed, invalid};
  return std::find(kOrder.begin(), kOrder.end(), a) < std::find(kOrder.begin(), kOrder.end(), b)
             ? b
             : a;
}

void add(std::vector<Reason>& reasons, Reason reason) {
  if (std::find(reasons.begin(), reasons.end(), reason) == reasons.end()) {
    reasons.push_back(reason);
  }
}

std::optional<cms::Certificate> companion_of(const Signature& signature,
                                             const mail::AddrSpec& sender,
                                             const OpenContext& context) {
  const cms::Certificate& signer = *signature.signers.front().certificate;
  const std::string& preference = signature.signers.front().preference_der;
  if (signer.may_encrypt() && (preference.empty() || cms::prefers(preference, signer))) {
    return std::nullopt;
  }
  std::optional<cms::Certificate> found;
  bool named = false;
  for (const cms::Certificate& candidate : signature.certificates) {
    // Security rule 21: what the signed preference names, or else what bears the signer's own names.
    const bool preferred = cms::prefers(preference, candidate);
    const bool alike = !signer.may_encrypt() && candidate.issuer() == signer.issuer() &&
                       candidate.subject() == signer.subject();
    const bool better = !found || (preferred && !named) ||
                        (preferred == named && candidate.not_before() > found->not_before());
    if (!(preferred || alike) || !better || candidate.is_ca() || !candidate.may_encrypt() ||
        !names(candidate, sender)) {
      continue;
    }
    // The bag of certificates is not signed: equal names prove nothing before the chain does
    // (attack A6).
    const auto verdict = context.anchors.judge(candidate, signature.certificates, context.at,
                                               cms::TrustAnchors::Purpose::encrypt, context.policy,
                                               context.revocation);
    if (verdict.status == cms::ChainStatus::good) {
      found = candidate;
      named = preferred;
    }
  }
  return found;
}

}  // namespace paraph::smime
