#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "apps/common/transport.h"
#include "apps/paraph/finding.h"
#include "apps/paraph/key_home.h"
#include "cms/keys.h"
#include "pipeline/authorize.h"
#include "pipeline/key_ring.h"
#include "sys/file_system.h"
#include "sys/process.h"

namespace paraph::app {
namespace {

constexpr auto kSoon = std::chrono::hours(24 * 30);
constexpr auto kVerySoon = std::chrono::hours(24);

std::string day_of(TimePoint at) {
  return iso8601(at).substr(0, 10);
}

// A pair is to be replaced by a further generation: the old one still opens old mail.
void check_validity(const cms::Certificate& certificate, const std::string& whose, TimePoint now,
                    Findings& findings) {
  const auto left = certificate.not_after() - now;
  if (left > kSoon) return;
  const bool over = left <= std::chrono::seconds(0);
  findings.push_back(
      {left <= kVerySoon ? Severity::critical : Severity::warning,
       over ? "key_expired" : "key_expires",
       fmt::format("the certificate of {} {} {}{}", whose, over ? "has expired" : "expires",
                   day_of(certificate.not_after()),
                   over ? ": mail to it is opened, what it would sign goes out unsigned" : ""),
       "paraph key renew " + whose});
}

void check_chain(const KeyHome& home, const cms::Signer& signer, const config::Site& site,
                 Findings& findings) {
  const auto problem = chain_problem(home, signer.pair.certificate, signer.chain, site);
  const auto told = [&](const Finding& one) { return one.message == problem; };
  if (!problem.empty() && std::none_of(findings.begin(), findings.end(), told))  // once a site
    findings.push_back({Severity::warning, "key_chain", problem,
                        "paraph key install " + home.name + " --cert CHAIN.pem"});
}

void check_ring(const KeyHome& home, const config::Site& site, TimePoint now, Findings& findings) {
  const std::string& whose = home.name;
  auto ring = pipeline::load_key_ring(home.directory, site);
  if (!ring) {
    findings.push_back(finding_of(Severity::critical, "key_unusable", ring.error()));
    return;
  }
  // Advice holds the command that mends it, behind "; try: ".
  for (const auto& problem : ring->problems) {
    const auto cut = problem.find("; try: ");
    findings.push_back(
        {Severity::critical, "key_unusable",
         fmt::format("key of {}: {}", whose, problem.substr(0, cut)),
         cut == std::string::npos ? "paraph key show " + whose : problem.substr(cut + 7)});
  }
  const auto policy = pipeline::policy_of(site);
  const auto* published = pipeline::published(*ring, now, policy);
  if (published != nullptr) check_validity(published->certificate, whose, now, findings);
  for (const auto& address : home.addresses) {
    const auto key = pipeline::signing_key(*ring, address, now, policy);
    if (key.generation != nullptr && key.generation != published)
      check_validity(key.generation->certificate, whose, now, findings);
    if (key.signer) check_chain(home, *key.signer, site, findings);
    if (key.refusal.empty() || ring->generations.empty()) continue;
    // An expired one that is published was told.
    if (published != nullptr && published->certificate.not_after() < now &&
        key.refusal == published->file + ": expired")
      continue;
    findings.push_back({Severity::warning, "key_cannot_sign",
                        fmt::format("mail of {} goes out unsigned: {}", address, key.refusal),
                        "paraph key renew " + whose});
  }
}

// Security rule 38: around each copy only with an EC key.
void check_list_sign(const config::ListConfig& config, const KeyHome& home,
                     const config::Site& site, TimePoint now, Findings& findings) {
  const std::string mode = config.get("list_sign");
  if (mode == "off") return;
  auto ring = pipeline::load_key_ring(home.directory, site);
  if (!ring) return;  // check_ring() says so
  const auto key =
      pipeline::signing_key(*ring, config.address().str(), now, pipeline::policy_of(site));
  const bool curve = key.signer && key.signer->pair.certificate.key_type() == cms::KeyType::ec;
  if (!key.signer && key.refusal.empty())
    findings.push_back({Severity::warning, "key_cannot_sign",
                        fmt::format("list_sign {} of {}: the list has no key", mode, home.name),
                        "paraph key generate " + home.name});
  if (mode == "outer" && key.signer && !curve)
    findings.push_back(
        {Severity::warning, "key_cannot_sign",
         fmt::format("list_sign outer of {} takes an EC key: its copies go out unsigned",
                     home.name),
         fmt::format("paraph key renew {} --algorithm ec", home.name)});
}

/// The setting by which a list is for encrypted mail; empty: it is for any. Not encrypted_post_policy, which says what
/// becomes of encrypted posts, and which every new list has.
std::string why_for_encryption(const config::ListConfig& config, const config::Site& site) {
  if (config.number("encrypted_post_min_coverage") > 0) return "encrypted_post_min_coverage";
  pipeline::Question question;
  question.function = "send";
  question.list = config.address();
  question.domain = config.address().domain();
  const auto scenario = pipeline::load_scenario(question, site);
  if (!scenario) return {};  // check_scenarios() says so
  const bool is_signed =
      pipeline::some_mail_passes(*scenario) && pipeline::only_signed_mail_passes(*scenario);
  return is_signed ? "send " + config.get("send") : std::string();
}

/// `why`: the setting that asks for one; empty for the site.
void check_any_key(const KeyHome& home, const config::Site& site, const std::string& why,
                   Severity severity, Findings& findings) {
  const auto ring = pipeline::load_key_ring(home.directory, site);
  if (!ring || !ring->generations.empty() || !ring->problems.empty())
    return;  // or check_ring() says so
  const std::string lack =
      why.empty() ? fmt::format("the site has no key: answers of {} go out unsigned",
                                fmt::join(home.addresses, ", "))
                  : fmt::format("{} ({}) has no key: its notices go out unsigned", home.name, why);
  findings.push_back({severity, "no_key", lack + ", and nobody can encrypt to it",
                      "paraph key generate " + home.name});
}

/// Whose keys are looked at.
std::vector<KeyHome> homes_of(const config::Site& site) {
  std::vector<KeyHome> homes{site_key_home(site)};
  for (const auto& list : lists_of(site, {})) homes.push_back(list_key_home(site, list));
  return homes;
}

// Security rule 15: whoever holds the key of one list reads the mail of the other.
void check_shared(const std::vector<KeyHome>& homes, Findings& findings) {
  std::map<std::string, std::set<std::string>> holders;
  sys::Sightings unused;
  for (const auto& home : homes)
    if (const auto own = pipeline::load_own_certificates(home.directory, unused))
      for (const auto& digest : own->key_digests) holders[digest].insert(home.name);
  for (const auto& [digest, names] : holders)
    if (names.size() > 1)
      findings.push_back({Severity::warning, "key_shared",
                          fmt::format("one key serves {}: whoever holds it reads the mail of all",
                                      fmt::join(names, " and ")),
                          "paraph key renew " + *names.rbegin()});
}

void check_directory(const std::string& path, Severity when_missing, Findings& findings) {
  const auto owned = sys::ownership(path);
  if (!owned) {
    const bool missing = owned.error().code() == Errc::not_found;
    findings.push_back({when_missing, missing ? "directory_missing" : "directory_unreadable",
                        owned.error().what(), missing ? "mkdir -p -m 700 " + path : ""});
    return;
  }
  if ((owned->mode & 0077U) != 0)
    findings.push_back({Severity::warning, "directory_open",
                        fmt::format("{}: mode {:04o} lets others in", path, owned->mode & 07777U),
                        "chmod 700 " + path});
  if (owned->uid != sys::current_uid())
    findings.push_back({Severity::critical, "directory_foreign",
                        fmt::format("{}: belongs to {}", path, sys::user_name(owned->uid)),
                        fmt::format("chown -R {} {}", sys::user_name(sys::current_uid()), path)});
}

struct AnchorRow {
  std::string_view parameter;
  std::string pipeline::AnchorFiles::*file;
};
constexpr std::array kAnchorRows{AnchorRow{"cafile", &pipeline::AnchorFiles::cafile},
                                 AnchorRow{"capath", &pipeline::AnchorFiles::capath},
                                 AnchorRow{"issuers", &pipeline::AnchorFiles::issuers}};

/// Whose setting is looked at, and how a finding names it.
struct Whose {
  const config::Site& site;
  const config::ListConfig* list = nullptr;  ///< null: the site
  [[nodiscard]] config::Setting setting(std::string_view name) const {
    return list != nullptr ? list->setting(name) : site.setting(name);
  }
  [[nodiscard]] std::string prefix() const {
    return list != nullptr ? list->address().str() + ": " : "";
  }
  [[nodiscard]] std::string command() const {
    return "paraph config show " + (list != nullptr ? list->address().str() : "-n");
  }
};

/// Each file by itself, so that all are told that cannot be read: mail waits for every one of them.
void check_anchors(const Whose& whose, Findings& findings) {
  const auto files = pipeline::anchor_files(whose.site, whose.list);
  std::size_t trusted = 0;
  bool all_read = true;
  for (const auto& row : kAnchorRows) {
    pipeline::AnchorFiles one;
    one.*row.file = files.*row.file;
    sys::Sightings unused;
    const auto anchors = pipeline::load_anchors(one, unused);
    all_read = all_read && anchors;
    if (anchors) {
      trusted += anchors->size();
      continue;
    }
    const auto setting = whose.setting(row.parameter);
    findings.push_back({Severity::critical, "anchors_unreadable",
                        fmt::format("{}{} ({}:{}): mail waits", whose.prefix(),
                                    anchors.error().what(), setting.file, setting.line),
                        anchors.error().hint().empty() ? whose.command() : anchors.error().hint()});
  }
  // Of a list the pins may be meant to suffice.
  const bool pins = whose.list != nullptr && whose.list->get("trust") == "ca+pins";
  if (all_read && trusted == 0 && !pins)
    findings.push_back({Severity::warning, "no_anchor",
                        whose.prefix() + "no CA is trusted: no signature counts",
                        whose.list != nullptr ? whose.command() : "paraph ca add FILE"});
}

/// By itself what refuses every signature; of all else how much there is, and the first.
void check_warnings(const std::vector<config::Warning>& warnings, const Whose& whose,
                    Findings& findings) {
  const config::Warning* first = nullptr;
  std::size_t count = 0;
  for (const auto& warning : warnings) {
    const auto text = fmt::format("{}:{}: {}", warning.file, warning.line, warning.message);
    if (!warning.refuses.empty()) {
      findings.push_back({Severity::critical, "configuration", text, whose.command()});
    } else if (count++ == 0) {
      first = &warning;
    }
  }
  if (first != nullptr)
    findings.push_back(
        {Severity::warning, "configuration",
         fmt::format("{} configuration warning{}, the first {}:{}: {}", count,
                     count == 1 ? "" : "s", first->file, first->line, first->message),
         whose.command()});
}

/// What the list has from its site or domain, when the findings of those are not asked for.
void check_inherited(const Whose& whose, Findings& findings) {
  std::vector<config::Warning> inherited;
  for (const auto& warning : whose.site.warnings()) {
    if (warning.refuses.empty()) continue;
    const auto setting = whose.setting(warning.refuses);
    if (setting.file == warning.file && setting.line == warning.line) inherited.push_back(warning);
  }
  check_warnings(inherited, whose, findings);
}

void check_list(const Whose& whose, bool alone, Findings& findings) {
  check_warnings(whose.list->warnings(), whose, findings);
  if (alone) check_inherited(whose, findings);
  const auto of_site = pipeline::anchor_files(whose.site, nullptr);
  const bool own = pipeline::anchor_files(whose.site, whose.list).key() != of_site.key();
  if (own || alone) check_anchors(whose, findings);
}

// paraph-distribute does not start with such a one, and goes on with the old one at a reload.
void check_transport(const config::Site& site, Findings& findings) {
  const sys::SystemClock clock;
  if (auto courier = open_transport(site, clock, cms::random()); !courier)
    findings.push_back(finding_of(Severity::critical, "transport", courier.error()));
}

}  // namespace

std::vector<list::ListAddress> lists_of(const config::Site& site, const OnlyList& only) {
  if (only) return {*only};
  auto lists = site.lists();
  return lists ? std::move(*lists) : std::vector<list::ListAddress>{};
}

void check_configuration(const config::Site& site, Findings& findings, const OnlyList& only) {
  if (!only) {
    check_warnings(site.warnings(), {site}, findings);
    check_anchors({site}, findings);
    check_transport(site, findings);
  }
  auto lists = site.lists();
  if (!lists) {
    findings.push_back(finding_of(Severity::critical, "lists_unreadable", lists.error()));
    return;
  }
  for (const auto& list : lists_of(site, only)) {
    auto config = config::ListConfig::load(site, list);
    if (!config)
      findings.push_back(finding_of(Severity::critical, "list_unreadable", config.error()));
    else
      check_list({site, &*config}, only.has_value(), findings);
  }
}

void check_database(const config::Site& site, Findings& findings) {
  struct Row {
    Errc error;
    std::string_view code;
    std::string_view command;
  };
  constexpr std::array kRows{
      Row{Errc::not_found, "database_missing", "restore it from a backup"},
      Row{Errc::busy, "database_locked", "fuser "},
      Row{Errc::corrupt, "database_damaged", "restore it from a backup"},
      Row{Errc::config, "database_schema", ""},
      Row{Errc::denied, "database_unwritable", "ls -l "},
      Row{Errc::io, "database_unwritable", "df "},
  };
  const std::string path = site.path_of("db_name");
  const auto say = [&](const Error& error) {
    Finding finding = finding_of(Severity::critical, "database_error", error);
    for (const auto& row : kRows)
      if (row.error == error.code()) {
        finding.code = row.code;
        if (finding.command.empty()) finding.command = row.command;
      }
    if (!finding.command.empty() && finding.command.back() == ' ') finding.command += path;
    if (error.code() == Errc::busy) finding.message += ": mail waits";
    findings.push_back(std::move(finding));
  };
  auto opened = store::open_for_reading(path);
  if (!opened) return say(opened.error());
  if (auto writable = store::check_writable(path); !writable) say(writable.error());
}

void check_keys(const config::Site& site, TimePoint now, Severity when_none, Findings& findings,
                const OnlyList& only) {
  const auto homes = homes_of(site);
  for (const auto& home : homes) {
    if (only && home.list != only) continue;
    if (home.list) {
      auto config = config::ListConfig::load(site, *home.list);
      if (!config || !config->is_open()) continue;
      check_list_sign(*config, home, site, now, findings);
      if (const auto why = why_for_encryption(*config, site); !why.empty())
        check_any_key(home, site, why, when_none, findings);
    } else {
      check_any_key(home, site, "", when_none, findings);
    }
    check_ring(home, site, now, findings);
  }
  if (!only) check_shared(homes, findings);
}

void check_directories(const config::Site& site, const WaitingMail& waiting, Findings& findings) {
  const std::size_t before = findings.size();
  for (const auto* spool : {"msg", "auth", "moderation", "bulk"})
    check_directory(site.spool_directory(spool), Severity::critical, findings);
  if (findings.size() == before)
    for (const auto& spool : waiting.not_seen())
      findings.push_back({Severity::critical, "spool_not_seen", spool, "paraph fsck"});
  for (const auto* inside : {"/bad", "/hold", "/.wait"})
    check_directory(site.spool_directory("msg") + inside, Severity::warning, findings);
  for (const auto* inside : {"/msg", "/pct", "/done", "/bad", "/hold", "/.wait"})
    check_directory(site.spool_directory("bulk") + inside, Severity::warning, findings);
  check_directory(site.path_of("ssl_cert_dir"), Severity::critical, findings);
  check_directory(site.path_of("home"), Severity::critical, findings);
}

std::optional<sys::DiskSpace> disk_of(const config::Site& site) {
  auto space = sys::disk_space(site.spool_directory("msg"));
  return space ? std::optional(*space) : std::nullopt;
}

void check_disk(const std::optional<sys::DiskSpace>& disk, const config::Site& site,
                Findings& findings) {
  const std::string path = site.spool_directory("msg");
  if (!disk) {
    findings.push_back(
        {Severity::critical, "disk_unknown", "the disk of " + path + " cannot be asked", ""});
    return;
  }
  // Below spool_min_free paraph-queue sends the MTA away: mail waits there.
  const auto wanted = sys::MinFree::parse(site.get("spool_min_free"));
  if (const auto lack = wanted ? wanted->lack(*disk) : std::nullopt) {
    findings.push_back({Severity::critical, "disk_full",
                        fmt::format("the disk of {}: {}; the MTA keeps new mail", path, *lack),
                        "df -h " + path});
    return;
  }
  const auto say = [&](std::uint64_t free, std::uint64_t total, const std::string& what) {
    const double percent =
        total == 0 ? 100 : 100 * static_cast<double>(free) / static_cast<double>(total);
    if (percent >= 10) return;
    findings.push_back({percent < 2 ? Severity::critical : Severity::warning, "disk_full",
                        fmt::format("the disk of {} has {:.0f} % of its {} left, {}", path, percent,
                                    what, size_text(free)),
                        "df -h " + path});
  };
  say(disk->free, disk->total, "space");
  say(disk->inodes, disk->inodes_total, "inodes");
}

}  // namespace paraph::app
