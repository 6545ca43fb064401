// paraph(1): everything a listmaster may do.

#include <fmt/core.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <cstdio>
#include <iostream>
#include <sstream>
#include <system_error>

#include "apps/paraph/verb.h"
#include "base/ascii.h"
#include "sys/process.h"

namespace {

using namespace paraph;
using namespace paraph::app;
namespace po = boost::program_options;

constexpr std::string_view kProgram = "paraph";

std::string overview() {
  std::string text = "Usage: paraph VERB [ARGUMENT…] [OPTION…]\n\n";
  for (const auto& row : verb_table())
    text += fmt::format("{} {:<44} {}\n", row.role == VerbRole::owner ? '*' : ' ',
                        fmt::format("{} {}", row.name, row.arguments), row.summary);
  text +=
      "\nEvery verb takes --config FILE, --json, --help; those that change something --dry-run.\n"
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
  complain(kProgram, Error::never(Errc::config, what).with_hint(hint));
  return kUsage;
}

bool is_repeatable(const OptionRow& row) {
  return ascii::iends_with(row.argument, "…");
}

po::options_description describe(const VerbRow& verb) {
  po::options_description described("Options");
  auto add = described.add_options();
  add("config,c", po::value<std::string>()->value_name("FILE"), "configuration");
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

int run_verb(const VerbRow& verb, const std::vector<std::string>& words) {
  auto described = describe(verb);
  po::options_description all;
  all.add(described).add_options()("arguments", po::value<std::vector<std::string>>());
  po::positional_options_description positional;
  positional.add("arguments", -1);
  po::variables_map values;
  const std::string help = fmt::format("paraph {} --help", verb.name);
  try {
    constexpr int style =
        po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
    po::store(po::command_line_parser(words).options(all).positional(positional).style(style).run(),
              values);
    po::notify(values);
  } catch (const po::error& wrong) {
    return usage_error(wrong.what(), help);
  }
  if (values.count("help") != 0) {
    std::cout << "Usage: paraph " << verb.name << ' ' << verb.arguments << "\n"
              << verb.summary << "\n\n"
              << described;
    return kOk;
  }
  const auto text = [&](const char* name) {
    return values.count(name) != 0 ? values[name].as<std::string>() : std::string{};
  };
  Invocation call(config_path(text("config")));
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
  if (call.arguments.size() < verb.min_arguments || call.arguments.size() > verb.max_arguments)
    return usage_error(fmt::format("{} takes {}", verb.name,
                                   verb.arguments.empty() ? "no argument" : verb.arguments),
                       help);
  auto code = verb.run(call);
  return code ? *code : complain(kProgram, code.error());
}

}  // namespace

int main(int argc, char** argv) {
  if (!sys::harden())
    return usage_error("refuses to run set-id", "remove the set-id bit"), kNoPermission;
  try {
    std::vector<std::string> words(argv + 1, argv + argc);
    if (words.empty() || words[0] == "help" || words[0] == "--help" || words[0] == "-h") {
      fmt::print("{}", overview());
      return words.empty() ? kUsage : kOk;
    }
    if (words[0] == "--version") words[0] = "version";
    // Options may stand before the verb: paraph --config FILE lists.
    std::vector<std::string> front;
    while (!words.empty() && words[0].size() > 1 && words[0][0] == '-') {
      const bool takes_value = words[0] == "--config" || words[0] == "-c";
      const std::size_t count = std::min<std::size_t>(takes_value ? 2 : 1, words.size());
      front.insert(front.end(), words.begin(), words.begin() + static_cast<std::ptrdiff_t>(count));
      words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(count));
    }
    const VerbRow* verb = find_verb(words);
    if (verb == nullptr) {
      std::string typed;
      for (const auto& word : words) typed += (typed.empty() ? "" : " ") + word;
      return usage_error("no such verb: " + typed, "paraph help");
    }
    words.erase(words.begin(),
                words.begin() + static_cast<std::ptrdiff_t>(ascii::split(verb->name, " ").size()));
    words.insert(words.begin(), front.begin(), front.end());
    return run_verb(*verb, words);
  } catch (const std::exception& bug) {
    // The reader of a pipe has seen enough: `paraph lists | head`.
    const auto* failed = dynamic_cast<const std::system_error*>(&bug);
    if (failed != nullptr && failed->code() == std::errc::broken_pipe) return kOk;
    return complain(kProgram,
                    Error::never(Errc::engine, std::string("internal error: ") + bug.what()));
  }
}
