#include <fmt/core.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>

#include "cms/keys.h"
#include "pipeline/ask.h"
#include "pipeline/guard.h"
#include "pipeline/incoming.h"
#include "support/faulty_file_system.h"
#include "support/memory_file_system.h"
#include "support/passing_ledger.h"
#include "support/pki.h"
#include "support/still_ports.h"

// Commands of one mail, with every call of the disk and of the database broken in every way: after the repeat all is as it
// would have been without the kill, and the answer says the same.

using namespace paraph;
using namespace paraph::testing;

namespace {

struct Silent final : sys::Log {
  void write(sys::Level, std::string_view, std::initializer_list<Field>) override {}
};

/// One process: gone at the n-th call of its disks or its database, before or after that took effect.
struct Process {
  int at = 0;  ///< 0: never
  bool after = false;
  int calls = 0;
  bool dead = false;

  template <typename Call>
  auto run(Call call) -> decltype(call()) {
    if (dead) return gone();
    if (++calls != at) return call();
    dead = true;
    if (after) static_cast<void>(call());
    return gone();
  }
  static Error gone() { return Error::later(Errc::io, "killed"); }
};

/// The calls by which commands change something; what reads is passed on.
class MortalDirectory final : public list::Directory {
 public:
  MortalDirectory(list::Directory& inner, Process& process) : inner_(inner), process_(process) {}
  Result<std::optional<list::Subscriber>> member(const list::ListAddress& list,
                                                 std::string_view email) override {
    return inner_.member(list, email);
  }
  Result<std::vector<list::Subscriber>> members(const list::ListAddress& list,
                                                std::string_view after,
                                                std::size_t limit) override {
    return inner_.members(list, after, limit);
  }
  Result<std::size_t> count(const list::ListAddress& list) override { return inner_.count(list); }
  Result<std::string> member_value(const list::ListAddress& list, std::string_view email,
                                   std::string_view name) override {
    return inner_.member_value(list, email, name);
  }
  Result<std::string> user_value(std::string_view email, std::string_view name) override {
    return inner_.user_value(email, name);
  }
  Result<std::vector<list::Admin>> admins(const list::ListAddress& list, list::Role role) override {
    return inner_.admins(list, role);
  }
  Result<bool> add_member(const list::ListAddress& list, const list::Subscriber& who) override {
    return process_.run([&] { return inner_.add_member(list, who); });
  }
  Result<bool> remove_member(const list::ListAddress& list, std::string_view email) override {
    return process_.run([&] { return inner_.remove_member(list, email); });
  }
  Result<bool> add_admin(const list::ListAddress& list, const list::Admin& admin) override {
    return inner_.add_admin(list, admin);
  }
  Result<bool> remove_admin(const list::ListAddress& list, list::Role role,
                            std::string_view email) override {
    return inner_.remove_admin(list, role, email);
  }

 private:
  list::Directory& inner_;
  Process& process_;
};

class MortalLedger final : public PassingLedger {
 public:
  MortalLedger(store::Ledger& inner, Process& process) : PassingLedger(inner), process_(process) {}
  Result<void> record(const store::MailRow& row) override {
    return process_.run([&] { return inner_.record(row); });
  }
  Result<void> record_soon(const std::vector<store::MailRow>& rows) override {
    return process_.run([&] { return inner_.record_soon(rows); });
  }

 private:
  Process& process_;
};

class MortalKeys final : public store::DecisionKeys {
 public:
  MortalKeys(store::DecisionKeys& inner, Process& process) : inner_(inner), process_(process) {}
  Result<void> grant(const store::DecisionKey& key) override {
    return process_.run([&] {
      ++granted;
      return inner_.grant(key);
    });
  }
  Result<std::optional<store::DecisionKey>> find(std::string_view sha256) override {
    return inner_.find(sha256);
  }
  Result<void> expire(long long before) override { return inner_.expire(before); }
  std::size_t granted = 0;

