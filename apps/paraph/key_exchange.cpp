// key announce, key retire: how a new generation becomes known, and an old one goes.

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "apps/paraph/key_home.h"
#include "apps/paraph/waiting.h"
#include "base/ascii.h"
#include "cms/keys.h"
#include "mail/entity.h"
#include "pipeline/key_ring.h"
#include "pipeline/outbox.h"
#include "smime/open.h"
#include "spool/missed_spool.h"
#include "sys/file_system.h"

namespace paraph::app {
namespace {

constexpr std::size_t kMembersPerRead = 1000;

// Who encrypts to it: the members of a list; to the site's address its owners and listmasters write.
Result<std::vector<std::string>> readers_of(const KeyHome& home, const pipeline::Ports& ports) {
  std::set<std::string> readers;
  if (home.list) {
    for (std::string after;;) {
      auto page = ports.directory.members(*home.list, after, kMembersPerRead);
      if (!page) return std::move(page).error();
      if (page->empty()) break;
      after = page->back().email;
      for (const auto& member : *page) readers.insert(member.email);
    }
  } else {
    auto lists = ports.site.lists();
    if (!lists) return std::move(lists).error();
    for (const auto& list : *lists)
      for (const auto role : {list::Role::owner, list::Role::editor}) {
        auto admins = ports.directory.admins(list, role);
        if (!admins) return std::move(admins).error();
        for (const auto& admin : *admins) readers.insert(admin.email);
      }
    for (const auto& address : ports.site.listmasters()) readers.insert(address);
  }
  return pipeline::without_own_addresses({readers.begin(), readers.end()}, ports.site);
}

std::string grouped(const std::string& fingerprint) {
  std::string out;
  for (std::size_t at = 0; at < fingerprint.size(); at += 4)
    out += (at == 0 ? "" : " ") + fingerprint.substr(at, 4);
  return out;
}

tt2::Data announcement(const pipeline::KeyGeneration& published) {
  const auto& certificate = published.certificate;
  return {{"certificate", tt2::Value::of(tt2::Data{
                              {"subject", certificate.subject()},
                              {"issuer", certificate.issuer()},
                              {"serial", certificate.serial()},
                              {"sha256", grouped(certificate.sha256())},
                              {"not_before", iso8601(certificate.not_before()).substr(0, 10)},
                              {"not_after", iso8601(certificate.not_after()).substr(0, 10)}})}};
}

/// Whether a layer of it is encrypted to this generation: one below another layer shows itself once that is open. nullopt:
/// the key of a layer above is not to be had now.
std::optional<bool> is_encrypted_to(const pipeline::KeyGeneration& one,
                                    const pipeline::KeyRing& ring, spool::Spooled spooled) {
  bool named = false;
  smime::OpenContext context;
  context.keys = ring.decrypt;
  context.own_certificates = {one.certificate};
  context.fetch_keys = [&named] {  // asked for when a RecipientInfo names it
    named = true;
    return cms::DecryptKeys{};
  };
  context.at = spooled.header.received;
  const auto tree = mail::scan(mail::RawMessage(std::move(spooled.message)));
  const bool locked = smime::open(tree, context).protection.must_wait;
  return named || !locked ? std::optional(named) : std::nullopt;
}

// A mended certificate brings posts that were missed, as long as the keys open them that they came for.
Result<std::string> missed_for(const pipeline::KeyGeneration& one, const pipeline::KeyRing& ring,
                               const KeyHome& home, const config::Site& site) {
  const std::string none;
  auto root = sys::open_root(site.spool_directory("missed"));
  if (!root)
    return root.error().code() == Errc::not_found ? none : Result<std::string>(root.error());
  spool::MissedSpool missed(*std::move(root));
  const auto ids = missed.ids();
  if (!ids) return ids.error();
  for (const auto& id : *ids) {
    auto spooled = missed.read(id);
    if (!spooled) return std::move(spooled).error();
    if (!*spooled || !home.list || (*spooled)->header.list != home.list->str()) continue;
    const auto encrypted = is_encrypted_to(one, ring, *std::move(*spooled));
    if (encrypted.value_or(true))
      return fmt::format(
          "mail {}, which somebody missed, {} encrypted to it "
          "(missed_post_retention)",
          id.str(), encrypted ? "is" : "cannot be looked into and may be");
  }
  return none;
}

/// Why a generation must stay; empty: it may go.
std::string needed_for(const pipeline::KeyGeneration& one, const pipeline::KeyRing& ring,
                       const KeyHome& home, const WaitingMail& waiting, bool unexpired,
                       TimePoint now, const cms::Policy& policy) {
  if (&one == pipeline::published(ring, now, policy)) return "members encrypt to it";
  for (const auto& address : home.addresses)
    if (&one == pipeline::signing_key(ring, address, now, policy).generation)
      return "it signs for " + address;
  if (!unexpired && one.certificate.not_after() >= now)
    return fmt::format("valid until {}: members may still encrypt to it (--unexpired)",
                       iso8601(one.certificate.not_after()).substr(0, 10));
  // Security rule 33: mail that waits may need it.
  for (const auto& entry : waiting.entries()) {
    const std::string list = list_of(entry);
    if (list == "?" || std::find(home.addresses.begin(), home.addresses.end(),
                                 ascii::to_lower(list)) != home.addresses.end())
      return fmt::format("mail {} waits in {}, perhaps for this key", entry.id(), spool_of(entry));
  }
  return waiting.not_seen().empty() ? std::string() : waiting.not_seen().front();
}

// Nothing is removed: an administrator who moves the two files back has the key again.
Result<std::string> move_away(sys::FileSystem& root, const pipeline::KeyGeneration& one) {
  const std::string to = std::string(pipeline::kRetired) + "/";
  if (auto made = root.make_directory(std::string(pipeline::kRetired)); !made)
    return std::move(made).error();
  const std::string suffix = one.suffix + "." + one.certificate.sha256().substr(0, 8);
  for (const auto* name : {"cert.pem", "private_key", "request.pem"}) {
    auto there = root.exists(name + one.suffix);
    if (!there) return std::move(there).error();
    if (!*there) continue;
    if (auto moved = root.rename_new(name + one.suffix, to + name + suffix); !moved)
      return std::move(moved).error();
  }
  return root.full_path(to + "cert.pem" + suffix);
}

bool is_named(const pipeline::KeyGeneration& one, std::string_view word) {
  const bool prefix = word.size() >= 8 && ascii::istarts_with(one.certificate.sha256(), word);
  return prefix || "cert.pem" + one.suffix == word ||
         (!one.suffix.empty() && one.suffix.substr(1) == word);
}

}  // namespace

Result<int> key_announce(Invocation& call) {
  auto home = key_home(call);
  if (!home) return std::move(home).error();
  auto runtime = call.runtime();
  if (!runtime) return std::move(runtime).error();
  auto ports = (*runtime)->ports();
  auto ring = pipeline::load_key_ring(home->directory, ports.site);
  if (!ring) return std::move(ring).error();
  const TimePoint now = ports.clock.now();
  const auto policy = pipeline::policy_of(ports.site);
  const auto* published = pipeline::published(*ring, now, policy);
  const auto key = pipeline::signing_key(*ring, home->addresses.front(), now, policy);
  if (published == nullptr || !key.signer)
    return Error::never(Errc::config,
                        fmt::format("{}: an announcement is worth nothing unsigned: {}", home->name,
                                    key.refusal.empty() ? "there is no key" : key.refusal))
        .with_hint("paraph key show " + call.arguments[0]);
  auto readers = readers_of(*home, ports);
  if (!readers) return std::move(readers).error();
  const std::string sha256 = published->certificate.sha256();
  if (!call.dry_run && !readers->empty()) {
    auto spools = open_spools(ports.site);
    if (!spools) return std::move(spools).error();
    const pipeline::Notice notice{.id = spool::QueueId::make(now, ports.random),
                                  .template_name = "key-announce.tt2",
                                  .data = announcement(*published),
                                  .to = home->addresses.front(),
                                  .list = home->list,
                                  .domain = home->list ? home->list->domain() : ports.site.domain(),
                                  .auto_submitted = "auto-generated",
                                  .in_reply_to = {},
                                  .only_signed = true};
    const std::string reverse_path =
        home->list ? home->list->with_suffix(ports.site.get("return_path_suffix")) : std::string();
    if (auto sent =
            pipeline::enqueue_notice_to(*readers, notice, reverse_path, spools->bulk, ports);
        !sent)
      return std::move(sent).error();
  }
  call.print({{"for", home->name},
              {"sha256", sha256},
              {"recipients", readers->size()},
              {"dry_run", call.dry_run}},
             fmt::format("{} the certificate {} of {} to {} addresses\n",
                         call.dry_run ? "would announce" : "announces", sha256.substr(0, 16),
                         home->name, readers->size()));
  return kOk;
}

Result<int> key_retire(Invocation& call) {
  auto home = key_home(call);
  if (!home) return std::move(home).error();
  const auto& site = **call.site();
  auto ring = pipeline::load_key_ring(home->directory, site);
  if (!ring) return std::move(ring).error();
  auto root = sys::open_root(home->directory);
  if (!root) return std::move(root).error();
  const TimePoint now = sys::SystemClock().now();
  const auto policy = pipeline::policy_of(site);
  const WaitingMail waiting = WaitingMail::look(site);
  const std::vector<std::string> words(call.arguments.begin() + 1, call.arguments.end());
  for (const auto& word : words)
    if (std::none_of(ring->generations.begin(), ring->generations.end(),
                     [&](const auto& one) { return is_named(one, word); }))
      return Error::never(Errc::not_found,
                          fmt::format("{} has no key generation '{}'", home->name, word))
          .with_hint("paraph key show " + call.arguments[0]);

  Json json = Json::array();
  std::vector<std::vector<std::string>> rows;
  int code = kOk;
  for (const auto& one : ring->generations) {
    const bool named = std::any_of(words.begin(), words.end(),
                                   [&](const auto& word) { return is_named(one, word); });
    if (!words.empty() && !named) continue;
    // What is not named is not taken while it is valid.
    std::string why =
        needed_for(one, *ring, *home, waiting, named && call.has("unexpired"), now, policy);
    if (why.empty()) {
      auto missed = missed_for(one, *ring, *home, site);
      why = missed ? *std::move(missed) : missed.error().advice();
    }
    std::string place;
    if (why.empty() && !call.dry_run) {
      auto moved = move_away(**root, one);
      if (!moved) return std::move(moved).error();
      place = *moved;
    }
    if (!why.empty() && named) code = kConfig;
    json.push_back({{"file", one.file},
                    {"sha256", one.certificate.sha256()},
                    {"retired", why.empty() && !call.dry_run},
                    {"kept_because", why},
                    {"moved_to", place}});
    rows.push_back({why.empty() ? (call.dry_run ? "would be retired" : "retired") : "KEPT",
                    "cert.pem" + one.suffix, why.empty() ? place : why});
  }
  call.print(json, rows.empty() ? home->name + ": no key\n" : table(rows));
  return code;
}

}  // namespace paraph::app
