#include <algorithm>
#include <iterator>

#include "cms/issuer_path.h"
#include "mail/address.h"
#include "pipeline/incoming.h"
#include "pipeline/key_ring.h"
#include "store/crl_files.h"

// What opening a mail needs: keys, anchors, revocation lists, stored certificates.
namespace paraph::pipeline {
namespace {

Result<std::shared_ptr<const OwnCertificates>> own_certificates(const std::string& directory,
                                                                const Ports& ports) {
  if (auto kept = ports.cache.own.find(directory)) return kept;
  sys::Sightings seen;
  auto own = load_own_certificates(directory, seen);
  if (!own) return std::move(own).error();
  if (own->incomplete) return std::make_shared<const OwnCertificates>(std::move(*own));
  return ports.cache.own.keep(directory, std::move(seen), std::move(*own));
}

Result<std::shared_ptr<const OwnKeys>> own_keys(const Ports& ports) {
  if (auto kept = ports.cache.own_keys.find({})) return kept;
  sys::Sightings seen;
  auto keys = load_own_keys(ports.site, seen);
  if (!keys) return std::move(keys).error();
  return ports.cache.own_keys.keep({}, std::move(seen), std::move(*keys));
}

}  // namespace

Result<std::shared_ptr<const cms::TrustAnchors>> current_anchors(const AnchorFiles& files,
                                                                 const Ports& ports) {
  if (auto kept = ports.cache.anchors.find(files.key())) return kept;
  sys::Sightings seen;
  auto anchors = load_anchors(files, seen);
  if (!anchors) return std::move(anchors).error();
  return ports.cache.anchors.keep(files.key(), std::move(seen), std::move(*anchors));
}

// Mail of ours is signed all the same when they cannot be read; `check` names them.
void add_issuers(cms::Signer& signer, const std::optional<list::ListAddress>& list,
                 const Ports& ports) {
  std::optional<config::ListConfig> config;
  if (list)
    if (auto loaded = config::ListConfig::load(ports.site, *list))
      config.emplace(*std::move(loaded));
  const auto files = anchor_files(ports.site, config ? &*config : nullptr);
  const auto anchors = current_anchors(files, ports);
  if (!anchors)
    return ports.log.write(sys::Level::warning, "issuers-unknown",
                           {{"problem", anchors.error().advice()}});
  auto path = cms::issuer_path(signer.pair.certificate, std::move(signer.chain), **anchors,
                               ports.clock.now());
  signer.chain = std::move(path.issuers);
}

namespace {

Result<cms::CrlSet> current_crls(const Ports& ports) {
  if (auto kept = ports.cache.crls.find({})) return *kept;
  sys::Sightings seen;
  auto files = store::load_crls(ports.site.path_of("crl_dir"), seen);
  if (!files) return std::move(files).error();
  for (const auto& problem : files->problems)
    ports.log.write(sys::Level::warning, "crl-unusable", {{"problem", problem}});
  return *ports.cache.crls.keep({}, std::move(seen), files->set());
}

}  // namespace

// Read only when it is asked for.
Result<cms::Revocation> revocation_of(const config::ListConfig* list, const Ports& ports) {
  cms::Revocation revocation;
  const std::string word = list != nullptr ? list->get("crl_check") : ports.site.get("crl_check");
  revocation.check = cms::crl_check_from(word).value_or(cms::CrlCheck::require);
  revocation.now = ports.clock.now();
  if (revocation.check == cms::CrlCheck::off) return revocation;
  auto crls = current_crls(ports);
  if (!crls) return std::move(crls).error();
  revocation.crls = std::move(*crls);
  return revocation;
}

namespace {

void warn_of_keys(const std::vector<std::string>& problems, const Ports& ports) {
  for (const auto& problem : problems)
    ports.log.write(sys::Level::warning, "key-unusable", {{"problem", problem}});
}

// Security rule 15: read for one message that names them, and gone with it. What cannot be read is
// ours all the same, so the message waits.
cms::DecryptKeys fetch_keys(const std::string& directory, const OwnCertificates& own,
                            const Ports& ports) {
  auto ring = load_key_ring(directory, ports.site);
  warn_of_keys(ring ? ring->problems : std::vector{ring.error().advice()}, ports);
  cms::DecryptKeys keys = ring ? std::move(ring->decrypt) : cms::DecryptKeys{};
  // A certificate that could be read a moment ago, and now not with its key: not "not for us" either.
  for (const auto& certificate : own.certificates) {
    const bool known =
        std::any_of(keys.ours.begin(), keys.ours.end(),
                    [&](const auto& pair) { return pair.certificate == certificate; }) ||
        std::find(keys.locked.begin(), keys.locked.end(), certificate) != keys.locked.end();
    if (!known) keys.locked.push_back(certificate);
  }
  return keys;
}

}  // namespace

Result<Opening> open_context(const std::optional<list::ListAddress>& list,
                             const std::vector<std::string>& from, TimePoint at,
                             const Ports& ports) {
  const std::string directory =
      list ? ports.site.list_directory(*list) : ports.site.site_key_directory();
  auto own = own_certificates(directory, ports);
  if (!own) return std::move(own).error();
  warn_of_keys((*own)->problems, ports);
  std::optional<config::ListConfig> config;
  if (list) {
    auto loaded = config::ListConfig::load(ports.site, *list);
    if (!loaded) return std::move(loaded).error();
    config.emplace(std::move(*loaded));
  }
  const config::ListConfig* own_config = config ? &*config : nullptr;
  auto anchors = current_anchors(anchor_files(ports.site, own_config), ports);
  if (!anchors) return std::move(anchors).error();
  auto revocation = revocation_of(own_config, ports);
  if (!revocation) return std::move(revocation).error();
  auto keys = own_keys(ports);  // of all lists and the site, not of this address alone
  if (!keys) return std::move(keys).error();

  Opening opening;
  opening.keys_incomplete = (*own)->incomplete;
  auto& context = opening.context;
  context.is_own_key = [keys = *keys](const std::string& digest) {
    return keys->count(digest) > 0;
  };
  context.own_certificates = (*own)->certificates;
  context.fetch_keys = [directory, own = *own, ports] {
    return fetch_keys(directory, *own, ports);
  };
  context.anchors = **anchors;
  context.policy = policy_of(ports.site, own_config);
  context.revocation = std::move(*revocation);
  context.at = at;
  const bool pins_count = (config ? config->get("trust") : ports.site.get("trust")) == "ca+pins";
  for (const auto& address : from) {
    const auto parsed = mail::AddrSpec::parse(address);
    if (!parsed) continue;
    if (is_own_address(ports.site, *parsed)) context.own_addresses.push_back(parsed->canonical());
    auto stored = ports.certificates.find(parsed->canonical(), list::CertificateUse::verify);
    if (!stored) return std::move(stored).error();
    for (auto& entry : stored->found) {
      const auto& pins = stored->pinned;
      if (pins_count &&
          std::find(pins.begin(), pins.end(), entry.certificate.sha256()) != pins.end())
        context.pinned.push_back(entry.certificate);
      context.stored.push_back(std::move(entry.certificate));
    }
    std::move(stored->issuers.begin(), stored->issuers.end(), std::back_inserter(context.issuers));
  }
  return opening;
}

Result<void> add_replaced(std::string_view sender, smime::OpenContext& context,
                          const Ports& ports) {
  const auto address = mail::AddrSpec::parse(sender);
  if (!address) return {};
  auto all = ports.certificates.history(address->canonical(), ports.clock.now());
  if (!all) return std::move(all).error();
  for (auto& each : *all)
    if (each.state == list::CertificateState::history && each.certificate.may_sign())
      context.stored.push_back(std::move(each.certificate));
  return {};
}

}  // namespace paraph::pipeline
