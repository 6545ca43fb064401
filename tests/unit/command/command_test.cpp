#include "command/command.h"

#include <catch2/catch.hpp>

using namespace paraph::command;

namespace {
const std::string kKey(kKeyLength, 'a');

Command one(std::string_view text) {
  const auto script = read_text(text);
  INFO(text);
  CHECK(script.faults.empty());
  REQUIRE(script.commands.size() == 1);
  return script.commands.front();
}
std::string fault(std::string_view text) {
  const auto script = read_text(text);
  INFO(text);
  REQUIRE(script.faults.size() == 1);
  return script.faults.front().what;
}
}  // namespace

TEST_CASE("every row is read by each of its words, in any case, and written by the first") {
  for (const auto& row : table()) {
    if (row.verb == Verb::finished) continue;
    for (const auto keyword : row.keywords) {
      std::string line(keyword);
      for (const auto argument : row.arguments) {
        if (argument == Argument::list) line += " secure@lists.example.org";
        if (argument == Argument::email) line += " bob@example.org";
        if (argument == Argument::key) line += " " + kKey;
      }
      const auto command = one(line);
      CHECK(command.verb == row.verb);
      CHECK(to_string(command, true).starts_with(row.keywords.front()));
    }
  }
  CHECK(one("quiet sub News").quiet);
  CHECK(one("quiet sub News").list == "news");
}

TEST_CASE("what is written is read again as the same, and keys are not written") {
  for (const auto& line :
       {"SUBSCRIBE news Jörg \\ Example", "ADD news@lists.example.org bob@example.org Bob  Example",
        "QUIET DELETE news bob@example.org", "UNSUBSCRIBE news"}) {
    const auto command = one(line);
    CHECK(to_string(command) == line);
    CHECK(to_string(one(to_string(command))) == line);
  }
  const auto reject = one("rej news " + kKey + " not\x1b[2J here");
  CHECK(to_string(reject) == "REJECT news not\\x1b[2J here");
  CHECK(to_string(reject, true).find(kKey) != std::string::npos);
  CHECK(one("AUTH " + kKey + " sub News").request == "SUBSCRIBE news");
}

TEST_CASE("what lacks something is a fault that says what, and quotes nothing") {
  CHECK(fault("ADD news") == "ADD LIST EMAIL [NAME]: EMAIL is missing");
  CHECK(fault("ADD news nobody") == "ADD LIST EMAIL [NAME]: EMAIL is no address");
  CHECK(fault("SUB ne/ws") == "SUBSCRIBE LIST [NAME]: LIST is no name of a list");
  CHECK(fault("CONFIRM") == "CONFIRM KEY: KEY is missing");
  CHECK(fault("CONFIRM abc") == "CONFIRM KEY: KEY is none of ours");
  CHECK(fault("HELP me") == "HELP: there are words behind it");
  CHECK(fault("AUTH " + kKey + " AUTH " + kKey) ==
        "AUTH KEY [COMMAND]: COMMAND is none that a key stands for");
  CHECK(fault("AUTH " + kKey + " CONFIRM " + kKey) ==
        "AUTH KEY [COMMAND]: COMMAND is none that a key stands for");
}

TEST_CASE(
    "a text: what comes before the first command is passed over, what stands behind it is told") {
  const auto script =
      read_text("Dear server,\n\n# a comment\nSUB news\r\n  SUB other \nThank you\nSUB third\n");
  REQUIRE(script.commands.size() == 2);
  CHECK(script.commands[0].line == 4);
  CHECK(script.commands[1].line == 5);
  REQUIRE(script.faults.size() == 1);
  CHECK(script.faults[0].line == 6);
  CHECK(script.faults[0].what.find("Thank") == std::string::npos);
}

TEST_CASE("attack A33: what stands before the first command is told, but for blank lines") {
  CHECK_FALSE(read_text("SUB news\nwords\n").preceded);
  CHECK_FALSE(read_text("\n \t\r\n\nSUB news\n> quoted\n").preceded);
  CHECK_FALSE(read_text("\nSUB\n").preceded);
  CHECK_FALSE(read_text("SUB news\nSUB other\n").preceded);
  CHECK(read_text("Delete this please:\nSUB news\n").preceded);
  CHECK(read_text("SUB news\n> quoted\nSUB other\n").preceded);
  for (const auto* before : {"I do not want this:", "> quoted", "# remark", "QUIT?", "\u00a0"})
    CHECK(read_text(std::string(before) + "\nSUB news\n").preceded);
  CHECK_FALSE(read_subject("Re: sub news").preceded);
}

TEST_CASE("a quoted line is never a command, and a signature ends them") {
  CHECK(read_text("> DISTRIBUTE news " + kKey + "\n").empty());
  CHECK(read_text("-- \nSUB news\n").empty());
  CHECK(read_text("SUB news\n-- \nBob\n").faults.empty());
  CHECK(read_text("SUB news\nquit\nSUB other\n").commands.size() == 1);
}

TEST_CASE("a key that a mail program has put on a line of its own belongs to the line before") {
  CHECK(one("DISTRIBUTE news\n  " + kKey + "\n").key == kKey);
  CHECK(one("CONFIRM\n" + kKey + "\n").key == kKey);
  // but not to a line that wants none
  CHECK(read_text("SUB news\n" + kKey + "\n").faults.size() == 1);
}

TEST_CASE("limits: commands of a mail, octets of a text, and nesting") {
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "HELP\n";
  const auto script = read_text(many);
  CHECK(script.commands.size() == Script::kMost);
  CHECK(script.faults.size() == 1);
  CHECK(read_text(std::string(1U << 20, '\n') + "HELP\n").empty());
  std::string nested;
  for (int i = 0; i < 2000; ++i) nested += "AUTH " + kKey + " ";
  CHECK(read_text(nested).faults.size() == 1);
  CHECK(one("SUB news " + std::string(5000, 'x')).name.size() <= 200);
}

TEST_CASE("a Subject is one command or none") {
  CHECK(read_subject("Re: sub news").commands.size() == 1);
  CHECK(read_subject("Re: sub news").commands.front().line == 0);
  CHECK(read_subject("A message to news waits for you").empty());
  CHECK(read_subject("").empty());
}
