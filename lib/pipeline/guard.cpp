#include "pipeline/guard.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/ascii.h"
#include "base/encode.h"
#include "mail/address.h"
#include "pipeline/commands.h"
#include "pipeline/key_ring.h"
#include "sys/file_system.h"

namespace paraph::pipeline {
namespace {

using outcome::Discard;
using outcome::Duplicate;
using outcome::Hold;
using outcome::Reject;
using smime::Reason;

constexpr std::string_view kSecretFile = "site.secret";
constexpr std::size_t kLeastSecret = 32;
constexpr std::size_t kSecretOctets = 32;

constexpr long long kDay = 24 * 3600;
constexpr long long kSkew = 300;
constexpr long long kDuplicateFor = 5 * kDay;  // RFC 5321 §4.5.4.1: as long as an MTA tries
// A mail may have waited here before it is judged as of its receipt: sights outlive their use by that.
constexpr long long kMayWait = 7 * kDay;
constexpr long long kAfterRetirement = 30 * kDay;
constexpr int kPortions = 20;

Result<std::string> read_secret(const std::string& path) {
  if (auto safe = sys::check_key_permissions(path); !safe) return std::move(safe).error();
  auto text = sys::read_file(path, 4096);
  if (!text) return std::move(text).error();
  std::string secret(ascii::trim(*text));
  if (secret.size() < kLeastSecret)
    return Error::later(Errc::config,
                        fmt::format("{}: shorter than {} characters", path, kLeastSecret))
        .with_hint("rm " + path + " (a new one is made; what the replay guard has seen is lost)");
  return secret;
}

// Of several workers that find none, one makes it.
Result<void> make_secret(const Ports& ports) {
  auto root = sys::open_root(ports.site.directory());
  if (!root) return std::move(root).error();
  auto made = (*root)->write_new(std::string(kSecretFile),
                                 base64_encode(ports.random.octets(kSecretOctets)) + "\n");
  if (made) made = (*root)->sync_directory(".");
  if (!made && made.error().code() != Errc::exists) return made;
  ports.log.write(
      sys::Level::warning, "site-secret-made",
      {{"file", (*root)->full_path(kSecretFile)},
       {"reason", "it was absent; what the replay guard saw before is not known again"}});
  return {};
}

std::string place_of(const Item& item, const Ports& ports) {
  return item.list ? item.list->str() : ports.site.command_address(item.destination.domain);
}

std::string today(const Item& item) {
  return std::to_string(epoch(item.header.received) / kDay);
}

long long replay_window(const Ports& ports) {
  return ports.site.number("replay_window") * kDay;
}

// Rule 12. A signature that bears no time, or on a site that takes any age, is as good as its certificate.
long long signature_expiry(const Item& item, const smime::Signer& signer, const Ports& ports) {
  const long long window = replay_window(ports);
  const long long received = epoch(item.header.received);
  if (!signer.signing_time || window == 0) return epoch(signer.certificate->not_after()) + kMayWait;
  const long long from = std::max(received, epoch(*signer.signing_time));
  return std::max(from + window + kSkew, received + kDuplicateFor) + kMayWait;
}

bool is_stale(const Item& item, const smime::Signer& signer, const Ports& ports) {
  const long long window = replay_window(ports);
  return window > 0 && signer.signing_time &&
         epoch(*signer.signing_time) + window + kSkew < epoch(item.header.received);
}

/// One mail before the guard.
class Examination {
 public:
  Examination(Item& item, const Ports& ports, Marks marks)
      : item_(item),
        ports_(ports),
        marks_(std::move(marks)),
        place_(place_of(item, ports)),
        at_(epoch(ports.clock.now())) {}

  Outcome run() {
    judge_signature();
    collect();
    if (sights_.empty()) return go_on();
    if (auto looked = look(); !looked) return std::move(looked).error();
    auto duplicate = check_duplicate();
    if (!duplicate || *duplicate) return duplicate;
    if (auto refused = check_wrapped_keys()) return refused;
    if (misdirected_) return hold_once(Reason::cross_posted_signature, {});
    return check_signature();
  }

