#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>

#include "store/store.h"
#include "support/pki.h"

using namespace paraph;
using cms::Certificate;
using list::CertificateLookup;
using list::CertificateSlot;
using list::CertificateStore;
using list::CertificateUse;
using testing::Pki;
using testing::slurp;
using testing::spit;
using Stored = CertificateStore::Stored;
namespace fs = std::filesystem;

namespace {

constexpr const char* bob = "bob@example.org";
constexpr const char* both_usages =
    "basicConstraints=CA:FALSE\nkeyUsage=digitalSignature,keyEncipherment\n";
constexpr const char* sign_only = "basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\n";
constexpr const char* encrypt_only = "basicConstraints=CA:FALSE\nkeyUsage=keyEncipherment\n";
constexpr const char* agree_only = "basicConstraints=CA:FALSE\nkeyUsage=keyAgreement\n";

std::string year(int number) {
  return std::to_string(number) + "0101000000Z";
}

// A certificate of bob's, made once per name.
const Certificate& bobs(const std::string& name, const char* extensions = both_usages,
                        int from = 2026, const std::string& email = bob,
                        const std::string& key = "ec:prime256v1") {
  static std::map<std::string, Certificate> made;
  const auto found = made.find(name);
  if (found != made.end()) return found->second;
  std::string written;  // as an openssl configuration file wants it
  for (const char c : email)
    written += (std::string_view("'\"#$\\").find(c) != std::string_view::npos ? "\\" : "") +
               std::string(1, c);
  Pki::shared().issue({.name = name,
                       .emails = {written},
                       .key = key,
                       .extensions = extensions,
                       .from = year(from)});
  return made.emplace(name, Certificate::from_pem(Pki::shared().cert_pem(name))->front())
      .first->second;
}

// The clock of these tests stands at 2027-01-01.
list::CertificateArrival how(bool replace = false,
                             list::CertificateSource source = list::CertificateSource::import) {
  list::CertificateArrival arrival;
  arrival.source = source;
  arrival.at = TimePoint(std::chrono::seconds(testing::kNow));
  arrival.replace = replace;
  return arrival;
}

struct Place {
  testing::TempDir dir;
  std::unique_ptr<CertificateStore> store =
      store::open_certificate_directory(*sys::open_root(dir.path().string()));

  CertificateLookup find(std::string_view address, CertificateUse use) {
    auto lookup = store->find(address, use);
    INFO((lookup ? std::string() : lookup.error().what()));
    REQUIRE(lookup);
    return *lookup;
  }
  Stored put(const Certificate& certificate, bool replace_newer = false) {
    const auto stored = store->store(bob, certificate, how(replace_newer));
    INFO((stored ? std::string() : stored.error().what()));
    REQUIRE(stored);
    return *stored;
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& entry : fs::directory_iterator(dir.path()))
      out.push_back(entry.path().filename().string());
    std::sort(out.begin(), out.end());
    return out;
  }
};

const Certificate& ec_both() {
  return bobs("dir-both", "basicConstraints=CA:FALSE\nkeyUsage=digitalSignature,keyAgreement\n");
}

}  // namespace

TEST_CASE("a certificate goes where its keyUsage says, and opens again by another program") {
  Place place;
  CHECK(place.put(ec_both()) == Stored::stored);
  CHECK(place.put(bobs("dir-sign", sign_only)) == Stored::stored);
  CHECK(place.put(bobs("dir-agree", agree_only)) == Stored::stored);
  CHECK(place.names() ==
        std::vector<std::string>{bob, std::string(bob) + "@enc", std::string(bob) + "@sign"});
  CHECK((fs::status(place.dir / bob).permissions() & fs::perms::all) ==
        (fs::perms::owner_read | fs::perms::owner_write));
  const std::string seen = testing::sh("openssl x509 -noout -fingerprint -sha256 -in '" +
                                       (place.dir / bob) + "' | tr -d ':\\n'");
  CHECK(seen.substr(seen.find('=') + 1) == ec_both().sha256());

  const auto encrypt = place.find(bob, CertificateUse::encrypt);
  REQUIRE(encrypt.found.size() == 2);
  CHECK(encrypt.found[0].slot == CertificateSlot::encrypt);  // equal dates: the more special first
  CHECK(encrypt.found[0].file == std::string(bob) + "@enc");
  CHECK(encrypt.found[1].slot == CertificateSlot::both);
  const auto verify = place.find(bob, CertificateUse::verify);
  REQUIRE(verify.found.size() == 2);
  CHECK(verify.found[0].slot == CertificateSlot::sign);
  CHECK(encrypt.unreadable.empty());
  CHECK(verify.unreadable.empty());
}

