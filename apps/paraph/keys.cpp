// key generate, key install, key show.

#include <fmt/core.h>

#include "apps/paraph/verb.h"
#include "base/ascii.h"
#include "mail/address.h"
#include "pipeline/key_ring.h"
#include "sys/file_system.h"

namespace paraph::app {
namespace {

constexpr std::size_t kMaxFile = 16U << 20;

/// Whose keys: a list's, or the site's own for `site`.
struct KeyHome {
  std::string name;  ///< "secure@lists.example.org" or "site"
  std::string directory;
  std::vector<std::string> addresses;  ///< what its certificate must name
  std::string common_name;
};

Result<KeyHome> key_home(Invocation& call) {
  auto runtime = call.runtime();
  if (!runtime) return std::move(runtime).error();
  const auto& site = (*runtime)->site();
  if (call.arguments[0] == "site") {
    KeyHome home{"site", site.site_key_directory(), {}, "Mailing lists of " + site.domain()};
    for (const auto& domain : site.domains())
      home.addresses.push_back(site.command_address(domain));
    return home;
  }
  auto list = call.list();
  if (!list) return std::move(list).error();
  return KeyHome{list->str(), site.list_directory(*list), {list->str()}, list->str()};
}

// The key before the certificate: a pair exists for the daemons when both do. Existing files stay.
Result<void> write_pair(sys::FileSystem& root, const std::string& suffix,
                        const std::string& certificate, const std::string& key) {
  for (const auto& name : {"private_key" + suffix, "cert.pem" + suffix}) {
    auto there = root.exists(name);
    if (!there) return std::move(there).error();
    if (*there)
      return Error::never(Errc::exists,
                          root.full_path(name) + " is there already; nothing was changed")
          .with_hint("paraph key install … --suffix GENERATION keeps the old pair for old mail");
  }
  if (auto written = root.replace("private_key" + suffix, key); !written) return written;
  return root.replace("cert.pem" + suffix, certificate);
}

}  // namespace

Result<int> key_generate(Invocation& call) {
  auto home = key_home(call);
  if (!home) return std::move(home).error();
  const auto& site = (*call.runtime())->site();
  auto phrase = pipeline::key_passphrase(site);
  if (!phrase) return std::move(phrase).error();
  cms::KeyRequest request;
  const std::string algorithm = call.has("algorithm") ? call.option("algorithm") : "rsa";
  if (algorithm != "rsa" && algorithm != "ec")
    return Error::never(Errc::usage, "--algorithm: rsa or ec, not " + algorithm);
  request.algorithm = algorithm == "ec" ? cms::KeyAlgorithm::ec_p256 : cms::KeyAlgorithm::rsa_3072;
  request.common_name = home->common_name;
  request.emails = home->addresses;
  request.not_before = sys::SystemClock().now();
  if (call.has("days")) {
    const auto days = parse_time(call.option("days"));  // a plain number
    if (!days || epoch(*days) < 1 || epoch(*days) > 36500)
      return Error::never(Errc::usage, "--days: a number from 1 to 36500");
    request.days = static_cast<int>(epoch(*days));
  }
  const std::string purpose = call.has("purpose") ? call.option("purpose") : "both";
  std::vector<std::pair<std::string, cms::KeyPurpose>> pairs;
  if (purpose == "both")
    pairs = {{"", cms::KeyPurpose::both}};
  else if (purpose == "split")
    pairs = {{".sign", cms::KeyPurpose::sign}, {".enc", cms::KeyPurpose::encrypt}};
  else
    return Error::never(Errc::usage, "--purpose: both or split, not " + purpose);
  if (call.dry_run) {
    call.print({{"for", home->name}, {"dry_run", true}},
               "would generate a key pair for " + home->name + "\n");
    return kOk;
  }

  auto root = sys::open_root(home->directory);
  if (!root) return std::move(root).error();
  Json json = Json::array();
  std::string text;
  for (const auto& [suffix, key_purpose] : pairs) {
    request.purpose = key_purpose;
    auto made = cms::generate_key(request, *phrase);
    if (!made) return std::move(made).error();
    if (auto written = write_pair(**root, suffix, made->certificate_pem, made->private_key_pem);
        !written)
      return std::move(written).error();
    if (auto written = (*root)->replace("request.pem" + suffix, made->request_pem); !written)
      return std::move(written).error();
    auto certificate = cms::Certificate::from_pem(made->certificate_pem);
    if (!certificate) return std::move(certificate).error();
    json.push_back(describe(certificate->front()));
    text += fmt::format("{0}/cert.pem{1}  {2}, SHA-256 {3}\n{0}/request.pem{1}  for a CA to sign\n",
                        home->directory, suffix, certificate->front().key_description(),
                        certificate->front().sha256());
  }
  call.print(json, text);
  Invocation::hint(
      fmt::format("paraph key install {} --cert SIGNED.pem (when a CA has signed the request)",
                  call.arguments[0]));
  return kOk;
}

Result<int> key_install(Invocation& call) {
  auto home = key_home(call);
  if (!home) return std::move(home).error();
  const auto& site = (*call.runtime())->site();
  auto phrase = pipeline::key_passphrase(site);
  if (!phrase) return std::move(phrase).error();
  if (!call.has("cert")) return Error::never(Errc::usage, "--cert FILE is needed");
  auto certificate_text = sys::read_file(call.option("cert"), kMaxFile);
  if (!certificate_text) return std::move(certificate_text).error();
  auto chain = cms::Certificate::from_pem(*certificate_text);
  if (!chain) return std::move(chain).error().in(call.option("cert"));
  const std::string suffix = call.has("suffix") ? "." + call.option("suffix") : std::string{};
  if (suffix.find('/') != std::string::npos)
    return Error::never(Errc::usage, "--suffix: a word, not a path");
  auto root = sys::open_root(home->directory);
  if (!root) return std::move(root).error();

  const std::string key_path =
      call.has("key") ? call.option("key") : home->directory + "/private_key" + suffix;
  auto key_text = sys::read_file(key_path, kMaxFile);
  if (!key_text) return std::move(key_text).error().with_hint("--key FILE names the private key");
  auto key = cms::PrivateKey::from_pem(*key_text, *phrase);
  if (!key) return std::move(key).error().in(key_path);
  const auto& leaf = chain->front();
  if (!key->matches(leaf))
    return Error::never(Errc::config, fmt::format("{} and {} do not belong together",
                                                  call.option("cert"), key_path));
  for (const auto& address : home->addresses)
    if (!leaf.names(address))
      Invocation::warn(fmt::format(
          "the certificate does not name {}: what it signs goes out unsigned", address));
  if (!call.dry_run) {
    std::string pem;
    for (const auto& certificate : *chain) pem += certificate.pem();
    if (call.has("key")) {
      if (auto written = write_pair(**root, suffix, pem, *key_text); !written)
        return std::move(written).error();
    } else if (auto written = (*root)->replace("cert.pem" + suffix, pem); !written) {
      return std::move(written).error();
    }
  }
  call.print(
      describe(leaf),
      fmt::format("{} for {}: {}, until {}\n", call.dry_run ? "would be installed" : "installed",
                  home->name, leaf.key_description(), iso8601(leaf.not_after())));
  return kOk;
}

Result<int> key_show(Invocation& call) {
  auto home = key_home(call);
  if (!home) return std::move(home).error();
  const auto& site = (*call.runtime())->site();
  auto ring = pipeline::load_key_ring(home->directory, site);
  if (!ring) return std::move(ring).error();
  Json json{{"for", home->name},
            {"directory", home->directory},
            {"pairs", Json::array()},
            {"problems", ring->problems}};
  std::vector<std::vector<std::string>> rows;
  const auto add = [&](const cms::Certificate& certificate, bool usable) {
    Json described = describe(certificate);
    described["usable"] = usable;
    json["pairs"].push_back(described);
    const bool expired = certificate.not_after() < sys::SystemClock().now();
    rows.push_back({usable ? "usable" : "UNUSABLE", certificate.subject(),
                    certificate.key_description(),
                    (expired ? "expired " : "until ") + iso8601(certificate.not_after()),
                    "SHA-256 " + certificate.sha256().substr(0, 16),
                    ring->publish == certificate ? "members encrypt to it" : ""});
  };
  for (const auto& pair : ring->decrypt.ours) add(pair.certificate, true);
  for (const auto& certificate : ring->decrypt.locked) add(certificate, false);
  call.print(json, rows.empty() ? home->name + ": no key\n" : table(rows));
  for (const auto& problem : ring->problems) Invocation::warn(problem);
  if (rows.empty() && !call.json) Invocation::hint("paraph key generate " + call.arguments[0]);
  return ring->problems.empty() ? kOk : kConfig;
}

}  // namespace paraph::app
