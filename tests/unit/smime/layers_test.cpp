#include "smime/layers.h"

#include <catch2/catch.hpp>
#include <string>

using namespace paraph;
using namespace std::string_literals;

TEST_CASE("what no MTA carries unchanged cannot stay signed: NUL, bare CR, lines over 998 octets") {
  const std::string longest(998, 'x');
  for (const auto& safe : {""s, "a\r\nb\r\n"s, "a\nb"s, "\r\n\r\n"s, "\n"s, longest,
                           longest + "\r\n" + longest + "\n" + longest})
    CHECK_FALSE(smime::has_unsafe_octets(safe));
  for (const auto& unsafe :
       {"\0"s, "a\r\n\0b\r\n"s, "\r"s, "a\rb\r\n"s, "a\r"s, "a\r\r\n"s, "\r\n\r"s, longest + "x",
        "a\r\n" + longest + "x\r\n", longest + "x\n"})
    CHECK(smime::has_unsafe_octets(unsafe));
}
