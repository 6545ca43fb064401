// cert show, history, pin, unpin, accept, remove, set.

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "apps/paraph/missed.h"
#include "apps/paraph/verb.h"
#include "base/ascii.h"
#include "cms/seal.h"
#include "mail/address.h"
#include "pipeline/incoming.h"
#include "pipeline/key_ring.h"
#include "pipeline/sealing.h"

namespace paraph::app {
namespace {

std::string day(TimePoint at) {
  return iso8601(at).substr(0, 10);
}

Result<std::string> address_argument(const Invocation& call) {
  const auto address = mail::AddrSpec::parse(call.arguments[0]);
  if (!address) return Error::never(Errc::usage, "not an address: " + call.arguments[0]);
  return address->canonical();
}

Json describe(const list::RememberedCertificate& each) {
  Json described = app::describe(each.certificate);
  described["slot"] = each.slot;
  described["state"] = list::to_string(each.state);
  described["pinned"] = each.pinned;
  described["source"] = list::to_string(each.source);
  described["message_id"] = each.message_id;
  described["mail_id"] = each.mail_id;
  described["learned_at"] = iso8601(each.learned_at);
  return described;
}

std::string_view word(cms::ChainStatus status) {
  constexpr std::array<std::string_view, 10> kWords{
      "good",        "expired",  "not_yet_valid", "revoked",   "untrusted_issuer",
      "wrong_usage", "weak_key", "weak_digest",   "bad_chain", "wrong_policy"};
  return kWords.at(static_cast<std::size_t>(status));
}

struct Verifies {
  std::optional<TimePoint> until;  ///< when a signature would be believed now
  std::string
      problem;  ///< as ChainStatus, "missing", or "revocation_unknown" where lists are required
};

/// Whether a signature by one of these would be believed now, as the site asks; of several the one that lasts longest.
Result<Verifies> verifies(const list::CertificateLookup& lookup, const pipeline::Ports& ports) {
  const auto anchors =
      pipeline::current_anchors(pipeline::anchor_files(ports.site, nullptr), ports);
  if (!anchors) return anchors.error();
  const auto revocation = pipeline::revocation_of(nullptr, ports);
  if (!revocation) return revocation.error();
  Verifies out{{}, "missing"};
  for (const auto& [certificate, slot, file] : lookup.found) {
    if (!certificate.may_sign()) continue;
    const auto verdict = (*anchors)->judge(certificate, lookup.issuers, ports.clock.now(),
                                           cms::TrustAnchors::Purpose::sign,
                                           pipeline::policy_of(ports.site), *revocation);
    const bool unknown =
        revocation->check == cms::CrlCheck::require && !verdict.revocation_unknown.empty();
    if (verdict.status != cms::ChainStatus::good || unknown) {
      if (!out.until)
        out.problem =
            unknown ? std::string("revocation_unknown") : std::string(word(verdict.status));
      continue;
    }
    out.problem.clear();
    out.until = std::max(out.until.value_or(certificate.not_after()), certificate.not_after());
  }
  return out;
}

Result<std::vector<std::string>> lists_of(const std::string& address,
                                          const pipeline::Ports& ports) {
  const auto lists = ports.site.lists();
  if (!lists) return lists.error();
  std::vector<std::string> out;
  for (const auto& list : *lists) {
    const auto member = ports.directory.member(list, address);
    if (!member) return member.error();
    if (*member) out.push_back(list.str());
  }
  return out;
}

/// When a copy was last sealed to each certificate, by SHA-256, as far as the ledger remembers.
Result<std::map<std::string, TimePoint>> sealed_to(const std::string& address,
                                                   const pipeline::Ports& ports) {
  store::MailQuery query;
  query.member = address;
  const auto mails = ports.ledger.search(query);
  if (!mails) return mails.error();
  std::map<std::string, TimePoint> out;
  for (const auto& mail : *mails) {  // newest first
    const auto copies = ports.ledger.copies(mail.id);
    if (!copies) return copies.error();
    for (const auto& copy : *copies)
      if (copy.member == address && copy.outcome == "sealed")
        out.emplace(copy.certificate, TimePoint(std::chrono::seconds(mail.received)));
  }
  return out;
}

std::string origin(const list::RememberedCertificate& each) {
  if (each.source == list::CertificateSource::manual) return "a file of the directory";
  if (each.source == list::CertificateSource::mail)
    return fmt::format("learned from <{}> on {}", each.message_id, day(each.learned_at));
  return fmt::format("{} on {}", each.source == list::CertificateSource::ldif ? "LDIF" : "imported",
                     day(each.learned_at));
}

/// The digest that was said, or that of the only certificate of one of the states.
Result<std::string> digest_argument(Invocation& call, const std::string& address,
                                    list::CertificateStore& store, TimePoint now, bool pinned) {
  if (call.arguments.size() > 1) {
    std::string digest = call.arguments[1];
    digest.erase(
        std::remove_if(digest.begin(), digest.end(), [](char c) { return c == ':' || c == ' '; }),
        digest.end());
    constexpr std::size_t kShortest = 4;
    if (digest.size() < kShortest)
      return Error::never(Errc::usage, "DIGEST: at least four digits of the SHA-256");
    return digest;
  }
  auto all = store.history(address, now);
  if (!all) return std::move(all).error();
  std::vector<std::string> found;
  for (const auto& each : *all)
    if (each.state == list::CertificateState::current && (!pinned || each.pinned))
      found.push_back(each.certificate.sha256());
  if (found.size() == 1) return found.front();
  return Error::never(
             found.empty() ? Errc::not_found : Errc::usage,
             found.empty()
                 ? fmt::format("{}: no {}certificate in use", address, pinned ? "pinned " : "")
                 : fmt::format("{}: {} certificates in use, say the SHA-256 of one", address,
                               found.size()))
      .with_hint("paraph cert history " + address);
}

using Change = Result<void> (*)(list::CertificateStore&, const std::string&, const std::string&,
                                TimePoint);

Result<int> change(Invocation& call, std::string_view done_word, bool of_pinned, Change what) {
  auto runtime = call.runtime();
  if (!runtime) return std::move(runtime).error();
  auto ports = (*runtime)->ports();
  auto address = address_argument(call);
  if (!address) return std::move(address).error();
  const auto now = ports.clock.now();
  auto digest = digest_argument(call, *address, ports.certificates, now, of_pinned);
  if (!digest) return std::move(digest).error();
  if (!call.dry_run) {
    if (auto done = what(ports.certificates, *address, *digest, now); !done)
      return std::move(done).error();
    if (auto done = send_what_was_missed({*address}, **runtime); !done)
      return std::move(done).error();
  }
  call.print({{"address", *address}, {"sha256", *digest}, {"done", !call.dry_run}},
             fmt::format("{} {} {}…\n", call.dry_run ? "would be" : "is", done_word,
                         digest->substr(0, 16)));
  return kOk;
}

}  // namespace

Result<int> cert_show(Invocation& call) {
  auto runtime = call.runtime();
  if (!runtime) return std::move(runtime).error();
  auto ports = (*runtime)->ports();
  auto address = address_argument(call);
  if (!address) return std::move(address).error();
  auto target = pipeline::seal_target(*address, ports);
  if (!target) return std::move(target).error();
  auto all = ports.certificates.history(*address, ports.clock.now());
  if (!all) return std::move(all).error();
  auto cipher = ports.memory.cipher_for(*address);
  if (!cipher) return std::move(cipher).error();
  auto signing = ports.certificates.find(*address, list::CertificateUse::verify);
  if (!signing) return std::move(signing).error();
  const auto verify = verifies(*signing, ports);
  if (!verify) return verify.error();
  const auto lists = lists_of(*address, ports);
  if (!lists) return lists.error();
  const auto sealed = sealed_to(*address, ports);
  if (!sealed) return sealed.error();
  Json json{{"address", *address},
            {"verify", verify->until.has_value()},
            {"verify_problem", verify->problem},
            {"member_of", *lists},
            {"encrypt", target->certificate.has_value()},
            {"encrypt_problem", target->problem},
            {"cipher", *cipher},
            {"certificates", Json::array()}};
  std::string text = target->certificate ? fmt::format("{}   encrypt yes until {}", *address,
                                                       iso8601(target->certificate->not_after()))
                                         : fmt::format("{}   encrypt NO: {} {}", *address,
                                                       target->problem, target->detail);
  text += verify->until ? "   verify yes until " + iso8601(*verify->until)
                        : "   verify NO: " + verify->problem;
  text += fmt::format("   member of {}\n",
                      lists->empty() ? "no list" : fmt::format("{}", fmt::join(*lists, ", ")));
  if (!cipher->empty()) text += "cipher " + *cipher + ", set by hand\n";
  std::size_t waiting = 0;
  std::vector<std::vector<std::string>> rows;
  for (const auto& each : *all) {
    waiting += each.state == list::CertificateState::pending ? 1 : 0;
    if (each.state != list::CertificateState::current) continue;
    const auto& certificate = each.certificate;
    const auto fitness = cms::to_string(
        cms::fitness(certificate, ports.clock.now(), pipeline::policy_of(ports.site)));
    const auto stated = ports.memory.capability(certificate.sha256());
    if (!stated) return stated.error();
    Json described = describe(each);
    described["fitness"] = fitness;
    const auto last = sealed->find(certificate.sha256());
    const std::string when = last == sealed->end() ? "never" : iso8601(last->second);
    described["last_sealed_to"] = when;
    if (*stated)
      described["reads"] = {
          {"stated", (*stated)->stated},
          {"at", iso8601(TimePoint(std::chrono::seconds((*stated)->signing_time)))}};
    json["certificates"].push_back(described);
    rows.push_back({each.slot, certificate.subject(), "by " + certificate.issuer(),
                    "serial " + certificate.serial(), certificate.key_description(),
                    day(certificate.not_before()) + ".." + day(certificate.not_after()),
                    "SHA-256 " + certificate.sha256().substr(0, 16), std::string(fitness),
                    *stated
                        ? fmt::format("reads {} (stated {})", (*stated)->stated,
                                      day(TimePoint(std::chrono::seconds((*stated)->signing_time))))
                        : "",
                    each.pinned ? "pinned" : "not pinned", origin(each), "last sealed to " + when});
  }
  for (const auto use : {list::CertificateUse::encrypt, list::CertificateUse::verify}) {
    auto lookup = ports.certificates.find(*address, use);
    if (!lookup) return std::move(lookup).error();
    for (const auto* problems : {&lookup->unreadable, &lookup->refused})
      for (const auto& problem : *problems) Invocation::warn(problem);
  }
  if (waiting > 0)
    text += fmt::format("{} wait{} for cert accept\n", waiting, waiting == 1 ? "s" : "");
  call.print(json, text + table(rows));
  if (rows.empty() && !call.json)
    Invocation::hint("paraph cert import --for " + *address + " FILE");
  else if (!target->certificate && !call.json)
    Invocation::hint("paraph cert remind " + *address);
  return kOk;
}

Result<int> cert_history(Invocation& call) {
  auto runtime = call.runtime();
  if (!runtime) return std::move(runtime).error();
  auto ports = (*runtime)->ports();
  auto address = address_argument(call);
  if (!address) return std::move(address).error();
  auto all = ports.certificates.history(*address, ports.clock.now());
  if (!all) return std::move(all).error();
  Json json = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const auto& each : *all) {
    const auto& certificate = each.certificate;
    json.push_back(describe(each));
    rows.push_back({std::string(list::to_string(each.state)) + (each.pinned ? ", pinned" : ""),
                    each.slot, certificate.sha256().substr(0, 16),
                    day(certificate.not_before()) + ".." + day(certificate.not_after()),
                    certificate.subject(), "by " + certificate.issuer(), origin(each)});
  }
  call.print(json, rows.empty() ? *address + ": nothing is known\n" : table(rows));
  return kOk;
}

