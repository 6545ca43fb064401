// cert import.

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>

#include "apps/paraph/missed.h"
#include "apps/paraph/verb.h"
#include "mail/address.h"
#include "pipeline/missed.h"
#include "pipeline/sealing.h"
#include "store/ldif.h"
#include "sys/file_system.h"

namespace paraph::app {
namespace {

constexpr std::size_t kMaxFile = 64U << 20;
using Stored = list::CertificateStore::Stored;

std::string_view word(Stored stored) {
  switch (stored) {
    case Stored::stored:
      return "stored";
    case Stored::already_there:
      return "already there";
    case Stored::kept_newer:
      return "not stored, a newer one is there";
    case Stored::kept_pinned:
      return "waits, the one in use is pinned";
    case Stored::pending:
    case Stored::still_pending:
      return "waits for cert accept";
    case Stored::kept_removed:
      return "not stored, it was removed";
  }
  return {};
}

/// One certificate and whom it is for.
struct Candidate {
  cms::Certificate certificate;
  std::vector<std::string> addresses;  ///< as written
  std::vector<cms::Certificate> issuers;
  list::CertificateSource source = list::CertificateSource::import;
};

std::vector<Candidate> candidates_of(const std::vector<cms::Certificate>& all,
                                     const std::vector<std::string>& otherwise,
                                     list::CertificateSource source) {
  std::vector<Candidate> out;
  std::vector<cms::Certificate> issuers;
  std::copy_if(all.begin(), all.end(), std::back_inserter(issuers),
               [](const auto& each) { return each.is_ca(); });
  constexpr std::size_t kMostIssuers = 8;  // beside one certificate in its file
  if (issuers.size() > kMostIssuers) issuers.clear();
  for (const auto& certificate : all)
    if (!certificate.is_ca())  // a bundle's CAs are `ca add`'s business
      out.push_back({certificate, certificate.emails().empty() ? otherwise : certificate.emails(),
                     issuers, source});
  return out;
}

/// Stores, tells, and sends what was missed.
class Importer {
 public:
  Importer(Invocation& call, Runtime& runtime)
      : call_(call), runtime_(runtime), ports_(runtime.ports()) {}

  Result<void> run(const std::string& argument, const std::optional<mail::AddrSpec>& only_for) {
    auto text = sys::read_file(argument, kMaxFile);
    if (!text) {
      fault(argument + ": " + text.error().what());
      return {};
    }
    if (store::is_ldif(*text))
      return store::read_ldif(*text, [&](const store::LdifEntry& entry) {
        // One bad value in an export of thousands costs that value.
        for (const auto& problem : entry.problems) fault(argument + ": " + problem);
        tell_of_authorities(argument, entry.certificates, entry.line);
        return store_all(
            argument,
            candidates_of(entry.certificates, entry.addresses, list::CertificateSource::ldif),
            only_for);
      });
    auto all = cms::Certificate::from_any(*text);
    if (!all) {
      fault(argument + ": " + all.error().what());
      return {};
    }
    tell_of_authorities(argument, *all, 0);
    return store_all(argument, candidates_of(*all, {}, list::CertificateSource::import), only_for);
  }

  Result<int> finish() {
    if (auto done = send_what_was_missed(learned_, runtime_); !done) return std::move(done).error();
    call_.print(json_, table(rows_));
    if (call_.dry_run) Invocation::say("nothing is stored: --dry-run");
    return code_;
  }

 private:
  void fault(const std::string& what) {
    Invocation::warn(what);
    code_ = kDataError;
  }

  /// Where nobody's own certificate is among them, nothing is stored. `line`: of the entry, 0 for the whole file.
  void tell_of_authorities(const std::string& argument, const std::vector<cms::Certificate>& all,
                           std::size_t line) {
    const auto is_ca = [](const cms::Certificate& each) { return each.is_ca(); };
    if (all.empty() || !std::all_of(all.begin(), all.end(), is_ca)) return;
    const std::string place = line == 0 ? "" : fmt::format("line {}: ", line);
    fault(fmt::format(
        "{}: {}{}{} a CA's certificate, and nobody's own: nothing is stored. "
        "To trust that CA: paraph ca add FILE",
        argument, place, all.front().subject(),
        all.size() == 1 ? " is" : fmt::format(" and {} more are each", all.size() - 1)));
  }

