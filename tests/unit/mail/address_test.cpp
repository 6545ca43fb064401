#include "mail/address.h"

#include <catch2/catch.hpp>

using namespace paraph::mail;
using namespace std::string_literals;

namespace {

std::string parsed(std::string_view text) {
  const auto address = AddrSpec::parse(text);
  return address ? address->str() : "(none)";
}
std::string only(std::string_view text) {
  const auto mailbox = parse_mailbox(text);
  return mailbox ? mailbox->display_name + "|" + mailbox->address.str() : "(none)";
}
// "name|address;…", with "!" in front when the list is not well formed.
std::string all(std::string_view text) {
  const auto list = parse_address_list(text);
  std::string out = list.well_formed ? "" : "!";
  for (const auto& mailbox : list.mailboxes)
    out += mailbox.display_name + "|" + mailbox.address.str() + ";";
  return out;
}
std::string canonical(std::string_view text) {
  const auto address = AddrSpec::parse(text);
  REQUIRE(address);
  return address->canonical();
}

}  // namespace

TEST_CASE("bare addresses") {
  CHECK(parsed("alice@example.org") == "alice@example.org");
  CHECK(parsed(" <Alice+tag@Example.ORG>\r\n") == "Alice+tag@Example.ORG");
  CHECK(parsed("root@localhost") == "root@localhost");
  CHECK(parsed("jörg@bücher.example") == "jörg@bücher.example");
  CHECK(parsed("!#$%&'*+-/=?^_`{|}~@example.org") == "!#$%&'*+-/=?^_`{|}~@example.org");
  CHECK(parsed("a@under_score.example") == "a@under_score.example");
  CHECK(parsed("a@[192.0.2.1]") == "a@[192.0.2.1]");
  CHECK(parsed("a@[IPv6:2001:db8::1]") == "a@[IPv6:2001:db8::1]");
}

TEST_CASE("quoted local parts: unquoted when a dot-atom, quoted anew otherwise") {
  CHECK(parsed("\"alice\"@example.org") == "alice@example.org");
  CHECK(parsed("\"a.\\b\"@example.org") == "a.b@example.org");
  CHECK(parsed("\"two words\"@example.org") == "\"two words\"@example.org");
  CHECK(parsed("\"a\\\"b\\\\c\"@example.org") == "\"a\\\"b\\\\c\"@example.org");
  CHECK(parsed("\"a@b\"@example.org") == "\"a@b\"@example.org");
  CHECK(parsed("\"\"@example.org") == "\"\"@example.org");
  CHECK(parsed("first.\"last\"@example.org") == "first.last@example.org");  // RFC 5322 §4.4
  CHECK(AddrSpec::parse("\"x y\"@example.org")->local_part() == "\"x y\"");
  CHECK(AddrSpec::parse("\"xy\"@example.org")->local_part() == "xy");
}

TEST_CASE("what is no bare address") {
  const std::vector<std::string> texts{"",
                                       "alice",
                                       "@example.org",
                                       "alice@",
                                       "a\0b@example.org"s,
                                       "a@b@example.org",
                                       ".a@example.org",
                                       "a.@example.org",
                                       "a..b@example.org",
                                       "a@example.org.",
                                       "a@.example.org",
                                       "a@example..org",
                                       "a@-x.example",
                                       "a@x-.example",
                                       "a@x!y.example",
                                       "a b@example.org",
                                       "a@example.org b",
                                       "a@example.org,b@example.org",
                                       "Alice <a@example.org>",
                                       "\"\"<a@example.org>",
                                       "<a@example.org",
                                       "a@example.org>",
                                       "(c)a@example.org",
                                       "a@example.org(c)",
                                       "\"open@example.org",
                                       "\"a\"b@example.org",
                                       "a\\b@example.org",
                                       "\"a\rb\"@example.org",
                                       "\"a\tb\"@example.org",
                                       "a\r@example.org",
                                       "\xFF@example.org",
                                       "a@\xFF.example",
                                       "a\xE2\x80\x8B@example.org",
                                       "a@example.org\xC2\x85",
                                       "a@[300.1.1.1]",
                                       "a@[192.0.2.1",
                                       "a@[x:y]",
                                       "\"\".a@example.org",
                                       "a:b@example.org;",
                                       "<@x.example:a@example.org>",
                                       std::string(243, 'a') + "@example.org",
                                       "a@" + std::string(64, 'x') + ".example"};
  for (const auto& text : texts) {
    INFO(text);
    CHECK_FALSE(AddrSpec::parse(text));
  }
  CHECK(AddrSpec::parse(std::string(242, 'a') + "@example.org"));
}

