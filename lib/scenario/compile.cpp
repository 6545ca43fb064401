#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "base/utf8.h"
#include "scenario/conditions.h"
#include "scenario/lexer.h"
#include "scenario/lint.h"
#include "scenario/parser.h"
#include "scenario/regex.h"
#include "scenario/scenario.h"

namespace paraph::scenario {

namespace {
constexpr std::size_t kMaxFile = 1024 * 1024;
constexpr std::size_t kMaxTogether = 4 * kMaxFile;
constexpr std::size_t kMaxRules = 100'000;
constexpr std::size_t kMaxProblems = 1000;
constexpr std::size_t kMaxDepth = 10;
constexpr std::string_view kManual = "the language stands in paraph-scenario(5)";
constexpr std::size_t kMaxJit =
    1000;  // code pages cost memory: a file with more regexes interprets the rest
}  // namespace

/// One compilation: reads files line by line, collects rules and everything wrong with them.
struct Compiler {
  std::string_view function;
  const Scenario::Library& library;
  Scenario scenario;
  std::vector<Rule> rules;
  std::vector<Problem> problems;
  std::map<std::string, std::optional<Scenario::Source>, std::less<>> included;
  std::map<std::string, std::shared_ptr<const Pattern>, std::less<>> patterns;
  std::vector<std::string> open_names;  // includes being read, outermost first
  std::size_t octets = 0;
  std::size_t looked = 0;  // regexes
  bool full = false;
  bool warns = false;  // somebody reads the warnings

  Compiler(std::string_view function_name, const Scenario::Library& what_there_is)
      : function(function_name), library(what_there_is) {}

