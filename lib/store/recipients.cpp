#include "store/recipients.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <list>
#include <unordered_map>

#include "cms/keys.h"
#include "store/certificate_files.h"
#include "store/recipient_index.h"
#include "store/recipient_record.h"

namespace paraph::store {
namespace {

using Identities = std::vector<sys::FileIdentity>;

bool holds(const cms::Period& period, TimePoint at) {
  return period.since <= at && at < period.until;
}

bool all_settled(const Identities& files) {
  return std::all_of(files.begin(), files.end(), [](const auto& file) { return file.settled; });
}

/// In which no certificate of the address starts or ends; with a chain, at most the day, and no CRL either.
cms::Period period_of(const list::CertificateLookup& lookup, const SealTerms& terms) {
  const TimePoint at = terms.at;
  cms::Period out;
  if (terms.trust) {
    out.since = std::chrono::floor<std::chrono::days>(at);
    out.until = out.since + std::chrono::days(1);
    const auto& turns = terms.trust->turns;
    const auto next = std::upper_bound(turns.begin(), turns.end(), at);
    if (next != turns.end()) out.until = std::min(out.until, *next);
    if (next != turns.begin()) out.since = std::max(out.since, *std::prev(next));
  }
  for (const auto& stored : lookup.found) {
    const auto one = cms::steady_period(cms::facts_of(stored.certificate), at);
    out.since = std::max(out.since, one.since);
    out.until = std::min(out.until, one.until);
  }
  return out;
}

struct Entry;
using Entries = std::list<Entry>;  // the newest in front

/// One member under one key transport. What each hit reads stands together.
struct Entry {
  std::string key;           ///< address and transport
  std::uint64_t generation;  ///< of the directory when all names were looked at
  bool lasting;              ///< false: for one find() only
  bool used = false;         ///< since it last came to the end of the order
  cms::Period period;
  struct File {
    std::string name;
    sys::FileIdentity identity;
  };
  File first;  ///< of the names that can serve, the first that exists
  cms::Recipient recipient;
  std::string sha256;
  Reader reader;
  std::vector<File> others;  ///< further ones
  Entries::iterator place{};

  [[nodiscard]] std::size_t footprint() const {
    constexpr std::size_t kNodes = 128;  // of the table and the order
    std::size_t octets = sizeof(Entry) + kNodes + key.size() + sha256.size() + first.name.size() +
                         reader.cipher.size() + reader.stated.size();
    for (const auto& file : others) octets += sizeof(File) + file.name.size();
    return octets + recipient.footprint();
  }
};

class RecipientCache final : public Recipients {
 public:
  RecipientCache(std::shared_ptr<sys::FileSystem> fs, RecipientRecords& records, std::size_t memory,
                 bool read_only)
      : files_(std::move(fs)),
        records_(records),
        memory_(memory),
        read_only_(read_only),
        watch_(files_.fs().watch()) {}
  Result<PreparedTarget> find(const std::string& address, const SealTerms& terms) override;
  Result<void> prefetch(const std::vector<std::string>& addresses, const SealTerms& terms) override;
  Result<void> remember() override;
  Result<void> learn(const std::vector<std::string>& addresses, const SealTerms& terms) override;

 private:
  static constexpr auto kUse = list::CertificateUse::encrypt;
  static constexpr char kFirstMark = '0';
  static constexpr std::size_t kMostTerms = 64;

  /// What was chosen, and from which files.
  struct Choice {
    cms::RecipientFacts facts;
    cms::Period period;
    Reader reader;
  };
  void set_key(const std::string& address, const SealTerms& terms);
  [[nodiscard]] char mark_of(const SealTerms& terms);
  [[nodiscard]] Result<void> drop_changed();
  [[nodiscard]] Result<std::optional<Choice>> choose_anew(const std::string& address,
                                                          const std::vector<std::string>& names,
                                                          const Identities& before,
                                                          const SealTerms& terms, bool& lasting,
                                                          PreparedTarget& problem);
  [[nodiscard]] Result<void> look_at_directory();
  [[nodiscard]] Result<Identities> look(const std::vector<std::string>& names);
  [[nodiscard]] Result<bool> fresh(Entry& entry, const std::string& address);
  [[nodiscard]] Result<std::optional<Choice>> recall(const std::string& address,
                                                     const Identities& now, const SealTerms& terms);
  [[nodiscard]] Result<PreparedTarget> load(const std::string& address, const SealTerms& terms);
  [[nodiscard]] PreparedTarget keep(Entry entry);
  void make_room(const Entry& kept);
  void drop(Entry& entry);

