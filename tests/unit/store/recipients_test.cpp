#include "store/recipients.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <map>
#include <thread>

#include "base/encode.h"
#include "cms/keys.h"
#include "cms/seal.h"
#include "store/recipient_record.h"
#include "store/store.h"
#include "support/faulty_file_system.h"
#include "support/pki.h"

using namespace paraph;
using namespace std::chrono_literals;
using store::RecipientRecords;
using store::SealTerms;
using testing::Pki;
using testing::slurp;
using testing::spit;

namespace {

const std::string kAlice = "alice@example.org";
const TimePoint kAt{std::chrono::seconds(testing::kNow)};

const std::string& pem(const std::string& name) {
  static std::map<std::string, std::string> read;
  auto& text = read[name];
  if (text.empty()) text = Pki::shared().cert_pem(name);
  return text;
}

std::string sha256(const std::string& name) {
  return cms::Certificate::from_pem(pem(name)).value().front().sha256();
}

/// Certificates for alice's address: `newer` begins later than `alice`, `later` not before kAt.
void issue_all() {
  Pki::shared().issue(
      {.name = "newer", .emails = {kAlice}, .key = "ec:P-384", .from = "20260601000000Z"});
  Pki::shared().issue(
      {.name = "later", .emails = {kAlice}, .key = "ec:P-256", .from = "20270601000000Z"});
  Pki::shared().issue({.name = "short", .emails = {kAlice}, .key = "rsa:1024"});
}

/// The disk, but nobody tells of changes, as on a network.
class Unwatched final : public testing::FaultyFileSystem {
 public:
  explicit Unwatched(std::shared_ptr<sys::FileSystem> disk)
      : FaultyFileSystem(*disk, std::numeric_limits<int>::max(), testing::Fault::fail),
        disk_(std::move(disk)) {}
  std::unique_ptr<sys::Watch> watch() override { return nullptr; }

 private:
  std::shared_ptr<sys::FileSystem> disk_;
};

class Records final : public RecipientRecords {
 public:
  std::map<std::string, std::string> rows;
  int fetches = 0, puts = 0;
  bool broken = false;
  Result<std::vector<Row>> fetch(const std::vector<std::string>& addresses) override {
    ++fetches;
    if (broken) return Error::later(Errc::busy, "locked by the test");
    std::vector<Row> out;
    for (const auto& address : addresses)
      if (rows.count(address) != 0)
        out.push_back({address, rows[address], readers[address].number});
    return out;
  }
  Result<void> put(const std::vector<Row>& all) override {
    ++puts;
    if (broken) return Error::later(Errc::busy, "locked by the test");
    for (const auto& row : all) rows[row.address] = row.octets;
    return {};
  }
  std::map<std::string, store::Reader> readers;
  std::vector<std::string> pins;
  Result<store::Reader> reader(const std::string& address, const std::string&) override {
    return readers[address];
  }
  Result<std::vector<std::string>> pinned(const std::string&) override { return pins; }
  Result<Changes> changes(std::int64_t number) override {
    if (broken) return Error::later(Errc::busy, "locked by the test");
    Changes out{{}, number};
    for (const auto& [address, reader] : readers) {
      if (reader.number > number) out.addresses.push_back(address);
      out.number = std::max(out.number, reader.number);
    }
    return out;
  }
};

/// Counts what is read: a hit reads nothing.
struct Place {
  testing::TempDir dir;
  Records records;
  std::unique_ptr<store::Recipients> recipients = open();

  Place() { issue_all(); }
  std::unique_ptr<store::Recipients> open(std::size_t memory = store::kRecipientMemory) {
    return store::open_recipients(*sys::open_root(dir.path().string()), records, memory);
  }
  void put(const std::string& certificate, const std::string& file = kAlice) {
    spit(dir / file, pem(certificate));
  }
  static void settle() { std::this_thread::sleep_for(30ms); }
  /// The certificate that is sealed to, proven by opening a copy; else the problem.
  std::string sealed_to(const SealTerms& terms = {kAt}, const std::string& address = kAlice) {
    return sealed_to(*recipients, terms, address);
  }
  static std::string sealed_to(store::Recipients& by, const SealTerms& terms = {kAt},
                               const std::string& address = kAlice) {
    const auto target = by.find(address, terms);
    REQUIRE(target);
    if (target->recipient == nullptr) return target->problem;
    auto sealed = cms::SealedContent::encrypt("content", cms::ContentCipher::aes_256_cbc).value();
    const auto copy = sealed.for_recipient(*target->recipient).value();
    for (const auto* name : {"alice", "newer", "later", "bob", "carol"}) {
      if (sha256(name) != target->sha256) continue;
      REQUIRE(Pki::shared().decrypt(copy, name) == "content");
      return name;
    }
    return "somebody else";
  }
};

}  // namespace