 private:
  smime::Protection& protection() { return item_.opened.protection; }
  const smime::Signer& signer() { return protection().signature.signers.front(); }
  static Outcome go_on() { return std::optional<outcome::Disposition>(); }
  static Outcome ends(outcome::Disposition disposition) {
    return std::optional(std::move(disposition));
  }

  // What it says itself, before anybody asks what was seen. A signature that was not meant for this list is not noted
  // as seen on it, so that nobody keeps it from its own.
  void judge_signature() {
    if (!protection().smime) return;
    signature_ = marks_.signature(signer());
    signature_expires_ = signature_expiry(item_, signer(), ports_);
    if (is_stale(item_, signer(), ports_)) return lose(Reason::stale_signature);
    if (!item_.list) return;
    const bool required = item_.config->get("list_binding") == "require";
    misdirected_ = (protection().protected_recipients || required) && !is_named(place_) &&
                   !item_.header.word.releases();
    if (misdirected_) lose(Reason::cross_posted_signature);
  }

  [[nodiscard]] bool is_named(const std::string& list) {
    const auto& named = protection().protected_recipients;
    return named && std::find(named->begin(), named->end(), list) != named->end();
  }

  void lose(Reason reason) {
    protection().deny_smime(reason);
    item_.method = scenario::AuthMethod::smtp;
  }

  // Wrapped keys first, then the signature; of a mail without either the mail itself, for rule 9 alone.
  void collect() {
    const std::string same = marks_.mail(item_);
    for (const auto& layer : protection().layers)
      for (const auto& key : layer.wrapped)
        sights_.push_back({marks_.wrapped_key(key), key.ours, same, store::Sight::kWithKey});
    wrapped_ = sights_.size();
    if (protection().smime)
      sights_.push_back(
          {marks_.signature(signer()), place_, same, signature_expiry(item_, signer(), ports_)});
    if (sights_.empty())
      sights_.push_back(
          {same, place_, same, epoch(item_.header.received) + kDuplicateFor + kMayWait});
  }

  Result<void> look() {
    auto seen = ports_.guard.see(item_.header.id.str(), sights_, at_);
    if (!seen) return std::move(seen).error();
    seen_ = std::move(*seen);
    return {};
  }

  // Rule 9. What ended without being distributed or held is judged anew, as if it were the first.
  Outcome check_duplicate() {
    const auto* first = same_mail();
    if (first == nullptr) return go_on();
    auto ended = ports_.ledger.find(first->mail_id);
    if (!ended) return std::move(ended).error();
    static constexpr std::array<std::string_view, 4> kSeenTo{"distributed", "held", "answered",
                                                             "duplicate"};
    const bool seen_to =
        !*ended || std::find(kSeenTo.begin(), kSeenTo.end(), (*ended)->outcome) != kSeenTo.end();
    if (seen_to) return ends(Duplicate{first->mail_id});
    if (auto done = ports_.guard.inherit(first->mail_id, item_.header.id.str(), sights_); !done)
      return std::move(done).error();
    if (auto looked = look(); !looked) return std::move(looked).error();
    return go_on();
  }

  [[nodiscard]] const store::Seen* same_mail() const {
    for (std::size_t i = 0; i < seen_.size(); ++i)
      for (const auto& seen : seen_[i])
        if (seen.same == sights_[i].same && at_ - seen.at <= kDuplicateFor) return &seen;
    return nullptr;
  }

  // Rule 10: one answer, whatever is inside, and whether it opens.
  std::optional<outcome::Disposition> check_wrapped_keys() {
    const bool seen =
        std::any_of(seen_.begin(), seen_.begin() + static_cast<std::ptrdiff_t>(wrapped_),
                    [](const auto& rows) { return !rows.empty(); });
    if (!seen || (protection().smime && protection().signature.inside_encryption))
      return std::nullopt;
    lose(Reason::replayed_ciphertext);
    if (!item_.list) return std::nullopt;  // the command address answers no such mail
    return Reject{"5.7.1", "replayed_ciphertext", {}};
  }

