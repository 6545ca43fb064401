#include "mail/edit.h"

#include <catch2/catch.hpp>

using namespace paraph::mail;
using namespace std::string_literals;

TEST_CASE("an edit without splices is the message") {
  const RawMessage message("A: b\n\nbody");
  CHECK(Edit(message).apply().octets() == message.octets());
}

TEST_CASE("splices may be given in any order") {
  const RawMessage message("0123456789");
  Edit edit(message);
  edit.replace({8, 2}, "END").insert(3, "<").remove({0, 1}).insert(10, ".");
  CHECK(edit.apply().octets() == "12<34567END.");
}

TEST_CASE("insertions at one place keep their order and stand before what is replaced there") {
  Edit edit(RawMessage("abc"));
  edit.replace({1, 1}, "B").insert(1, "x").insert(1, "y");
  CHECK(edit.apply().octets() == "axyBc");
}

TEST_CASE("splices may touch") {
  Edit edit(RawMessage("abcd"));
  edit.remove({0, 2}).insert(2, "-").remove({2, 2});
  CHECK(edit.apply().octets() == "-");
}

TEST_CASE("what is not named is copied octet for octet") {
  const auto body = "\r\n\r\nx\0y\r\rz \t\n--b--"s;
  Edit edit(RawMessage("A: 1\n" + body));
  edit.replace({0, 5}, "List-Id: <l.example.org>\n");
  CHECK(edit.apply().octets() == "List-Id: <l.example.org>\n" + body);
}
