// The command line: which verb, its options, who runs it.

#include "apps/paraph/command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/program_options.hpp>
#include <cstdio>
#include <iostream>
#include <sstream>
#include <system_error>

#include "base/ascii.h"
#include "mail/address.h"
#include "sys/log.h"

namespace paraph::app {
namespace {

namespace po = boost::program_options;

/// Options that stand before the verb too and take a value; of paraph-owner none, it only knows them to refuse them.
constexpr std::array<std::string_view, 3> kWithValue{"--config", "-c", "--as"};
constexpr std::array<std::string_view, 3> kNotForOwners{"config", "as", "for"};

bool is_for_owners(const VerbRow& row) {
  return (row.names_list || row.list_by_option) &&
         (row.role == VerbRole::owner || row.role == VerbRole::editor);
}

std::string arguments_of_owners(const VerbRow& row) {
  return std::string(row.arguments) + (row.list_by_option ? " --list LIST" : "");
}

std::string overview_for_owners() {
  std::string text = "Usage: paraph-owner VERB LIST [ARGUMENT…] [OPTION…]\n\n";
  for (const auto& row : verb_table())
    if (is_for_owners(row))
      text += fmt::format("  {:<44} {}\n", fmt::format("{} {}", row.name, arguments_of_owners(row)),
                          row.summary);
  return text + "\nEvery verb takes --json and --help; those that change something --dry-run.\n";
}

std::string overview(const Terms& terms) {
  if (terms.owner_program) return overview_for_owners();
  std::string text = "Usage: paraph VERB [ARGUMENT…] [OPTION…]\n\n";
  for (const auto& row : verb_table())
    text += fmt::format("{} {:<44} {}\n", is_for_owners(row) ? '*' : ' ',
                        fmt::format("{} {}", row.name, row.arguments), row.summary);
  text +=
      "\nEvery verb takes --config FILE, --as ADDRESS, --json, --help; those that change something "
      "--dry-run.\n"
      "* concerns one list: what its owner may do.\n";
  return text;
}

// "list create" before "lists": the longest row that the first words spell.
const VerbRow* find_verb(const std::vector<std::string>& words) {
  const VerbRow* best = nullptr;
  for (const auto& row : verb_table()) {
    const auto spelled = ascii::split(row.name, " ");
    const bool matches =
        words.size() >= spelled.size() && std::equal(spelled.begin(), spelled.end(), words.begin());
    if (matches && (best == nullptr || row.name.size() > best->name.size())) best = &row;
  }
  return best;
}

int usage_error(const std::string& what, const std::string& hint) {
  complain(Invocation::program, Error::never(Errc::config, what).with_hint(hint));
  return kUsage;
}

// A refusal of paraph-owner that concerns no list.
int refuse(const std::string& what, const Terms& terms) {
  sys::open_log(Invocation::program, false, sys::Level::warning)
      ->write(sys::Level::warning, "refused",
              {{"by", terms.login}, {"as", terms.actor}, {"result", what}});
  return complain(Invocation::program,
                  Error::never(Errc::denied, what).with_hint("paraph-owner help"));
}

bool is_repeatable(const OptionRow& row) {
  return ascii::iends_with(row.argument, "…");
}

po::options_description describe(const VerbRow& verb, const Terms& terms) {
  po::options_description described("Options");
  auto add = described.add_options();
  if (!terms.owner_program) {
    add("config,c", po::value<std::string>()->value_name("FILE"), "configuration");
    add("as", po::value<std::string>()->value_name("ADDRESS"),
        "as this address might, its roles and scenarios");
  }
  add("json,j", "result as JSON");
  add("dry-run", "say what would change, change nothing");
  add("help,h", "this text");
  for (const auto& row : verb.options) {
    // One letter is a short option.
    const std::string name =
        row.name.size() == 1 ? fmt::format("{0},{0}", row.name) : std::string(row.name);
    if (is_repeatable(row))
      add(name.c_str(),
          po::value<std::vector<std::string>>()->value_name(std::string(row.argument)),
          std::string(row.help).c_str());
    else if (row.argument.empty())
      add(name.c_str(), std::string(row.help).c_str());
    else
      add(name.c_str(), po::value<std::string>()->value_name(std::string(row.argument)),
          std::string(row.help).c_str());
  }
  return described;
}

// What the options of the command line say, into the call.
void take_options(const VerbRow& verb, const po::variables_map& values, Invocation& call) {
  call.json = values.count("json") != 0;
  call.dry_run = values.count("dry-run") != 0;
  if (values.count("arguments") != 0)
    call.arguments = values["arguments"].as<std::vector<std::string>>();
  for (const auto& row : verb.options) {
    const std::string name(row.name);
    if (values.count(name) == 0) continue;
    if (is_repeatable(row)) {
      call.repeated[name] = values[name].as<std::vector<std::string>>();
      call.options[name] = call.repeated[name].back();
    } else
      call.options[name] = row.argument.empty() ? "1" : values[name].as<std::string>();
  }
}

// An owner's words that would make him somebody else, or another site.
std::optional<std::string> refused_option(const po::variables_map& values, const Terms& terms) {
  if (!terms.owner_program) return std::nullopt;
  for (const auto name : kNotForOwners)
    if (values.count(std::string(name)) != 0) return std::string(name);
  return std::nullopt;
}

/// Two lines of the log around a verb: what begins and never ends shows too.
class Record {
 public:
  Record(const Invocation& call, const Terms& terms)
      : verb_(call.verb->name),
        by_(terms.login.empty() ? call.caller() : terms.login),
        as_(call.actor.empty() ? "listmaster" : call.actor) {
    const auto& arguments = call.arguments;
    const auto rest = arguments.begin() + (call.verb->names_list && !arguments.empty() ? 1 : 0);
    list_ = call.list_word();
    arguments_ = fmt::format("{}", fmt::join(rest, arguments.end(), " "));
  }
  void write(sys::Level level, std::string_view event, const std::string& result) const {
    sys::open_log(Invocation::program, false, level)
        ->write(level, event,
                {{"verb", verb_},
                 {"list", list_},
                 {"by", by_},
                 {"as", as_},
                 {"result", result},
                 {"arguments", arguments_}});
  }