 private:
  store::DecisionKeys& inner_;
  Process& process_;
};

constexpr pid_t kQueue = 7;
constexpr std::string_view kQueued =
    ".7,";  ///< in the names of its files, and not of those that somebody has decided
constexpr std::string_view kKey = "abcdefghijklmnopqrstuvwxyz";

/// Lists `open` (do_it), `asks` (request_auth) and `owned` (owner), and the list `held` with one post for its editor.
struct House {
  TempDir dir;
  config::Site site;
  std::unique_ptr<store::Database> database = *store::Database::open(dir / "x.sqlite");
  std::unique_ptr<list::CertificateStore> certificates =
      store::open_certificate_directory(*sys::open_root(dir / "certs"));
  std::unique_ptr<store::Recipients> recipients =
      store::open_recipients(*sys::open_root(dir / "certs"), database->recipient_records());
  Silent log;
  sys::SystemClock clock;
  pipeline::Cache cache;
  MemoryFileSystem msg, auth, moderation, bulk;
  Process process;
  MortalDirectory people{database->directory(), process};
  MortalLedger ledger{database->ledger(), process};
  MortalKeys keys{database->decision_keys(), process};
  spool::QueueId held = spool::QueueId::make(clock.now(), cms::random());

  House() : site(build()) {
    for (auto* disk : {&msg, &auth, &moderation, &bulk}) disk->set_now(clock.now());
    for (const auto* name : {"open", "asks", "owned", "held"})
      REQUIRE(people.add_admin(address(name), {list::Role::owner, "boss@example.net"}));
    REQUIRE(people.add_member(address("open"), {.email = "leaves@example.net"}));
    spool::HoldSpool spool(borrow(moderation), "moderation");
    spool::SpoolHeader header = header_of(held, "held@example.org");
    header.kind = "post";
    header.list = "held@example.org";
    header.auth = "smtp";
    header.sealed = "no";
    header.sender = "author@example.net";
    REQUIRE(
        spool.hold(header, "From: author@example.net\nMessage-ID: <h@example.net>\n\nx\n", "?"));
    REQUIRE(database->ledger().record({held.str(),
                                       "held@example.org",
                                       "author@example.net",
                                       "held",
                                       "an editor",
                                       {},
                                       1,
                                       epoch(clock.now())}));
    REQUIRE(database->decision_keys().grant({ascii_digest(),
                                             held.str(),
                                             "held@example.org",
                                             "boss@example.net",
                                             store::KeyAction::moderate,
                                             {},
                                             epoch(clock.now()) + 1000}));
  }
  static std::string ascii_digest() {
    std::string hex;
    for (const char c : cms::digest().sha256(kKey))
      hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return hex;
  }
  static list::ListAddress address(std::string_view name) {
    return *list::ListAddress::parse(name, "example.org");
  }
  [[nodiscard]] config::Site build() const {
    for (const auto* each : {"etc/scenari", "certs"})
      std::filesystem::create_directories(dir / each);
    spit(dir / "paraph.conf",
         fmt::format("domain example.org\nlistmaster boss@example.net\ncafile ca.pem\n"
                     "ssl_cert_dir certs\ndefault_dir {}\n",
                     PARAPH_SOURCE_DIR));
    spit(dir / "ca.pem", "");
    const std::map<std::string, std::string> rules{{"open", "do_it,notify"},
                                                   {"asks", "request_auth"},
                                                   {"owned", "owner"},
                                                   {"held", "editorkey"},
                                                   {"broken", "?"}};
    for (const auto& [name, action] : rules) {
      std::filesystem::create_directories(dir / fmt::format("list_data/{}/scenari", name));
      std::string config = "subject a\nrelease_by_mail key\n\n";
      for (const auto* function : {"subscribe", "unsubscribe", "add", "del"}) {
        spit(dir / fmt::format("list_data/{}/scenari/{}.x", name, function),
             fmt::format("true() smtp,md5,smime -> {}\n", action));
        config += fmt::format("{} x\n\n", function);
      }
      spit(dir / fmt::format("list_data/{}/config", name), config);
    }
    return *config::Site::load(dir / "paraph.conf");
  }

