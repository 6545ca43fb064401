#include "store/ldif.h"

#include <catch2/catch.hpp>

#include "base/encode.h"
#include "support/pki.h"

using namespace paraph;
using store::LdifEntry;
using testing::Pki;

namespace {

std::string base64_of(const std::string& name) {
  return base64_encode(cms::Certificate::from_pem(Pki::shared().cert_pem(name))->front().der());
}
// RFC 2849: folded at `width`.
std::string folded(const std::string& line, std::size_t width, const char* eol = "\n") {
  std::string out = line.substr(0, width);
  for (std::size_t at = width; at < line.size(); at += width)
    out += std::string(eol) + " " + line.substr(at, width);
  return out + eol;
}
std::vector<LdifEntry> read(const std::string& text) {
  std::vector<LdifEntry> out;
  REQUIRE(store::read_ldif(text, [&](LdifEntry entry) -> Result<void> {
    out.push_back(std::move(entry));
    return {};
  }));
  return out;
}

}  // namespace

TEST_CASE("an export of a directory: folded lines, options, comments, base64 addresses") {
  const auto eol = GENERATE(as<std::string>{}, "\n", "\r\n");
  const std::string text =
      "# made by a test," + eol + "  and this goes on" + eol + "version: 1" + eol + eol +
      "dn: cn=Alice,dc=example,dc=org" + eol + "mail: alice@example.org" + eol +
      "MAIL:: " + base64_encode("a.b@example.org") + eol +
      folded("userCertificate;binary:: " + base64_of("alice"), 60, eol.c_str()) + eol + eol + eol +
      "dn: cn=Nobody" + eol + "mail: nobody@example.org" + eol + eol + "dn: cn=Bob" + eol +
      folded("usersmimecertificate:: " + base64_of("bob"), 76, eol.c_str());
  CHECK(store::is_ldif(text));
  const auto entries = read(text);
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].line == 5);
  CHECK(entries[0].addresses == std::vector<std::string>{"alice@example.org", "a.b@example.org"});
  REQUIRE(entries[0].certificates.size() == 1);
  CHECK(entries[0].certificates[0] ==
        cms::Certificate::from_pem(Pki::shared().cert_pem("alice"))->front());
  CHECK(entries[0].problems.empty());
  REQUIRE(entries[1].certificates.size() == 1);
  CHECK(entries[1].addresses.empty());
}

TEST_CASE("one bad value costs that value, and a URL is never opened") {
  const auto entries = read(
      "dn: cn=Bad\nuserCertificate;binary:: AAAA\n\ndn: cn=Url\nuserCertificate:< "
      "file:///etc/passwd\nuserCertificate;binary:: " +
      base64_of("bob") + "\n");
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].certificates.empty());
  REQUIRE(entries[0].problems.size() == 1);
  CHECK(entries[0].problems[0].rfind("line 2: ", 0) == 0);
  REQUIRE(entries[1].problems.size() == 1);
  CHECK(entries[1].problems[0] == "line 5: a URL, which is not opened");
  CHECK(entries[1].certificates.size() == 1);
}

TEST_CASE("limits: lines, values, and an Error of the caller ends it") {
  const std::string line = "userCertificate:: " + std::string(store::kLdifLongestLine, 'A');
  auto entries = read("dn: x\n" + folded(line, 4000));
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].problems == std::vector<std::string>{"line 2: longer than a line may be"});

  std::string many = "dn: x\n";
  for (int i = 0; i < 300; ++i) many += "mail: a@example.org\nuserCertificate:: AAAA\n";
  entries = read(many);
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].addresses.size() == store::kLdifMostValues);
  CHECK(entries[0].problems.size() == store::kLdifMostValues);

  CHECK(read(std::string(1 << 20, '\n')).empty());
  CHECK(read(" continues nothing\n\n").empty());
  int calls = 0;
  const auto stopped = store::read_ldif("userCertificate:: AAAA\n\nuserCertificate:: AAAA\n",
                                        [&](const LdifEntry&) -> Result<void> {
                                          ++calls;
                                          return Error::later(Errc::busy, "full");
                                        });
  REQUIRE_FALSE(stopped);
  CHECK(calls == 1);
}

TEST_CASE("a byte order mark is no part of the first line") {
  const std::string text =
      "\xEF\xBB\xBF"
      "dn: cn=Alice\nmail: alice@example.org\n" +
      folded("userCertificate:: " + base64_of("alice"), 76);
  CHECK(store::is_ldif(text));
  const auto entries = read("\xEF\xBB\xBF" + folded("userCertificate:: " + base64_of("alice"), 76));
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].certificates.size() == 1);
  CHECK(read(text).at(0).line == 1);
}

TEST_CASE("what is LDIF") {
  CHECK(store::is_ldif("dn: cn=x\n"));
  CHECK(store::is_ldif("# c\n\nVERSION: 1\n"));
  CHECK_FALSE(store::is_ldif(""));
  CHECK_FALSE(store::is_ldif("-----BEGIN CERTIFICATE-----\ndn: x\n"));
  CHECK_FALSE(store::is_ldif(std::string("\x30\x82\n", 3) + "dn: x\n"));
}
