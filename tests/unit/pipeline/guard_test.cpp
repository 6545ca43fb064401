#include "pipeline/guard.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "cms/keys.h"
#include "support/pki.h"

// What the guard knows a mail by, and the site's secret. How it decides: tests/e2e/50-replay.

using namespace paraph;
using paraph::testing::Pki;
using paraph::testing::slurp;
using paraph::testing::spit;
using paraph::testing::TempDir;

namespace {

struct Noted final : sys::Log {
  std::vector<std::string> events;
  void write(sys::Level, std::string_view event, std::initializer_list<Field>) override {
    events.emplace_back(event);
  }
};

struct House {
  TempDir dir;
  config::Site site;
  std::unique_ptr<store::Database> database;
  std::unique_ptr<list::CertificateStore> certificates;
  std::unique_ptr<store::Recipients> recipients;
  Noted log;
  FixedClock clock{parse_time("2026-11-24T12:00:00Z").value()};
  pipeline::Cache cache;

  House() : site(build()) {
    database = *store::Database::open(dir / "x.sqlite");
    certificates = store::open_certificate_directory(*sys::open_root(dir / "certs"));
    recipients =
        store::open_recipients(*sys::open_root(dir / "certs"), database->recipient_records());
  }
  config::Site build() {
    std::filesystem::create_directories(dir / "certs");
    spit(dir / "paraph.conf",
         "domain example.org\nlistmaster boss@example.org\nssl_cert_dir certs\n");
    return *config::Site::load(dir / "paraph.conf");
  }
  pipeline::Ports ports() {
    return {site,
            database->directory(),
            *certificates,
            *recipients,
            database->ledger(),
            database->alarms(),
            database->guard(),
            database->certificate_memory(),
            database->notices(),
            database->decision_keys(),
            clock,
            cms::random(),
            cms::digest(),
            log,
            cache};
  }
};

pipeline::Marks marks(const char* secret = "secret") {
  return {secret, cms::digest()};
}

smime::Signer signer(const char* who = "alice") {
  smime::Signer out;
  out.certificate = cms::Certificate::from_pem(Pki::shared().cert_pem(who)).value().front();
  out.message_digest = "digest";
  out.signing_time = TimePoint(std::chrono::seconds(1'790'000'000));
  return out;
}

pipeline::Item item(std::string_view message, const char* to = "list@example.org") {
  const spool::SpoolHeader header{.address = to,
                                  .id = *spool::QueueId::parse("ainp6pqab2vdxl5zq7tm"),
                                  .received = {},
                                  .reverse_path = "a@example.org",
                                  .unknown_sender = false,
                                  .kind = {},
                                  .list = {},
                                  .auth = {},
                                  .sealed = {}};
  return pipeline::make_item({header, std::string(message)});
}

}  // namespace

TEST_CASE("security rule 6: a signature is known by its signer, digest and time alone") {
  const std::string known = marks().signature(signer());
  CHECK(known.size() == 32);
  CHECK(known == marks().signature(signer()));
  CHECK(known != marks().signature(signer("bob")));
  auto other = signer();
  other.message_digest = "another";
  CHECK(known != marks().signature(other));
  other = signer();
  other.signing_time = *other.signing_time + std::chrono::seconds(1);
  CHECK(known != marks().signature(other));
  other.signing_time.reset();
  CHECK(known != marks().signature(other));
  // neither by what does not travel with the text, nor by what it was found to be
  other = signer();
  other.capabilities_der = "other";
  other.status = smime::SignatureStatus::valid;
  CHECK(known == marks().signature(other));
}

TEST_CASE("security rule 12: nobody without the secret can tell what was seen") {
  CHECK(marks("one").signature(signer()) != marks("two").signature(signer()));
  CHECK(marks("one").wrapped_key({"ours", "key"}) != marks("two").wrapped_key({"ours", "key"}));
}

TEST_CASE("security rule 7: a wrapped key is known by our key and its octets") {
  const auto known = marks().wrapped_key({"ours", "key"});
  CHECK(known != marks().wrapped_key({"other", "key"}));
  CHECK(known != marks().wrapped_key({"ours", "key2"}));
  CHECK(marks().wrapped_key({"ab", "c"}) != marks().wrapped_key({"a", "bc"}));
  CHECK(marks().of("one kind", {"x"}) != marks().of("another", {"x"}));
}

TEST_CASE(
    "security rule 9: a mail is the same with its Message-ID, From, body and how to read it") {
  const std::string head = "From: a@example.org\r\nMessage-ID: <1@example.org>\r\n";
  auto first = item(head + "Received: by one\r\nContent-Type: text/plain\r\n\r\nWords\r\n");
  first.sender = "a@example.org";
  const std::string known = marks().mail(first);
  const auto same = [&](std::string_view message, const char* sender = "a@example.org",
                        const char* to = "list@example.org") {
    auto other = item(message, to);
    other.sender = sender;
    return marks().mail(other) == known;
  };
  CHECK(same(head + "Content-Type: text/plain\r\nReceived: by another\r\n\r\nWords\r\n"));
  CHECK_FALSE(same(head + "Content-Type: text/plain\r\n\r\nOther words\r\n"));
  CHECK_FALSE(same(head + "Content-Type: text/html\r\n\r\nWords\r\n"));
  CHECK_FALSE(
      same("From: a@example.org\r\nMessage-ID: <2@example.org>\r\nContent-Type: "
           "text/plain\r\n\r\nWords\r\n"));
  CHECK_FALSE(same(head + "Content-Type: text/plain\r\n\r\nWords\r\n", "b@example.org"));
  CHECK_FALSE(
      same(head + "Content-Type: text/plain\r\n\r\nWords\r\n", "a@example.org", "two@example.org"));
}

TEST_CASE("the site's secret is made when it is absent, 0600, and told of; then it stays") {
  House house;
  const auto made = pipeline::site_secret(house.ports());
  REQUIRE(made);
  CHECK(made->size() >= 32);
  CHECK(house.log.events == std::vector<std::string>{"site-secret-made"});
  struct stat status {};
  REQUIRE(::stat((house.dir / "site.secret").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0600U);
  CHECK(slurp(house.dir / "site.secret") == *made + "\n");
  CHECK(*pipeline::site_secret(house.ports()) == *made);
  CHECK(house.log.events.size() == 1);
}

TEST_CASE("a secret that is short, or open to others, makes mail wait and says what to do") {
  House house;
  spit(house.dir / "site.secret", "short\n");
  ::chmod((house.dir / "site.secret").c_str(), 0600);
  auto read = pipeline::site_secret(house.ports());
  REQUIRE_FALSE(read);
  CHECK(read.error().retry() == Retry::later);
  CHECK(read.error().what().find("site.secret") != std::string::npos);
  spit(house.dir / "site.secret", std::string(44, 'x'));
  ::chmod((house.dir / "site.secret").c_str(), 0644);
  read = pipeline::site_secret(house.ports());
  REQUIRE_FALSE(read);
  CHECK(read.error().retry() == Retry::later);
  CHECK(read.error().advice().find("chmod") != std::string::npos);
}

TEST_CASE("security rule 13: failures count by list and day") {
  House house;
  auto one = item("\r\n");
  one.list = list::ListAddress::parse("list", "example.org");
  one.header.received = house.clock.now();
  CHECK(*pipeline::count_failed(one, house.ports()) == 1);
  CHECK(*pipeline::count_failed(one, house.ports()) == 1);
  auto two = one;
  two.header.id = *spool::QueueId::parse("ainp6pqab2vdxl5zq7tn");
  CHECK(*pipeline::count_failed(two, house.ports()) == 2);
  CHECK(*pipeline::count_refused(two, "a@example.org", house.ports()) == 1);
  two.header.received += std::chrono::hours(24);
  CHECK(*pipeline::count_failed(two, house.ports()) == 1);
  two.header.received = one.header.received;
  two.list = list::ListAddress::parse("other", "example.org");
  CHECK(*pipeline::count_failed(two, house.ports()) == 1);
}