  // Rule 11.
  Outcome check_signature() {
    if (!protection().smime) return go_on();
    const auto& seen = seen_.back();
    const auto here = std::find_if(seen.begin(), seen.end(),
                                   [&](const auto& row) { return row.place == place_; });
    if (here != seen.end()) return hold_once(Reason::replayed_signature, here->mail_id);
    if (!item_.list) {
      if (!seen.empty()) lose(Reason::cross_posted_signature);
      return go_on();
    }
    const bool everywhere =
        std::all_of(seen.begin(), seen.end(), [&](const auto& row) { return is_named(row.place); });
    if (!seen.empty() && !(everywhere && is_named(place_)))
      return hold_once(Reason::cross_posted_signature, seen.front().mail_id);
    return go_on();
  }

  // Once per signature and list: a flood of the same is no work for an editor.
  Outcome hold_once(Reason reason, const std::string& first) {
    if (item_.header.word.releases()) return go_on();  // it was held for this, and an editor knows
    lose(reason);
    const std::string code(smime::row(reason).code);
    if (!item_.list) return go_on();
    auto held = ports_.guard.see(
        item_.header.id.str(),
        {{marks_.of("held", {signature_}), place_, sights_.back().same, signature_expires_}}, at_);
    if (!held) return std::move(held).error();
    const std::string why = first.empty() ? code : fmt::format("{}: first seen in {}", code, first);
    if (!held->front().empty())
      return ends(Discard{fmt::format("{}; held already: {}", why, held->front().front().mail_id)});
    return ends(Hold{"moderation", why});
  }

