#include "apps/owner/words.h"

#include <catch2/catch.hpp>

using namespace paraph;
using namespace paraph::app;

namespace {
using Words = std::vector<std::string>;
}

TEST_CASE(
    "the words of an ssh command are those a shell would make, where it would do nothing else") {
  CHECK(*command_words("") == Words{});
  CHECK(*command_words("  member   add hers  ") == Words{"member", "add", "hers"});
  CHECK(*command_words("a 'b c' \"d 'e'\" f\\ g ''") == Words{"a", "b c", "d 'e'", "f g", ""});
  CHECK(*command_words("'o$d&d'@example.org") == Words{"o$d&d@example.org"});
  CHECK(*command_words(R"("a\"b\\c\d")") == Words{R"(a"b\c\d)"});
  CHECK(*command_words("j\xC3\xB6rg") == Words{"j\xC3\xB6rg"});
}

TEST_CASE("security rule 1: what a shell would act on is refused") {
  for (const std::string text :
       {"a; rm", "a && b", "a | b",    "a > b",   "a < b", "$(a)", "`a`",   "$HOME",
        "a\nb",  "a\rb",   "a\tb",     "*",       "a?",    "[a]",  "{a,b}", "~",
        "!a",    "# a",    "\"$(a)\"", "\"`a`\"", "'a",    "\"a",  "a\\",   "(a)"}) {
    INFO(text);
    const auto words = command_words(text);
    REQUIRE(!words);
    CHECK(words.error().code() == Errc::denied);
  }
  CHECK(!command_words(std::string("a\0b", 3)));
  CHECK(!command_words(std::string(kMaxCommand + 1, 'a')));
  std::string many;
  for (std::size_t i = 0; i <= kMaxWords; ++i) many += "a ";
  CHECK(!command_words(many));
}