  CertificateFiles files_;
  RecipientRecords& records_;
  std::size_t memory_;
  bool read_only_;
  std::size_t used_ = 0;
  Entries entries_;
  RecipientIndex<Entry> index_;
  std::string key_;                    // of the last find(); kept for its memory
  std::unique_ptr<sys::Watch> watch_;  // null: each find() looks for itself
  sys::FileIdentity directory_;
  std::uint64_t generation_ = 0;
  std::unordered_map<std::string, RecipientRecords::Row> fetched_;  // records, since prefetch()
  std::int64_t number_ = 0;         // how far changes() has been asked
  std::vector<std::string> terms_;  // their names; the place of one is its mark
  std::shared_ptr<const SealTrust> last_trust_;
  cms::Policy last_policy_;
  char last_mark_ = '\0';  // none yet
  std::vector<RecipientRecords::Row> pending_;
};

char mark_of(const std::optional<cms::KeyTransport>& transport) {
  return transport ? static_cast<char>('0' + static_cast<int>(*transport)) : 's';
}

// Policies and digests of the chain are the judge's affair; what a certificate is asked for is in the two numbers.
std::string name_of(const SealTerms& terms) {
  return fmt::format("{} {} ", terms.policy.min_rsa_bits, terms.policy.max_rsa_bits) +
         (terms.trust ? terms.trust->identity : std::string());
}

// Lists differ in whom they trust; a certificate judged for one list is none for the other.
char RecipientCache::mark_of(const SealTerms& terms) {
  if (last_mark_ != '\0' && terms.trust == last_trust_ && terms.policy == last_policy_)
    return last_mark_;
  last_trust_ = terms.trust;
  last_policy_ = terms.policy;
  const std::string name = name_of(terms);
  auto at = std::find(terms_.begin(), terms_.end(), name);
  if (at == terms_.end()) {
    if (terms_.size() >= kMostTerms) {
      index_.clear();
      entries_.clear();
      used_ = 0;
      terms_.clear();
    }
    terms_.push_back(name);
    at = std::prev(terms_.end());
  }
  return last_mark_ = static_cast<char>(kFirstMark + (at - terms_.begin()));
}

void RecipientCache::set_key(const std::string& address, const SealTerms& terms) {
  key_ = address;
  key_ += store::mark_of(terms.transport);
  key_ += mark_of(terms);
}

Result<void> RecipientCache::drop_changed() {
  auto changes = records_.changes(number_);
  if (!changes) return std::move(changes).error();
  if (changes->number == number_) return {};
  number_ = changes->number;
  for (const auto& address : changes->addresses)
    for (const char transport : {'0', '1', 's'})
      for (std::size_t mark = 0; mark < terms_.size(); ++mark) {
        key_ = address;
        key_ += transport;
        key_ += static_cast<char>(kFirstMark + static_cast<char>(mark));
        if (Entry* const entry = index_.find(key_); entry != nullptr) drop(*entry);
      }
  return {};
}

// A directory that has changed less than a tick ago may change again unseen: every look then counts
// as a change.
Result<void> RecipientCache::look_at_directory() {
  if (watch_) {
    if (!watch_->quiet()) ++generation_;
    return {};
  }
  const auto now = files_.fs().identity("");
  if (!now) return now.error();
  if (!directory_.present || !directory_.settled || !(*now == directory_)) {
    ++generation_;
    directory_ = *now;
  }
  return {};
}

Result<Identities> RecipientCache::look(const std::vector<std::string>& names) {
  Identities out;
  out.reserve(names.size());
  for (const auto& name : names) {
    const auto identity = files_.fs().identity(name);
    if (!identity) return identity.error();
    out.push_back(*identity);
  }
  return out;
}

Result<bool> RecipientCache::fresh(Entry& entry, const std::string& address) {
  if (!entry.lasting) return false;
  const auto unchanged = [&](const Entry::File& file) -> Result<bool> {
    const auto now = files_.fs().identity(file.name);
    if (!now) return now.error();
    return *now == file.identity;
  };
  if (entry.generation == generation_) {
    if (watch_ && entry.first.identity.alone && entry.others.empty()) return true;
    auto good = unchanged(entry.first);
    for (auto file = entry.others.begin(); good && *good && file != entry.others.end(); ++file)
      good = unchanged(*file);
    return good;
  }
  const auto names = CertificateFiles::names(address, kUse);
  const auto now = look(names);
  if (!now) return now.error();
  std::size_t known = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!(*now)[i].present) continue;
    if (known > entry.others.size()) return false;
    const auto& file = known == 0 ? entry.first : entry.others[known - 1];
    if (file.name != names[i] || !(file.identity == (*now)[i])) return false;
    ++known;
  }
  entry.generation = generation_;
  return known == 1 + entry.others.size();
}

