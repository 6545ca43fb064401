// cert import, cert show.

#include <fmt/core.h>

#include "apps/paraph/verb.h"
#include "base/ascii.h"
#include "cms/seal.h"
#include "mail/address.h"
#include "pipeline/distribution.h"
#include "pipeline/key_ring.h"
#include "sys/file_system.h"

namespace paraph::app {
namespace {

constexpr std::size_t kMaxFile = 16U << 20;

std::string_view word(list::CertificateStore::Stored stored) {
  switch (stored) {
    case list::CertificateStore::Stored::stored:
      return "stored";
    case list::CertificateStore::Stored::already_there:
      return "already there";
    case list::CertificateStore::Stored::kept_newer:
      return "not stored, a newer one is there";
  }
  return {};
}

}  // namespace

Result<int> cert_import(Invocation& call) {
  auto runtime = call.runtime();
  if (!runtime) return std::move(runtime).error();
  auto ports = (*runtime)->ports();
  std::optional<mail::AddrSpec> only_for;
  if (call.has("for")) {
    only_for = mail::AddrSpec::parse(call.option("for"));
    if (!only_for) return Error::never(Errc::usage, "--for: not an address: " + call.option("for"));
  }
  Json json = Json::array();
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> learned;
  int code = kOk;
  for (const auto& argument : call.arguments) {
    auto text = sys::read_file(argument, kMaxFile);
    auto certificates = text ? cms::Certificate::from_any(*text)
                             : Result<std::vector<cms::Certificate>>(text.error());
    if (!certificates) {
      Invocation::warn(argument + ": " + certificates.error().what());
      code = kDataError;
      continue;
    }
    for (const auto& certificate : *certificates) {
      if (certificate.is_ca()) continue;  // a bundle's CAs are `ca add`'s business
      std::vector<std::string> addresses;
      if (only_for)
        addresses.push_back(only_for->canonical());
      else
        for (const auto& email : certificate.emails())
          if (const auto address = mail::AddrSpec::parse(email))
            addresses.push_back(address->canonical());
      if (addresses.empty()) {
        Invocation::warn(fmt::format("{}: {} names no address: say --for ADDRESS", argument,
                                     certificate.subject()));
        code = kDataError;
      }
      for (const auto& address : addresses) {
        std::string outcome = "would be stored";
        if (!call.dry_run) {
          auto stored = ports.certificates.store(address, certificate, call.has("replace"));
          if (!stored) return std::move(stored).error();
          outcome = word(*stored);
          if (*stored == list::CertificateStore::Stored::stored) learned.push_back(address);
        }
        json.push_back(
            {{"address", address}, {"sha256", certificate.sha256()}, {"outcome", outcome}});
        rows.push_back({address, outcome, certificate.key_description(),
                        "until " + iso8601(certificate.not_after())});
      }
    }
  }
  // So that distribution need not parse them; what fails here it does itself.
  (void)ports.recipients.learn(learned, pipeline::seal_terms(ports, cms::KeyTransport::pkcs1));
  call.print(json, table(rows));
  return code;
}

Result<int> cert_show(Invocation& call) {
  auto runtime = call.runtime();
  if (!runtime) return std::move(runtime).error();
  auto ports = (*runtime)->ports();
  const auto address = mail::AddrSpec::parse(call.arguments[0]);
  if (!address) return Error::never(Errc::usage, "not an address: " + call.arguments[0]);
  auto target = pipeline::seal_target(address->canonical(), ports);
  if (!target) return std::move(target).error();
  Json json{{"address", address->canonical()},
            {"encrypt", target->certificate.has_value()},
            {"encrypt_problem", target->problem},
            {"certificates", Json::array()}};
  std::string text = target->certificate
                         ? fmt::format("{}   encrypt yes until {}\n", address->canonical(),
                                       iso8601(target->certificate->not_after()))
                         : fmt::format("{}   encrypt NO: {} {}\n", address->canonical(),
                                       target->problem, target->detail);
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> shown;
  for (const auto use : {list::CertificateUse::encrypt, list::CertificateUse::verify}) {
    auto lookup = ports.certificates.find(address->canonical(), use);
    if (!lookup) return std::move(lookup).error();
    for (const auto& unreadable : lookup->unreadable) Invocation::warn(unreadable);
    for (const auto& entry : lookup->found) {
      const auto& certificate = entry.certificate;
      if (std::find(shown.begin(), shown.end(), entry.file + certificate.sha256()) != shown.end())
        continue;
      shown.push_back(entry.file + certificate.sha256());
      const auto fitness = cms::to_string(
          cms::fitness(certificate, ports.clock.now(), pipeline::policy_of(ports.site)));
      Json described = describe(certificate);
      described["file"] = entry.file;
      described["fitness"] = fitness;
      json["certificates"].push_back(described);
      rows.push_back({entry.file, certificate.subject(), "by " + certificate.issuer(),
                      "serial " + certificate.serial(), certificate.key_description(),
                      iso8601(certificate.not_before()).substr(0, 10) + ".." +
                          iso8601(certificate.not_after()).substr(0, 10),
                      "SHA-256 " + certificate.sha256().substr(0, 16), std::string(fitness)});
    }
  }
  call.print(json, text + table(rows));
  if (shown.empty() && !call.json)
    Invocation::hint("paraph cert import --for " + address->canonical() + " FILE");
  return kOk;
}

}  // namespace paraph::app
