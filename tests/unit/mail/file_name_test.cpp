#include <catch2/catch.hpp>

#include "mail/address.h"

using namespace paraph::mail;

TEST_CASE("file names of addresses, as Sympa writes and once wrote them") {
  struct Row {
    const char* address;
    const char* current;
    const char* historic;
  };
  for (const auto& [address, current, historic] : {
           Row{"alice@example.org", "alice@example.org", "alice@example.org"},
           Row{"bob.o-neil+tag@example.org", "bob.o-neil+tag@example.org",
               "bob.o-neil%2btag@example.org"},
           Row{"o'brien@example.org", "o_27brien@example.org", "o%27brien@example.org"},
           Row{"first_last@example.com", "first_5flast@example.com", "first_last@example.com"},
           Row{"a/b=c@x400.example", "a_2fb_3dc@x400.example", "a%a5b%3dc@x400.example"},
           Row{"100%legit@example.org", "100_25legit@example.org", "100%25legit@example.org"},
           Row{"x&y!z#1@example.org", "x_26y_21z_231@example.org", "x%26y%21z%231@example.org"},
           Row{"a*b?c@example.org", "a_2ab_3fc@example.org", "a%2ab%3fc@example.org"},
           Row{"{c}~^\\|`$@example.org", "_7bc_7d_7e_5e_5c_7c_60_24@example.org",
               "{c}~^\\|`%24@example.org"},
           Row{"jörg@example.org", "j_c3_b6rg@example.org", "j%c3%b6rg@example.org"},
       }) {
    CHECK(filesystem_encode(address) == current);
    CHECK(filesystem_decode(current) == address);
    CHECK(historic_escape(address) == historic);
  }
}

TEST_CASE("every octet survives the file name, and no path does") {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  const auto name = filesystem_encode(all);
  CHECK(filesystem_decode(name) == all);
  CHECK(name.find('/') == std::string::npos);
  CHECK(name.find('\0') == std::string::npos);
  CHECK(historic_escape("../[x]") == "..%a5%5bx%5d");
}

TEST_CASE("decoding takes upper-case hex and refuses broken escapes") {
  CHECK(filesystem_decode("a_2Fb_C3_B6") == "a/bö");
  for (const auto* broken : {"_", "a_4", "_g0", "_0g", "x__"})
    CHECK_FALSE(filesystem_decode(broken));
}