Result<int> cert_pin(Invocation& call) {
  return change(call, "pinned:", false, [](auto& store, auto& address, auto& digest, auto now) {
    return store.pin(address, digest, true, now);
  });
}

Result<int> cert_unpin(Invocation& call) {
  return change(call, "no longer pinned:", true,
                [](auto& store, auto& address, auto& digest, auto now) {
                  return store.pin(address, digest, false, now);
                });
}

Result<int> cert_accept(Invocation& call) {
  return change(call, "in use:", false, [](auto& store, auto& address, auto& digest, auto now) {
    return store.accept(address, digest, now);
  });
}

Result<int> cert_remove(Invocation& call) {
  return change(call, "removed:", false, [](auto& store, auto& address, auto& digest, auto now) {
    return store.remove(address, digest, now);
  });
}

Result<int> cert_set(Invocation& call) {
  auto runtime = call.runtime();
  if (!runtime) return std::move(runtime).error();
  auto address = address_argument(call);
  if (!address) return std::move(address).error();
  constexpr std::string_view kCipher = "cipher=";
  const std::string& setting = call.arguments[1];
  if (!setting.starts_with(kCipher))
    return Error::never(Errc::usage, "what can be set is cipher=NAME, not " + setting);
  const std::string name = ascii::to_lower(std::string_view(setting).substr(kCipher.size()));
  if (!name.empty() && !cms::cipher_from_name(name))
    return Error::never(Errc::usage,
                        "cipher=: aes-256-gcm, aes-256-cbc or aes-128-cbc, not " + name);
  if (!call.dry_run)
    if (auto done = (*runtime)->ports().memory.set_cipher(*address, name); !done)
      return std::move(done).error();
  call.print({{"address", *address}, {"cipher", name}, {"done", !call.dry_run}},
             fmt::format("{}: cipher {}\n", *address, name.empty() ? "as stated" : name));
  return kOk;
}

}  // namespace paraph::app