Result<PreparedTarget> RecipientCache::find(const std::string& address, const SealTerms& terms) {
  if (auto looked = look_at_directory(); !looked) return std::move(looked).error();
  set_key(address, terms);
  if (Entry* const entry = index_.find(key_); entry != nullptr) {
    auto good = fresh(*entry, address);
    if (!good) return std::move(good).error();
    if (*good && holds(entry->period, terms.at)) {
      entry->used = true;
      return PreparedTarget{&entry->recipient, entry->sha256, {}, {}, &entry->reader};
    }
    drop(*entry);
  }
  return load(address, terms);
}

// nullopt: no record, or one that is not true any more. Its facts are asked like those of a certificate just read: what a
// record says of its own period does not make an expired one usable.
Result<std::optional<RecipientCache::Choice>> RecipientCache::recall(const std::string& address,
                                                                     const Identities& now,
                                                                     const SealTerms& terms) {
  std::optional<Choice> none;
  auto stored = fetched_.extract(address);
  if (stored.empty()) return none;
  auto record = decode_record(address, stored.mapped().octets);
  if (!record || record->judged_by != name_of(terms) ||
      record->reader.number != stored.mapped().number || !holds(record->period, terms.at) ||
      !same_files(record->files, now) ||
      cms::fitness(record->facts, terms.at, terms.policy) != cms::SealFitness::good)
    return none;
  if (!record->settled) {
    const auto digest = files_.digest(address, kUse);
    if (!digest) return digest.error();
    if (*digest != record->digest) return none;
    record->settled = all_settled(now);
    const auto after = look(CertificateFiles::names(address, kUse));
    if (!after) return after.error();
    if (*after != now) return none;
    if (record->settled && !read_only_) pending_.push_back({address, encode(address, *record)});
  }
  return std::optional(Choice{std::move(record->facts), record->period, std::move(record->reader)});
}

// RFC 8551 §2.5.2: what a program does not state it may still read, but then nobody knows.
cms::KeyTransport transport_for(const SealTerms& terms, const Reader& reader) {
  if (terms.transport) return *terms.transport;
  return reader.stated.find("OAEP") != std::string::npos ? cms::KeyTransport::oaep
                                                         : cms::KeyTransport::pkcs1;
}