TEST_CASE("canonical form: ASCII lower case throughout, U-labels become A-labels") {
  CHECK(canonical("Alice.B@EXAMPLE.Org") == "alice.b@example.org");
  CHECK(canonical("JÖrg@BÜCHER.example") == "jÖrg@xn--bcher-kva.example");
  CHECK(canonical("a@faß.example") == "a@xn--fa-hia.example");  // IDNA2008, not transitional
  CHECK(canonical("a@用户.example") == "a@xn--zouo53b.example");
  CHECK(canonical("\"A b\"@EXAMPLE.org") == "\"a b\"@example.org");
  CHECK(canonical("a@[IPV6:2001:DB8::1]") == "a@[ipv6:2001:db8::1]");
  CHECK(*AddrSpec::parse("Bob@xn--bcher-kva.example") == *AddrSpec::parse("bob@bücher.example"));
  CHECK_FALSE(*AddrSpec::parse("bob@example.org") == *AddrSpec::parse("bob@example.com"));
}

TEST_CASE("a domain that only looks like another does not become it by a special character") {
  // UTS 46 maps U+FF20 to '@' and U+FF0F to '/': such a domain stays as it was written.
  for (const auto* text : {"a@x.example＠example.org", "a@x／y.example", "a@x＞.example"}) {
    INFO(text);
    const auto address = AddrSpec::parse(text);
    REQUIRE(address);
    CHECK(address->canonical() == text);
  }
}

TEST_CASE("one mailbox") {
  CHECK(only("alice@example.org") == "|alice@example.org");
  CHECK(only("Alice <alice@example.org>") == "Alice|alice@example.org");
  CHECK(only("\"Müller, Hans\" <h@example.org>") == "Müller, Hans|h@example.org");
  CHECK(only("=?iso-8859-1?q?J=F6rg?= =?utf-8?Q?_M?= <j@example.org>") == "Jörg M|j@example.org");
  CHECK(only("John Q. Public <j@example.org>") == "John Q. Public|j@example.org");
  CHECK(only("\"a \\\"b\\\" c\"<j@example.org>") == "a \"b\" c|j@example.org");
  CHECK(only("=?utf-8?q?Foo_(Bar):?= <j@example.org>") == "Foo (Bar):|j@example.org");
  CHECK(only("<j@example.org>") == "|j@example.org");
  CHECK(only("Alice\r\n <alice\r\n @example.org>") == "Alice|alice@example.org");
  CHECK(only("<@a.example,@b.example:j@example.org>") == "|j@example.org");
}

TEST_CASE("comments are white space") {
  CHECK(only("(c) alice (d) @ (e (f) \\) g) example (h) . org (i)") == "|alice@example.org");
  CHECK(only("Alice (a, b <x@example.com>) <alice@example.org> (z)") == "Alice|alice@example.org");
  CHECK(only("a(b@example.org") == "(none)");
  CHECK(only("a)b@example.org") == "(none)");
  CHECK(only(std::string(50, '(') + std::string(50, ')') + "a@example.org") == "|a@example.org");
  CHECK(only(std::string(51, '(') + std::string(51, ')') + "a@example.org") == "(none)");
}

TEST_CASE("not exactly one mailbox") {
  for (const auto* text :
       {"", "Alice", "a@example.org, b@example.org", "a@example.org,", ",a@example.org",
        "g: a@example.org;", "Alice <a@example.org> x", "Alice <>", "<a@example.org",
        "a@example.org>", "Alice <a@example.org", "a@example.org <b@example.org>",
        "Alice a@example.org", "<<a@example.org>>", "a@example.org\r",
        "Alice <a@example.org> <b@example.org>"}) {
    INFO(text);
    CHECK(only(text) == "(none)");
  }
}