 private:
  std::string verb_, by_, as_, list_, arguments_;
};

// What is done to a list, on somebody's behalf, or where a scenario is skipped.
bool is_recorded(const Invocation& call) {
  return !call.actor.empty() || call.verb->names_list || !call.verb->function.empty();
}

int run_authorized(Invocation& call, const Terms& terms) {
  const Record record(call, terms);
  const bool recorded = is_recorded(call);
  if (auto allowed = may_run(call, terms); !allowed) {
    record.write(sys::Level::warning, "refused", allowed.error().what());
    return complain(Invocation::program, allowed.error());
  }
  if (recorded) record.write(sys::Level::info, "begins", call.dry_run ? "dry run" : "");
  auto code = call.verb->run(call);
  if (recorded)
    record.write(sys::Level::info, "ended",
                 code ? fmt::format("exit {}", *code) : code.error().what());
  return code ? *code : complain(Invocation::program, code.error());
}

int run_verb(const VerbRow& verb, const std::vector<std::string>& words, const Terms& terms) {
  auto described = describe(verb, terms);
  po::options_description all;
  all.add(described).add_options()("arguments", po::value<std::vector<std::string>>());
  if (terms.owner_program)
    all.add_options()("config,c", po::value<std::string>())("as", po::value<std::string>())(
        "for", po::value<std::string>());
  po::positional_options_description positional;
  positional.add("arguments", -1);
  po::variables_map values;
  const std::string help = fmt::format("{} {} --help", Invocation::program, verb.name);
  try {
    constexpr int style =
        po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
    po::store(po::command_line_parser(words).options(all).positional(positional).style(style).run(),
              values);
    po::notify(values);
  } catch (const po::error& wrong) {
    return usage_error(wrong.what(), help);
  }
  if (const auto option = refused_option(values, terms))
    return refuse(fmt::format("--{} is not an owner's to say", *option), terms);
  if (values.count("help") != 0) {
    std::cout << "Usage: " << Invocation::program << ' ' << verb.name << ' ' << verb.arguments
              << "\n"
              << verb.summary << "\n\n"
              << described;
    return kOk;
  }
  const auto text = [&](const char* name) {
    return values.count(name) != 0 ? values[name].as<std::string>() : std::string{};
  };
  Invocation call(config_path(text("config")));
  call.verb = &verb;
  call.actor = terms.actor;
  call.quiet_about_configuration = terms.owner_program;
  if (values.count("as") != 0) {
    const auto address = mail::AddrSpec::parse(text("as"));
    if (!address) return usage_error("--as: not an address: " + text("as"), help);
    call.actor = address->canonical();
  }
  take_options(verb, values, call);
  if (call.arguments.size() < verb.min_arguments || call.arguments.size() > verb.max_arguments)
    return usage_error(fmt::format("{} takes {}", verb.name,
                                   verb.arguments.empty() ? "no argument" : verb.arguments),
                       help);
  return run_authorized(call, terms);
}

// Options may stand before the verb: paraph --config FILE lists. Takes them out of `words`.
std::vector<std::string> take_front(std::vector<std::string>& words) {
  std::vector<std::string> front;
  while (!words.empty() && words[0].size() > 1 && words[0][0] == '-') {
    const bool takes_value =
        std::find(kWithValue.begin(), kWithValue.end(), words[0]) != kWithValue.end();
    const std::size_t count = std::min<std::size_t>(takes_value ? 2 : 1, words.size());
    front.insert(front.end(), words.begin(), words.begin() + static_cast<std::ptrdiff_t>(count));
    words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(count));
  }
  return front;
}

}  // namespace

int run_command(std::vector<std::string> words, const Terms& terms) {
  if (words.empty() || words[0] == "help" || words[0] == "--help" || words[0] == "-h") {
    fmt::print("{}", overview(terms));
    return words.empty() ? kUsage : kOk;
  }
  if (words[0] == "--version") words[0] = "version";
  const auto front = take_front(words);
  const VerbRow* verb = find_verb(words);
  const std::string typed = fmt::format("{}", fmt::join(words, " "));
  if (terms.owner_program && (verb == nullptr || !is_for_owners(*verb)))
    return refuse(fmt::format("'{}' is not for owners", verb == nullptr ? typed : verb->name),
                  terms);
  if (verb == nullptr) return usage_error("no such verb: " + typed, "paraph help");
  words.erase(words.begin(),
              words.begin() + static_cast<std::ptrdiff_t>(ascii::split(verb->name, " ").size()));
  words.insert(words.begin(), front.begin(), front.end());
  return run_verb(*verb, words, terms);
}

int guarded(int (*body)(int argc, char** argv), int argc, char** argv) {
  try {
    return body(argc, argv);
  } catch (const std::exception& bug) {
    const auto* failed = dynamic_cast<const std::system_error*>(&bug);
    if (failed != nullptr && failed->code() == std::errc::broken_pipe) return kOk;
    return complain(Invocation::program,
                    Error::never(Errc::engine, std::string("internal error: ") + bug.what()));
  }
}

}  // namespace paraph::app
