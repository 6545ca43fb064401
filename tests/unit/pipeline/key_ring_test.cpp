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

TEST_CASE("of generations dated alike the last renewal counts, and never what was laid aside") {
  const TimePoint now = sys::SystemClock().now();
  const auto chosen = [&](const std::vector<std::string>& suffixes) {
    pipeline::KeyRing ring;
    for (const auto& suffix : suffixes) ring.generations.push_back(generation(suffix, now));
    return pipeline::published(ring, now, {})->suffix;
  };
  // Each pair in both orders: none is right by its place.
  const std::vector<std::pair<std::string, std::string>> older_and_newer{
      {"", ".20261129"},
      {".20261129", ".20261129-2"},
      {".20261129-2", ".20261129-10"},
      {".20261129.enc", ".20261129-2.enc"},
      {".20261129-10.enc", ".20261130.enc"},
      {".enc", ".20261129.enc"},
      {".2", ".20261129"}};
  for (const auto& [older, newer] : older_and_newer) {
    CAPTURE(older, newer);
    CHECK(chosen({older, newer}) == newer);
    CHECK(chosen({newer, older}) == newer);
  }

  pipeline::KeyRing ring;
  ring.generations = {generation("", now), generation("", now)};
  auto& aside = ring.generations.back();
  aside.suffix = "." + aside.certificate.sha256().substr(0, 8);
  CHECK(pipeline::published(ring, now, {})->suffix.empty());
}