  void run(const Scenario::Source& source, const std::vector<Scenario::Source>& prelude);
  void read(const Scenario::Source& source, bool main);
  void read_line(std::string_view line, const Place& place, bool main);
  void read_rule(const RuleLine& line, const Place& place, Remarks& remarks);
  void read_include(const IncludeLine& line, const Place& place);
  void look_up_template(const ParsedRule& parsed, Remarks& remarks) const;
  void compile_regexes(ParsedRule& parsed, Remarks& remarks);
  void compile_regex(Regex& regex, std::size_t column, Remarks& remarks);
  void warn_of_repeats(const Regex& regex, std::size_t column, Remarks& remarks);
  const std::optional<Scenario::Source>& look_up(const std::string& name);
  void tell_dkim_apart();
  void say(const Place& place, const Remark& remark);
  void stop(const Place& place, std::string why);
};

void Compiler::say(const Place& place, const Remark& remark) {
  // A fatal one is never dropped: compile() and check() must agree about it.
  if (problems.size() >= kMaxProblems && !remark.fatal) return;
  problems.push_back({Place{place.file, place.line, remark.column}, remark.message, remark.fatal,
                      remark.hint.empty() ? std::string(kManual) : remark.hint});
  if (problems.size() >= kMaxProblems && remark.fatal) full = true;
}

void Compiler::stop(const Place& place, std::string why) {
  say(place, {1, std::move(why), true});
  full = true;
}

const std::optional<Scenario::Source>& Compiler::look_up(const std::string& name) {
  const auto known = included.find(name);
  if (known != included.end()) return known->second;
  return included.emplace(name, library.include ? library.include(name) : std::nullopt)
      .first->second;
}

void Compiler::run(const Scenario::Source& source, const std::vector<Scenario::Source>& prelude) {
  scenario.path_ = source.path;
  for (const auto& before : prelude) read(before, false);
  const std::string header = fmt::format("{}.header", function);
  if (const auto& found = look_up(header)) {
    open_names.push_back(header);
    read(*found, false);
    open_names.pop_back();
  }
  read(source, true);
  tell_dkim_apart();
  scenario.rules_ = std::make_shared<const std::vector<Rule>>(std::move(rules));
  lint(function, scenario, problems);
}

// "is_editor(...) dkim,md5 -> do_it" and "is_editor(...) smtp -> request_auth" were written when Sympa knew who came
// with a DKIM signature. Read as smtp, the first would let anybody in who writes an editor's address.
void Compiler::tell_dkim_apart() {
  using W = Rule::SmtpWord;
  const auto has = [&](W word) {
    return std::any_of(rules.begin(), rules.end(),
                       [&](const Rule& rule) { return rule.smtp_word == word; });
  };
  if (!has(W::dkim) || !has(W::smtp)) return;
  for (auto& rule : rules)
    if (rule.smtp_word == W::dkim)
      rule.methods.erase(std::remove(rule.methods.begin(), rule.methods.end(), AuthMethod::smtp),
                         rule.methods.end());
}

void Compiler::read(const Scenario::Source& source, bool main) {
  Place place{source.path, 1, 1};
  octets += source.text.size();
  if (source.text.size() > kMaxFile)
    return stop(place, fmt::format("larger than {} octets", kMaxFile));
  if (octets > kMaxTogether)
    return stop(place, fmt::format("with its includes larger than {} octets", kMaxTogether));
  const std::string text = as_utf8(source.text);
  for (const auto line : ascii::lines(text)) {
    if (full) return;
    read_line(line, place, main);
    ++place.line;
  }
}

void Compiler::read_line(std::string_view line, const Place& place, bool main) {
  Remarks remarks;
  auto kind = classify(line, remarks);
  if (auto* title = std::get_if<TitleLine>(&kind)) {
    if (main) scenario.titles_.emplace_back(std::move(title->lang), std::move(title->text));
  } else if (const auto* included_here = std::get_if<IncludeLine>(&kind)) {
    read_include(*included_here, place);
  } else if (const auto* rule = std::get_if<RuleLine>(&kind)) {
    read_rule(*rule, place, remarks);
  }
  for (const auto& remark : remarks) say(place, remark);
}

void Compiler::read_rule(const RuleLine& line, const Place& place, Remarks& remarks) {
  if (rules.size() >= kMaxRules) return stop(place, fmt::format("more than {} rules", kMaxRules));
  auto parsed = parse_rule(line, remarks);
  if (!parsed) return;
  check_condition(*parsed, library, remarks);
  compile_regexes(*parsed, remarks);
  lint_action(function, *parsed, remarks);
  look_up_template(*parsed, remarks);
  for (const auto& operand : parsed->rule.condition.operands)
    if (const auto* variable = std::get_if<Variable>(&operand))
      scenario.needs_list_ = scenario.needs_list_ || variable->name == "listname" ||
                             variable->name == "list" || variable->name == "is_bcc";
  parsed->rule.place = Place{place.file, place.line, parsed->name_column};
  rules.push_back(std::move(parsed->rule));
}

void Compiler::read_include(const IncludeLine& line, const Place& place) {
  const auto fault = [&](std::string why, std::string hint) {
    say(place, {line.column, std::move(why), true, std::move(hint)});
  };
  if (std::find(open_names.begin(), open_names.end(), line.name) != open_names.end())
    return fault(fmt::format("include.{} includes itself", line.name), "leave one of the two out");
  if (open_names.size() >= kMaxDepth)
    return fault(fmt::format("includes more than {} deep", kMaxDepth),
                 "put the rules into one file");
  const auto& source = look_up(line.name);
  if (!source)
    return fault(fmt::format("there is no file include.{}", utf8::printable(line.name, 60)),
                 "it stands in a scenari/ directory of the list, the domain or the site");
  open_names.push_back(line.name);
  read(*source, false);
  open_names.pop_back();
}

void Compiler::look_up_template(const ParsedRule& parsed, Remarks& remarks) const {
  const auto& name = parsed.rule.action.tt2;
  if (name.empty() || !library.has_template || library.has_template(name)) return;
  remarks.push_back({parsed.action_column,
                     fmt::format("there is no mail_tt2/{}.tt2: {}", utf8::printable(name, 60),
                                 function == "send" ? "a post that this rule refuses waits"
                                                    : "whom it refuses hears the usual words"),
                     false, "it stands beside scenari/, of the list, the domain or the site"});
}

void Compiler::compile_regexes(ParsedRule& parsed, Remarks& remarks) {
  auto& operands = parsed.rule.condition.operands;
  for (std::size_t i = 0; i < operands.size(); ++i)
    if (auto* regex = std::get_if<Regex>(&operands[i]))
      compile_regex(*regex, parsed.operand_columns[i], remarks);
}

void Compiler::warn_of_repeats(const Regex& regex, std::size_t column, Remarks& remarks) {
  constexpr std::size_t kMostLooked = 2000;  // it takes longer than to compile them
  if (!warns || looked++ >= kMostLooked) return;
  if (const auto danger = nested_repeat(regex.source))
    remarks.push_back(
        {column + 1 + *danger,
         "what repeats here reads a text in many ways, which can take very long: where it "
         "hits its limit, the mail is rejected",
         false,
         "repeat once: [^,]+ instead of ([^,]+)*, a+ instead of (a|aa)+, .* "
         "instead of .*.*.*, or (?>...) for a group"});
}

void Compiler::compile_regex(Regex& regex, std::size_t column, Remarks& remarks) {
  warn_of_repeats(regex, column, remarks);
  if (const auto known = patterns.find(regex.source); known != patterns.end()) {
    regex.compiled = known->second;
    return;
  }
  const bool domain = has_domain_placeholder(regex.source);
  const bool later = domain && library.domain.empty();
  RegexFault fault;
  auto pattern = Pattern::compile(
      domain ? with_domain(regex.source, later ? "a.b" : library.domain) : regex.source,
      !later && patterns.size() < kMaxJit, fault);
  if (!pattern) {
    remarks.push_back(
        {column + 1 + fault.offset, "regex: " + fault.message, true,
         "a regex is Perl's; a backslash before . ( [ and the like takes them literally"});
    return;
  }
  if (later) return;
  regex.compiled = pattern;
  patterns.emplace(regex.source, std::move(pattern));
}

namespace {

Error as_error(const Problem& problem) {
  const auto& place = problem.place;
  return Error::later(Errc::config, fmt::format("{}:{}:{}: {}", place.file, place.line,
                                                place.column, problem.message))
      .with_hint(fmt::format("paraph scenario check {}", place.file));
}

}  // namespace

Result<Scenario> Scenario::compile(std::string_view function, const Source& source,
                                   const Library& library, const std::vector<Source>& prelude) {
  Compiler compiler(function, library);
  compiler.run(source, prelude);
  for (const auto& problem : compiler.problems)
    if (problem.fatal) return as_error(problem);
  return std::move(compiler.scenario);
}

Result<Scenario> Scenario::compile(std::string_view function, const Source& source,
                                   const Library& library) {
  return compile(function, source, library, {});
}

std::vector<Problem> Scenario::check(std::string_view function, const Source& source,
                                     const Library& library) {
  Compiler compiler(function, library);
  compiler.warns = true;
  compiler.run(source, {});
  return std::move(compiler.problems);
}

std::string Scenario::title(std::string_view lang) const {
  const auto find = [&](std::string_view wanted) -> const std::string* {
    for (const auto& [key, text] : titles_)
      if (ascii::iequals(key, wanted)) return &text;
    return nullptr;
  };
  // pt-BR, then pt, then the plain title, then the one meant for translation.
  const auto dash = lang.find_first_of("-_");
  for (const auto wanted :
       {lang, lang.substr(0, dash), std::string_view(), std::string_view("gettext")})
    if (const auto* text = find(wanted)) return *text;
  return {};
}

std::string_view blocklist_rule() {
  return "search('blocklist.txt',[sender]) smtp,dkim,md5,smime,pgp -> reject,quiet\n";
}

}  // namespace paraph::scenario
