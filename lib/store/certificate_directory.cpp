#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/ascii.h"
#include "mail/address.h"
#include "store/certificate_files.h"
#include "store/certificate_slots.h"
#include "store/store.h"

namespace paraph::store {
namespace {

using cms::Certificate;
using list::CertificateArrival;
using list::CertificateLookup;
using list::CertificateSource;
using list::CertificateState;
using list::CertificateStore;
using list::CertificateUse;
using list::RememberedCertificate;
using Stored = CertificateStore::Stored;
using Rows = std::vector<CertificateRow>;

// The row for what a certificate's keyUsage allows; nullptr: neither.
const Slot* slot_of(const Certificate& certificate) {
  for (const Slot& slot : slots) {
    if (slot.verifies == certificate.may_sign() && slot.encrypts == certificate.may_encrypt())
      return &slot;
  }
  return nullptr;
}

std::string_view word(const Slot* slot) {
  if (slot == nullptr) return "none";
  return slot->suffix.empty() ? "both" : slot->suffix.substr(1);
}

CertificateRow row_of(std::string_view address, const Certificate& certificate,
                      const CertificateArrival& arrival, CertificateState state) {
  CertificateRow row;
  row.address = address;
  row.sha256 = certificate.sha256();
  row.slot = word(slot_of(certificate));
  row.der = certificate.der();
  for (const auto& issuer : arrival.issuers) row.issuers += issuer.pem();
  row.source = list::to_string(arrival.source);
  row.message_id = arrival.message_id;
  row.mail_id = arrival.mail_id;
  row.learned_at = epoch(arrival.at);
  row.not_before = epoch(certificate.not_before());
  row.not_after = epoch(certificate.not_after());
  row.state = list::to_string(state);
  return row;
}

bool has_state(const CertificateRow& row, CertificateState state) {
  return row.state == list::to_string(state);
}

CertificateRow* find_row(Rows& rows, const std::string& sha256) {
  const auto found =
      std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row.sha256 == sha256; });
  return found == rows.end() ? nullptr : &*found;
}

std::vector<Certificate> certificates_in(const std::string& pem) {
  if (pem.empty()) return {};
  auto parsed = Certificate::from_pem(pem);
  return parsed ? *std::move(parsed) : std::vector<Certificate>{};
}

/// A certificate in use, and the file that holds it.
struct Current {
  Certificate certificate;
  std::string file;
};

class CertificateDirectory final : public CertificateStore {
 public:
  CertificateDirectory(std::shared_ptr<sys::FileSystem> fs, CertificateMemory* memory)
      : files_(std::move(fs)), memory_(memory) {}
  Result<CertificateLookup> find(std::string_view address, CertificateUse use) override;
  Result<Stored> store(std::string_view address, const Certificate& certificate,
                       const CertificateArrival& arrival) override;
  Result<std::vector<RememberedCertificate>> history(std::string_view address,
                                                     TimePoint now) override;
  Result<void> pin(std::string_view address, std::string_view digest, bool pinned,
                   TimePoint now) override;
  Result<void> accept(std::string_view address, std::string_view digest, TimePoint now) override;
  Result<void> remove(std::string_view address, std::string_view digest, TimePoint now) override;

 private:
  /// What lies in the directory, and what the database says about it and about what lay there.
  struct Known {
    std::vector<Current> current;
    std::vector<Certificate> issuers;  ///< that lie beside them
    Rows rows;
    std::set<std::string> rewritten;  ///< files that a rehearsal would have written
  };
  [[nodiscard]] Result<Known> look(std::string_view address, TimePoint now);
  [[nodiscard]] Result<std::string> name_for(std::string_view address,
                                             const Certificate& certificate) const;
  [[nodiscard]] static std::optional<Stored> objection(Known& known, const std::string& name,
                                                       const Certificate& certificate,
                                                       const CertificateArrival& arrival);
  [[nodiscard]] static std::vector<std::string> settle(Known& known, const std::string& name,
                                                       const Certificate& certificate,
                                                       CertificateRow row);
  [[nodiscard]] Result<void> install(Known& known, const std::string& name,
                                     const Certificate& certificate, CertificateRow row);
  [[nodiscard]] Result<Stored> rehearse(std::string_view address, const std::string& name,
                                        const Certificate& certificate,
                                        const CertificateArrival& arrival);
  [[nodiscard]] Result<void> put(const Rows& rows) {
    return memory_ == nullptr ? Result<void>() : memory_->put(rows);
  }

