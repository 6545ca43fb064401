#include "apps/paraph/key_home.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "cms/issuer_path.h"
#include "pipeline/key_ring.h"

namespace paraph::app {

KeyHome site_key_home(const config::Site& site) {
  KeyHome home{"site", site.site_key_directory(), {}, "Mailing lists of " + site.domain(), {}};
  for (const auto& domain : site.domains()) home.addresses.push_back(site.command_address(domain));
  return home;
}

KeyHome list_key_home(const config::Site& site, const list::ListAddress& list) {
  return KeyHome{list.str(), site.list_directory(list), {list.str()}, list.str(), list};
}

std::string chain_problem(const KeyHome& home, const cms::Certificate& leaf,
                          const std::vector<cms::Certificate>& chain, const config::Site& site) {
  std::optional<config::ListConfig> config;
  if (home.list)
    if (auto loaded = config::ListConfig::load(site, *home.list)) config = std::move(*loaded);
  sys::Sightings unused;
  const auto anchors =
      pipeline::load_anchors(pipeline::anchor_files(site, config ? &*config : nullptr), unused);
  if (!anchors) return {};  // `check` has a line of its own for that
  const std::string missing =
      cms::issuer_path(leaf, chain, *anchors, sys::SystemClock().now()).missing;
  if (missing.empty()) return {};
  return fmt::format(
      "what {} signs cannot be verified by readers who lack {}: neither the certificate's file nor "
      "cafile, capath and issuers have it",
      home.name, missing);
}

Result<KeyHome> key_home(Invocation& call) {
  auto site = call.site();
  if (!site) return std::move(site).error();
  if (call.arguments[0] == "site") return site_key_home(**site);
  auto list = call.list();
  if (!list) return std::move(list).error();
  return list_key_home(**site, *list);
}

Result<std::vector<KeyFiles>> key_files(sys::FileSystem& root) {
  auto files = root.list(".");
  if (!files) return std::move(files).error();
  std::map<std::string, KeyFiles> by_suffix;
  const auto take = [&](const std::string& name, std::string_view prefix, bool KeyFiles::*which) {
    if (!name.starts_with(prefix)) return;
    auto& found = by_suffix[name.substr(prefix.size())];
    found.suffix = name.substr(prefix.size());
    found.*which = true;
  };
  for (const auto& file : *files) {
    if (file.directory) continue;
    take(file.name, "private_key", &KeyFiles::key);
    take(file.name, "cert.pem", &KeyFiles::certificate);
  }
  std::vector<KeyFiles> out;
  for (auto& [suffix, found] : by_suffix)
    if (found.key) out.push_back(std::move(found));
  return out;
}

std::vector<KeyFiles> waiting_keys(const std::vector<KeyFiles>& files) {
  std::vector<KeyFiles> out;
  std::copy_if(files.begin(), files.end(), std::back_inserter(out),
               [](const KeyFiles& one) { return !one.certificate; });
  return out;
}

std::string next_suffix(const std::vector<KeyFiles>& files, TimePoint now) {
  std::string day = iso8601(now).substr(0, 10);
  day.erase(std::remove(day.begin(), day.end(), '-'), day.end());
  const auto taken = [&](const std::string& suffix) {
    return std::any_of(files.begin(), files.end(), [&](const KeyFiles& one) {
      return one.suffix == suffix || one.suffix.starts_with(suffix + ".");
    });
  };
  std::string suffix = "." + day;
  for (int n = 2; taken(suffix); ++n) suffix = fmt::format(".{}-{}", day, n);
  return suffix;
}

Error already_there(const sys::FileSystem& root, const std::string& name) {
  return Error::never(Errc::exists, root.full_path(name) + " is there already; nothing was changed")
      .with_hint("paraph key renew LIST|site makes the next generation beside it");
}

Result<void> write_key_file(sys::FileSystem& root, const std::string& name,
                            const std::string& octets) {
  auto written = root.write_new(name, octets);
  if (!written && written.error().code() == Errc::exists) return already_there(root, name);
  if (!written) return written;
  return root.sync_directory(".");
}

cms::KeyPurpose purpose_of(const std::string& suffix) {
  if (suffix.ends_with(".sign")) return cms::KeyPurpose::sign;
  if (suffix.ends_with(".enc")) return cms::KeyPurpose::encrypt;
  return cms::KeyPurpose::both;
}

}  // namespace paraph::app
