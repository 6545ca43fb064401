// The memory of certificates (security rules 20 to 22, 25), over a real database and a real directory.
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>

#include "store/store.h"
#include "support/pki.h"

using namespace paraph;
using cms::Certificate;
using list::CertificateSource;
using list::CertificateState;
using testing::Pki;
using Stored = list::CertificateStore::Stored;

namespace {

const std::string kBob = "bob@example.org";
constexpr const char* kBoth =
    "basicConstraints=CA:FALSE\nkeyUsage=digitalSignature,keyEncipherment\n";
constexpr const char* kSign = "basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\n";
constexpr const char* kEncrypt = "basicConstraints=CA:FALSE\nkeyUsage=keyEncipherment\n";

struct Wanted {
  std::string name;
  int year = 2025;
  std::string issuer = "ca";
  const char* extensions = kBoth;
};

Certificate made(const Wanted& wanted) {
  static std::map<std::string, Certificate> all;
  if (const auto found = all.find(wanted.name); found != all.end()) return found->second;
  static const bool other = [] {
    Pki::shared().issue({.name = "memory-ca",
                         .emails = {},
                         .issuer = "self",
                         .extensions = testing::Wanted::kCaExtensions});
    return true;
  }();
  REQUIRE(other);
  Pki::shared().issue({.name = wanted.name,
                       .emails = {kBob},
                       .key = "rsa:2048",
                       .issuer = wanted.issuer,
                       .extensions = wanted.extensions,
                       .from = std::to_string(wanted.year) + "0101000000Z"});
  return all
      .emplace(wanted.name, Certificate::from_pem(Pki::shared().cert_pem(wanted.name))->front())
      .first->second;
}

struct Place {
  testing::TempDir dir;
  std::unique_ptr<store::Database> database = *store::Database::open(dir / "x.sqlite");
  std::unique_ptr<list::CertificateStore> store = [this] {
    std::filesystem::create_directory(dir / "certs");
    return store::open_certificate_directory(*sys::open_root(dir / "certs"),
                                             &database->certificate_memory());
  }();
  const TimePoint now{std::chrono::seconds(testing::kNow)};

  Stored put(const Certificate& certificate, CertificateSource source = CertificateSource::mail,
             const std::string& mail = "mail1", bool usable = true) {
    list::CertificateArrival arrival;
    arrival.source = source;
    arrival.at = now;
    arrival.message_id = mail + "@example.org";
    arrival.mail_id = mail;
    arrival.usable = [usable](const auto&, const auto&) { return usable; };
    const auto stored = store->store(kBob, certificate, arrival);
    INFO((stored ? std::string() : stored.error().what()));
    REQUIRE(stored);
    return *stored;
  }
  std::string in_use() {
    const auto found = *store->find(kBob, list::CertificateUse::encrypt);
    return found.found.empty() ? "none" : found.found.front().certificate.sha256();
  }
  list::RememberedCertificate remembered(const Certificate& certificate) {
    const auto all = *store->history(kBob, now);
    for (const auto& each : all)
      if (each.certificate == certificate) return each;
    FAIL("not remembered");
    return all.front();
  }
};

}  // namespace

TEST_CASE_METHOD(Place,
                 "security rule 20: the same issuer's newer one replaces, the old is history") {
  const auto old = made({"m-2024", 2024});
  const auto fresh = made({"m-2025", 2025});
  CHECK(put(old) == Stored::stored);
  CHECK(put(fresh, CertificateSource::mail, "mail2") == Stored::stored);
  CHECK(in_use() == fresh.sha256());
  CHECK(remembered(old).state == CertificateState::history);
  const auto row = remembered(fresh);
  CHECK(row.state == CertificateState::current);
  CHECK(row.source == CertificateSource::mail);
  CHECK(row.message_id == "mail2@example.org");
  CHECK(row.mail_id == "mail2");
  CHECK(row.learned_at == now);
  CHECK(put(old, CertificateSource::mail, "mail3") == Stored::kept_newer);
  CHECK(in_use() == fresh.sha256());
}