  CertificateFiles files_;
  CertificateMemory* memory_;
  std::map<std::string, Known, std::less<>> rehearsed_;  ///< by address
};

Result<CertificateLookup> CertificateDirectory::find(std::string_view address, CertificateUse use) {
  auto found = files_.find(address, use);
  if (!found) return std::move(found).error();
  if (memory_ != nullptr && !found->lookup.found.empty()) {
    auto pinned = memory_->pinned(address);
    if (!pinned) return std::move(pinned).error();
    found->lookup.pinned = *std::move(pinned);
  }
  return std::move(found->lookup);
}

Result<std::string> CertificateDirectory::name_for(std::string_view address,
                                                   const Certificate& certificate) const {
  const Slot* slot = slot_of(certificate);
  if (slot == nullptr)
    return Error::never(Errc::denied,
                        "the certificate's keyUsage allows neither signing nor encryption");
  std::string name = mail::filesystem_encode(address) + std::string(slot->suffix);
  if (!is_file_name(name))
    return Error::never(Errc::limit, "the address is too long for a file's name");
  return name;
}

// Rule 22: the directory is the truth. What lies in it unknown to the database is `manual`; what the database takes for
// current and does not lie in it any more is history.
Result<CertificateDirectory::Known> CertificateDirectory::look(std::string_view address,
                                                               TimePoint now) {
  Known known;
  std::set<std::string> seen;
  for (const auto use : {CertificateUse::encrypt, CertificateUse::verify}) {
    auto found = files_.find(address, use);
    if (!found) return std::move(found).error();
    std::move(found->lookup.issuers.begin(), found->lookup.issuers.end(),
              std::back_inserter(known.issuers));
    for (auto& stored : found->lookup.found)
      if (seen.insert(stored.file + stored.certificate.sha256()).second)
        known.current.push_back({std::move(stored.certificate), std::move(stored.file)});
  }
  if (memory_ == nullptr) return known;
  auto rows = memory_->of(address);
  if (!rows) return std::move(rows).error();
  known.rows = *std::move(rows);
  std::set<std::string> here;
  for (const auto& each : known.current) {
    here.insert(each.certificate.sha256());
    CertificateRow* const row = find_row(known.rows, each.certificate.sha256());
    if (row != nullptr && has_state(*row, CertificateState::current)) continue;
    CertificateArrival arrival;
    arrival.source = CertificateSource::manual;
    arrival.at = now;
    auto fresh = row_of(address, each.certificate, arrival, CertificateState::current);
    if (row != nullptr)
      *row = std::move(fresh);
    else
      known.rows.push_back(std::move(fresh));
  }
  for (auto& row : known.rows)
    if (has_state(row, CertificateState::current) && here.count(row.sha256) == 0)
      row.state = list::to_string(CertificateState::history);
  return known;
}

bool usable(const Certificate& certificate, const std::vector<Certificate>& issuers,
            const CertificateArrival& arrival) {
  if (arrival.usable) return arrival.usable(certificate, issuers);
  return certificate.not_before() <= arrival.at && arrival.at <= certificate.not_after();
}

/// Rules 20 to 22: what speaks against taking it; nullopt: nothing. No rollback; at the same date the one that is there
/// stays, or two senders' mails would take turns.
std::optional<Stored> CertificateDirectory::objection(Known& known, const std::string& name,
                                                      const Certificate& certificate,
                                                      const CertificateArrival& arrival) {
  if (arrival.replace) return std::nullopt;
  const bool by_mail = arrival.source == CertificateSource::mail;
  const CertificateRow* const row = find_row(known.rows, certificate.sha256());
  if (by_mail && row != nullptr && has_state(*row, CertificateState::removed))
    return Stored::kept_removed;
  bool foreign = false;
  bool pinned = false;
  for (const auto& each : known.current) {
    const bool same_file = each.file == name;
    const bool newer = each.certificate.not_before() >= certificate.not_before();
    if (same_file && newer) return Stored::kept_newer;
    const bool same_use = certificate.may_encrypt() && each.certificate.may_encrypt();
    if (!same_file && !same_use) continue;
    const CertificateRow* const theirs = find_row(known.rows, each.certificate.sha256());
    // An older one is not sealed to now, but would be when the newer one ends.
    pinned = pinned || ((by_mail || !newer) && theirs != nullptr && theirs->pinned);
    foreign = foreign || (by_mail && each.certificate.issuer() != certificate.issuer() &&
                          usable(each.certificate, known.issuers, arrival));
  }
  if (pinned) return Stored::kept_pinned;
  if (!foreign) return std::nullopt;
  // Of the same mail: a repeat, and perhaps nobody has heard of it.
  const bool told = row != nullptr && has_state(*row, CertificateState::pending) &&
                    row->mail_id != arrival.mail_id;
  return told ? Stored::still_pending : Stored::pending;
}