TEST_CASE("RSA encryption-only and a certificate without keyUsage") {
  Place place;
  CHECK(place.put(bobs("dir-rsa-enc", encrypt_only, 2026, bob, "rsa:2048")) == Stored::stored);
  CHECK(place.names() == std::vector<std::string>{std::string(bob) + "@enc"});
  CHECK(place.put(bobs("dir-no-usage", "basicConstraints=CA:FALSE\n")) == Stored::stored);
  CHECK(place.names() == std::vector<std::string>{bob, std::string(bob) + "@enc"});
}

TEST_CASE("a certificate for neither is refused") {
  Place place;
  const auto stored = place.store->store(
      bob, bobs("dir-neither", "basicConstraints=CA:FALSE\nkeyUsage=cRLSign\n"), how());
  REQUIRE_FALSE(stored);
  CHECK(stored.error().retry() == Retry::never);
  CHECK(place.names().empty());
}

TEST_CASE("no rollback") {
  Place place;
  const Certificate& older = bobs("dir-2024", both_usages, 2024, bob, "rsa:2048");
  const Certificate& newer = bobs("dir-2025", both_usages, 2025, bob, "rsa:2048");
  const Certificate& same_day = bobs("dir-2025b", both_usages, 2025, bob, "rsa:2048");
  CHECK(place.put(older) == Stored::stored);
  CHECK(place.put(newer) == Stored::stored);
  CHECK(place.put(newer) == Stored::already_there);
  CHECK(place.put(older) == Stored::kept_newer);
  CHECK(place.put(same_day) == Stored::kept_newer);
  CHECK(place.find(bob, CertificateUse::encrypt).found.front().certificate == newer);
  CHECK(place.put(older, true) == Stored::stored);
  CHECK(place.find(bob, CertificateUse::encrypt).found.front().certificate == older);
  CHECK(slurp(place.dir / bob).find("BEGIN") ==
        slurp(place.dir / bob).rfind("BEGIN"));  // never two in a file
}

TEST_CASE(
    "a sign-only certificate leaves the encryption certificate alone, and date decides, not "
    "suffix") {
  Place place;
  const Certificate& enc = bobs("dir-enc-2024", agree_only, 2024);
  CHECK(place.put(enc) == Stored::stored);
  CHECK(place.put(bobs("dir-sign", sign_only)) == Stored::stored);
  REQUIRE(place.find(bob, CertificateUse::encrypt).found.size() == 1);
  CHECK(place.put(ec_both()) == Stored::stored);
  const auto found = place.find(bob, CertificateUse::encrypt).found;
  REQUIRE(found.size() == 2);
  CHECK(found[0].certificate == ec_both());
  CHECK(found[1].certificate == enc);
}

