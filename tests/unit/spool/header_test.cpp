#include <catch2/catch.hpp>

#include "spool/header.h"
#include "support/still_ports.h"

using namespace paraph;
using namespace std::string_literals;
using namespace paraph::spool;

namespace {

SpoolHeader sample() {
  testing::CountingRandom random;
  const TimePoint at{std::chrono::seconds(1798761600)};
  return {.address = "secure@example.org",
          .id = QueueId::make(at, random),
          .received = at,
          .reverse_path = "alice@example.org",
          .unknown_sender = false,
          .kind = "post",
          .list = "secure@example.org",
          .auth = "smime",
          .sealed = "yes"};
}

std::string sender_of(std::string_view input, std::string_view environment = "") {
  return read_pipe(input, environment).reverse_path;
}
std::string rest_of(std::string_view input) {
  return std::string(input.substr(read_pipe(input, "").message_offset));
}

}  // namespace

TEST_CASE("the header is written line by line, Return-Path last", "[spool]") {
  const auto header = sample();
  const std::string common = "X-Sympa-To: secure@example.org\nX-Paraph-Id: " + header.id.str() +
                             "\nX-Paraph-Received: 2027-01-01T00:00:00Z\n";
  REQUIRE(write_header(header, false) == common + "Return-Path: <alice@example.org>\n");
  REQUIRE(write_header(header, true) ==
          common +
              "X-Paraph-Kind: post\nX-Paraph-List: secure@example.org\n"
              "X-Paraph-Auth: smime\nX-Paraph-Sealed: yes\n"
              "Return-Path: <alice@example.org>\n");
}

TEST_CASE("what was written is read back, message octet for octet", "[spool]") {
  const std::string message = "From: a\r\n\nbody\0\xff\rReturn-Path: <x@y>\n"s;
  const auto header = sample();
  const auto trusted = read_spooled(write_header(header, true) + message, true);
  REQUIRE(trusted);
  REQUIRE(trusted->message == message);
  REQUIRE(trusted->header.address == header.address);
  REQUIRE(trusted->header.id == header.id);
  REQUIRE(trusted->header.received == header.received);
  REQUIRE(trusted->header.reverse_path == header.reverse_path);
  REQUIRE(trusted->header.kind == "post");
  REQUIRE(trusted->header.list == "secure@example.org");
  REQUIRE(trusted->header.auth == "smime");
  REQUIRE(trusted->header.sealed == "yes");
}

TEST_CASE("authentication counts only in spools that the daemon wrote (rule 4)", "[spool]") {
  const auto read = read_spooled(write_header(sample(), true) + "x", false);
  REQUIRE(read);
  REQUIRE(read->header.kind.empty());
  REQUIRE(read->header.list.empty());
  REQUIRE(read->header.auth.empty());
  REQUIRE(read->header.sealed.empty());
}

TEST_CASE("internal fields in the message stay in the message (rule 4)", "[spool]") {
  const std::string forged =
      "X-Sympa-To: other@example.org\nX-Paraph-Auth: smime\nReturn-Path: <eve@example.org>\n\nbody";
  const auto read = read_spooled(write_header(sample(), false) + forged, true);
  REQUIRE(read);
  REQUIRE(read->message == forged);
  REQUIRE(read->header.address == "secure@example.org");
  REQUIRE(read->header.auth.empty());
  REQUIRE(read->header.reverse_path == "alice@example.org");
}

TEST_CASE("the null sender and an empty message survive", "[spool]") {
  auto header = sample();
  header.reverse_path.clear();
  const auto read = read_spooled(write_header(header, false), false);
  REQUIRE(read);
  REQUIRE(read->message.empty());
  REQUIRE(read->header.reverse_path.empty());
}

TEST_CASE("a damaged header is corrupt, which no later try mends", "[spool]") {
  const std::string good = write_header(sample(), true);
  REQUIRE(read_spooled(good, true));
  // Every truncation, every line left out, every line twice.
  for (std::size_t n = 0; n < good.size(); ++n) {
    const auto cut = read_spooled(good.substr(0, n), true);
    REQUIRE_FALSE(cut);
    REQUIRE(cut.error().retry() == Retry::never);
    REQUIRE(cut.error().code() == Errc::corrupt);
  }
  for (const std::string_view name :
       {"X-Sympa-To", "X-Paraph-Id", "X-Paraph-Received", "Return-Path"}) {
    const std::size_t from = good.find(name);
    const std::size_t end = good.find('\n', from) + 1;
    REQUIRE_FALSE(read_spooled(std::string(good).erase(from, end - from), true));
    if (name != "Return-Path")
      REQUIRE_FALSE(read_spooled(good.substr(from, end - from) + good, true));
  }
}

TEST_CASE("foreign lines and control characters are refused, unknown fields of ours passed over",
          "[spool]") {
  const std::string good = write_header(sample(), true);
  for (const std::string& line : {std::string("Received: by x\n"), std::string("\n"),
                                  std::string(" folded\n"), std::string("X-Sympa-Note: a\rb\n"),
                                  "X-Sympa-Note: a\0b\n"s, std::string("X-Sympa-Note\n")})
    REQUIRE_FALSE(read_spooled(line + good, true));
  REQUIRE(read_spooled("X-Sympa-Family: f\nX-Paraph-Later: 1\n" + good, true));
  std::string many;
  for (int i = 0; i < 10000; ++i) many += "X-Paraph-" + std::to_string(i) + ": x\n";
  REQUIRE_FALSE(read_spooled(many + good, true));
  REQUIRE_FALSE(
      read_spooled("X-Paraph-Long: " + std::string(kHeaderOctets, 'x') + "\n" + good, true));
}

