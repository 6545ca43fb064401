// crl import, crl fetch, crl show, crl check.

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "apps/paraph/finding.h"
#include "apps/paraph/verb.h"
#include "base/utf8.h"
#include "pipeline/key_ring.h"
#include "store/crl_files.h"
#include "sys/process.h"

namespace paraph::app {
namespace {

constexpr std::chrono::seconds kFetchTime{120};
constexpr std::chrono::hours kSoon{48};
constexpr const char* kFetched = "T.fetched";

// What the verbs work on: the directory, what is in it, and the CAs whose signatures can be checked.
struct CrlHome {
  std::string directory;
  store::CrlFiles files;
  std::vector<cms::Certificate> issuers;
  cms::CrlCheck strictest = cms::CrlCheck::off;  ///< of the site and its lists
};

void collect(const pipeline::AnchorFiles& files, std::vector<cms::Certificate>& out) {
  sys::Sightings unused;
  const auto anchors = pipeline::load_anchors(files, unused);
  if (!anchors) return;  // `status` names it
  for (const auto* set : {&anchors->certificates(), &anchors->issuers()})
    for (const auto& one : *set)
      if (std::find(out.begin(), out.end(), one) == out.end()) out.push_back(one);
}

cms::CrlCheck check_word(const std::string& word) {
  return cms::crl_check_from(word).value_or(cms::CrlCheck::require);
}

Result<CrlHome> crl_home(const config::Site& site) {
  CrlHome home;
  home.directory = site.path_of("crl_dir");
  home.strictest = check_word(site.get("crl_check"));
  collect(pipeline::anchor_files(site, nullptr), home.issuers);
  if (const auto lists = site.lists()) {
    for (const auto& list : *lists) {
      const auto config = config::ListConfig::load(site, list);
      if (!config) continue;
      home.strictest = std::max(home.strictest, check_word(config->get("crl_check")));
      collect(pipeline::anchor_files(site, &*config), home.issuers);
    }
  }
  sys::Sightings unused;
  auto files = store::load_crls(home.directory, unused);
  if (!files) return std::move(files).error();
  home.files = std::move(*files);
  return home;
}

std::string_view word(store::CrlStored stored) {
  switch (stored) {
    case store::CrlStored::stored:
      return "stored";
    case store::CrlStored::already_there:
      return "already there";
    case store::CrlStored::kept_newer:
      return "not stored, a newer one is there";
  }
  return {};
}

Json describe_crl(const cms::Crl& crl) {
  const auto next = crl.next_update();
  const auto entries = crl.entries();
  return {{"issuer", crl.issuer()},
          {"number", crl.number()},
          {"delta", crl.is_delta()},
          {"base_number", crl.base_number()},
          {"scope", crl.scope()},
          {"key_id", crl.key_id()},
          {"this_update", iso8601(crl.this_update())},
          {"next_update", next ? Json(iso8601(*next)) : Json(nullptr)},
          {"entries", entries ? Json(*entries) : Json(nullptr)},
          {"sha256", crl.sha256()}};
}

Result<std::shared_ptr<sys::FileSystem>> open_directory(const std::string& directory) {
  if (auto parent = sys::open_root(sys::directory_of(directory)); parent)
    if (auto made = (*parent)->make_directory(directory.substr(directory.rfind('/') + 1)); !made)
      return std::move(made).error();
  return sys::open_root(directory);
}

// What import and fetch have in common: each CRL stored, its row told.
class Storing {
 public:
  Storing(Invocation& call, CrlHome home) : call_(call), home_(std::move(home)) {}

