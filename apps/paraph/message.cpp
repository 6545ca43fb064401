// message inspect.

#include <fmt/core.h>

#include "apps/paraph/message.h"
#include "base/ascii.h"
#include "mail/address.h"
#include "pipeline/incoming.h"
#include "pipeline/key_ring.h"
#include "smime/open.h"
#include "store/crl_files.h"
#include "sys/file_system.h"

namespace paraph::app {
namespace {

constexpr std::size_t kMaxMessage = 512U << 20;
constexpr std::size_t kMaxFile = 16U << 20;

Result<std::vector<std::string>> sender_addresses(const mail::MimeTree& tree) {
  std::vector<std::string> addresses;
  for (const auto* field : tree.find(tree.root(), "From"))
    for (const auto& mailbox : mail::parse_address_list(tree.unfolded(*field)).mailboxes)
      addresses.push_back(mailbox.address.canonical());
  return addresses;
}

Result<cms::KeyPair> read_pair(const Invocation& call) {
  auto certificate_text = sys::read_file(call.option("cert"), kMaxFile);
  if (!certificate_text) return std::move(certificate_text).error();
  auto certificates = cms::Certificate::from_any(*certificate_text);
  if (!certificates) return std::move(certificates).error().in(call.option("cert"));
  auto key_text = sys::read_file(call.option("key"), kMaxFile);
  if (!key_text) return std::move(key_text).error();
  auto key = cms::PrivateKey::from_pem(*key_text, {});
  if (!key) return std::move(key).error().in(call.option("key"));
  for (const auto& certificate : *certificates)
    if (key->matches(certificate)) return cms::KeyPair{certificate, *key};
  return Error::never(Errc::usage, "--cert and --key do not belong together");
}

Result<cms::CrlSet> read_crls(const std::string& path) {
  sys::Sightings unused;
  auto files = store::load_crls(path, unused);
  if (files) {
    for (const auto& problem : files->problems) Invocation::warn(problem);
    return files->set();
  }
  auto octets = sys::read_file(path, 2 * cms::Crl::kMaxOctets);
  if (!octets) return std::move(octets).error();
  auto crls = cms::Crl::from_any(*octets);
  if (!crls) return std::move(crls).error().in(path);
  return cms::CrlSet(std::move(*crls));
}

// What the options say over the site's policy, or over the default one.
Result<void> apply_policy_options(const Invocation& call, smime::OpenContext& context) {
  if (call.has("min-rsa-bits")) {
    const auto bits = parse_time(call.option("min-rsa-bits"));  // a plain number
    if (!bits || epoch(*bits) > 16384) return Error::never(Errc::usage, "--min-rsa-bits: a number");
    context.policy.min_rsa_bits = static_cast<int>(epoch(*bits));
  }
  if (call.has("required-policies")) {
    const std::string oids = call.option("required-policies");
    context.policy.required_policies.clear();
    for (const auto oid : ascii::split(oids, ","))
      context.policy.required_policies.emplace_back(oid);
  }
  if (call.has("crl")) {
    auto crls = read_crls(call.option("crl"));
    if (!crls) return std::move(crls).error();
    context.revocation.crls = std::move(*crls);
    context.revocation.check = cms::CrlCheck::soft;
  }
  if (call.has("crl-check")) {
    const auto check = cms::crl_check_from(call.option("crl-check"));
    if (!check) return Error::never(Errc::usage, "--crl-check: off, soft or require");
    context.revocation.check = *check;
  }
  return {};
}

// With --list: the site's own view. Without: only what the options give, so that it works where no
// site is.
Result<smime::OpenContext> context_for(Invocation& call, const mail::MimeTree& tree) {
  smime::OpenContext context;
  context.at = sys::SystemClock().now();
  if (call.has("at")) {
    const auto at = parse_time(call.option("at"));
    if (!at)
      return Error::never(Errc::usage, "--at: not a time: " + call.option("at"))
          .with_hint("2026-11-23T16:30:42Z");
    context.at = *at;
  }
  if (call.has("list")) {
    auto runtime = call.runtime();
    if (!runtime) return std::move(runtime).error();
    auto list = (*runtime)->site().resolve_list(call.option("list"));
    if (!list) return std::move(list).error();
    auto addresses = sender_addresses(tree);
    auto opened = pipeline::open_context(*list, *addresses, context.at, (*runtime)->ports());
    if (!opened) return std::move(opened).error();
    context = std::move(opened->context);
  }
  for (const char* name : {"ca", "issuers"}) {
    if (!call.has(name)) continue;
    auto text = sys::read_file(call.option(name), kMaxFile);
    if (!text) return std::move(text).error();
    auto found = cms::Certificate::from_any(*text);
    if (!found) return std::move(found).error().in(call.option(name));
    const bool anchors = std::string_view(name) == "ca";
    context.anchors = cms::TrustAnchors::from(anchors ? *found : context.anchors.certificates(),
                                              anchors ? context.anchors.issuers() : *found);
  }
  context.revocation.now = context.at;
  if (auto applied = apply_policy_options(call, context); !applied)
    return std::move(applied).error();
  if (call.has("cert") != call.has("key"))
    return Error::never(Errc::usage, "--cert and --key go together");
  if (call.has("key")) {
    auto pair = read_pair(call);
    if (!pair) return std::move(pair).error();
    context.keys.ours.push_back(std::move(*pair));
  }
  return context;
}

Json to_json(const smime::Signer& signer) {
  Json json{{"emails", Json::array()},
            {"subject", nullptr},
            {"issuer", nullptr},
            {"serial", nullptr},
            {"sha256", nullptr},
            {"digest", signer.digest},
            {"status", smime::to_string(signer.status)},
            {"reason", nullptr}};
  if (signer.certificate) {
    json["emails"] = signer.certificate->emails();
    json["subject"] = signer.certificate->subject();
    json["issuer"] = signer.certificate->issuer();
    json["serial"] = signer.certificate->serial();
    json["sha256"] = signer.certificate->sha256();
  }
  if (signer.status != smime::SignatureStatus::valid) {
    json["reason"] = smime::row(signer.reason).code;
    if (!signer.detail.empty()) json["detail"] = signer.detail;
  }
  return json;
}

Json to_json(const smime::Signature& signature) {
  Json signers = Json::array();
  for (const auto& signer : signature.signers) signers.push_back(to_json(signer));
  return {{"status", smime::to_string(signature.status)},
          {"covers_whole_message", signature.covers_whole_message},
          {"inside_encryption", signature.inside_encryption},
          {"signers", signers}};
}

std::string to_text(const smime::Protection& protection) {
  std::string found;
  for (const auto& layer : protection.layers) {
    if (!found.empty()) found += " > ";
    found += smime::to_string(layer.type);
    if (!layer.cipher.empty()) found += " " + layer.cipher;
    if (!layer.opened) found += " (not opened)";
  }
  std::string from;
  for (const auto& address : protection.from) from += (from.empty() ? "" : ", ") + address;
  std::vector<std::vector<std::string>> rows{
      {"from", from.empty() ? "(nobody)" : from},
      {"layers", found.empty() ? "none: plain mail" : found},
      {"signature",
       fmt::format("{}{}{}", smime::to_string(protection.signature.status),
                   protection.signature.covers_whole_message ? ", over the whole message" : "",
                   protection.signature.inside_encryption ? ", inside the encryption" : "")}};
  for (const auto& signer : protection.signature.signers)
    rows.push_back({"signer", fmt::format("{}, {}, {}",
                                          signer.certificate ? signer.certificate->subject()
                                                             : "(no certificate)",
                                          signer.digest, smime::to_string(signer.status))});
  rows.push_back({"counts as", protection.smime ? "smime" : "smtp"});
  for (const auto reason : protection.reasons)
    rows.push_back({"reason", fmt::format("{}: {}", smime::row(reason).code,
                                          smime::row(reason).for_administrators)});
  return table(rows);
}

}  // namespace

Json to_json(const smime::Protection& protection) {
  Json layers = Json::array();
  for (const auto& layer : protection.layers)
    layers.push_back({{"type", smime::to_string(layer.type)},
                      {"cipher", layer.cipher.empty() ? Json(nullptr) : Json(layer.cipher)},
                      {"opened", layer.opened},
                      {"signature", to_json(layer.signature)}});
  Json reasons = Json::array();
  for (const auto reason : protection.reasons) reasons.push_back(smime::row(reason).code);
  return {{"from", protection.from},
          {"encrypted", protection.encrypted},
          {"layers", layers},
          {"signature", to_json(protection.signature)},
          {"auth_method", protection.smime ? "smime" : "smtp"},
          {"reasons", reasons}};
}

Result<int> message_inspect(Invocation& call) {
  auto octets = sys::read_file(call.arguments[0], kMaxMessage);
  if (!octets) return std::move(octets).error();
  const auto tree = mail::scan(mail::RawMessage(std::move(*octets)));
  auto context = context_for(call, tree);
  if (!context) return std::move(context).error();
  const auto opened = smime::open(tree, *context);
  call.print(to_json(opened.protection), to_text(opened.protection));
  return kOk;
}

}  // namespace paraph::app