TEST_CASE("lists and groups") {
  CHECK(all("a@example.org, \"B, C\" <b@example.org>,\r\n <c@example.org>") ==
        "|a@example.org;B, C|b@example.org;|c@example.org;");
  CHECK(all("").empty());
  CHECK(all(" \r\n ").empty());
  CHECK(all(",, a@example.org ,, b@example.org,") == "|a@example.org;|b@example.org;");
  CHECK(all("Friends: a@example.org, B <b@example.org>; , c@example.org") ==
        "|a@example.org;B|b@example.org;|c@example.org;");
  CHECK(parse_address_list("Friends: a@example.org;").had_group);
  CHECK_FALSE(parse_address_list("a@example.org").had_group);
  const auto hidden = parse_address_list("undisclosed-recipients:;");
  CHECK(hidden.had_group);
  CHECK(hidden.well_formed);
  CHECK(hidden.mailboxes.empty());
  CHECK_FALSE(parse_address_list("undisclosed-recipients:").well_formed);
  CHECK(all("a: b: c@example.org;;") == "!");
  CHECK(all("g: a@example.org; b@example.org, c@example.org") == "!|a@example.org;|c@example.org;");
}

TEST_CASE("what is not an address is skipped to the next comma") {
  CHECK(all("nobody, a@example.org") == "!|a@example.org;");
  CHECK(all("x <y> z, a@example.org") == "!|a@example.org;");
  CHECK(all("a@example.org b@example.org, c@example.org") == "!|c@example.org;");
  CHECK(all("a@example.org; b@example.org, c@example.org") == "!|c@example.org;");
  CHECK(all("alice@example.org <mallory@example.com>") == "!");
  CHECK(all("g: bad bad, a@example.org, worse; b@example.org") == "!|a@example.org;");
}

TEST_CASE("a display name never becomes an address") {
  CHECK(all("\"eve@example.org\" <mallory@example.com>") == "eve@example.org|mallory@example.com;");
  CHECK(all("\"eve@example.org, \" <mallory@example.com>") ==
        "eve@example.org, |mallory@example.com;");
  CHECK(all("\"<eve@example.org>\" <mallory@example.com>") ==
        "<eve@example.org>|mallory@example.com;");
  CHECK(all("=?utf-8?q?=22eve=40example.org=22=2C?= <mallory@example.com>") ==
        "\"eve@example.org\",|mallory@example.com;");
  // Even where the rest is broken, so that the parser looks for the next comma.
  CHECK(all("! \"x, eve@example.org, y\" mallory@example.com") == "!");
  CHECK(all("bad (x, eve@example.org, y) <") == "!");
  CHECK(all("bad <x, eve@example.org, y>") == "!");
  CHECK(all("bad <], eve@example.org, y>") == "!");
  CHECK(all("bad \\\", eve@example.org") == "!|eve@example.org;");
  CHECK(all("bad\\, eve@example.org") == "!");
  CHECK(all("\"open, eve@example.org") == "!");
  CHECK(all("=?utf-8?q?x,eve@example.org,y?= <mallory@example.com>") == "!");
}

TEST_CASE("hostile lists take linear time") {
  std::string many;
  std::string broken;
  std::string open;
  for (int i = 0; i < 200'000; ++i) many += "a@example.org,", broken += "x y <,\"", open += "<@a,[";
  const auto list = parse_address_list(many);
  CHECK(list.mailboxes.size() == 10'000);
  CHECK_FALSE(list.well_formed);
  CHECK(all(broken) == "!");
  CHECK(all(open) == "!");
  CHECK(all(std::string(1'000'000, '(')) == "!");
  CHECK(all(std::string(1'000'000, '.') + "@x") == "!");
}

TEST_CASE("message ids") {
  CHECK(canonical_message_id(" <id@example.org>\r\n") == "id@example.org");
  CHECK(canonical_message_id("\r\n\t<id@example.org> (note)") == "id@example.org");
  CHECK(canonical_message_id(" id@example.org ") == "id@example.org");
  CHECK(canonical_message_id("<open") == "<open");
  CHECK(canonical_message_id("> <a>") == "a");
  CHECK(canonical_message_id("").empty());
  CHECK(canonical_message_id("<>").empty());
}