  Result<void> store_all(const std::string& argument, const std::vector<Candidate>& candidates,
                         const std::optional<mail::AddrSpec>& only_for) {
    for (const auto& candidate : candidates) {
      std::vector<std::string> addresses;
      if (only_for) addresses.push_back(only_for->canonical());
      for (const auto& written : candidate.addresses)
        if (const auto address = mail::AddrSpec::parse(written); address && !only_for)
          addresses.push_back(address->canonical());
      if (addresses.empty())
        fault(fmt::format("{}: {} names no address: say --for ADDRESS", argument,
                          candidate.certificate.subject()));
      for (const auto& address : addresses)
        if (auto done = store(address, candidate); !done) return done;
    }
    return {};
  }

  Result<void> store(const std::string& address, const Candidate& candidate) {
    const auto& certificate = candidate.certificate;
    list::CertificateArrival arrival;
    arrival.source = candidate.source;
    arrival.at = ports_.clock.now();
    arrival.issuers = candidate.issuers;
    arrival.replace = call_.has("replace");
    arrival.rehearsal = call_.dry_run;
    auto stored = ports_.certificates.store(address, certificate, arrival);
    if (!stored && stored.error().retry() == Retry::later) return std::move(stored).error();
    if (!stored) {  // one certificate for nothing does not stop the others
      fault(address + ": " + stored.error().what());
      return {};
    }
    const std::string outcome(word(*stored));
    if (*stored == Stored::stored && !call_.dry_run) learned_.push_back(address);
    json_.push_back({{"address", address}, {"sha256", certificate.sha256()}, {"outcome", outcome}});
    rows_.push_back({address, outcome, certificate.key_description(),
                     "until " + iso8601(certificate.not_after())});
    warn_if_useless(address, candidate);
    return {};
  }

  void warn_if_useless(const std::string& address, const Candidate& candidate) {
    if (!candidate.certificate.may_encrypt()) return;
    const auto terms = pipeline::seal_terms(ports_);
    if (!terms) return;
    list::CertificateLookup lookup;
    lookup.found.push_back({candidate.certificate, list::CertificateSlot::both, {}});
    lookup.issuers = candidate.issuers;
    const auto target = store::choose(lookup, *terms);
    if (!target.certificate)
      Invocation::warn(fmt::format("{}: nothing can be sealed to it now: {} ({})", address,
                                   target.problem, target.detail));
  }

  Invocation& call_;
  Runtime& runtime_;
  pipeline::Ports ports_;
  Json json_ = Json::array();
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::string> learned_;
  int code_ = kOk;
};

}  // namespace

Result<void> send_what_was_missed(const std::vector<std::string>& addresses, Runtime& runtime) {
  if (addresses.empty()) return {};
  const auto ports = runtime.ports();
  // So that distribution need not parse them; what fails here it does itself.
  const auto terms = pipeline::seal_terms(ports);
  if (terms) (void)ports.recipients.learn(addresses, *terms);
  auto spools = open_spools(runtime.site());
  if (!spools) return std::move(spools).error();
  for (const auto& address : addresses) {
    const auto sent = pipeline::send_missed(address, spools->bulk, ports);
    if (!sent) return sent.error();
    if (*sent > 0)
      Invocation::say(fmt::format("{}: {} missed post{} on the way", address, *sent,
                                  *sent == 1 ? " is" : "s are"));
  }
  return {};
}

Result<int> cert_import(Invocation& call) {
  auto runtime = call.runtime();
  if (!runtime) return std::move(runtime).error();
  std::optional<mail::AddrSpec> only_for;
  if (call.has("for")) {
    only_for = mail::AddrSpec::parse(call.option("for"));
    if (!only_for) return Error::never(Errc::usage, "--for: not an address: " + call.option("for"));
  }
  Importer importer(call, **runtime);
  for (const auto& argument : call.arguments)
    if (auto done = importer.run(argument, only_for); !done) return std::move(done).error();
  return importer.finish();
}

}  // namespace paraph::app