TEST_CASE_METHOD(Place, "attack A6: another issuer's waits while the old one is usable") {
  const auto own = made({"m-2024", 2024});
  const auto other = made({"m-other-2025", 2025, "memory-ca"});
  REQUIRE(put(own) == Stored::stored);
  CHECK(put(other, CertificateSource::mail, "mail2") == Stored::pending);
  CHECK(put(other, CertificateSource::mail, "mail2") == Stored::pending);  // a repeat of that mail
  CHECK(put(other, CertificateSource::mail, "mail3") == Stored::still_pending);
  CHECK(in_use() == own.sha256());
  CHECK(remembered(other).state == CertificateState::pending);
  SECTION("until a person says so") {
    REQUIRE(store->accept(kBob, other.sha256().substr(0, 8), now));
    CHECK(in_use() == other.sha256());
    CHECK(remembered(other).state == CertificateState::current);
    CHECK(remembered(own).state == CertificateState::history);
  }
  SECTION("or the old one is of no use any more") {
    CHECK(put(other, CertificateSource::mail, "mail4", false) == Stored::stored);
    CHECK(in_use() == other.sha256());
  }
}

TEST_CASE_METHOD(Place, "attack A6: an older one of another issuer does not lie in wait either") {
  const auto own = made({"m-2025", 2025});
  const auto lurking = made({"m-lurking", 2024, "memory-ca", kEncrypt});
  REQUIRE(put(own) == Stored::stored);
  CHECK(put(lurking, CertificateSource::mail, "mail2") == Stored::pending);
  CHECK(store->find(kBob, list::CertificateUse::encrypt)->found.size() == 1);
}

TEST_CASE_METHOD(Place, "a pinned one stays, a removed one does not come back by mail") {
  const auto old = made({"m-2024", 2024});
  const auto fresh = made({"m-2025", 2025});
  REQUIRE(put(old) == Stored::stored);
  REQUIRE(store->pin(kBob, old.sha256(), true, now));
  CHECK(store->find(kBob, list::CertificateUse::verify)->pinned ==
        std::vector<std::string>{old.sha256()});
  CHECK(put(fresh, CertificateSource::mail, "mail2") == Stored::kept_pinned);
  CHECK(in_use() == old.sha256());
  REQUIRE(store->pin(kBob, old.sha256(), false, now));
  CHECK(put(fresh, CertificateSource::mail, "mail3") == Stored::stored);
  REQUIRE(store->remove(kBob, fresh.sha256(), now));
  CHECK(in_use() == "none");
  CHECK(remembered(fresh).state == CertificateState::removed);
  CHECK(put(fresh, CertificateSource::mail, "mail4") == Stored::kept_removed);
  CHECK(put(fresh, CertificateSource::import) == Stored::stored);
  CHECK(in_use() == fresh.sha256());
}

TEST_CASE_METHOD(Place, "security rule 22: a newer one for both uses ends the separate one") {
  const auto separate = made({"m-enc-2024", 2024, "ca", kEncrypt});
  const auto signing = made({"m-sign-2025", 2025, "ca", kSign});
  const auto both = made({"m-2025", 2025});
  REQUIRE(put(separate) == Stored::stored);
  REQUIRE(put(signing, CertificateSource::mail, "mail2") == Stored::stored);
  CHECK(in_use() == separate.sha256());
  REQUIRE(put(both, CertificateSource::mail, "mail3") == Stored::stored);
  CHECK(remembered(separate).state == CertificateState::history);
  CHECK_FALSE(std::filesystem::exists(dir / "certs/bob@example.org@enc"));
  CHECK(std::filesystem::exists(dir / "certs/bob@example.org@sign"));
  CHECK(in_use() == both.sha256());
}

TEST_CASE_METHOD(Place, "security rule 22: a file that nobody told of is manual, and the truth") {
  const auto old = made({"m-2024", 2024});
  const auto fresh = made({"m-2025", 2025});
  REQUIRE(put(old) == Stored::stored);
  testing::spit(dir / "certs/bob@example.org", fresh.pem());
  CHECK(remembered(fresh).source == CertificateSource::manual);
  CHECK(remembered(fresh).state == CertificateState::current);
  CHECK(remembered(old).state == CertificateState::history);
  CHECK(put(old, CertificateSource::mail, "mail2") == Stored::kept_newer);
  std::filesystem::remove(dir / "certs/bob@example.org");
  CHECK(store->history(kBob, now)->size() == 1);  // asking wrote nothing
  CHECK(in_use() == "none");
}

TEST_CASE_METHOD(Place, "a digest that begins none, or several, is told") {
  REQUIRE(put(made({"m-2024", 2024})) == Stored::stored);
  REQUIRE(put(made({"m-2025", 2025}), CertificateSource::mail, "mail2") == Stored::stored);
  CHECK(store->pin(kBob, "", true, now).error().code() == Errc::usage);
  CHECK(store->pin(kBob, std::string(64, '0'), true, now).error().code() == Errc::not_found);
  CHECK(store->pin(kBob, made({"m-2024", 2024}).sha256(), true, now).error().code() ==
        Errc::config);  // not in use
  CHECK(store->remove("nobody@example.org", "ABCD", now).error().code() == Errc::not_found);
}