Result<std::optional<RecipientCache::Choice>> RecipientCache::choose_anew(
    const std::string& address, const std::vector<std::string>& names, const Identities& before,
    const SealTerms& terms, bool& lasting, PreparedTarget& problem) {
  auto known = records_.reader(address, {});  // before the files: a change in between is seen later
  if (!known) return std::move(known).error();
  auto found = files_.find(address, kUse);
  if (!found) return std::move(found).error();
  if (terms.trust && terms.trust->pins) {
    auto pinned = records_.pinned(address);
    if (!pinned) return std::move(pinned).error();
    found->lookup.pinned = *std::move(pinned);
  }
  auto target = choose(found->lookup, terms);
  if (!target.certificate) {
    problem = {nullptr, {}, std::move(target.problem), std::move(target.detail), nullptr};
    return std::optional<Choice>();
  }
  Choice choice{cms::facts_of(*target.certificate), period_of(found->lookup, terms), {}};
  auto reader = records_.reader(address, choice.facts.sha256);
  if (!reader) return std::move(reader).error();
  choice.reader = *std::move(reader);
  choice.reader.number = known->number;
  const auto after = look(names);
  if (!after) return after.error();
  const bool still = *after == before;
  lasting = lasting && still;
  if (still && !read_only_)
    pending_.push_back(
        {address, encode(address, {choice.facts, before, found->digest(), all_settled(before),
                                   choice.period, name_of(terms), choice.reader})});
  return std::optional(std::move(choice));
}

Result<PreparedTarget> RecipientCache::load(const std::string& address, const SealTerms& terms) {
  const auto names = CertificateFiles::names(address, kUse);
  const auto before = look(names);
  if (!before) return before.error();
  bool lasting = all_settled(*before);
  auto choice = recall(address, *before, terms);
  if (!choice) return std::move(choice).error();
  if (!*choice) {
    PreparedTarget problem;
    choice = choose_anew(address, names, *before, terms, lasting, problem);
    if (!choice) return std::move(choice).error();
    if (!*choice) return problem;
  }
  auto recipient = cms::Recipient::from((*choice)->facts, transport_for(terms, (*choice)->reader));
  if (!recipient)
    return PreparedTarget{nullptr,
                          {},
                          std::string(to_string(cms::SealFitness::unsupported_key)),
                          recipient.error().what()};
  std::vector<Entry::File> present;
  for (std::size_t i = 0; i < names.size(); ++i)
    if ((*before)[i].present) present.push_back({names[i], (*before)[i]});
  if (present.empty())  // gone between the two looks
    return PreparedTarget{nullptr, {}, std::string(to_string(cms::SealFitness::missing)), {}};
  set_key(address, terms);
  Entry entry{.key = key_,
              .generation = generation_,
              .lasting = lasting,
              .period = (*choice)->period,
              .first = std::move(present.front()),
              .recipient = std::move(*recipient),
              .sha256 = std::move((*choice)->facts.sha256),
              .reader = std::move((*choice)->reader),
              .others = {}};
  entry.others.assign(std::next(present.begin()), present.end());
  return keep(std::move(entry));
}

PreparedTarget RecipientCache::keep(Entry entry) {
  Entry& kept = entries_.emplace_front(std::move(entry));
  kept.place = entries_.begin();
  index_.add(kept);
  used_ += kept.footprint();
  make_room(kept);
  return PreparedTarget{&kept.recipient, kept.sha256, {}, {}, &kept.reader};
}

// The oldest goes, unless it was used since it last came up: then it starts anew ("second chance").
// Moving an entry at each use, as the strictest order would have it, costs more than looking it up.
void RecipientCache::make_room(const Entry& kept) {
  while (used_ > memory_ && entries_.size() > 1) {
    Entry& last = entries_.back();
    if (&last != &kept && !last.used) {
      drop(last);
      continue;
    }
    last.used = false;
    entries_.splice(entries_.begin(), entries_, last.place);
  }
}

void RecipientCache::drop(Entry& entry) {
  used_ -= entry.footprint();
  index_.remove(entry);
  entries_.erase(entry.place);
}

Result<void> RecipientCache::prefetch(const std::vector<std::string>& addresses,
                                      const SealTerms& terms) {
  fetched_.clear();
  if (auto dropped = drop_changed(); !dropped) return dropped;
  const auto key = [&](const std::string& address) {
    set_key(address, terms);
    return std::string_view(key_);
  };
  // Side by side the waits for memory cost a fraction of what they do copy by copy.
  for (const auto& address : addresses) index_.fetch_slot(key(address));
  for (const auto& address : addresses) index_.fetch_element(key(address));
  std::vector<std::string> wanted;
  for (const auto& address : addresses) {
    const Entry* known = index_.find(key(address));
    if (known != nullptr)
      __builtin_prefetch(&known->recipient.impl());
    else
      wanted.push_back(address);
  }
  if (wanted.empty()) return {};
  auto rows = records_.fetch(wanted);
  if (!rows) return std::move(rows).error();
  for (auto& row : *rows) {
    std::string address = row.address;
    fetched_.insert_or_assign(std::move(address), std::move(row));
  }
  return {};
}