/// It takes its place in `known`. Which files of others go.
std::vector<std::string> CertificateDirectory::settle(Known& known, const std::string& name,
                                                      const Certificate& certificate,
                                                      CertificateRow row) {
  std::vector<std::string> emptied;
  for (const auto& each : known.current) {
    // Rule 22: a newer one for both uses ends the separate one for encryption.
    const bool superseded = certificate.may_sign() && certificate.may_encrypt() &&
                            !each.certificate.may_sign() &&
                            each.certificate.not_before() < certificate.not_before();
    if (each.file != name && !superseded) continue;
    CertificateRow* const theirs = find_row(known.rows, each.certificate.sha256());
    if (theirs == nullptr || theirs->sha256 == row.sha256) continue;
    theirs->state = list::to_string(CertificateState::history);
    theirs->pinned = false;
    if (each.file != name) emptied.push_back(each.file);
  }
  const auto is_gone = [&](const Current& each) {
    return each.file == name ||
           std::find(emptied.begin(), emptied.end(), each.file) != emptied.end();
  };
  known.current.erase(std::remove_if(known.current.begin(), known.current.end(), is_gone),
                      known.current.end());
  known.current.push_back({certificate, name});
  if (auto* const old = find_row(known.rows, row.sha256))
    *old = std::move(row);
  else
    known.rows.push_back(std::move(row));
  return emptied;
}

// The memory first: a crash in between leaves a row of something that does not lie there, which counts as history, and
// the repeat puts it there.
Result<void> CertificateDirectory::install(Known& known, const std::string& name,
                                           const Certificate& certificate, CertificateRow row) {
  const std::string text = certificate.pem() + row.issuers;
  const auto emptied = settle(known, name, certificate, std::move(row));
  if (auto done = put(known.rows); !done) return done;
  if (auto done = files_.fs().replace(name, text); !done) return done;
  for (const auto& file : emptied)
    if (auto done = files_.fs().remove(file, true); !done) return done;
  return {};
}

Result<Stored> CertificateDirectory::rehearse(std::string_view address, const std::string& name,
                                              const Certificate& certificate,
                                              const CertificateArrival& arrival) {
  auto known = rehearsed_.find(address);
  if (known == rehearsed_.end()) {
    auto looked = look(address, arrival.at);
    if (!looked) return std::move(looked).error();
    known = rehearsed_.emplace(address, *std::move(looked)).first;
  }
  if (known->second.rewritten.count(name) != 0 &&
      std::any_of(
          known->second.current.begin(), known->second.current.end(),
          [&](const auto& each) { return each.file == name && each.certificate == certificate; }))
    return Stored::already_there;
  if (const auto against = objection(known->second, name, certificate, arrival)) return *against;
  (void)settle(known->second, name, certificate,
               row_of(address, certificate, arrival, CertificateState::current));
  known->second.rewritten.insert(name);
  return Stored::stored;
}

Result<Stored> CertificateDirectory::store(std::string_view address, const Certificate& certificate,
                                           const CertificateArrival& arrival) {
  const auto name = name_for(address, certificate);
  if (!name) return name.error();
  auto content = files_.read(*name);
  if (!content) return std::move(content).error();
  if (content->hidden)
    return Error::later(Errc::denied,
                        fmt::format("{}: {}", files_.fs().full_path(*name), content->fault));
  const auto& there = content->certificates;
  const auto earlier = rehearsed_.find(address);
  const bool rewritten = arrival.rehearsal && earlier != rehearsed_.end() &&
                         earlier->second.rewritten.count(*name) != 0;
  if (!rewritten && std::find(there.begin(), there.end(), certificate) != there.end())
    return Stored::already_there;
  if (arrival.rehearsal) return rehearse(address, *name, certificate, arrival);
  auto known = look(address, arrival.at);
  if (!known) return std::move(known).error();
  if (const auto against = objection(*known, *name, certificate, arrival)) {
    const bool waits = *against == Stored::pending || *against == Stored::kept_pinned;
    const auto* const row = find_row(known->rows, certificate.sha256());
    if (!waits || (row != nullptr && has_state(*row, CertificateState::pending))) return *against;
    if (auto done = put({row_of(address, certificate, arrival, CertificateState::pending)}); !done)
      return std::move(done).error();
    return *against;
  }
  if (auto done = install(*known, *name, certificate,
                          row_of(address, certificate, arrival, CertificateState::current));
      !done)
    return std::move(done).error();
  return Stored::stored;
}