TEST_CASE_METHOD(Place, "a changed certificate file is honoured at once", "[store][recipients]") {
  if (const bool watched = GENERATE(true, false); !watched)
    recipients = store::open_recipients(
        std::make_shared<Unwatched>(*sys::open_root(dir.path().string())), records);
  REQUIRE(sealed_to() == "missing");
  put("alice");
  REQUIRE(sealed_to() == "alice");  // added, and too young to be kept
  settle();
  for (int i = 0; i < 3; ++i) REQUIRE(sealed_to() == "alice");
  SECTION("edited in place") {
    put("newer");
  }
  SECTION("replaced by a rename") {
    spit(dir / "T.new", pem("newer"));
    std::filesystem::rename(dir / "T.new", dir / kAlice);
  }
  SECTION("a newer one added beside it") {
    put("newer", kAlice + "@enc");
  }
  REQUIRE(sealed_to() == "newer");
  settle();
  REQUIRE(sealed_to() == "newer");
  std::filesystem::remove(dir / (kAlice + "@enc"));
  const bool beside = std::filesystem::exists(dir / kAlice) && slurp(dir / kAlice) == pem("alice");
  REQUIRE(sealed_to() == (beside ? "alice" : "newer"));
  std::filesystem::remove(dir / kAlice);
  REQUIRE(sealed_to() == "missing");
}

TEST_CASE_METHOD(Place, "a file with a second name is looked at itself", "[store][recipients]") {
  const testing::TempDir elsewhere;
  put("alice");
  std::filesystem::create_hard_link(dir / kAlice, elsewhere / "link");
  settle();
  for (int i = 0; i < 2; ++i) REQUIRE(sealed_to() == "alice");
  spit(elsewhere / "link", pem("newer"));  // nothing happens in the directory
  REQUIRE(sealed_to() == "newer");
}

TEST_CASE_METHOD(Place, "two changes within one tick are both seen", "[store][recipients]") {
  // One length, and so often that some pair falls into one tick of the file system's clock.
  const std::string one = pem("alice"), other = pem("bob");
  const std::size_t size = std::max(one.size(), other.size());
  const auto write = [&](std::string text) {
    text.resize(size, '\n');
    spit(dir / kAlice, text);
  };
  for (int i = 0; i < 50; ++i) {
    write(one);
    REQUIRE(sealed_to() == "alice");
    write(other);
    REQUIRE(sealed_to() == "bob");
  }
}