TEST_CASE("files that are no certificate are named, and what is good beside them is found") {
  Place place;
  spit(place.dir / bob, "");
  auto lookup = place.find(bob, CertificateUse::encrypt);
  CHECK(lookup.found.empty());
  REQUIRE(lookup.unreadable.size() == 1);
  CHECK(lookup.unreadable[0] == std::string(bob) + ": no certificate found");
  for (const std::string& octets :
       {std::string("garbage\n"), Pki::shared().key_pem("bob"), bobs("dir-both").der(),
        std::string("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        Pki::shared().cert_pem("bob").substr(0, 400), std::string(300 << 10, 'x')}) {
    spit(place.dir / bob, octets);
    lookup = place.find(bob, CertificateUse::encrypt);
    INFO(octets.substr(0, 40));
    CHECK(lookup.found.empty());
    CHECK(lookup.unreadable.size() == 1);
  }
  spit(place.dir / "bob@example.org@enc", Pki::shared().cert_pem("dir-enc-2024"));
  lookup = place.find(bob, CertificateUse::encrypt);
  CHECK(lookup.found.size() == 1);
  CHECK(lookup.unreadable.size() == 1);
  CHECK(place.put(ec_both()) == Stored::stored);  // over the broken one
  CHECK(place.find(bob, CertificateUse::encrypt).unreadable.empty());
}

TEST_CASE("a link is not followed, and stops nothing") {
  Place place;
  spit(place.dir / "elsewhere", ec_both().pem());
  fs::create_symlink(place.dir / "elsewhere", place.dir / bob);
  const auto lookup = place.find(bob, CertificateUse::encrypt);
  CHECK(lookup.found.empty());
  CHECK(lookup.unreadable.size() == 1);
  const auto stored = place.store->store(bob, ec_both(), how());
  REQUIRE_FALSE(stored);
  CHECK(stored.error().retry() == Retry::later);
}

TEST_CASE("a directory in the place of a file stops nothing") {
  Place place;
  fs::create_directory(place.dir / bob);
  const auto lookup = place.find(bob, CertificateUse::encrypt);
  CHECK(lookup.found.empty());
  CHECK(lookup.unreadable == std::vector<std::string>{std::string(bob) + ": is a directory"});
}

TEST_CASE("a file with several certificates: all but the authorities") {
  Place place;
  spit(place.dir / bob,
       Pki::shared().cert_pem("ca") + Pki::shared().cert_pem("dir-enc-2024") + ec_both().pem());
  const auto found = place.find(bob, CertificateUse::encrypt).found;
  REQUIRE(found.size() == 2);
  CHECK(found[0].certificate == ec_both());
  CHECK(place.put(ec_both()) == Stored::already_there);
}

TEST_CASE("a certificate in the wrong file is not used for what it cannot do") {
  Place place;
  spit(place.dir / bob, bobs("dir-sign", sign_only).pem());
  const auto lookup = place.find(bob, CertificateUse::encrypt);
  REQUIRE(lookup.found.size() == 1);
  CHECK(lookup.unreadable.empty());
  const store::SealTerms terms{TimePoint(std::chrono::seconds(testing::kNow))};
  CHECK(store::choose(lookup, terms).problem == "wrong_usage");
  CHECK(place.find(bob, CertificateUse::verify).found.size() == 1);
}

TEST_CASE("who has one for signing alone is told so, and not that he has none") {
  Place place;
  CHECK(place.put(bobs("dir-sign", sign_only)) == Stored::stored);
  const store::SealTerms terms{TimePoint(std::chrono::seconds(testing::kNow))};
  CHECK(store::choose(place.find(bob, CertificateUse::encrypt), terms).problem == "wrong_usage");
  CHECK(place.put(bobs("dir-agree", agree_only)) == Stored::stored);
  CHECK(store::choose(place.find(bob, CertificateUse::encrypt), terms).certificate);
}

TEST_CASE("nobody's certificate is nobody's fault") {
  Place place;
  const auto lookup = place.find("nobody@example.org", CertificateUse::encrypt);
  CHECK(lookup.found.empty());
  CHECK(lookup.unreadable.empty());
}

TEST_CASE("names of both encodings") {
  struct Row {
    const char* address;
    const char* current;
    const char* historic;
  };
  const std::vector<Row> rows = {
      {"bob.o-neil+tag@example.org", "bob.o-neil+tag@example.org", "bob.o-neil%2btag@example.org"},
      {"o'brien@example.org", "o_27brien@example.org", "o%27brien@example.org"},
      {"first_last@example.com", "first_5flast@example.com", "first_last@example.com"},
      {"a/b=c@x400.example", "a_2fb_3dc@x400.example", "a%a5b%3dc@x400.example"},
      {"100%legit@example.org", "100_25legit@example.org", "100%25legit@example.org"},
      {"x&y!z#1@example.org", "x_26y_21z_231@example.org", "x%26y%21z%231@example.org"},
      {"a*b?c@example.org", "a_2ab_3fc@example.org", "a%2ab%3fc@example.org"},
  };
  int number = 0;
  for (const Row& row : rows) {
    INFO(row.address);
    const Certificate& own =
        bobs("enc-" + std::to_string(number++), "basicConstraints=CA:FALSE\n", 2026, row.address);
    Place place;
    spit(place.dir / row.historic, own.pem());
    auto found = place.find(row.address, CertificateUse::encrypt).found;
    REQUIRE(found.size() == 1);
    CHECK(found[0].file == row.historic);
    spit(place.dir / row.historic, ec_both().pem());  // names bob alone
    CHECK(place.find(row.address, CertificateUse::encrypt).found.empty());
    REQUIRE(place.store->store(row.address, own, how()));
    CHECK(fs::exists(place.dir / row.current));
    found = place.find(row.address, CertificateUse::encrypt).found;
    REQUIRE(found.size() == 1);
    CHECK(found[0].file == row.current);
    spit(place.dir / row.historic, own.pem());
    CHECK(place.find(row.address, CertificateUse::encrypt).found.front().file == row.current);
  }
}

TEST_CASE("a current name needs no address in the certificate") {
  Place place;
  spit(place.dir / "carol@example.org", ec_both().pem());
  CHECK(place.find("carol@example.org", CertificateUse::encrypt).found.size() == 1);
}

TEST_CASE("an address too long for a file's name has no certificate and no error") {
  Place place;
  const std::string address = std::string(120, '_') + "@example.org";
  CHECK(place.find(address, CertificateUse::encrypt).found.empty());
  const auto stored = place.store->store(address, ec_both(), how());
  REQUIRE_FALSE(stored);
  CHECK(stored.error().code() == Errc::limit);
  CHECK(stored.error().retry() == Retry::never);
}