Result<std::vector<RememberedCertificate>> CertificateDirectory::history(std::string_view address,
                                                                         TimePoint now) {
  const auto known = look(address, now);
  if (!known) return known.error();
  std::vector<RememberedCertificate> out;
  for (const auto& row : known->rows) {
    auto certificate = Certificate::from_der(row.der);
    if (!certificate) return std::move(certificate).error().in("paraph_certificate");
    out.push_back({*std::move(certificate), row.slot, list::source_from(row.source), row.message_id,
                   row.mail_id, TimePoint(std::chrono::seconds(row.learned_at)),
                   list::state_from(row.state), row.pinned, certificates_in(row.issuers)});
  }
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
    return a.certificate.not_before() > b.certificate.not_before();
  });
  return out;
}

/// The one row whose digest begins so.
Result<CertificateRow*> one_row(Rows& rows, std::string_view address, std::string_view digest) {
  CertificateRow* found = nullptr;
  for (auto& row : rows) {
    if (!ascii::istarts_with(row.sha256, digest)) continue;
    if (found != nullptr)
      return Error::never(Errc::usage,
                          fmt::format("{}: {} begins several digests", address, digest))
          .with_hint(fmt::format("paraph cert history {}", address));
    found = &row;
  }
  if (found == nullptr)
    return Error::never(Errc::not_found,
                        fmt::format("{}: no certificate with the SHA-256 {}…", address, digest))
        .with_hint(fmt::format("paraph cert history {}", address));
  return found;
}

Result<void> CertificateDirectory::pin(std::string_view address, std::string_view digest,
                                       bool pinned, TimePoint now) {
  auto known = look(address, now);
  if (!known) return std::move(known).error();
  auto row = one_row(known->rows, address, digest);
  if (!row) return std::move(row).error();
  if (pinned && !has_state(**row, CertificateState::current))
    return Error::never(Errc::config, fmt::format("{}: that certificate is not in use ({})",
                                                  address, (*row)->state))
        .with_hint(fmt::format("paraph cert accept {} {}", address, digest));
  (*row)->pinned = pinned;
  return put({**row});
}

Result<void> CertificateDirectory::accept(std::string_view address, std::string_view digest,
                                          TimePoint now) {
  auto known = look(address, now);
  if (!known) return std::move(known).error();
  auto found = one_row(known->rows, address, digest);
  if (!found) return std::move(found).error();
  CertificateRow row = **found;
  auto certificate = Certificate::from_der(row.der);
  if (!certificate) return std::move(certificate).error().in("paraph_certificate");
  const auto name = name_for(address, *certificate);
  if (!name) return name.error();
  row.state = list::to_string(CertificateState::current);
  return install(*known, *name, *certificate, std::move(row));
}

Result<void> CertificateDirectory::remove(std::string_view address, std::string_view digest,
                                          TimePoint now) {
  auto known = look(address, now);
  if (!known) return std::move(known).error();
  auto row = one_row(known->rows, address, digest);
  if (!row) return std::move(row).error();
  (*row)->state = list::to_string(CertificateState::removed);
  (*row)->pinned = false;
  if (auto done = put({**row}); !done) return done;
  for (const auto& each : known->current) {
    if (each.certificate.sha256() != (*row)->sha256) continue;
    auto content = files_.read(each.file);
    if (!content) return std::move(content).error();
    std::string rest;
    bool people = false;
    for (const auto& other : content->certificates) {
      if (other == each.certificate) continue;
      people = people || !other.is_ca();
      rest += other.pem();
    }
    auto done = people ? files_.fs().replace(each.file, rest) : files_.fs().remove(each.file, true);
    if (!done) return done;
  }
  return {};
}

}  // namespace

std::unique_ptr<list::CertificateStore> open_certificate_directory(
    std::shared_ptr<sys::FileSystem> fs, CertificateMemory* memory) {
  return std::make_unique<CertificateDirectory>(std::move(fs), memory);
}

}  // namespace paraph::store