  Item& item_;
  const Ports& ports_;
  Marks marks_;
  std::string place_;
  long long at_;
  std::vector<store::Sight> sights_;
  std::string signature_;  ///< the mark of a signature that counted when it came here
  long long signature_expires_ = 0;
  bool misdirected_ = false;
  std::size_t wrapped_ = 0;  ///< so many of them, the first, are wrapped keys
  std::vector<std::vector<store::Seen>> seen_;
};

Result<std::size_t> count(const Item& item, const spool::QueueId& each, std::string_view what,
                          std::string_view whose, const Ports& ports) {
  auto known = marks(ports);
  if (!known) return std::move(known).error();
  return ports.guard.count(known->of(what, {whose, today(item)}), each.str(),
                           epoch(ports.clock.now()),
                           epoch(item.header.received) + 2 * kDay + kMayWait);
}

std::string canonical(std::string_view address) {
  const auto parsed = mail::AddrSpec::parse(address);
  return parsed ? parsed->canonical() : std::string(address);
}

// The keys of every list and of the site; nullopt: not all could be looked at.
std::optional<std::vector<std::string>> all_own_keys(const Ports& ports) {
  const auto lists = ports.site.lists();
  if (!lists) return std::nullopt;
  std::vector<std::string> directories{ports.site.site_key_directory()};
  for (const auto& list : *lists) directories.push_back(ports.site.list_directory(list));
  std::vector<std::string> keys;
  for (const auto& directory : directories) {
    sys::Sightings unused;
    const auto own = load_own_certificates(directory, unused);
    if (!own || own->incomplete) return std::nullopt;
    keys.insert(keys.end(), own->key_digests.begin(), own->key_digests.end());
  }
  return keys;
}

}  // namespace

Result<std::string> site_secret(const Ports& ports) {
  if (auto kept = ports.cache.secret.find({})) return *kept;
  const std::string path = sys::join(ports.site.directory(), kSecretFile);
  for (const bool may_make : {true, false}) {
    sys::Sightings seen;
    seen.note(path);
    auto secret = read_secret(path);
    if (secret) return *ports.cache.secret.keep({}, std::move(seen), std::move(*secret));
    if (!may_make || secret.error().code() != Errc::not_found)
      return Error::later(secret.error().code(), secret.error().what())
          .with_hint(secret.error().hint());
    if (auto made = make_secret(ports); !made) return std::move(made).error().in("site.secret");
  }
  return Error::later(Errc::not_found, path + ": cannot be made");
}

std::string Marks::of(std::string_view kind, std::initializer_list<std::string_view> parts) const {
  std::string text = fmt::format("paraph {}\n", kind);
  for (const auto part : parts) text += fmt::format("{}:{}", part.size(), part);
  return digest_.hmac_sha256(secret_, text);
}

std::string Marks::signature(const smime::Signer& signer) const {
  const std::string time =
      signer.signing_time ? std::to_string(epoch(*signer.signing_time)) : std::string("absent");
  return of("signature", {signer.certificate->spki_sha256(), signer.message_digest, time});
}

std::string Marks::wrapped_key(const cms::WrappedKey& key) const {
  return of("wrapped key", {key.ours, key.octets});
}

std::string Marks::mail(const Item& item) const {
  const auto& root = item.tree.root();
  const auto field = [&](std::string_view name) {
    return item.tree.field(root, name).value_or(std::string());
  };
  const std::string address = ascii::to_lower(item.header.address);
  return of("mail", {item.list ? item.list->str() : address,
                     mail::canonical_message_id(field("Message-ID")), item.sender,
                     field("Content-Type"), field("Content-Transfer-Encoding"),
                     digest_.sha256(item.tree.message().at(root.body))});
}

Result<Marks> marks(const Ports& ports) {
  auto secret = site_secret(ports);
  if (!secret) return std::move(secret).error();
  return Marks(std::move(*secret), ports.digest);
}

Outcome guard_against_replay(Item& item, const Ports& ports) {
  // LIST-subscribe@ and LIST-unsubscribe@: what is signed in such a mail says nothing, so it is no post that could be
  // held, released and then obeyed.
  if (item.list && takes_commands(item.destination.kind)) {
    item.opened.protection.smime = false;
    item.method = scenario::AuthMethod::smtp;
    return std::optional<outcome::Disposition>();
  }
  auto known = marks(ports);
  if (!known) return std::move(known).error();
  return Examination(item, ports, std::move(*known)).run();
}

Result<std::size_t> count_failed(const Item& item, const Ports& ports) {
  return count(item, item.header.id, "failed", item.list->str(), ports);
}

Result<std::size_t> count_refused(const Item& item, std::string_view address, const Ports& ports) {
  return count(item, item.header.id, "refused", canonical(address), ports);
}

Result<std::size_t> count_answered(const Item& item, std::string_view address, const Ports& ports) {
  return count(item, item.header.id, "answered", canonical(address), ports);
}

Result<std::size_t> count_asked(const Item& item, const spool::QueueId& about,
                                std::string_view address, const Ports& ports) {
  return count(item, about, "asked", canonical(address), ports);
}

Result<std::size_t> count_requests(const Item& item, const spool::QueueId& about,
                                   const list::ListAddress& list, const Ports& ports) {
  return count(item, about, "requests", list.str(), ports);
}

Result<std::size_t> count_told(const Item& item, const spool::QueueId& about,
                               std::string_view address, const Ports& ports) {
  return count(item, about, "told", canonical(address), ports);
}

Result<std::size_t> count_owners_told(const Item& item, const spool::QueueId& about,
                                      const list::ListAddress& list, const Ports& ports) {
  return count(item, about, "owners told", list.str(), ports);
}

Result<bool> is_first_to_request(const Item& item, const spool::QueueId& id, const Ports& ports) {
  const auto place = count(item, item.header.id, "writer of a request", id.str(), ports);
  if (!place) return place.error();
  return *place == 1;
}

Result<void> forget_seen(const Ports& ports) {
  const long long now = epoch(ports.clock.now());
  for (int portion = 0; portion < kPortions; ++portion) {
    const auto gone = ports.guard.expire(now);
    if (!gone) return gone.error();
    if (*gone < store::Guard::kExpirePortion) break;
  }
  if (auto gone = ports.keys.expire(now); !gone) return gone;
  const auto keys = all_own_keys(ports);
  return keys ? ports.guard.retire(*keys, now + kAfterRetirement) : Result<void>();
}

}  // namespace paraph::pipeline
