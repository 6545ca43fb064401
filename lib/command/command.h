#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Commands by mail: the table of what may be said, and the reading of it. Pure: text in, values out; what a command may
/// do is decided in pipeline/commands.cpp. Words and grammar are Sympa's; doc/differences-from-sympa.md has the rest.
namespace paraph::command {

enum class Verb : std::uint8_t {
  subscribe,
  signoff,
  add,
  del,
  confirm,
  auth,
  distribute,
  reject,
  help,
  finished
};

/// One argument of a command, in its order.
enum class Argument : std::uint8_t {
  list,     ///< NAME or NAME@DOMAIN
  email,    ///< an address
  who,      ///< an address, which may be missing
  name,     ///< the rest of the line: a display name, or nothing
  reason,   ///< the rest of the line: words for the author, or nothing
  key,      ///< what a mail of ours gave
  request,  ///< the rest of the line: the command that the key stands for, or nothing
};

struct Row {
  Verb verb;
  std::vector<std::string_view> keywords;  ///< the first is how we write it
  std::vector<Argument> arguments;
  std::string_view function;  ///< the scenario that decides; empty: none, the key does
  std::string_view usage;     ///< "ADD LIST EMAIL [NAME]"
  std::string_view help;
};
[[nodiscard]] const std::vector<Row>& table();
[[nodiscard]] const Row& row(Verb verb);

struct Command {
  Verb verb = Verb::help;
  bool quiet = false;
  std::string list = {};     ///< as in Argument::list, lower case
  std::string email = {};    ///< canonical
  std::string name = {};     ///< UTF-8
  std::string reason = {};   ///< UTF-8
  std::string key = {};      ///< lower case
  std::string request = {};  ///< as to_string() writes that command
  std::size_t line = 0;      ///< 1-based; 0: it stood in the Subject
};
/// As we write it; read_line() of it gives the same command, but for `line`. Keys are left out, since answers and logs
/// print this (rule 16), unless `with_key`.
[[nodiscard]] std::string to_string(const Command& command, bool with_key = false);

/// What a line that begins with a command's word lacks: "ADD LIST EMAIL [NAME]: EMAIL is missing".
struct Fault {
  std::size_t line = 0;
  std::string what;  ///< nothing of the mail itself stands in it
};

/// A mail's commands, in order, and what was wrong: at the most one Fault a line.
struct Script {
  static constexpr std::size_t kMost = 20;  ///< commands of one mail; those behind are a Fault
  std::vector<Command> commands;
  std::vector<Fault> faults;
  /// Something but blank lines and commands stood before one of them: an answer, perhaps, that quotes a mail, and no order.
  bool preceded = false;
  [[nodiscard]] bool empty() const { return commands.empty() && faults.empty(); }
};

/// A line that is a command, with or without `quiet` before it; nullopt: its first word is none. A Fault: it is, and what
/// follows is wrong.
struct Line {
  std::optional<Command> command;
  std::optional<Fault> fault;
};
[[nodiscard]] std::optional<Line> read_line(std::string_view line);
/// The one command of a Subject (UTF-8), behind at most one "Re:".
[[nodiscard]] Script read_subject(std::string_view subject);
/// UTF-8 text with LF or CRLF. Unknown lines before the first command are passed over (`preceded`), one after it is a Fault and ends
/// the reading; so do `-- ` and QUIT. Quoted lines (`>`) are never commands. A key alone on a line belongs to the line
/// before, from which a mail program has broken it off. Only the first 64 KiB are read.
[[nodiscard]] Script read_text(std::string_view text);

/// 26 characters of base32: 128 bits and a little.
constexpr std::size_t kKeyLength = 26;
[[nodiscard]] bool is_key(std::string_view word);

}  // namespace paraph::command
