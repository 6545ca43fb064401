// Laws of certificates and the addresses they name: no address holds a NUL, a control or octets that are no UTF-8, however the
// name in the certificate was written (attack A22); an address is named by its canonical form and by nothing else; what
// was read prints as something that reads the same; facts for sealing survive being stored.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/ascii.h"
#include "base/utf8.h"
#include "cms/certificate.h"
#include "cms/recipient.h"
#include "mail/address.h"

using namespace paraph;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_address(const cms::Certificate& certificate, const std::string& email) {
  require(!email.empty() && email.size() <= 254 && utf8::valid(email));
  require(email.find('@') != std::string::npos);
  require(std::none_of(email.begin(), email.end(), ascii::is_control));
  require(certificate.names(ascii::to_lower(email)));
  require(!certificate.names(""));
  // As mail compares it: in ASCII the canonical form of the address is what names() expects.
  const auto address = mail::AddrSpec::parse(email);
  const bool plain =
      std::all_of(email.begin(), email.end(), [](char c) { return (c & 0x80) == 0; });
  if (address && plain && address->str() == email) {
    require(certificate.names(address->canonical()));
    require(mail::AddrSpec::parse(address->canonical())->canonical() == address->canonical());
  }
  const auto same = [&](const std::string& other) {
    return ascii::to_lower(other) == ascii::to_lower(email) + "x";
  };
  const auto& all = certificate.emails();
  require(std::any_of(all.begin(), all.end(), same) ==
          certificate.names(ascii::to_lower(email) + "x"));
}

void check_facts(const cms::Certificate& certificate) {
  const cms::RecipientFacts facts = cms::facts_of(certificate);
  require(facts.sha256 == certificate.sha256() &&
          (facts.key == cms::SealFitness::good) == !facts.public_key.empty());
  const std::string stored = cms::encode(facts);
  const auto back = cms::decode_facts(stored);
  require(back && cms::encode(*back) == stored);
  const auto now = parse_time("2030-01-01T00:00:00Z").value();
  const cms::SealFitness fit = cms::fitness(facts, now, {});
  require(cms::fitness(*back, now, {}) == fit && cms::fitness(certificate, now, {}) == fit);
  if (fit == cms::SealFitness::good) {
    require(facts.key == cms::SealFitness::good && !facts.is_ca && facts.may_encrypt &&
            facts.eku_allows_email);
    require(cms::Recipient::from(facts, cms::KeyTransport::pkcs1).has_value());
  }
  const cms::Period period = cms::steady_period(facts, now);
  require(period.since <= now && now < period.until);
}

void check_certificate(const cms::Certificate& certificate) {
  for (const std::string& email : certificate.emails()) check_address(certificate, email);
  require(certificate.sha256().size() == 64 && certificate.spki_sha256().size() == 64);
  const auto again = cms::Certificate::from_der(certificate.der());
  require(again.has_value() && again.value() == certificate);
  require(again.value().emails() == certificate.emails());
  const auto pem = cms::Certificate::from_pem(certificate.pem());
  require(pem.has_value() && pem.value().size() == 1 && pem.value().front() == certificate);
  const auto any = cms::Certificate::from_any(certificate.pem());
  require(any.has_value() && any.value().size() == 1 && any.value().front() == certificate);
  (void)certificate.subject();
  (void)certificate.issuer();
  (void)certificate.common_name();
  (void)certificate.key_description();
  check_facts(certificate);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string octets(reinterpret_cast<const char*>(data), size);
  if (const auto one = cms::Certificate::from_der(octets); one.has_value()) {
    require(one.value().der().size() <= octets.size());
    check_certificate(one.value());
  }
  const auto all = cms::Certificate::from_any(octets);
  require(!all.has_value() || !all.value().empty());
  if (all.has_value()) {
    for (const auto& certificate : all.value()) check_certificate(certificate);
  }
  return 0;
}