TEST_CASE_METHOD(Place, "a certificate that ends or begins meanwhile is noticed",
                 "[store][recipients]") {
  put("alice");
  put("later", kAlice + "@enc");
  settle();
  const TimePoint begins{std::chrono::seconds(1'811'808'000)};  // 2027-06-01
  const TimePoint ends{std::chrono::seconds(2'082'758'400)};    // 2036-01-01
  for (int round = 0; round < 2; ++round) {  // the second time with an empty cache and records
    for (int i = 0; i < 2; ++i) REQUIRE(sealed_to({kAt}) == "alice");
    REQUIRE(sealed_to({begins - 5min - 1s}) == "alice");
    REQUIRE(sealed_to({begins - 5min}) == "later");
    REQUIRE(sealed_to({ends}) == "later");
    REQUIRE(sealed_to({ends + 1s}) == "expired");
    REQUIRE(sealed_to({kAt}) == "alice");  // a clock put back
    REQUIRE(recipients->remember());
    recipients = open();
    REQUIRE(recipients->prefetch({kAlice}, {kAt}));
  }
}

TEST_CASE_METHOD(Place, "another policy chooses anew", "[store][recipients]") {
  put("alice");
  settle();
  REQUIRE(sealed_to() == "alice");
  REQUIRE(recipients->remember());
  const SealTerms strict{kAt, cms::Policy{4096, 8192}};
  REQUIRE(sealed_to(strict) == "weak_key");
  recipients = open();
  REQUIRE(recipients->prefetch({kAlice}, {kAt}));
  REQUIRE(sealed_to(strict) == "weak_key");
  REQUIRE(sealed_to() == "alice");
}

TEST_CASE_METHOD(Place, "one member's bad file leaves his neighbours alone",
                 "[store][recipients]") {
  put("alice");
  put("bob", "bob@example.org");
  put("short", "weak@example.org");
  spit(dir / "broken@example.org", pem("alice").substr(0, 300));
  testing::sh(
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -pkeyopt "
      "ec_param_enc:explicit -nodes -subj /CN=x -keyout /dev/null -out " +
      (dir / "explicit@example.org") + " 2>/dev/null");
  ::mkdir((dir / "directory@example.org").c_str(), 0700);
  ::mkfifo((dir / "fifo@example.org").c_str(), 0600);
  settle();
  for (int round = 0; round < 2; ++round) {
    REQUIRE(sealed_to() == "alice");
    REQUIRE(sealed_to({kAt}, "weak@example.org") == "weak_key");
    REQUIRE(sealed_to({kAt}, "broken@example.org") == "unreadable");
    REQUIRE(sealed_to({kAt}, "explicit@example.org") == "unsupported_key");  // and not damaged
    REQUIRE(sealed_to({kAt}, "directory@example.org") == "unreadable");
    REQUIRE(sealed_to({kAt}, "fifo@example.org") == "unreadable");
    REQUIRE(sealed_to({kAt}, std::string(300, 'x') + "@example.org") == "missing");
    REQUIRE(sealed_to({kAt}, "bob@example.org") == "bob");
  }
}

// Told that his own key is too short, a member would get the same again from the same issuer.
TEST_CASE("an issuer's weak key makes the certificate untrusted", "[store][recipients]") {
  const auto& pki = Pki::shared();
  pki.issue({.name = "weak-ca", .key = "rsa:1024", .extensions = testing::Wanted::kCaExtensions});
  pki.issue({.name = "under-weak", .emails = {kAlice}, .issuer = "weak-ca"});
  const auto load = [](const char* name) { return cms::Certificate::from_pem(pem(name))->front(); };
  SealTerms terms{kAt};
  terms.trust =
      store::make_trust(cms::TrustAnchors::from({load("ca")}, {load("weak-ca")}), {}, false);
  list::CertificateLookup lookup;
  lookup.found.push_back({load("under-weak"), list::CertificateSlot::both, {}});
  const auto target = store::choose(lookup, terms);
  CHECK(target.problem == "untrusted");
  CHECK_THAT(target.detail, Catch::EndsWith("RSA 1024: CN=weak-ca,O=Paraph test"));
}

TEST_CASE_METHOD(Place, "key transports are kept apart", "[store][recipients]") {
  put("alice");
  settle();
  auto sealed = cms::SealedContent::encrypt("content", cms::ContentCipher::aes_256_cbc).value();
  for (int round = 0; round < 2; ++round)
    for (const auto transport : {cms::KeyTransport::pkcs1, cms::KeyTransport::oaep}) {
      const auto target = recipients->find(kAlice, {kAt, {}, transport}).value();
      const auto copy = sealed.for_recipient(*target.recipient).value();
      const auto printed = testing::sh("openssl cms -cmsout -print -inform DER", copy);
      REQUIRE((printed.find("rsaesOaep") != std::string::npos) ==
              (transport == cms::KeyTransport::oaep));
    }
}

TEST_CASE_METHOD(Place, "a record serves the next process and spares it the certificate",
                 "[store][recipients]") {
  put("alice");
  settle();
  REQUIRE(sealed_to() == "alice");
  REQUIRE(records.puts == 0);
  REQUIRE(recipients->remember());
  REQUIRE(records.rows.size() == 1);
  // Proof that the record is used and nothing parsed: facts that the file does not have.
  auto record = store::decode_record(kAlice, records.rows[kAlice]).value();
  REQUIRE(record.settled);
  REQUIRE(record.facts.sha256 == sha256("alice"));
  record.facts = cms::facts_of(cms::Certificate::from_pem(pem("bob"))->front());
  records.rows[kAlice] = store::encode(kAlice, record);
  recipients = open();
  REQUIRE(recipients->prefetch({kAlice}, {kAt}));
  REQUIRE(sealed_to() == "bob");
  REQUIRE(recipients->remember());
  REQUIRE(records.puts == 1);  // nothing new
  // A change of the file ends that.
  spit(dir / kAlice, pem("newer"));
  REQUIRE(sealed_to() == "newer");
}

TEST_CASE_METHOD(Place, "stale, damaged and foreign records are ignored and rewritten",
                 "[store][recipients]") {
  put("alice");
  settle();
  REQUIRE(sealed_to() == "alice");
  REQUIRE(recipients->remember());
  const std::string good = records.rows[kAlice];
  const auto rewritten = [&](const std::string& expected) {
    recipients = open();
    REQUIRE(recipients->prefetch({kAlice}, {kAt}));
    REQUIRE(sealed_to() == expected);
    REQUIRE(recipients->remember());
    const auto record = store::decode_record(kAlice, records.rows[kAlice]);
    REQUIRE(record);
    REQUIRE(record->facts.sha256 == sha256(expected));
  };
  SECTION("the file was replaced while nobody ran") {
    std::filesystem::remove(dir / kAlice);
    put("newer");
    settle();
    rewritten("newer");
  }
  SECTION("another file came beside it") {
    put("newer", kAlice + "@enc");
    settle();
    rewritten("newer");
  }
  SECTION("damage anywhere") {
    for (std::size_t at = 0; at < good.size(); ++at) {
      auto broken = good;
      broken[at] = static_cast<char>(broken[at] ^ 1);
      REQUIRE_FALSE(store::decode_record(kAlice, broken));
    }
    records.rows[kAlice] = good.substr(0, good.size() / 2);
    rewritten("alice");
  }
  SECTION("somebody else's") {
    put("bob", "bob@example.org");
    settle();
    REQUIRE(sealed_to({kAt}, "bob@example.org") == "bob");
    REQUIRE(recipients->remember());
    records.rows[kAlice] = records.rows["bob@example.org"];
    rewritten("alice");
  }
}

TEST_CASE_METHOD(Place, "what a record restores is judged like a certificate just read",
                 "[store][recipients]") {
  put("alice");
  settle();
  REQUIRE(sealed_to() == "alice");
  REQUIRE(recipients->remember());
  auto record = store::decode_record(kAlice, records.rows[kAlice]).value();
  // Whatever the record claims, with a digest that agrees: the file is asked instead, which is fine.
  record.facts = cms::facts_of(cms::Certificate::from_pem(pem("bob"))->front());
  record.period = {};
  SECTION("expired") {
    record.facts.not_after = kAt - 1s;
  }
  SECTION("not yet valid") {
    record.facts.not_before = kAt + 24h;
  }
  SECTION("not for encryption") {
    record.facts.may_encrypt = false;
  }
  SECTION("not for mail") {
    record.facts.eku_allows_email = false;
  }
  SECTION("an authority's") {
    record.facts.is_ca = true;
  }
  SECTION("too short") {
    record.facts.key_bits = 1024;
  }
  records.rows[kAlice] = store::encode(kAlice, record);
  recipients = open();
  REQUIRE(recipients->prefetch({kAlice}, {kAt}));
  REQUIRE(sealed_to() == "alice");
}

TEST_CASE_METHOD(Place, "a record of a young file counts only while its text agrees",
                 "[store][recipients]") {
  put("alice");
  REQUIRE(recipients->learn({kAlice}, {kAt}));  // as import does, at once
  auto record = store::decode_record(kAlice, records.rows[kAlice]).value();
  if (record.settled) return;  // a very slow machine
  settle();
  SECTION("it does: the record becomes a settled one") {
    recipients = open();
    REQUIRE(recipients->prefetch({kAlice}, {kAt}));
    REQUIRE(sealed_to() == "alice");
    REQUIRE(recipients->remember());
    REQUIRE(store::decode_record(kAlice, records.rows[kAlice])->settled);
  }
  SECTION("it does not, though the identity is the same") {
    record.digest = std::string(32, 'x');
    record.facts = cms::facts_of(cms::Certificate::from_pem(pem("bob"))->front());
    records.rows[kAlice] = store::encode(kAlice, record);
    recipients = open();
    REQUIRE(recipients->prefetch({kAlice}, {kAt}));
    REQUIRE(sealed_to() == "alice");
  }
}

TEST_CASE_METHOD(Place, "records that cannot be had or stored cost time and nothing else",
                 "[store][recipients]") {
  put("alice");
  settle();
  records.broken = true;
  REQUIRE_FALSE(recipients->prefetch({kAlice}, {kAt}));
  REQUIRE(sealed_to() == "alice");
  REQUIRE_FALSE(recipients->remember());
  REQUIRE(sealed_to() == "alice");
}

TEST_CASE_METHOD(Place, "the cache keeps to its memory, and what is used stays",
                 "[store][recipients]") {
  constexpr std::size_t kMemory = 20'000;  // some six
  for (int i = 0; i < 30; ++i) put("carol", "c" + std::to_string(i) + "@example.org");
  settle();
  recipients = open(kMemory);
  REQUIRE(sealed_to({kAt}, "c0@example.org") == "carol");
  const auto* const first = recipients->find("c0@example.org", {kAt})->recipient;
  for (int i = 1; i < 30; ++i) {
    REQUIRE(sealed_to({kAt}, "c" + std::to_string(i) + "@example.org") == "carol");
    REQUIRE(recipients->find("c0@example.org", {kAt})->recipient == first);
  }
  // Whoever has gone is fetched again, which a prefetch() shows.
  records.fetches = 0;
  REQUIRE(recipients->prefetch({"c0@example.org"}, {kAt}));
  REQUIRE(records.fetches == 0);
  REQUIRE(recipients->prefetch({"c3@example.org"}, {kAt}));
  REQUIRE(records.fetches == 1);
  // Memory for nobody still serves one at a time.
  recipients = open(0);
  for (int i = 0; i < 3; ++i)
    REQUIRE(sealed_to({kAt}, "c" + std::to_string(i) + "@example.org") == "carol");
}

TEST_CASE("records live in the database", "[store][recipients]") {
  const testing::TempDir dir;
  auto database = store::Database::open(dir / "db").value();
  auto& records = database->recipient_records();
  const std::string octets("\0\1 blob\0", 8);
  REQUIRE(records.put({{"a@example.org", octets}, {"b@example.org", "old"}}));
  REQUIRE(records.put({{"b@example.org", "new"}}));
  const auto rows = records.fetch({"a@example.org", "b@example.org", "c@example.org"}).value();
  REQUIRE(rows.size() == 2);
  REQUIRE(rows[0].octets == octets);
  REQUIRE(rows[1].octets == "new");
  REQUIRE(records.put({{"a@example.org", ""}}));
  REQUIRE(records.fetch({"a@example.org"})->empty());
}

TEST_CASE("why nothing can be sealed, in few words, without names of people and files") {
  issue_all();
  Pki::shared().issue({.name = "curve", .emails = {kAlice}, .key = "ec:brainpoolP256r1"});
  const auto brief = [](const std::string& name, TimePoint at, cms::Policy policy = {}) {
    list::CertificateLookup lookup;
    lookup.found.push_back(
        {cms::Certificate::from_pem(pem(name)).value().front(), list::CertificateSlot::both, name});
    const auto target = store::choose(lookup, {at, policy});
    CHECK_FALSE(target.certificate);
    return target.brief;
  };
  CHECK(brief("short", kAt) == "RSA 1024, needs 2048");
  CHECK(brief("alice", kAt, {.min_rsa_bits = 4096}) == "RSA 2048, needs 4096");
  CHECK(brief("alice", kAt, {.min_rsa_bits = 512, .max_rsa_bits = 1024}) ==
        "RSA 2048, at most 1024");
  CHECK(brief("curve", kAt) == "EC brainpoolP256r1, needs P-256, P-384 or P-521");
  CHECK(brief("later", kAt) == "from 2027-06-01");
  const auto end = cms::Certificate::from_pem(pem("newer")).value().front().not_after();
  CHECK(brief("newer", end + 1s) == iso8601(end).substr(0, 10));
  list::CertificateLookup unreadable;
  unreadable.unreadable = {"alice@example.org.enc@: not an X.509 certificate"};
  CHECK(store::choose(unreadable, {kAt}).brief == "not an X.509 certificate");
}