TEST_CASE_METHOD(Place, "history keeps the newest, and no flood") {
  auto& memory = database->certificate_memory();
  const std::size_t kMany = store::CertificateMemory::kMost + 20;
  for (std::size_t i = 0; i < kMany; ++i) {
    store::CertificateRow row;
    row.address = kBob;
    row.sha256 = std::to_string(1000 + i);
    row.learned_at = static_cast<long long>(i);
    row.state = i % 2 == 0 ? "history" : "pending";
    REQUIRE(memory.put({row}));
  }
  const auto rows = *memory.of(kBob);
  CHECK(rows.size() == store::CertificateMemory::kMost);
  for (const auto& row : rows) CHECK(row.learned_at >= 20);
}

TEST_CASE_METHOD(
    Place, "security rule 25: capabilities by certificate, newer only, absence erases nothing") {
  auto& memory = database->certificate_memory();
  CHECK(*memory.learn_capability(kBob, "AA", {100, "AES-256-CBC"}));
  CHECK_FALSE(*memory.learn_capability(kBob, "AA", {99, "AES-128-CBC"}));
  CHECK_FALSE(*memory.learn_capability(kBob, "AA", {100, "AES-128-CBC"}));
  CHECK_FALSE(*memory.learn_capability(kBob, "AA", {200, ""}));
  CHECK((*memory.capability("AA"))->stated == "AES-256-CBC");
  CHECK(*memory.learn_capability(kBob, "AA", {201, "AES-256-GCM AES-256-CBC"}));
  CHECK((*memory.capability("AA"))->stated == "AES-256-GCM AES-256-CBC");
  CHECK_FALSE(memory.capability("BB")->has_value());

  auto& records = database->recipient_records();
  const auto before = records.reader(kBob, "AA")->number;
  REQUIRE(memory.set_cipher(kBob, "aes-128-cbc"));
  CHECK(*memory.cipher_for(kBob) == "aes-128-cbc");
  const auto after = *records.reader(kBob, "AA");
  CHECK(after.number > before);
  CHECK(after.cipher == "aes-128-cbc");
  CHECK(after.stated == "AES-256-GCM AES-256-CBC");
  const auto changes = *records.changes(before);
  CHECK(changes.addresses == std::vector<std::string>{kBob});
  CHECK(records.changes(changes.number)->addresses.empty());
}

TEST_CASE_METHOD(Place,
                 "one notice a day; of two workers one tells; what was missed is counted once") {
  auto& one = database->notices();
  const auto second = *store::Database::open(dir / "x.sqlite");
  auto& other = second->notices();
  constexpr long long kAt = 1'000'000;
  constexpr long long kDay = store::Notices::kDay;
  const std::string list = "secure@lists.example.org";
  for (const auto* mail : {"m1", "m2", "m2"})
    REQUIRE(one.missed({kBob, list, mail, kAt, "expired"}));
  CHECK(one.standing(kBob, list)->missed == 2);
  CHECK(*one.take_turn(kBob, list, "m1", kAt));
  CHECK_FALSE(*other.take_turn(kBob, list, "m2", kAt + 1));
  CHECK(*other.take_turn(kBob, list, "m1", kAt + 1));  // its repeat
  CHECK_FALSE(*one.take_turn(kBob, list, "m3", kAt + kDay));
  CHECK(*one.take_turn(kBob, list, "m4", kAt + 1 + kDay));
  CHECK(*one.take_turn(kBob, "other@lists.example.org", "m4", kAt));
  CHECK(*one.take_turn(kBob, list, "m5", kAt - 10));  // the clock was put back
  CHECK(one.standing(kBob, list)->told == kAt - 10);

  CHECK(one.of(kBob)->size() == 2);
  REQUIRE(one.forget(kBob, list, "m1"));
  CHECK(one.of_mail("m1")->empty());
  CHECK(one.of_mail("m2")->size() == 1);
  REQUIRE(one.told(kBob, list, "reminder", kAt));
  CHECK(*one.last_told(kBob, list, "reminder") == kAt);
  REQUIRE(one.expire(kAt + 1));
  CHECK(one.of(kBob)->empty());
  CHECK(*one.last_told(kBob, list, "reminder") == 0);
}