TEST_CASE("the header alone reads as with its message", "[spool]") {
  const std::string start =
      (write_header(sample(), true) + std::string(100000, 'x')).substr(0, kHeaderOctets);
  const auto header = read_spool_header(start, true);
  REQUIRE(header);
  REQUIRE(header->auth == "smime");
}

TEST_CASE("Postfix local(8): a From line, then Return-Path; both go, the first counts", "[spool]") {
  const std::string input =
      "From alice@example.org  Fri Jan  1 00:00:00 2027\n"
      "Return-Path: <other@example.org>\nX-Original-To: l@example.org\n\nbody";
  REQUIRE(sender_of(input) == "alice@example.org");
  REQUIRE(rest_of(input) == "X-Original-To: l@example.org\n\nbody");
}

TEST_CASE("Postfix pipe(8) flags=hqRu: Return-Path stands first", "[spool]") {
  REQUIRE(sender_of("Return-Path: <alice@example.org>\nReceived: x\n") == "alice@example.org");
  REQUIRE(rest_of("Return-Path: <alice@example.org>\nReceived: x\n") == "Received: x\n");
  REQUIRE(rest_of("return-path:\r\n\t<alice@example.org>\r\nReceived: x\r\n") == "Received: x\r\n");
  REQUIRE(sender_of("return-path:\r\n\t<alice@example.org>\r\nReceived: x\r\n") ==
          "alice@example.org");
}

TEST_CASE("only the leading lines are believed and consumed", "[spool]") {
  const std::string later =
      "Received: x\nReturn-Path: <eve@example.org>\nFrom eve@example.org now\n\n";
  REQUIRE(sender_of(later).empty());
  REQUIRE(rest_of(later) == later);
  REQUIRE(rest_of("Return-Path: <a@example.org>\nReturn-Path: <eve@example.org>\n\n") ==
          "Return-Path: <eve@example.org>\n\n");
  REQUIRE(rest_of("Return-Path: <a@example.org>\nFrom eve@example.org now\n") ==
          "From eve@example.org now\n");
  REQUIRE(rest_of("From: alice@example.org\n\n") == "From: alice@example.org\n\n");
}

TEST_CASE("the sender comes from the environment when the input does not say", "[spool]") {
  REQUIRE(sender_of("Subject: x\n\n", "bob@example.org") == "bob@example.org");
  REQUIRE(sender_of("", "bob@example.org") == "bob@example.org");
  REQUIRE(sender_of("Return-Path: <>\n\n", "bob@example.org").empty());
  REQUIRE(sender_of("From MAILER-DAEMON Fri Jan  1 00:00:00 2027\n\n", "bob@example.org").empty());
}

TEST_CASE("what is no reverse path is the null sender", "[spool]") {
  const std::string local(300, 'l');
  REQUIRE(sender_of("", local + "@12345678901234.org").size() == 319);
  REQUIRE(sender_of("", local + "@1234567890123456.org").empty());
  for (const std::string& text :
       {std::string("MAILER-DAEMON"), std::string("<>"), std::string("<MAILER-DAEMON>"),
        std::string("root"), std::string("@example.org"), std::string("a@"),
        std::string("a b@example.org"), std::string("a\tb@example.org"),
        std::string("a@example.org\nX-Paraph-Auth: smime"), "a\0@example.org"s,
        std::string("<a@example.org>,<b@example.org>"), std::string("a@ex\xffmple.org")})
    REQUIRE(sender_of("", text).empty());
  REQUIRE(sender_of("", "j\xc3\xb6rg@example.org") == "j\xc3\xb6rg@example.org");
}

TEST_CASE("a line longer than an MTA's is part of the message", "[spool]") {
  const std::string from = "From " + std::string(kPipeOctets, 'x') + "@example.org\nbody";
  REQUIRE(rest_of(from) == from);
  const std::string field =
      "Return-Path: <a@example.org>" + std::string(kPipeOctets, ' ') + "\nbody";
  REQUIRE(rest_of(field) == field);
  REQUIRE(rest_of("From a@example.org without an end") == "From a@example.org without an end");
}

TEST_CASE("a sender whom nobody named is not the null sender (RFC 5321 §4.5.5)", "[spool]") {
  REQUIRE(read_pipe("Subject: x\n\n", "").unknown_sender);
  REQUIRE_FALSE(read_pipe("Subject: x\n\n", "<>").unknown_sender);
  REQUIRE_FALSE(read_pipe("Subject: x\n\n", "bob@example.org").unknown_sender);
  REQUIRE_FALSE(read_pipe("Return-Path: <>\n\n", "").unknown_sender);
  REQUIRE_FALSE(read_pipe("From MAILER-DAEMON now\n\n", "").unknown_sender);
  auto header = sample();
  header.reverse_path.clear();
  for (const bool unknown : {false, true}) {
    header.unknown_sender = unknown;
    const auto read = read_spooled(write_header(header, false) + "x", false);
    REQUIRE(read);
    REQUIRE(read->header.unknown_sender == unknown);
    REQUIRE(read->header.null_sender() == !unknown);
  }
}