Result<void> RecipientCache::remember() {
  if (pending_.empty()) return {};
  return records_.put(std::exchange(pending_, {}));
}

Result<void> RecipientCache::learn(const std::vector<std::string>& addresses,
                                   const SealTerms& terms) {
  for (const auto& address : addresses)
    if (auto found = find(address, terms); !found) return std::move(found).error();
  return remember();
}

}  // namespace

std::shared_ptr<const SealTrust> make_trust(const cms::TrustAnchors& anchors,
                                            const cms::Revocation& revocation, bool pins) {
  SealTrust trust;
  trust.anchors = anchors;
  trust.check = revocation.check;
  trust.pins = pins;
  std::vector<std::string> digests;
  for (const auto& anchor : anchors.certificates()) digests.push_back("a" + anchor.sha256());
  for (const auto& issuer : anchors.issuers()) digests.push_back("i" + issuer.sha256());
  if (trust.check != cms::CrlCheck::off) trust.crls = revocation.crls;
  for (const auto& crl : trust.crls.all()) {
    digests.push_back("c" + crl.sha256());
    trust.turns.push_back(crl.this_update());
    // Stale from the second after it.
    if (const auto next = crl.next_update()) trust.turns.push_back(*next + std::chrono::seconds(1));
  }
  std::sort(digests.begin(), digests.end());
  std::sort(trust.turns.begin(), trust.turns.end());
  std::string text = pins ? "ca+pins " : "ca ";
  text += cms::to_string(trust.check);
  for (const auto& digest : digests) text += " " + digest;
  trust.identity = cms::digest().sha256(text);
  return std::make_shared<const SealTrust>(std::move(trust));
}

