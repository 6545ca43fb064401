#include "pipeline/key_ring.h"

#include <catch2/catch.hpp>
#include <chrono>

using namespace paraph;

namespace {

pipeline::KeyGeneration generation(const std::string& suffix, TimePoint since) {
  cms::KeyRequest request;
  request.algorithm = cms::KeyAlgorithm::ec_p256;
  request.common_name = "TEST list";
  request.emails = {"list@example.org"};
  request.not_before = since;
  auto made = cms::generate_key(request, {});
  REQUIRE(made);
  return {"cert.pem" + suffix,
          suffix,
          cms::Certificate::from_pem(made->certificate_pem)->front(),
          {},
          cms::PrivateKey::from_pem(made->private_key_pem, {}).value()};
}

}  // namespace

TEST_CASE("of two certificates of one second the later generation signs and is published") {
  const TimePoint now = sys::SystemClock().now();
  const auto day = std::chrono::hours(24);
  // Any order that the certificates' octets made would be right in one of two tries.
  for (int i = 0; i < 8; ++i) {
    pipeline::KeyRing ring;
    ring.generations = {generation("", now - day), generation(".20261129", now - day),
                        generation(".z", now - 2 * day)};
    CHECK(pipeline::signing_key(ring, "list@example.org", now, {}).generation->suffix ==
          ".20261129");
    CHECK(pipeline::published(ring, now, {})->suffix == ".20261129");
  }
}