  Result<void> store(const std::string& from, const cms::Crl& crl) {
    std::string outcome = "would be stored";
    if (!call_.dry_run) {
      auto root = open_directory(home_.directory);
      if (!root) return std::move(root).error();
      auto stored = store::store_crl(**root, crl, home_.files, home_.issuers);
      if (!stored) return std::move(stored).error();
      outcome = word(*stored);
      sys::Sightings unused;
      auto files = store::load_crls(home_.directory, unused);
      if (!files) return std::move(files).error();
      home_.files = std::move(*files);
    }
    Json row = describe_crl(crl);
    row["from"] = from;
    row["outcome"] = outcome;
    row["verified"] = verified(crl);
    json_.push_back(std::move(row));
    rows_.push_back({crl.issuer(), crl.is_delta() ? "delta " + crl.number() : crl.number(), outcome,
                     verified(crl) ? "" : "its issuer's certificate is not at hand"});
    return {};
  }
  [[nodiscard]] bool verified(const cms::Crl& crl) const {
    return store::is_verified(crl, home_.issuers);
  }
  [[nodiscard]] const std::string& directory() const { return home_.directory; }
  void print() const { call_.print(json_, table(rows_)); }

 private:
  Invocation& call_;
  CrlHome home_;
  Json json_ = Json::array();
  std::vector<std::vector<std::string>> rows_;
};

// curl of the machine, without its own configuration: http and https, no redirect, a limit on octets and time.
Result<std::string> fetch(const std::string& url, const std::string& directory) {
  if (url.rfind("http://", 0) != 0 && url.rfind("https://", 0) != 0)
    return Error::never(Errc::config, url + ": not an http or https URL");
  auto root = open_directory(directory);
  if (!root) return std::move(root).error();
  auto done = sys::run(
      {"/usr/bin/curl", "--disable", "--silent", "--show-error", "--fail", "--proto", "=http,https",
       "--max-redirs", "0", "--max-time", "100", "--max-filesize",
       std::to_string(cms::Crl::kMaxOctets), "--output", (*root)->full_path(kFetched), "--", url},
      {}, kFetchTime);
  if (!done) return std::move(done).error().in(url);
  Result<std::string> octets = Error::later(Errc::io, url + ": " + utf8::printable(done->err, 300));
  if (done->status == 0) octets = (*root)->read(kFetched, cms::Crl::kMaxOctets);
  (void)(*root)->remove(kFetched, false);
  return octets;
}

void add(Findings& findings, Severity severity, std::string code, std::string message) {
  findings.push_back({severity, std::move(code), std::move(message),
                      "paraph crl fetch, or paraph crl import FILE"});
}

// A CRL that another of its identity follows says nothing about freshness, nor does a delta that a base at hand holds already.
bool follows(const cms::Crl& next, const cms::Crl& crl) {
  if (next.identity() == crl.identity()) return next.newer_than(crl);
  return crl.is_delta() && !next.is_delta() && next.same_scope(crl) && !crl.newer_than(next);
}

bool is_followed(const cms::Crl& crl, const CrlHome& home) {
  const bool verified = store::is_verified(crl, home.issuers);
  return std::any_of(home.files.files.begin(), home.files.files.end(), [&](const auto& file) {
    return follows(file.crl, crl) && (!verified || store::is_verified(file.crl, home.issuers));
  });
}

void check_freshness(const CrlHome& home, TimePoint now, Findings& findings) {
  const Severity worst =
      home.strictest == cms::CrlCheck::require ? Severity::critical : Severity::warning;
  for (const auto& file : home.files.files) {
    const auto next = file.crl.next_update();
    if (!next || is_followed(file.crl, home)) continue;
    // Mail does not wait for a delta while its base is current.
    const bool delta = file.crl.is_delta();
    const std::string what = fmt::format("the {}revocation list of {}", delta ? "delta " : "",
                                         utf8::printable(file.crl.issuer()));
    if (*next < now)
      add(findings, delta ? Severity::warning : worst, "crl_stale",
          fmt::format("{} is stale since {}", what, iso8601(*next)));
    else if (*next < now + kSoon)
      add(findings, Severity::warning, "crl_stale_soon",
          fmt::format("{} grows stale at {}", what, iso8601(*next)));
  }
}

void check_deltas(const CrlHome& home, Findings& findings) {
  for (const auto& [name, crl] : home.files.files) {
    if (!crl.is_delta() || is_followed(crl, home)) continue;
    const bool used =
        std::any_of(home.files.files.begin(), home.files.files.end(),
                    [&delta = crl](const auto& file) { return delta.adds_to(file.crl); });
    if (!used)
      add(findings, Severity::warning, "crl_delta_unused",
          fmt::format("the delta revocation list {} of {} adds to none at hand: it needs {} or a "
                      "later one",
                      crl.number(), utf8::printable(crl.issuer()), crl.base_number()));
  }
}

// Where the path from it ends, by name. RFC 5280 §6.3.3 (f): that of who made an indirect list ends at the same anchor.
std::string anchor_name(const cms::Certificate& from, const CrlHome& home) {
  std::string name = from.subject();
  std::string issuer = from.issuer();
  for (std::size_t depth = 0; depth < home.issuers.size() && issuer != name; ++depth) {
    const auto next = std::find_if(home.issuers.begin(), home.issuers.end(),
                                   [&](const auto& one) { return one.subject() == issuer; });
    if (next == home.issuers.end()) break;
    name = issuer;
    issuer = next->issuer();
  }
  return name;
}

// Somebody else's list that may be about what this CA issued; only the certificates say whether it is (§4.2.1.13).
const cms::Crl* indirect_for(const cms::Certificate& authority, const CrlHome& home) {
  for (const auto& file : home.files.files) {
    if (!file.crl.is_indirect() || file.crl.is_delta()) continue;
    const auto maker = std::find_if(home.issuers.begin(), home.issuers.end(),
                                    [&](const auto& one) { return file.crl.signed_by(one); });
    if (maker != home.issuers.end() && anchor_name(*maker, home) == anchor_name(authority, home))
      return &file.crl;
  }
  return nullptr;
}

void check_presence(const CrlHome& home, Findings& findings) {
  const bool required = home.strictest == cms::CrlCheck::require;
  for (const auto& issuer : home.issuers) {
    if (!issuer.is_ca()) continue;
    const bool there = std::any_of(
        home.files.files.begin(), home.files.files.end(),
        [&](const auto& file) { return !file.crl.is_delta() && file.crl.signed_by(issuer); });
    if (there) continue;
    const std::string missing =
        fmt::format("no revocation list of {} is at hand", utf8::printable(issuer.subject()));
    if (const auto* indirect = indirect_for(issuer, home))
      add(findings, Severity::fine, "crl_indirect",
          fmt::format("{}; those of its certificates count as checked that name {}, whose indirect "
                      "one is",
                      missing, utf8::printable(indirect->issuer())));
    else
      add(findings, required ? Severity::critical : Severity::fine, "crl_missing", missing);
  }
}

Findings findings_of(const CrlHome& home, TimePoint now) {
  Findings findings;
  for (const auto& problem : home.files.problems)
    findings.push_back({Severity::warning, "crl_unreadable", utf8::printable(problem, 300), ""});
  check_freshness(home, now, findings);
  check_deltas(home, findings);
  check_presence(home, findings);
  return findings;
}

}  // namespace

void check_crls(const config::Site& site, TimePoint now, Findings& findings) {
  const auto home = crl_home(site);
  if (!home) {
    findings.push_back(finding_of(Severity::warning, "crl_dir", home.error()));
    return;
  }
  if (home->strictest == cms::CrlCheck::off) return;
  for (auto& finding : findings_of(*home, now))
    if (finding.severity != Severity::fine) findings.push_back(std::move(finding));
}

Result<int> crl_import(Invocation& call) {
  auto site = call.site();
  if (!site) return std::move(site).error();
  auto home = crl_home(**site);
  if (!home) return std::move(home).error();
  Storing storing(call, std::move(*home));
  int code = kOk;
  for (const auto& argument : call.arguments) {
    auto octets = sys::read_file(argument, 2 * cms::Crl::kMaxOctets);
    auto crls =
        octets ? cms::Crl::from_any(*octets) : Result<std::vector<cms::Crl>>(octets.error());
    if (!crls) {
      Invocation::warn(argument + ": " + crls.error().what());
      code = kDataError;
      continue;
    }
    for (const auto& crl : *crls)
      if (auto stored = storing.store(argument, crl); !stored) return std::move(stored).error();
  }
  storing.print();
  return code;
}

// What comes over the network counts only when a CA at hand has signed it: anybody on the way could have made it.
Result<int> crl_fetch(Invocation& call) {
  auto site = call.site();
  if (!site) return std::move(site).error();
  const auto urls = (*site)->get_list("crl_url");
  if (urls.empty())
    return Error::never(Errc::config, "no crl_url is configured")
        .with_hint("add a line `crl_url http://…` to " + call.config());
  auto home = crl_home(**site);
  if (!home) return std::move(home).error();
  Storing storing(call, std::move(*home));
  int code = kOk;
  for (const auto& url : urls) {
    auto octets = fetch(url, storing.directory());
    auto crls =
        octets ? cms::Crl::from_any(*octets) : Result<std::vector<cms::Crl>>(octets.error());
    if (!crls) {
      Invocation::warn(octets ? url + ": " + crls.error().what() : octets.error().advice());
      code = kDataError;
      continue;
    }
    for (const auto& crl : *crls) {
      if (!storing.verified(crl)) {
        Invocation::warn(fmt::format("{}: not stored, no CA at hand has signed the list of {}", url,
                                     utf8::printable(crl.issuer())));
        Invocation::hint("put the certificate of that CA into the file of `issuers`");
        code = kDataError;
        continue;
      }
      if (auto stored = storing.store(url, crl); !stored) return std::move(stored).error();
    }
  }
  storing.print();
  return code;
}

Result<int> crl_show(Invocation& call) {
  auto site = call.site();
  if (!site) return std::move(site).error();
  const auto home = crl_home(**site);
  if (!home) return home.error();
  const TimePoint now = sys::SystemClock().now();
  Json json = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const auto& problem : home->files.problems) Invocation::warn(problem);
  for (const auto& file : home->files.files) {
    const auto next = file.crl.next_update();
    const bool stale = next && *next < now;
    const bool verified = store::is_verified(file.crl, home->issuers);
    Json described = describe_crl(file.crl);
    described["file"] = file.name;
    described["stale"] = stale;
    described["verified"] = verified;
    json.push_back(std::move(described));
    const auto entries = file.crl.entries();
    rows.push_back({file.crl.issuer(),
                    fmt::format("{}{}", file.crl.is_delta() ? "delta " : "", file.crl.number()),
                    entries ? fmt::format("{} revoked", *entries) : "cannot be decoded",
                    next ? (stale ? "STALE since " : "until ") + iso8601(*next) : "without an end",
                    file.crl.scope(), verified ? "" : "not verified", file.name});
  }
  call.print(json, table(rows));
  return kOk;
}

Result<int> crl_check(Invocation& call) {
  auto site = call.site();
  if (!site) return std::move(site).error();
  const auto home = crl_home(**site);
  if (!home) return home.error();
  Findings findings = findings_of(*home, sys::SystemClock().now());
  sort_by_severity(findings);
  std::vector<std::vector<std::string>> rows;
  for (const auto& finding : findings)
    rows.push_back({std::string(to_string(finding.severity)), finding.message});
  call.print({{"crl_check", cms::to_string(home->strictest)}, {"findings", to_json(findings)}},
             findings.empty()
                 ? fmt::format("{} revocation lists, all current\n", home->files.files.size())
                 : table(rows));
  return static_cast<int>(worst(findings));
}

}  // namespace paraph::app
