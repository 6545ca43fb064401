#include "delivery/wire.h"

#include <catch2/catch.hpp>

using namespace paraph::delivery;

TEST_CASE("an address that could end a command never leaves", "[delivery][wire]") {
  REQUIRE(recipient_fault("alice@example.org") == nullptr);
  REQUIRE(recipient_fault("o'hara+x=y/z@[192.0.2.1]") == nullptr);
  for (const std::string bad :
       {"a@example.org>\r\nRCPT TO:<eve@example.org", "a b@example.org", "<a@example.org>", "a@b\n",
        "a@b\r", "a\tb@example.org", "", "alice", "@example.org", "alice@", "\x7f@example.org"})
    REQUIRE(recipient_fault(bad) != nullptr);
  REQUIRE(recipient_fault(std::string("a\0b@example.org", 15)) != nullptr);
  REQUIRE(recipient_fault(std::string(320, 'a') + "@example.org") != nullptr);
  REQUIRE(reverse_path_fault("") == nullptr);
  REQUIRE(reverse_path_fault("a@b> SIZE=1") != nullptr);
}

TEST_CASE("the wire form has CRLF ends, doubled dots and no bare CR", "[delivery][wire]") {
  REQUIRE(wire_form("").empty());
  REQUIRE(wire_form("a\nb\n") == "a\r\nb\r\n");
  REQUIRE(wire_form("a\r\nb") == "a\r\nb\r\n");
  REQUIRE(wire_form(".\n..\na.b\n") == "..\r\n...\r\na.b\r\n");
  REQUIRE(wire_form("\n\n") == "\r\n\r\n");
  // Smuggling: what a lenient receiver could take for the end of the message.
  REQUIRE(wire_form("x\r.\r\nMAIL") == "x .\r\nMAIL\r\n");
  REQUIRE(wire_form("x\n.\rMAIL") == "x\r\n.. MAIL\r\n");
  REQUIRE(wire_form("x\r") == "x \r\n");
  REQUIRE(wire_form(std::string("a\0b\n", 4)) == std::string("a\0b\r\n", 5));
}

TEST_CASE("un-stuffing the wire form gives the lines back", "[delivery][wire]") {
  const std::string alphabet = ".\na\r";
  for (unsigned n = 0; n < 4096; ++n) {
    std::string message;
    for (unsigned i = 0, rest = n; i < 6; ++i, rest /= 4) message += alphabet[rest % 4];
    const std::string wire = wire_form(message);
    REQUIRE(("\r\n" + wire).find("\r\n.\r\n") == std::string::npos);
    std::string back;
    for (std::size_t at = 0; at < wire.size();) {
      const auto end = wire.find("\r\n", at);
      REQUIRE(end != std::string::npos);
      std::string line = wire.substr(at, end - at);
      REQUIRE(line.find_first_of("\r\n") == std::string::npos);
      back += (line.empty() || line[0] != '.' ? line : line.substr(1)) + "\n";
      at = end + 2;
    }
    std::string expected;
    for (std::size_t i = 0; i < message.size(); ++i) {
      if (message[i] != '\r')
        expected += message[i];
      else if (i + 1 == message.size() || message[i + 1] != '\n')
        expected += ' ';
    }
    if (!expected.empty() && expected.back() != '\n') expected += '\n';
    REQUIRE(back == expected);
  }
}

namespace {
ReplyReader::State read(ReplyReader& reader, std::initializer_list<std::string_view> lines) {
  auto state = ReplyReader::State::more;
  for (const auto line : lines) state = reader.take(line);
  return state;
}
}  // namespace

TEST_CASE("replies are put together from their lines", "[delivery][wire]") {
  ReplyReader reader;
  REQUIRE(read(reader, {"250-2.0.0 Ok:", "250-", "250 queued"}) == ReplyReader::State::complete);
  REQUIRE(reader.reply().str() == "250 2.0.0 Ok: queued");
  ReplyReader bare;
  REQUIRE(read(bare, {"250"}) == ReplyReader::State::complete);
  REQUIRE(bare.reply().str() == "250");
  ReplyReader mixed;
  REQUIRE(read(mixed, {"250-x", "550 y"}) == ReplyReader::State::garbage);
  for (const auto* line :
       {"", "2", "25", "abc def", "199 x", "650 x", "250x", "2x0 ok", "-250 x"}) {
    ReplyReader one;
    CHECK(one.take(line) == ReplyReader::State::garbage);
  }
  ReplyReader endless;
  auto state = ReplyReader::State::more;
  for (int i = 0; i < 101 && state == ReplyReader::State::more; ++i) state = endless.take("250-x");
  REQUIRE(state == ReplyReader::State::garbage);
}

TEST_CASE("a reply is printable and short before anybody sees it", "[delivery][wire]") {
  ReplyReader reader;
  REQUIRE(reader.take("550 \x1b[31mno\xff" + std::string(2000, 'x')) ==
          ReplyReader::State::complete);
  REQUIRE(reader.reply().str().substr(0, 20) == "550 \\x1b[31mno\\xffxx");
  REQUIRE(reader.reply().str().size() < 600);
}

TEST_CASE("capabilities come from the lines after the first", "[delivery][wire]") {
  ReplyReader reader;
  REQUIRE(read(reader, {"250-8BITMIME", "250-size 10240", "250 PIPELINING"}) ==
          ReplyReader::State::complete);
  const auto found = parse_capabilities(reader.reply());
  REQUIRE_FALSE(found.eight_bit_mime);  // that was the server's name
  REQUIRE(found.size);
  REQUIRE(found.max_size == 10240U);
  ReplyReader second;
  REQUIRE(read(second, {"250-mx", "250-SIZE 0", "250 8bitmime"}) == ReplyReader::State::complete);
  REQUIRE(parse_capabilities(second.reply()).eight_bit_mime);
  REQUIRE_FALSE(parse_capabilities(second.reply()).max_size);
  ReplyReader third;
  REQUIRE(read(third, {"250-mx", "250 SIZE 99999999999999999999999"}) ==
          ReplyReader::State::complete);
  REQUIRE_FALSE(parse_capabilities(third.reply()).max_size);
}

TEST_CASE("endpoints are host, port and literals, nothing else", "[delivery][wire]") {
  REQUIRE(parse_endpoint("mx.example.org", "25")->str() == "mx.example.org:25");
  REQUIRE(parse_endpoint("127.0.0.1:2525/", "25")->str() == "127.0.0.1:2525");
  REQUIRE(parse_endpoint("[::1]", "25")->str() == "[::1]:25");
  REQUIRE(parse_endpoint("[::1]:24", "25")->host == "::1");
  for (const auto* bad : {"", ":25", "mx:0", "mx:65536", "mx:", "mx:2x", "[::1", "[::1]25", "u@mx",
                          "mx/path", "mx:25:26", "m x", "[]"})
    CHECK_FALSE(parse_endpoint(bad, "25"));
}
