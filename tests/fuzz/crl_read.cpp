// Laws of revocation lists, for any octets: nothing crashes; what was read gives the same answers when its own DER is read again;
// it follows itself in no order; and none that was not signed by the CA at hand makes anybody's certificate revoked.
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "cms/crl.h"
#include "cms/trust.h"

using namespace paraph;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

cms::Certificate certificate(const std::string& name) {
  std::ifstream in(std::string(PARAPH_SOURCE_DIR) + "/tests/fuzz/keys/" + name, std::ios::binary);
  require(in.good());
  const std::string octets{std::istreambuf_iterator<char>(in), {}};
  return cms::Certificate::from_pem(octets).value().front();
}

struct World {
  cms::Certificate ca = certificate("ca.pem"), alice = certificate("alice.pem");
  TimePoint at = parse_time("2030-01-01T00:00:00Z").value();
};

void same_again(const cms::Crl& crl) {
  const auto again = cms::Crl::from_der(crl.der());
  require(again.has_value());
  require(again->identity() == crl.identity() && again->number() == crl.number());
  require(again->issuer() == crl.issuer() && again->scope() == crl.scope());
  require(again->this_update() == crl.this_update() && again->next_update() == crl.next_update());
  require(again->entries() == crl.entries() && again->is_delta() == crl.is_delta());
  require(!again->newer_than(crl) && !crl.newer_than(*again));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const World world;
  const auto crls = cms::Crl::from_any({reinterpret_cast<const char*>(data), size});
  if (!crls) return 0;
  require(!crls->empty());
  bool signed_by_ca = false;
  for (const auto& crl : *crls) {
    same_again(crl);
    signed_by_ca |= crl.signed_by(world.ca);
  }
  const auto anchors = cms::TrustAnchors::from({world.ca});
  const auto verdict = anchors.judge(world.alice, {}, world.at, cms::TrustAnchors::Purpose::sign,
                                     {}, {cms::CrlCheck::soft, cms::CrlSet(*crls), world.at});
  require(signed_by_ca || verdict.status == cms::ChainStatus::good);
  return 0;
}
