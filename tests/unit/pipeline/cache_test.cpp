#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <thread>

#include "cms/keys.h"
#include "pipeline/authorize.h"
#include "pipeline/incoming.h"
#include "support/pki.h"

// What a worker keeps between two mails must never be older than what lies on the disk.

using namespace paraph;
using paraph::testing::Pki;
using paraph::testing::spit;
using paraph::testing::TempDir;

namespace {

struct Noted final : sys::Log {
  std::vector<std::string> events;
  void write(sys::Level, std::string_view event, std::initializer_list<Field>) override {
    events.emplace_back(event);
  }
};

// A site with the list list@example.org, its key, and the CA of the tests.
struct House {
  TempDir dir;
  std::string list_dir = dir / "list_data/list";
  config::Site site;
  std::unique_ptr<store::Database> database;
  std::unique_ptr<list::CertificateStore> certificates;
  std::unique_ptr<store::Recipients> recipients;
  Noted log;
  sys::SystemClock clock;
  pipeline::Cache cache;
  list::ListAddress address = *list::ListAddress::parse("list", "example.org");

  House() : site(build()) {
    database = *store::Database::open(dir / "x.sqlite");
    certificates = store::open_certificate_directory(*sys::open_root(dir / "certs"));
    recipients =
        store::open_recipients(*sys::open_root(dir / "certs"), database->recipient_records());
    let_settle();
  }
  config::Site build() {
    for (const auto* each :
         {"list_data/list/scenari", "etc/scenari", "certs", "ca", "stock/scenarios"})
      std::filesystem::create_directories(dir / each);
    spit(dir / "paraph.conf",
         "domain example.org\nlistmaster boss@example.org\ncafile ca.pem\ncapath ca\n"
         "default_dir stock\nssl_cert_dir certs\n");
    spit(dir / "ca.pem", "");
    spit(dir / "stock/scenarios/send.open", "true() smtp,smime -> do_it\n");
    spit(list_dir + "/config", "subject a\n\nsend open\n");
    spit(list_dir + "/cert.pem", Pki::shared().cert_pem("list"));
    write_key(Pki::shared().key_pem("list"));
    return *config::Site::load(dir / "paraph.conf");
  }
  void write_key(const std::string& text) const {
    spit(list_dir + "/private_key", text);
    std::filesystem::permissions(
        list_dir + "/private_key",
        std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
  static void let_settle() { std::this_thread::sleep_for(std::chrono::milliseconds(50)); }
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
  Result<std::string> decide() {
    pipeline::Question question;
    question.function = "send";
    question.list = address;
    question.domain = "example.org";
    question.sender = "alice@example.org";
    auto decision = pipeline::authorize(question, ports());
    if (!decision) return std::move(decision).error();
    return std::string(scenario::to_string(decision->action.action));
  }
  std::string decided() {
    const auto decision = decide();
    return decision ? *decision : decision.error().what();
  }
  pipeline::Opening opening() {
    auto made = pipeline::open_context(address, {"alice@example.org"},
                                       parse_time("2027-01-01T00:00:00Z").value(), ports());
    INFO((made ? "" : made.error().what()));
    REQUIRE(made);
    return *made;
  }
  smime::Protection open(const std::string& message) {
    const auto context = opening();
    return smime::open(mail::scan(mail::RawMessage(message)), context.context).protection;
  }
};

std::string signed_post() {
  return "From: alice@example.org\r\nMIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; "
         "smime-type=signed-data\r\nContent-Transfer-Encoding: binary\r\n\r\n" +
         Pki::shared().sign("Content-Type: text/plain\r\n\r\nHello\r\n", "alice", "-nodetach");
}

std::string encrypted_post() {
  return "From: alice@example.org\r\nMIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; "
         "smime-type=enveloped-data\r\nContent-Transfer-Encoding: binary\r\n\r\n" +
         Pki::shared().encrypt("Content-Type: text/plain\r\n\r\nHello\r\n", {"list"});
}

}  // namespace

TEST_CASE("a changed scenario decides about the next mail") {
  House house;
  REQUIRE(house.decided() == "do_it");
  REQUIRE(house.decided() == "do_it");
  spit(house.dir / "stock/scenarios/send.open", "true() smtp,smime -> reject\n");
  CHECK(house.decided() == "reject");
  House::let_settle();
  CHECK(house.decided() == "reject");

  // A nearer one appears, includes another, and goes.
  spit(house.dir / "etc/scenari/send.open", "include('more')\ntrue() smtp,smime -> editorkey\n");
  spit(house.dir / "etc/scenari/include.more", "equal([sender],'bob@example.org') smtp -> do_it\n");
  CHECK(house.decided() == "editorkey");
  House::let_settle();
  CHECK(house.decided() == "editorkey");
  spit(house.list_dir + "/scenari/include.more", "true() smtp -> request_auth\n");
  CHECK(house.decided() == "request_auth");
  House::let_settle();
  CHECK(house.decided() == "request_auth");
  std::filesystem::remove(house.list_dir + "/scenari/include.more");
  std::filesystem::remove(house.dir / "etc/scenari/send.open");
  CHECK(house.decided() == "reject");
}

TEST_CASE("a scenario that stops parsing makes mail wait, with file and line, until it is mended") {
  House house;
  REQUIRE(house.decided() == "do_it");
  for (int mail = 0; mail < 2; ++mail) {
    spit(house.dir / "stock/scenarios/send.open", "\ntrue( smtp -> do_it\n");
    const auto broken = house.decide();
    REQUIRE_FALSE(broken);
    CHECK(broken.error().retry() == Retry::later);
    CHECK(broken.error().what().find("send.open:2") != std::string::npos);
    House::let_settle();
  }
  spit(house.dir / "stock/scenarios/send.open", "true() smtp -> do_it\n");
  CHECK(house.decided() == "do_it");
}

TEST_CASE("a nearer scenario that cannot be read gives way to no laxer one") {
  House house;
  REQUIRE(house.decided() == "do_it");
  std::filesystem::create_symlink("/dev/null", house.list_dir + "/scenari/send.open");
  CHECK_FALSE(house.decide());
}

TEST_CASE("a changed block list holds for the next mail") {
  House house;
  spit(house.dir / "paraph.conf",
       "domain example.org\nlistmaster boss@example.org\ndefault_dir stock\nuse_blocklist send\n");
  house.site = *config::Site::load(house.dir / "paraph.conf");
  REQUIRE(house.decided() == "do_it");
  std::filesystem::create_directories(house.dir / "etc/search_filters");
  spit(house.dir / "etc/search_filters/blocklist.txt", "# nobody\nmallory@*\n");
  CHECK(house.decided() == "do_it");
  House::let_settle();
  CHECK(house.decided() == "do_it");
  spit(house.dir / "etc/search_filters/blocklist.txt", "alice@*\n");
  CHECK(house.decided() == "reject");
  House::let_settle();
  CHECK(house.decided() == "reject");
  std::filesystem::create_directories(house.list_dir + "/search_filters");
  std::filesystem::remove(house.dir / "etc/search_filters/blocklist.txt");
  CHECK(house.decided() == "do_it");
  House::let_settle();
  CHECK(house.decided() == "do_it");
  spit(house.list_dir + "/search_filters/blocklist.txt", "ALICE@example.org\n");
  CHECK(house.decided() == "reject");
}

TEST_CASE("a list's changed config holds for the next mail") {
  House house;
  spit(house.dir / "stock/scenarios/send.closed", "true() smtp -> reject\n");
  const auto subject = [&] {
    return config::ListConfig::load(house.site, house.address)->get("subject");
  };
  REQUIRE(house.decided() == "do_it");
  CHECK(subject() == "a");
  spit(house.list_dir + "/config", "subject b\n\nsend closed\n");
  CHECK(subject() == "b");
  CHECK(house.decided() == "reject");
  House::let_settle();
  CHECK(subject() == "b");
  spit(house.list_dir + "/config", "subject c\n\nsend open\n\nstatus closed\n");
  CHECK(subject() == "c");
  CHECK(house.decided() == "reject");
  std::filesystem::remove(house.list_dir + "/config");
  CHECK_FALSE(config::ListConfig::load(house.site, house.address));
}

TEST_CASE("a kept list config belongs to the Site that is asked") {
  House house;
  REQUIRE(config::ListConfig::load(house.site, house.address));
  const config::Site moved = std::move(house.site);
  const auto config = config::ListConfig::load(moved, house.address);
  REQUIRE(config);
  CHECK(config->get("cafile") == moved.get("cafile"));
  CHECK(config->directory() == house.list_dir);
}

TEST_CASE("a changed anchor file is honoured with the next message") {
  House house;
  const std::string post = signed_post();
  CHECK_FALSE(house.open(post).smime);
  SECTION("cafile") {
    spit(house.dir / "ca.pem", Pki::shared().cert_pem("ca"));
    CHECK(house.open(post).smime);
    House::let_settle();
    CHECK(house.open(post).smime);
    spit(house.dir / "ca.pem", "");
  }
  SECTION("a file of capath, added and rewritten in its place") {
    spit(house.dir / "ca/root.pem", "notes");
    CHECK_FALSE(house.open(post).smime);
    House::let_settle();
    CHECK_FALSE(house.open(post).smime);
    spit(house.dir / "ca/root.pem", Pki::shared().cert_pem("ca"));
    CHECK(house.open(post).smime);
    House::let_settle();
    CHECK(house.open(post).smime);
    std::filesystem::remove(house.dir / "ca/root.pem");
  }
  CHECK_FALSE(house.open(post).smime);
  House::let_settle();
  std::filesystem::remove(house.dir / "ca.pem");
  CHECK_FALSE(pipeline::open_context(house.address, {}, house.clock.now(), house.ports()));
}

TEST_CASE("a signed post reads no private key; an encrypted one waits for it") {
  House house;
  spit(house.dir / "ca.pem", Pki::shared().cert_pem("ca"));
  House::let_settle();
  house.write_key("no key");
  CHECK(house.open(signed_post()).smime);
  CHECK(house.log.events.empty());  // or it would have complained of the key
  CHECK(house.open(encrypted_post()).must_wait);
  CHECK(house.log.events == std::vector<std::string>{"key-unusable"});
  house.write_key(Pki::shared().key_pem("bob"));  // not the certificate's
  CHECK(house.open(encrypted_post()).must_wait);
  std::filesystem::permissions(house.list_dir + "/private_key", std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  CHECK(house.open(encrypted_post()).must_wait);
  house.write_key(Pki::shared().key_pem("list"));
  CHECK(house.open(encrypted_post()).fully_opened);
  spit(house.dir / "paraph.conf",
       "domain example.org\nkey_passwd_file none.here\nlistmaster boss@example.org\n");
  house.site = *config::Site::load(house.dir / "paraph.conf");
  CHECK(house.open(encrypted_post()).must_wait);
}

TEST_CASE("an unreadable certificate of ours is told of with every mail until it is mended") {
  House house;
  House::let_settle();
  CHECK_FALSE(house.opening().keys_incomplete);
  spit(house.list_dir + "/cert.pem", "nothing");
  House::let_settle();
  CHECK(house.opening().keys_incomplete);
  CHECK(house.opening().keys_incomplete);
  CHECK(house.log.events == std::vector<std::string>(2, "key-unusable"));
  spit(house.list_dir + "/cert.pem", Pki::shared().cert_pem("list"));
  CHECK_FALSE(house.opening().keys_incomplete);
  CHECK(house.open(encrypted_post()).fully_opened);
}

TEST_CASE("security rule 27: a pair that comes is ours with the next mail") {
  House house;
  spit(house.dir / "ca.pem", Pki::shared().cert_pem("ca"));
  House::let_settle();
  REQUIRE(house.open(signed_post()).smime);
  spit(house.list_dir + "/cert.pem.sign", Pki::shared().cert_pem("alice"));
  spit(house.list_dir + "/private_key.sign", "whatever");
  CHECK_FALSE(house.open(signed_post()).smime);
  House::let_settle();
  CHECK_FALSE(house.open(signed_post()).smime);
  std::filesystem::remove(house.list_dir + "/private_key.sign");
  CHECK(house.open(signed_post()).smime);
}
