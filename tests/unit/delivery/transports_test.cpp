// maildir:, sendmail: and the URLs.
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "delivery/courier.h"
#include "delivery/scripted_server.h"

using namespace paraph;
using namespace paraph::delivery;
namespace fs = std::filesystem;

namespace {

class CountingRandom final : public Random {
 public:
  std::string octets(std::size_t count) override {
    std::string out(count, '\0');
    out.back() = static_cast<char>(++calls_);
    return out;
  }

 private:
  int calls_ = 0;
};

struct TempDir {
  TempDir() {
    char name[] = "/tmp/paraph-delivery-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~TempDir() { fs::remove_all(path); }
  [[nodiscard]] std::string operator/(const std::string& below) const { return path + "/" + below; }
  std::string path;
};

std::string contents(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::vector<fs::path> entries(const fs::path& directory) {
  return {fs::directory_iterator(directory), fs::directory_iterator()};
}

unsigned mode(const fs::path& path) {
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 07777U;
}

const FixedClock kClock{TimePoint(std::chrono::seconds(1'795'451'442))};

struct Fixture {
  TempDir dir;
  CountingRandom random;

  std::unique_ptr<Courier> open(const std::string& url) {
    auto courier = open_courier(url, "lists.example.org", kClock, random);
    INFO(url);
    REQUIRE(courier);
    return std::move(courier).value();
  }
  /// A stand-in for sendmail that keeps its arguments and input, says something and exits so.
  std::string program(int status) {
    const std::string path = dir / ("sendmail" + std::to_string(status));
    std::ofstream(path) << "#!/bin/sh\nprintf '%s\\n' \"$@\" > " << dir / "argv"
                        << "\ncat > " << dir / "stdin"
                        << "\necho 'status=deferred (no route)' >&2\nexit " << status << "\n";
    fs::permissions(path, fs::perms::owner_all);
    return path;
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a Maildir per recipient is made, private, with one file each",
                 "[delivery][maildir]") {
  auto courier = open("maildir:" + dir / "a/b/mail");
  const mail::Envelope envelope{"secure-owner@example.org",
                                {"Alice@example.org", "o/../x@example.org", "bad"}};
  const auto result = courier->deliver(envelope, {"Subject: x\n\n", "body\n.\n"});
  REQUIRE(result);
  REQUIRE((*result)[0].outcome == Delivery::delivered);
  REQUIRE((*result)[1].outcome == Delivery::delivered);
  REQUIRE((*result)[2].outcome == Delivery::failed);
  const fs::path box = dir / "a/b/mail/alice@example.org";
  const auto files = entries(box / "new");
  REQUIRE(files.size() == 1);
  REQUIRE(contents(files[0]) == "Return-Path: <secure-owner@example.org>\nSubject: x\n\nbody\n.\n");
  REQUIRE(mode(files[0]) == 0600);
  REQUIRE((*result)[0].reply == "maildir alice@example.org/new/" + files[0].filename().string());
  for (const auto& made : {fs::path(dir / "a"), fs::path(dir / "a/b/mail"), box, box / "tmp",
                           box / "new", box / "cur"})
    REQUIRE(mode(made) == 0700);
  REQUIRE(entries(box / "tmp").empty());
  REQUIRE(entries(dir / "a/b/mail").size() == 2);
  REQUIRE(fs::exists(dir / "a/b/mail/o_2f.._2fx@example.org/new"));
}

TEST_CASE_METHOD(Fixture, "further messages get names of their own", "[delivery][maildir]") {
  auto courier = open("maildir:" + dir / "mail");
  for (int i = 0; i < 3; ++i) REQUIRE(courier->deliver({"", {"a@example.org"}}, {"\n"}));
  const auto files = entries(dir / "mail/a@example.org/new");
  REQUIRE(files.size() == 3);
  REQUIRE(contents(files[0]) == "Return-Path: <>\n\n");
}

TEST_CASE_METHOD(Fixture, "a root that cannot be made is the transport's failure",
                 "[delivery][maildir]") {
  std::ofstream(dir / "file") << "x";
  const auto result =
      open("maildir:" + dir / "file/mail")->deliver({"", {"a@example.org"}}, {"\n"});
  REQUIRE_FALSE(result);
  REQUIRE(result.error().retry() == Retry::later);
}

TEST_CASE_METHOD(Fixture, "one box that cannot be written leaves the others alone",
                 "[delivery][maildir]") {
  fs::create_directory(dir / "mail");
  std::ofstream(dir / "mail/a@example.org") << "a file stands here";
  fs::create_directory_symlink("/tmp", dir / "mail/link@example.org");
  const auto result = open("maildir:" + dir / "mail")
                          ->deliver({"",
                                     {"b@example.org", "a@example.org", "link@example.org",
                                      std::string(250, '/') + "@example.org"}},
                                    {"\n"});
  REQUIRE(result);
  REQUIRE((*result)[0].outcome == Delivery::delivered);
  REQUIRE((*result)[1].outcome == Delivery::deferred);
  REQUIRE_FALSE((*result)[1].reply.empty());
  REQUIRE((*result)[2].outcome != Delivery::delivered);  // security rule 2: links are not followed
  REQUIRE((*result)[3].outcome == Delivery::failed);
}

TEST_CASE_METHOD(Fixture, "sendmail gets the envelope as arguments and the octets as they are",
                 "[delivery][sendmail]") {
  auto courier = open("sendmail:" + program(0) + " -v -X/dev/null");
  const auto result = courier->deliver(
      {"owner@example.org", {"a@example.org", "-Cx@example.org", "b c@example.org"}},
      {"Subject: x\r\n\r\n", ".\r\nlast\n"});
  REQUIRE(result);
  REQUIRE((*result)[0].outcome == Delivery::delivered);
  REQUIRE((*result)[1].outcome == Delivery::delivered);
  REQUIRE((*result)[2].outcome == Delivery::failed);
  REQUIRE(contents(dir / "argv") ==
          "-v\n-X/dev/null\n-oi\n-f\nowner@example.org\n--\na@example.org\n-Cx@example.org\n");
  REQUIRE(contents(dir / "stdin") == "Subject: x\r\n\r\n.\r\nlast\n");
}

TEST_CASE_METHOD(Fixture, "the null sender is <> for sendmail", "[delivery][sendmail]") {
  REQUIRE(open("sendmail:" + program(0))->deliver({"", {"a@example.org"}}, {"\n"}));
  REQUIRE(contents(dir / "argv") == "-oi\n-f\n<>\n--\na@example.org\n");
}

TEST_CASE_METHOD(Fixture, "sendmail's exit status decides", "[delivery][sendmail]") {
  for (const auto& [status, outcome] :
       std::vector<std::pair<int, Delivery>>{{75, Delivery::deferred},
                                             {64, Delivery::failed},
                                             {65, Delivery::failed},
                                             {67, Delivery::failed},
                                             {68, Delivery::failed},
                                             {77, Delivery::failed},
                                             {70, Delivery::deferred},
                                             {71, Delivery::deferred},
                                             {1, Delivery::deferred},
                                             {127, Delivery::deferred}}) {
    const auto result =
        open("sendmail:" + program(status))->deliver({"", {"a@example.org"}}, {"\n"});
    INFO(status);
    REQUIRE(result);
    REQUIRE((*result)[0].outcome == outcome);
    REQUIRE((*result)[0].reply.find(std::to_string(status)) != std::string::npos);
    REQUIRE((*result)[0].reply.find("no route") != std::string::npos);
  }
}

TEST_CASE_METHOD(Fixture, "a sendmail that did not read the message has not taken it",
                 "[delivery][sendmail]") {
  const std::string path = dir / "careless";
  std::ofstream(path) << "#!/bin/sh\nexit 0\n";
  fs::permissions(path, fs::perms::owner_all);
  for (const std::size_t size : {std::size_t{10}, std::size_t{3'000'000}}) {
    const std::string message(size, 'x');
    const auto result = open("sendmail:" + path)->deliver({"", {"a@example.org"}}, {message});
    REQUIRE(result);
    REQUIRE((*result)[0].outcome == Delivery::deferred);
    REQUIRE((*result)[0].reply.find("unread") != std::string::npos);
  }
}
TEST_CASE_METHOD(Fixture, "a sendmail that is missing is the transport's failure",
                 "[delivery][sendmail]") {
  const auto result = open("sendmail:" + dir / "nowhere")->deliver({"", {"a@example.org"}}, {"\n"});
  REQUIRE_FALSE(result);
  REQUIRE(result.error().retry() == Retry::later);
  REQUIRE_FALSE(result.error().hint().empty());
}

TEST_CASE_METHOD(Fixture, "a URL that fits no transport is a configuration error", "[delivery]") {
  for (const char* url : {"", "smtp:127.0.0.1", "ftp://x", "smtp://", "smtp://mx:0", "smtp://u@mx",
                          "lmtp+unix:sock", "maildir:mail", "maildir:", "sendmail:",
                          "sendmail:sendmail", "smtp://a\nb", "/usr/sbin/sendmail"}) {
    const auto courier = open_courier(url, "lists.example.org", kClock, random);
    INFO(url);
    REQUIRE_FALSE(courier);
    CHECK(courier.error().code() == Errc::config);
    CHECK(courier.error().retry() == Retry::never);
    CHECK(courier.error().hint().find(':') != std::string::npos);
  }
  const auto unknown = open_courier("uucp:x", "lists.example.org", kClock, random);
  for (const char* known : {"maildir:", "sendmail:", "smtp://", "lmtp://", "lmtp+unix:"})
    CHECK(unknown.error().what().find(known) != std::string::npos);
  REQUIRE_FALSE(open_courier("smtp://mx", "two words", kClock, random));
}

TEST_CASE_METHOD(Fixture, "an smtp:// URL leads to the server it names", "[delivery]") {
  test::ScriptedServer server(
      {[](test::Peer& p) { p.open(), p.take("250 from the URL"), p.quit(); }});
  const auto result =
      open("smtp://127.0.0.1:" + server.port())->deliver({"", {"a@example.org"}}, {"\n"});
  REQUIRE(result);
  REQUIRE((*result)[0].reply == "250 from the URL");
}