  static std::shared_ptr<sys::FileSystem> borrow(sys::FileSystem& disk) {
    return {&disk, [](sys::FileSystem*) {}};
  }
  [[nodiscard]] spool::SpoolHeader header_of(const spool::QueueId& id, std::string to) const {
    return {.address = std::move(to),
            .id = id,
            .received = clock.now(),
            .reverse_path = "jo@example.net",
            .unknown_sender = false,
            .kind = {},
            .list = {},
            .auth = {},
            .sealed = {}};
  }
  spool::QueueId accept(const std::string& text, const std::string& from = "jo@example.net") {
    static int number = 0;
    const auto id = spool::QueueId::make(clock.now(), cms::random());
    spool::IncomingSpool spool(borrow(msg));
    REQUIRE(spool.accept(
        header_of(id, "sympa@example.org"),
        fmt::format("From: {}\nMessage-ID: <{}@example.net>\n\n{}\n", from, ++number, text), kQueue,
        cms::random()));
    return id;
  }
  [[nodiscard]] pipeline::Ports make_ports() {
    return {site,
            people,
            *certificates,
            *recipients,
            ledger,
            database->alarms(),
            database->guard(),
            database->certificate_memory(),
            database->notices(),
            keys,
            clock,
            cms::random(),
            cms::digest(),
            log,
            cache};
  }
  /// One pass of paraph-incoming, by `process`, over the files whose name has `part`. False: nothing waits.
  bool pass(std::string_view part = {}) {
    spool::IncomingSpool waiting(borrow(msg));
    spool::HoldSpool for_confirmation(borrow(auth), "auth");
    spool::HoldSpool for_editors(borrow(moderation), "moderation");
    spool::BulkSpool out(borrow(bulk), 10);
    spool::Desk desk({borrow(msg), borrow(bulk), borrow(auth), borrow(moderation)});
    return pass({waiting, for_confirmation, for_editors, out, desk}, part);
  }
  bool pass(const pipeline::IncomingSpools& spools, std::string_view part = {}) {
    const auto ports = make_ports();
    const auto names = spools.msg.pending(clock.now());
    if (!names) return true;
    pipeline::Endings endings;
    for (const auto& name : *names) {
      if (name.find(part) == std::string::npos) continue;
      auto claim = spools.msg.claim(name);
      if (claim && *claim && !process.dead)
        static_cast<void>(pipeline::process(std::move(**claim), spools, ports, endings));
    }
    static_cast<void>(pipeline::settle(endings, spools, ports));
    return !names->empty();
  }
  void repeat() {
    process = {};
    for (int i = 0; i < 5; ++i)
      if (!pass()) return;
    FAIL("mail still waits");
  }

