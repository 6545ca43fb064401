#include "store/crl_files.h"

#include <catch2/catch.hpp>

#include <algorithm>

#include "support/crl.h"
#include "support/pki.h"

using namespace paraph;
using namespace paraph::store;
using paraph::testing::make_crl;
using paraph::testing::Pki;
using paraph::testing::TempDir;
using paraph::testing::Wanted;
using paraph::testing::WantedCrl;

namespace {

cms::Crl crl(const WantedCrl& wanted) {
  return cms::Crl::from_der(make_crl(wanted)).value();
}

std::vector<cms::Certificate> root() {
  return {cms::Certificate::from_pem(Pki::shared().cert_pem("ca")).value().at(0)};
}

CrlFiles load(const TempDir& dir) {
  sys::Sightings unused;
  return load_crls(dir.path().string(), unused).value();
}

CrlStored put(const TempDir& dir, const cms::Crl& one,
              const std::vector<cms::Certificate>& issuers) {
  auto files = sys::open_root(dir.path().string()).value();
  return store_crl(*files, one, load(dir), issuers).value();
}

std::vector<std::string> numbers(const TempDir& dir) {
  std::vector<std::string> out;
  for (const auto& file : load(dir).files) out.push_back(file.crl.number());
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

TEST_CASE("a newer list replaces the one it follows, an older one is not stored") {
  const TempDir dir;
  CHECK(put(dir, crl({.number = 2}), root()) == CrlStored::stored);
  CHECK(put(dir, load(dir).files.front().crl, root()) == CrlStored::already_there);
  CHECK(put(dir, crl({.number = 1}), root()) == CrlStored::kept_newer);
  CHECK(put(dir, crl({.number = 3}), root()) == CrlStored::stored);
  CHECK(numbers(dir) == std::vector<std::string>{"03"});
  // Of another kind: beside it.
  CHECK(put(dir, crl({.number = 4, .extensions = "2.5.29.27=critical,DER:020103"}), root()) ==
        CrlStored::stored);
  CHECK(numbers(dir) == std::vector<std::string>{"03", "04"});
}

TEST_CASE("a list that no CA at hand has signed replaces none that one has, and gives way to it") {
  Pki::shared().issue({.name = "impostor",
                       .issuer = "self",
                       .extensions = Wanted::kCaExtensions,
                       .subject = "/O=Paraph test/CN=Paraph test root"});
  const TempDir dir;
  const cms::Crl forged = crl({.issuer = "impostor", .number = 9, .key_id = false});
  CHECK(put(dir, forged, root()) == CrlStored::stored);
  CHECK(put(dir, crl({.number = 1, .key_id = false}), root()) == CrlStored::stored);
  CHECK(numbers(dir) == std::vector<std::string>{"01"});
  CHECK(put(dir, forged, root()) == CrlStored::stored);
  CHECK(numbers(dir) == std::vector<std::string>{"01", "09"});
}

TEST_CASE("a file that is no list is named, and the others count") {
  const TempDir dir;
  testing::spit(dir / "good.pem", testing::sh("openssl crl -inform DER", make_crl({})));
  testing::spit(dir / "bad.crl", "no list");
  testing::spit(dir / "empty", "");
  const auto files = load(dir);
  CHECK(files.files.size() == 1);
  REQUIRE(files.problems.size() == 2);
  CHECK(files.problems.front().find("bad.crl") != std::string::npos);
  CHECK(files.set().all().size() == 1);
  sys::Sightings unused;
  CHECK(load_crls(dir / "absent", unused).value().files.empty());
  // What an administrator put there stays when a newer one comes.
  CHECK(put(dir, crl({.number = 5}), root()) == CrlStored::stored);
  CHECK(numbers(dir) == std::vector<std::string>{"01", "05"});
}
