// key generate, request, install, renew: how a key comes to its certificate.

#include <fmt/core.h>

#include <algorithm>

#include "apps/paraph/key_home.h"
#include "cms/seal.h"
#include "pipeline/key_ring.h"
#include "sys/file_system.h"

namespace paraph::app {
namespace {

constexpr std::size_t kMaxFile = 16U << 20;

/// What generate and renew were asked for.
struct Wanted {
  cms::KeyRequest request;
  bool split = false;
  bool self_signed = true;
};

Result<int> days_option(const Invocation& call, int otherwise) {
  if (!call.has("days")) return otherwise;
  const auto days = parse_time(call.option("days"));  // a plain number
  if (!days || epoch(*days) < 1 || epoch(*days) > 36500)
    return Error::never(Errc::usage, "--days: a number from 1 to 36500");
  return static_cast<int>(epoch(*days));
}

Result<Wanted> read_wanted(const Invocation& call, const KeyHome& home, cms::KeyAlgorithm algorithm,
                           bool split) {
  Wanted wanted;
  wanted.request.common_name = home.common_name;
  wanted.request.emails = home.addresses;
  wanted.request.not_before = sys::SystemClock().now();
  wanted.request.algorithm = algorithm;
  wanted.split = split;
  if (const std::string name = call.option("algorithm"); !name.empty()) {
    if (name != "rsa" && name != "ec")
      return Error::never(Errc::usage, "--algorithm: rsa or ec, not " + name);
    wanted.request.algorithm =
        name == "ec" ? cms::KeyAlgorithm::ec_p256 : cms::KeyAlgorithm::rsa_3072;
  }
  if (const std::string purpose = call.option("purpose"); !purpose.empty()) {
    if (purpose != "both" && purpose != "split")
      return Error::never(Errc::usage, "--purpose: both or split, not " + purpose);
    wanted.split = purpose == "split";
  }
  auto days = days_option(call, wanted.request.days);
  if (!days) return std::move(days).error();
  wanted.request.days = *days;
  return wanted;
}

// Key, then request, then certificate: a pair exists for the daemons when key and certificate do.
Result<int> make_pairs(Invocation& call, const KeyHome& home, Wanted wanted,
                       const std::string& generation) {
  auto phrase = pipeline::key_passphrase(**call.site());
  if (!phrase) return std::move(phrase).error();
  auto root = sys::open_root(home.directory);
  if (!root) return std::move(root).error();
  Json json = Json::array();
  std::string text;
  std::vector<std::string> suffixes{generation};
  if (wanted.split) suffixes = {generation + ".sign", generation + ".enc"};
  for (const auto& suffix : suffixes) {
    wanted.request.purpose = purpose_of(suffix);
    auto made = cms::generate_key(wanted.request, *phrase);
    if (!made) return std::move(made).error();
    if (auto done = write_key_file(**root, "private_key" + suffix, made->private_key_pem); !done)
      return std::move(done).error();
    if (auto done = (*root)->replace("request.pem" + suffix, made->request_pem); !done)
      return std::move(done).error();
    auto certificate = cms::Certificate::from_pem(made->certificate_pem);
    if (!certificate) return std::move(certificate).error();
    Json described{{"suffix", suffix}, {"request", made->request_pem}};
    if (wanted.self_signed) {
      if (auto done = write_key_file(**root, "cert.pem" + suffix, made->certificate_pem); !done)
        return std::move(done).error();
      described.update(describe(certificate->front()));
      text += fmt::format("{}/cert.pem{}  {}, SHA-256 {}\n", home.directory, suffix,
                          certificate->front().key_description(), certificate->front().sha256());
    } else {
      text += fmt::format("{}/private_key{}  {}, waits for its certificate\n", home.directory,
                          suffix, certificate->front().key_description());
    }
    text += fmt::format("{}/request.pem{}  for a CA to sign\n", home.directory, suffix);
    json.push_back(std::move(described));
  }
  call.print(json, text);
  Invocation::hint(
      fmt::format("paraph key install {} --cert SIGNED.pem (when a CA has signed the request)",
                  call.arguments[0]));
  return kOk;
}

std::string first_file(const Wanted& wanted, const std::string& generation) {
  return "private_key" + generation + (wanted.split ? ".sign" : "");
}

Result<int> would_make(const Invocation& call, const KeyHome& home, const std::string& file) {
  auto root = sys::open_root(home.directory);
  if (!root) return std::move(root).error();
  const auto there = (*root)->exists(file);
  if (!there) return there.error();
  if (*there) return already_there(**root, file);
  call.print({{"for", home.name}, {"file", (*root)->full_path(file)}, {"dry_run", true}},
             fmt::format("would generate {} for {}\n", (*root)->full_path(file), home.name));
  return kOk;
}

Result<cms::PrivateKey> read_key(const std::string& path, const std::string& phrase) {
  auto text = sys::read_file(path, kMaxFile);
  if (!text) return std::move(text).error().with_hint("--key FILE names the private key");
  auto key = cms::PrivateKey::from_pem(*text, phrase);
  if (!key) return std::move(key).error().in(path);
  return key;
}

// The certificate of an older request: its mail must open still, so it stays, with its key, as a generation of its own.
Result<std::string> lay_aside(sys::FileSystem& root, const std::string& suffix,
                              const cms::Certificate& next) {
  auto there = root.exists("cert.pem" + suffix);
  if (!there || !*there) return there ? Result<std::string>(std::string()) : there.error();
  auto pem = root.read("cert.pem" + suffix, kMaxFile);
  auto old =
      pem ? cms::Certificate::from_pem(*pem) : Result<std::vector<cms::Certificate>>(pem.error());
  if (!old) return std::move(old).error().in(root.full_path("cert.pem" + suffix));
  if (old->front() == next) return std::string();
  auto key = root.read("private_key" + suffix, kMaxFile);
  if (!key) return std::move(key).error();
  const std::string aside = "." + old->front().sha256().substr(0, 8);
  for (const auto& [name, octets] :
       {std::pair("private_key" + aside, *key), std::pair("cert.pem" + aside, *pem)}) {
    auto done = write_key_file(root, name, octets);
    if (!done && done.error().code() != Errc::exists) return std::move(done).error();  // a repeat
  }
  return "cert.pem" + aside;
}

// Without --suffix and --key: the key of the directory that the certificate is for.
Result<std::string> suffix_for(const Invocation& call, sys::FileSystem& root,
                               const cms::Certificate& leaf, const std::string& phrase) {
  if (call.has("suffix")) {
    if (call.option("suffix").find('/') != std::string::npos)
      return Error::never(Errc::usage, "--suffix: a word, not a path");
    return "." + call.option("suffix");
  }
  auto files = key_files(root);
  if (!files) return std::move(files).error();
  if (call.has("key")) return std::string();
  Result<void> why =
      Error::never(Errc::config, call.option("cert") + " belongs to no key in " + root.root())
          .with_hint("--key FILE names its private key");
  // Those that wait first: an older certificate of the same key keeps its place.
  std::stable_sort(files->begin(), files->end(), [](const KeyFiles& a, const KeyFiles& b) {
    return !a.certificate && b.certificate;
  });
  for (const auto& one : *files) {
    auto key = read_key(root.full_path("private_key" + one.suffix), phrase);
    if (key && key->matches(leaf)) return one.suffix;
    if (!key) why = key.error();
  }
  return why.error();
}

void warn_of(const std::vector<cms::Certificate>& chain, const KeyHome& home,
             const config::Site& site) {
  const auto& leaf = chain.front();
  for (const auto& address : home.addresses)
    if (!leaf.names(address))
      Invocation::warn(fmt::format(
          "the certificate does not name {}: what it signs goes out unsigned", address));
  const auto now = sys::SystemClock().now();
  const auto policy = pipeline::policy_of(site);
  const auto signs = cms::sign_fitness(leaf, now, policy);
  const auto opens = cms::fitness(leaf, now, policy);
  if (signs == cms::SignFitness::good)
    if (const auto problem = chain_problem(home, leaf, {chain.begin() + 1, chain.end()}, site);
        !problem.empty())
      Invocation::warn(problem);
  if (signs != cms::SignFitness::good && opens != cms::SealFitness::good)
    Invocation::warn(fmt::format("the certificate serves neither to sign ({}) nor to encrypt ({})",
                                 cms::to_string(signs), cms::to_string(opens)));
}

/// An RSA-PSS key can do nothing but sign (RFC 8551 §2.3), so one that must not is of no use, now or later.
Result<void> refuse_useless(const cms::Certificate& leaf, const std::string& path,
                            const config::Site& site) {
  if (leaf.key_type() != cms::KeyType::rsa_pss) return {};
  const auto signs = cms::sign_fitness(leaf, leaf.not_after(), pipeline::policy_of(site));
  if (signs == cms::SignFitness::good) return {};
  const bool demands = signs == cms::SignFitness::demands_weak_digest;
  return Error::never(
             Errc::config,
             fmt::format(
                 "{}: {}: {}an RSA-PSS key that must not sign, and nothing can be encrypted "
                 "to one",
                 path, cms::to_string(signs),
                 demands ? "its parameters allow no digest from SHA-256 up (RFC 4055 §3.1); " : ""))
      .with_hint("paraph key generate, or key renew, makes a key for the CA to certify");
}

}  // namespace

Result<int> key_generate(Invocation& call) {
  auto home = key_home(call);
  if (!home) return std::move(home).error();
  auto wanted = read_wanted(call, *home, cms::KeyAlgorithm::rsa_3072, false);
  if (!wanted) return std::move(wanted).error();
  if (call.dry_run) return would_make(call, *home, first_file(*wanted, {}));
  return make_pairs(call, *home, std::move(*wanted), {});
}

Result<int> key_renew(Invocation& call) {
  auto home = key_home(call);
  if (!home) return std::move(home).error();
  const auto& site = **call.site();
  auto root = sys::open_root(home->directory);
  if (!root) return std::move(root).error();
  auto files = key_files(**root);
  if (!files) return std::move(files).error();
  if (files->empty())
    return Error::never(Errc::not_found, home->name + " has no key to renew")
        .with_hint("paraph key generate " + call.arguments[0]);
  if (const auto waiting = waiting_keys(*files); !waiting.empty())
    return Error::never(Errc::exists,
                        fmt::format("{}/private_key{} waits for its certificate already",
                                    home->directory, waiting.front().suffix))
        .with_hint("paraph key request " + call.arguments[0]);
  auto ring = pipeline::load_key_ring(home->directory, site);
  if (!ring) return std::move(ring).error();
  const TimePoint now = sys::SystemClock().now();
  const auto policy = pipeline::policy_of(site);
  const auto* published = pipeline::published(*ring, now, policy);
  const bool curve = published != nullptr && published->certificate.key_type() == cms::KeyType::ec;
  const bool split = published != nullptr && !published->certificate.may_sign();
  auto wanted = read_wanted(
      call, *home, curve ? cms::KeyAlgorithm::ec_p256 : cms::KeyAlgorithm::rsa_3072, split);
  if (!wanted) return std::move(wanted).error();
  wanted->self_signed = call.has("self-signed");
  const std::string generation = next_suffix(*files, now);
  if (call.dry_run) return would_make(call, *home, first_file(*wanted, generation));
  return make_pairs(call, *home, std::move(*wanted), generation);
}

Result<int> key_request(Invocation& call) {
  auto home = key_home(call);
  if (!home) return std::move(home).error();
  const auto& site = **call.site();
  auto phrase = pipeline::key_passphrase(site);
  if (!phrase) return std::move(phrase).error();
  auto root = sys::open_root(home->directory);
  if (!root) return std::move(root).error();
  auto files = key_files(**root);
  if (!files) return std::move(files).error();
  auto ring = pipeline::load_key_ring(home->directory, site);
  if (!ring) return std::move(ring).error();

  std::vector<std::string> suffixes;
  if (call.has("suffix")) {
    suffixes = {"." + call.option("suffix")};
  } else {
    for (const auto& one : waiting_keys(*files)) suffixes.push_back(one.suffix);
    const TimePoint now = sys::SystemClock().now();
    const auto policy = pipeline::policy_of(site);
    if (suffixes.empty()) {
      const auto* published = pipeline::published(*ring, now, policy);
      const auto key = pipeline::signing_key(*ring, home->addresses.front(), now, policy);
      for (const auto* one : {key.generation, published})
        if (one != nullptr && (suffixes.empty() || suffixes.front() != one->suffix))
          suffixes.push_back(one->suffix);
    }
  }
  if (suffixes.empty())
    return Error::never(Errc::not_found, home->name + " has no key")
        .with_hint("paraph key generate " + call.arguments[0]);
  Json json = Json::array();
  std::string text;
  for (const auto& suffix : suffixes) {
    auto key = read_key(home->directory + "/private_key" + suffix, *phrase);
    if (!key) return std::move(key).error().with_hint("paraph key show " + call.arguments[0]);
    cms::KeyRequest request;
    request.common_name = home->common_name;
    request.emails = home->addresses;
    request.purpose = purpose_of(suffix);
    for (const auto& one : ring->generations)
      if (one.suffix == suffix && one.certificate.may_sign() != one.certificate.may_encrypt())
        request.purpose =
            one.certificate.may_sign() ? cms::KeyPurpose::sign : cms::KeyPurpose::encrypt;
    auto pem = cms::request_for(*key, request);
    if (!pem) return std::move(pem).error();
    json.push_back({{"suffix", suffix}, {"emails", home->addresses}, {"request", *pem}});
    text += *pem;
  }
  call.print(json, text);
  return kOk;
}

Result<int> key_install(Invocation& call) {
  auto home = key_home(call);
  if (!home) return std::move(home).error();
  const auto& site = **call.site();
  auto phrase = pipeline::key_passphrase(site);
  if (!phrase) return std::move(phrase).error();
  if (!call.has("cert")) return Error::never(Errc::usage, "--cert FILE is needed");
  auto certificate_text = sys::read_file(call.option("cert"), kMaxFile);
  if (!certificate_text) return std::move(certificate_text).error();
  auto chain = cms::Certificate::from_pem(*certificate_text);
  if (!chain) return std::move(chain).error().in(call.option("cert"));
  const auto& leaf = chain->front();
  auto root = sys::open_root(home->directory);
  if (!root) return std::move(root).error();
  auto suffix = suffix_for(call, **root, leaf, *phrase);
  if (!suffix) return std::move(suffix).error();

  const std::string key_path =
      call.has("key") ? call.option("key") : home->directory + "/private_key" + *suffix;
  auto key = read_key(key_path, *phrase);
  if (!key) return std::move(key).error();
  if (!key->matches(leaf))
    return Error::never(Errc::config, fmt::format("{} and {} do not belong together",
                                                  call.option("cert"), key_path));
  if (auto fit = refuse_useless(leaf, call.option("cert"), site); !fit)
    return std::move(fit).error();
  warn_of(*chain, *home, site);
  std::string aside;
  if (!call.dry_run) {
    std::string pem;
    for (const auto& certificate : *chain) pem += certificate.pem();
    if (call.has("key")) {
      auto key_text = sys::read_file(key_path, kMaxFile);
      if (!key_text) return std::move(key_text).error();
      if (auto done = write_key_file(**root, "private_key" + *suffix, *key_text); !done)
        return std::move(done).error();
      if (auto done = write_key_file(**root, "cert.pem" + *suffix, pem); !done)
        return std::move(done).error();
    } else {
      auto kept = lay_aside(**root, *suffix, leaf);
      if (!kept) return std::move(kept).error();
      aside = *kept;
      if (auto done = (*root)->replace("cert.pem" + *suffix, pem); !done)
        return std::move(done).error();
    }
  }
  Json json = describe(leaf);
  json["suffix"] = *suffix;
  json["kept"] = aside;
  call.print(json, fmt::format("{} for {}: {}, until {}{}\n",
                               call.dry_run ? "would be installed" : "installed", home->name,
                               leaf.key_description(), iso8601(leaf.not_after()),
                               aside.empty() ? ""
                                             : "; the certificate before it is " + aside +
                                                   ", for mail that is encrypted to it"));
  return kOk;
}

}  // namespace paraph::app