  [[nodiscard]] bool is_member(std::string_view list, std::string_view who) {
    return database->directory().member(address(list), who)->has_value();
  }
  /// "TO: Subject" of each mail of ours, sorted; of reports the text.
  [[nodiscard]] std::vector<std::string> mails() const {
    std::vector<std::string> found;
    for (const auto& [path, octets] : bulk.files()) {
      if (path.rfind("msg/", 0) != 0) continue;
      const auto field = [&, all = std::string_view(octets)](std::string_view name) {
        const auto at = all.find("\n" + std::string(name) + ": ") + name.size() + 3;
        return std::string(all.substr(at, all.find_first_of("\r\n", at) - at));
      };
      const std::string subject = field("Subject");
      const bool report = subject.find("your commands") != std::string::npos;
      const auto body = octets.find("\n\n", octets.find("\nSubject: "));
      found.push_back(field("To") + ": " + (report ? octets.substr(body) : subject));
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  [[nodiscard]] std::string report() const {
    for (const auto& mail : mails())
      if (mail.find("> ") != std::string::npos) return mail;
    return {};
  }
  [[nodiscard]] std::size_t requests() const {
    const auto files = auth.files();
    return static_cast<std::size_t>(std::count_if(files.begin(), files.end(), [](const auto& file) {
      return file.first.find('.') == std::string::npos;
    }));
  }
};

const std::string kScript = fmt::format(
    "ADD open joins@example.net Jo\nDELETE open leaves@example.net\nSUBSCRIBE asks\n"
    "SUBSCRIBE owned\nREJECT held {} Not here.\n",
    kKey);

struct Outcome {
  std::vector<std::string> mails;
  std::size_t requests = 0;
  std::string ledger;
};

Outcome outcome_of(House& house, const spool::QueueId& id) {
  REQUIRE(house.is_member("open", "joins@example.net"));
  REQUIRE_FALSE(house.is_member("open", "leaves@example.net"));
  REQUIRE_FALSE(house.is_member("owned", "jo@example.net"));
  REQUIRE(house.moderation.files().count(house.held.str()) == 0);
  REQUIRE((*house.database->ledger().find(house.held.str()))->outcome == "rejected");
  return {house.mails(), house.requests(), (*house.database->ledger().find(id.str()))->reason};
}

}  // namespace

TEST_CASE("commands killed at every step: the repeat is as if nobody had been killed", "[faults]") {
  Outcome wanted;
  {
    House house;
    const auto id = house.accept(kScript);
    house.repeat();
    wanted = outcome_of(house, id);
    REQUIRE(wanted.requests == 2);
    REQUIRE(wanted.mails.size() ==
            8);  // welcome, bye, two to the owner, two questions, report, refusal
    REQUIRE(house.keys.granted == 2);
    REQUIRE(wanted.ledger.find("joined; ") != std::string::npos);
  }
  int walked = 0;
  for (const bool after : {false, true})
    for (int n = 1;; ++n, ++walked) {
      House house;
      const auto id = house.accept(kScript);
      house.process.at = n;
      house.process.after = after;
      house.pass();
      const bool happened = house.process.dead;
      INFO("database call " << n << (after ? ", after it" : ""));
      house.repeat();
      const auto got = outcome_of(house, id);
      CHECK(got.mails == wanted.mails);
      CHECK(got.requests == wanted.requests);
      CHECK(got.ledger == wanted.ledger);
      if (!happened) break;
    }
  for (const auto fault : {Fault::fail, Fault::cut_during, Fault::cut_after})
    for (int n = 1;; ++n, ++walked) {
      House house;
      const auto id = house.accept(kScript);
      FaultyFileSystem msg(house.msg, n, fault);
      FaultyFileSystem auth(house.auth, msg), moderation(house.moderation, msg),
          bulk(house.bulk, msg);
      spool::IncomingSpool waiting(House::borrow(msg));
      spool::HoldSpool for_confirmation(House::borrow(auth), "auth");
      spool::HoldSpool for_editors(House::borrow(moderation), "moderation");
      spool::BulkSpool out(House::borrow(bulk), 10);
      spool::Desk desk({House::borrow(msg), House::borrow(bulk), House::borrow(auth),
                        House::borrow(moderation)});
      house.pass({waiting, for_confirmation, for_editors, out, desk});
      INFO("fault " << static_cast<int>(fault) << ", call " << n << " " << msg.trace().back());
      house.repeat();
      const auto got = outcome_of(house, id);
      CHECK(got.mails == wanted.mails);
      CHECK(got.requests == wanted.requests);
      CHECK(got.ledger == wanted.ledger);
      if (!msg.happened()) break;
    }
  REQUIRE(walked > 60);
}

TEST_CASE("of two commands about one address and list the first counts, and the second is told") {
  House house;
  house.accept("ADD open new@example.net\nDELETE open@example.org new@example.net");
  house.repeat();
  CHECK(house.is_member("open", "new@example.net"));
  CHECK(house.report().find("a mail of its own") != std::string::npos);
}

TEST_CASE("the same request of one day waits once, and is asked about once") {
  House house;
  for (int i = 0; i < 3; ++i) house.accept("SUBSCRIBE owned\nSUBSCRIBE asks");
  house.accept("SUBSCRIBE owned", "other@example.net");
  house.repeat();
  CHECK(house.requests() == 3);
  CHECK(house.keys.granted == 3);
}

TEST_CASE("a request that nobody can be asked about does not wait, and is put anew") {
  House house;
  const auto owned = House::address("owned");
  REQUIRE(house.people.remove_admin(owned, list::Role::owner, "boss@example.net"));
  REQUIRE(house.people.add_admin(owned, {list::Role::owner, "b\u00f6ss@example.net"}));  // no ASCII
  house.accept("SUBSCRIBE owned");
  house.repeat();
  CHECK(house.requests() == 0);
  CHECK(house.report().find("was not put to anybody") != std::string::npos);
  REQUIRE(house.people.add_admin(owned, {list::Role::owner, "boss@example.net"}));
  house.accept("SUBSCRIBE owned");
  house.repeat();
  CHECK(house.requests() == 1);
}

TEST_CASE("a request that was begun and is held nowhere is decided as the rules are now") {
  House house;
  house.accept("SUBSCRIBE owned");
  house.process.at = house.process.calls + 1;  // the command's row, and no more
  house.process.after = true;
  house.pass();
  REQUIRE(house.process.dead);
  REQUIRE(house.requests() == 0);
  spit(house.dir / "list_data/owned/scenari/subscribe.x", "true() smtp,md5,smime -> do_it\n");
  house.cache = {};
  house.repeat();
  CHECK(house.is_member("owned", "jo@example.net"));
}

TEST_CASE("of several mails with one request the first one writes it, however often it comes") {
  House house;
  const auto about = house.held;
  const auto item = [&] {
    return pipeline::make_item(
        {house.header_of(spool::QueueId::make(house.clock.now(), cms::random()), "a@example.org"),
         "From: jo@example.net\n\n",
         {}});
  };
  const auto one = item();
  const auto other = item();
  CHECK(*pipeline::is_first_to_request(one, about, house.make_ports()));
  CHECK_FALSE(*pipeline::is_first_to_request(other, about, house.make_ports()));
  CHECK(*pipeline::is_first_to_request(one, about, house.make_ports()));
}

TEST_CASE("nobody is asked to change nothing, and nobody hears that he was") {
  House house;
  for (const auto* list : {"asks", "owned"})
    REQUIRE(house.people.add_member(House::address(list), {.email = "jo@example.net"}));
  house.accept("SUBSCRIBE asks\nSUBSCRIBE owned");
  house.repeat();
  CHECK(house.requests() == 0);
  CHECK(house.keys.granted == 0);
  const auto report = house.report();
  CHECK(report.find("was a member already") != report.rfind("was a member already"));
  CHECK(report.find("key") == std::string::npos);
}

TEST_CASE("requests are counted one by one: owners hear of so many, and so many wait for them") {
  House house;
  const auto many = [&](std::string_view verb, std::string_view list, std::size_t mails) {
    for (std::size_t i = 0; i < mails; ++i) {
      std::string text;
      for (std::size_t k = 0; k < 20; ++k)
        text += fmt::format("{} {} p{}.{}@example.net\n", verb, list, i, k);
      house.accept(text);
    }
    house.repeat();
  };
  const auto count = [&](std::string_view text) {
    const auto files = house.bulk.files();
    return std::count_if(files.begin(), files.end(), [&](const auto& file) {
      return file.second.find(text) != std::string::npos;
    });
  };
  many("ADD", "asks", 2);  // each asks jo
  CHECK(house.requests() == 20);
  CHECK(house.keys.granted == 20);
  CHECK(count("was not put to anybody") == 1);
  many("ADD", "owned", 3);
  CHECK(house.requests() == 80);
  CHECK(house.keys.granted == 70);
  CHECK(count("Further ones will wait without a mail to you") == 11);  // from the 40th to the 50th
  CHECK(count("was not put to anybody") == 1);
  const auto waiting = [&] {
    spool::HoldSpool spool(House::borrow(house.auth), "auth");
    return spool.entries()->size();
  };
  many("ADD", "owned", 12);
  CHECK(waiting() == 220);
  // What is asked in vain is counted alike.
  REQUIRE(house.database->directory().add_member(House::address("owned"),
                                                 {.email = "p0.0@example.net"}));
  house.accept("ADD owned p0.0@example.net", "other@example.net");
  house.accept("ADD owned fresh@example.net", "other@example.net");
  house.repeat();
  CHECK(waiting() == 220);
  CHECK(count("other@example.net") > 0);
  CHECK(count("was not put to anybody") == 5);
}

TEST_CASE("who has proven nothing fills no mailbox with welcomes") {
  House house;
  for (int i = 0; i < 15; ++i) {
    house.accept("SUBSCRIBE open");
    house.repeat();
    house.accept("SIGNOFF open");
    house.repeat();
  }
  const auto mails = house.mails();
  CHECK(std::count_if(mails.begin(), mails.end(), [](const auto& mail) {
          return mail.starts_with("jo@example.net: ") && mail.find("> ") == std::string::npos;
        }) == 20);
}

TEST_CASE("a repeat does not take another's word, still to be judged, for its own") {
  House house;
  house.accept(fmt::format("REJECT held {} Not here.", kKey));
  house.process.at = house.process.calls + 1;  // the command's row, and no more
  house.process.after = true;
  house.pass();
  REQUIRE(house.process.dead);
  spool::Desk desk({House::borrow(house.msg), House::borrow(house.bulk), House::borrow(house.auth),
                    House::borrow(house.moderation)});
  spool::Word word;
  word.verdict = "reject-quietly";
  word.by = "other@example.net";
  REQUIRE(desk.decide({"moderation", spool::State::waiting, house.held.str()}, word));
  house.process = {};
  house.pass(kQueued);
  house.repeat();
  CHECK(house.report().find("already") != std::string::npos);
}

TEST_CASE("a request that was answered before its row stood is not held again") {
  House house;
  house.accept("SUBSCRIBE owned");
  house.process.at = house.process.calls + 3;  // begun, granted, and no row of its own
  house.pass();
  REQUIRE(house.process.dead);
  spool::Desk desk({House::borrow(house.msg), House::borrow(house.bulk), House::borrow(house.auth),
                    House::borrow(house.moderation)});
  const auto waits = spool::HoldSpool(House::borrow(house.auth), "auth").entries();
  REQUIRE(waits->size() == 1);
  spool::Word word;
  word.verdict = "distribute";
  word.by = "boss@example.net";
  REQUIRE(desk.decide({"auth", spool::State::waiting, waits->front().name}, word));
  house.process = {};
  house.pass(kQueued);
  house.repeat();
  CHECK(house.requests() == 0);
  CHECK(house.keys.granted == 1);
  CHECK(house.is_member("owned", "jo@example.net"));
}

TEST_CASE("a list whose rules cannot be read costs a mail that command, and makes one alone wait") {
  House house;
  house.accept("SUBSCRIBE broken\nADD open new@example.net");
  house.repeat();
  CHECK(house.is_member("open", "new@example.net"));
  CHECK(house.report().find("Send it again later") != std::string::npos);
  house.accept("SUBSCRIBE broken");
  house.pass();
  CHECK(house.pass());
}

TEST_CASE("what waits and is damaged costs whoever decides about it an answer, not his mail") {
  House house;
  REQUIRE(house.moderation.remove(house.held.str(), true));
  REQUIRE(house.moderation.write_new(house.held.str(), "X-Sympa-To: nothing\n\n"));
  house.accept(fmt::format("REJECT held {}", kKey));
  house.repeat();
  CHECK(house.report().find("is damaged") != std::string::npos);
}

TEST_CASE("an editor whose certificate cannot be looked up keeps nobody else from being asked") {
  House house;
  for (const auto* who : {"ann@example.net", "ben@example.net"})
    REQUIRE(house.people.add_admin(House::address("held"), {list::Role::editor, who}));
  const std::string text = "From: author@example.net\nMessage-ID: <s@example.net>\n\nx\n";
  auto item = pipeline::make_item({house.header_of(house.held, "held@example.org"), text, {}});
  item.list = House::address("held");
  item.config = *config::ListConfig::load(house.site, *item.list);
  item.destination.domain = "example.org";
  item.sender = "author@example.net";
  item.opened.payload.emplace(mail::RawMessage("Content-Type: text/plain\n\nsecret\n"));
  spool::BulkSpool out(House::borrow(house.bulk), 10);
  const auto directory = *sys::open_root(house.dir / "certs");
  FaultyFileSystem broken(*directory, 1, Fault::fail);
  house.certificates = store::open_certificate_directory(House::borrow(broken));
  const auto first = pipeline::ask_judges(item, list::Role::editor, "?", out, house.make_ports());
  REQUIRE_FALSE(first);
  CHECK(first.error().retry() == Retry::later);
  REQUIRE(house.mails().size() == 1);
  const auto second = pipeline::ask_judges(item, list::Role::editor, "?", out, house.make_ports());
  REQUIRE(second);
  CHECK(house.mails().size() == 2);
  CHECK(house.keys.granted == 2);
}