namespace {

struct ChainRow {
  cms::ChainStatus status;
  cms::SealFitness fitness;
};
/// What is not listed is a fault of the issuers: `untrusted`, with the words of the judgement. So is a weak key: his own
/// has passed.
constexpr std::array kChainRows{
    ChainRow{cms::ChainStatus::good, cms::SealFitness::good},
    ChainRow{cms::ChainStatus::revoked, cms::SealFitness::revoked},
    ChainRow{cms::ChainStatus::wrong_usage, cms::SealFitness::wrong_usage},
};

/// What the certificate itself does not tell.
std::string why(cms::SealFitness fitness, bool rsa, const cms::Policy& policy) {
  if (fitness == cms::SealFitness::weak_key)
    return fmt::format("needs RSA {}", policy.min_rsa_bits);
  if (fitness == cms::SealFitness::unsupported_key)
    return fmt::format("needs RSA {} to {}, P-256, P-384 or P-521", policy.min_rsa_bits,
                       policy.max_rsa_bits);
  if (fitness == cms::SealFitness::unsafe_key)
    return rsa ? "made by a faulty generator (CVE-2017-15361), or no RSA key at all"
               : "no point of its curve";
  return {};
}

/// Security rules 19 and 23: the certificate first, for the more telling reason, then its chain.
cms::SealFitness judge(const cms::Certificate& certificate, const list::CertificateLookup& lookup,
                       const SealTerms& terms, std::string& detail) {
  const auto fitness = cms::fitness(certificate, terms.at, terms.policy);
  detail = why(fitness, certificate.key_type() == cms::KeyType::rsa, terms.policy);
  if (fitness != cms::SealFitness::good || !terms.trust) return fitness;
  const auto verdict = terms.trust->anchors.judge(
      certificate, lookup.issuers, terms.at, cms::TrustAnchors::Purpose::encrypt, terms.policy,
      {terms.trust->check, terms.trust->crls, terms.at});
  const auto* row = std::find_if(kChainRows.begin(), kChainRows.end(),
                                 [&](const auto& each) { return each.status == verdict.status; });
  const auto found = row == kChainRows.end() ? cms::SealFitness::untrusted : row->fitness;
  const auto& pins = lookup.pinned;
  const bool pinned = std::find(pins.begin(), pins.end(), certificate.sha256()) != pins.end();
  if (found == cms::SealFitness::untrusted && terms.trust->pins && pinned)
    return cms::SealFitness::good;
  if (found != cms::SealFitness::good) detail = verdict.detail;
  const bool unknown = found == cms::SealFitness::good && !verdict.revocation_unknown.empty();
  if (!unknown || terms.trust->check != cms::CrlCheck::require) return found;
  detail = verdict.revocation_unknown;
  return cms::SealFitness::revocation_unknown;
}

/// What fitness() wants of a key, after what it is.
std::string need_of(const cms::Certificate& certificate, const cms::Policy& policy) {
  const bool rsa = certificate.key_type() == cms::KeyType::rsa;
  if (rsa && certificate.key_bits() < policy.min_rsa_bits)
    return fmt::format(", needs {}", policy.min_rsa_bits);
  if (rsa && certificate.key_bits() > policy.max_rsa_bits)
    return fmt::format(", at most {}", policy.max_rsa_bits);
  if (rsa) return ", unsafe";
  if (certificate.key_type() == cms::KeyType::ec) return ", needs P-256, P-384 or P-521";
  return ", needs RSA or EC";
}

/// `why`: the detail of judge().
std::string brief_of(const cms::Certificate& certificate, cms::SealFitness fitness,
                     const cms::Policy& policy, const std::string& why) {
  const auto day = [](TimePoint at) { return iso8601(at).substr(0, 10); };
  switch (fitness) {
    case cms::SealFitness::expired:
      return day(certificate.not_after());
    case cms::SealFitness::not_yet_valid:
      return "from " + day(certificate.not_before());
    case cms::SealFitness::weak_key:
    case cms::SealFitness::unsupported_key:
    case cms::SealFitness::unsafe_key:
      return certificate.key_description() + need_of(certificate, policy);
    default:
      return why;
  }
}

/// "bob@example.org.enc: not an X.509 certificate": the fault without the file.
std::string without_file(const std::string& fault) {
  const auto colon = fault.find(": ");
  return colon == std::string::npos ? fault : fault.substr(colon + 2);
}

}  // namespace

SealTarget choose(const list::CertificateLookup& lookup, const SealTerms& terms) {
  SealTarget target;
  target.problem = std::string(cms::to_string(cms::SealFitness::missing));
  if (!lookup.unreadable.empty()) {
    target.problem = std::string(cms::to_string(cms::SealFitness::unreadable));
    target.detail = lookup.unreadable.front();
    target.brief = without_file(target.detail);
  }
  if (!lookup.refused.empty()) {
    target.problem = std::string(cms::to_string(cms::SealFitness::unsupported_key));
    target.detail = lookup.refused.front();
    target.brief = without_file(target.detail);
  }
  bool nearest = true;
  for (const auto& stored : lookup.found) {  // newest first
    std::string why;
    const auto fitness = judge(stored.certificate, lookup, terms, why);
    if (fitness == cms::SealFitness::good) return SealTarget{stored.certificate, {}, {}, {}};
    if (std::exchange(nearest, false)) {
      target.problem = std::string(cms::to_string(fitness));
      target.brief = brief_of(stored.certificate, fitness, terms.policy, why);
      target.detail = fmt::format("{}, {}, valid until {}", stored.certificate.subject(),
                                  stored.certificate.key_description(),
                                  iso8601(stored.certificate.not_after()));
      if (!why.empty()) target.detail += ": " + why;
    }
  }
  return target;
}

std::unique_ptr<Recipients> open_recipients(std::shared_ptr<sys::FileSystem> certificates,
                                            RecipientRecords& records, std::size_t memory,
                                            bool read_only) {
  return std::make_unique<RecipientCache>(std::move(certificates), records, memory, read_only);
}

}  // namespace paraph::store
