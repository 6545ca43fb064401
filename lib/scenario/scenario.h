#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/ports.h"
#include "base/result.h"

/// Sympa's authorization scenarios: parse once, evaluate against Facts, explain every step.
/// Grammar, conditions and variables: doc/scenario.md; source of the behaviour: Sympa 6.2.
namespace paraph::scenario {

enum class AuthMethod : std::uint8_t { smtp, md5, smime, pgp };
[[nodiscard]] std::string_view to_string(AuthMethod method);
/// "dkim" is a synonym of smtp (Sympa ≥ 6.2.71); but see Rule::smtp_word.
[[nodiscard]] std::optional<AuthMethod> method_from(std::string_view word);

enum class Action : std::uint8_t {
  do_it,
  reject,
  request_auth,
  owner,
  editor,
  editorkey,
  listmaster,
  ham,
  spam,
  unsure
};
[[nodiscard]] std::string_view to_string(Action action);

/// Where something stands, for people: file and 1-based line and column.
struct Place {
  std::string file;
  std::size_t line = 0;
  std::size_t column = 0;
};
struct Problem {
  Place place;
  std::string message;  ///< "unknown condition is_subscribed: did you mean is_subscriber?"
  bool fatal = true;    ///< false: a warning of the linter
  std::string hint;     ///< what to write or run instead, or where to read on
};

/// One operand: a literal, a variable such as [msg_header->Subject][0], or a /regex/.
struct Variable {
  std::string name;          ///< "sender", "msg_header"
  std::string key;           ///< after "->", or empty
  std::optional<int> index;  ///< [n], negative from the end
  std::string text;          ///< as written, for traces
};
struct Literal {
  std::string text;
};
class Pattern;
struct Regex {
  std::string source;  ///< between the slashes, "\/" already "/"
  std::shared_ptr<const Pattern>
      compiled;  ///< null when the domain has to be put in first: "[domain]", "[host]"
};
using Operand = std::variant<Literal, Variable, Regex>;

struct ConditionSpec;
struct Condition {
  bool negated = false;
  std::string name;  ///< lower case
  std::vector<Operand> operands;
  const ConditionSpec* spec = nullptr;  ///< its row; never null in a compiled scenario
};
struct RuleAction {
  Action action = Action::reject;
  std::string reason;
  std::string tt2;
  bool quiet = false;
  bool notify = false;
  bool notify_first = false;      ///< as they were written, for to_string()
  bool confirm_by_email = false;  ///< request_auth([email])
  bool then_moderate = false;  ///< request_auth,editorkey: confirmed first, then to the moderators
  friend bool operator==(const RuleAction&, const RuleAction&) = default;
};
/// As it is written: "do_it,notify", "reject(reason='send_closed'),quiet".
[[nodiscard]] std::string to_string(const RuleAction& action);
struct Rule {
  Condition condition;
  std::vector<AuthMethod> methods;  ///< smtp alone when none was written
  /// What was written for smtp. Where one rule of a scenario has dkim alone and another smtp alone, they are told apart:
  /// dkim is then a method that nobody comes with.
  enum class SmtpWord : std::uint8_t { none, smtp, dkim, both } smtp_word = SmtpWord::none;
  RuleAction action;
  Place place;
  std::string text;  ///< the line as written, trimmed
};

/// A compiled file. Immutable; shared between evaluations.
class Scenario {
 public:
  /// `include` resolves "include('NAME')" to the text and path of include.NAME, nullopt when absent.
  struct Source {
    std::string text;
    std::string path;
  };
  using Includer = std::function<std::optional<Source>(std::string_view name)>;
  /// What a file may name. Without `has_list_parameter` every [list->X] is taken, without `has_site_parameter` every
  /// [conf->X], without `has_filter` every search().
  struct Library {
    Includer include;
    std::function<bool(std::string_view name)> has_list_parameter = {};  ///< fatal when not
    std::function<bool(std::string_view name)> has_site_parameter = {};  ///< a warning when not
    std::function<bool(std::string_view name)> has_template = {};        ///< a warning when not
    /// What [domain] and [host] are in regexes; empty: what the facts say, and each is compiled when it is asked.
    std::string domain = {};
    std::function<bool(std::string_view file)> has_filter = {};  ///< a warning when not
    // NOLINTNEXTLINE(google-explicit-constructor): most have includes alone
    template <class Function, class = std::enable_if_t<std::is_constructible_v<Includer, Function>>>
    Library(Function&& includes) : include(std::forward<Function>(includes)) {}
  };
  /// Limits: 1 MiB each file and 4 MiB together, 100,000 rules, includes 10 deep. Errors (later: the mail waits until
  /// somebody mends the file) name file, line and column; the first fatal Problem is the Error, check() lists them all
  /// (at most 1000), with the linter's warnings.
  [[nodiscard]] static Result<Scenario> compile(std::string_view function, const Source& source,
                                                const Library& library);
  [[nodiscard]] static std::vector<Problem> check(std::string_view function, const Source& source,
                                                  const Library& library);
  /// The rules of `prelude` come before everything else, as the block list does:
  ///   compile("send", file, include, {{std::string(blocklist_rule()), "use_blocklist"}})
  /// Order: prelude, include.FUNCTION.header when there is one, the file itself.
  [[nodiscard]] static Result<Scenario> compile(std::string_view function, const Source& source,
                                                const Library& library,
                                                const std::vector<Source>& prelude);

  [[nodiscard]] const std::vector<Rule>& rules() const { return *rules_; }
  /// A rule that outlives the scenario.
  [[nodiscard]] std::shared_ptr<const Rule> share(const Rule& rule) const {
    return {rules_, &rule};
  }
  /// Whether a rule asks for [listname], [list->X] or [is_bcc]: without a list none of it can be evaluated then (Sympa's
  /// "No list context").
  [[nodiscard]] bool needs_list() const { return needs_list_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  /// title.LANG or plain title, empty when there is none.
  [[nodiscard]] std::string title(std::string_view lang) const;

 private:
  friend struct Compiler;
  std::shared_ptr<const std::vector<Rule>> rules_ = std::make_shared<std::vector<Rule>>();
  std::string path_;
  bool needs_list_ = false;
  std::vector<std::pair<std::string, std::string>> titles_;
};

/// The rule that stands before a scenario whose function `use_blocklist` names.
[[nodiscard]] std::string_view blocklist_rule();

/// Everything a rule may ask. The one implementation for real decisions is pipeline/facts.cpp; tests use a map.
/// Errors abort the evaluation (reject, error-performing-condition).
class Facts {
 public:
  virtual ~Facts() = default;
  /// list: "name" of the context's domain, or name@domain. Unknown list: false. `address` is canonical.
  /// is_owner speaks of owners alone (the condition adds listmasters); is_editor of "actual" editors: the list's
  /// editors, or its owners when it has none.
  [[nodiscard]] virtual Result<bool> is_subscriber(std::string_view list,
                                                   std::string_view address) const = 0;
  [[nodiscard]] virtual Result<bool> is_owner(std::string_view list,
                                              std::string_view address) const = 0;
  [[nodiscard]] virtual Result<bool> is_editor(std::string_view list,
                                               std::string_view address) const = 0;
  [[nodiscard]] virtual Result<bool> is_listmaster(std::string_view address) const = 0;
  /// Whether there is such a list: of one that is not, nobody is an owner, no listmaster either.
  [[nodiscard]] virtual Result<bool> has_list(std::string_view list) const = 0;
  /// All values of a variable (header fields have several; unset ones yield one empty string). An Error for an unknown
  /// [list->x]. `[sender]` is asked for search(), `[domain]` for regexes; `[current_date]` never (now() answers).
  [[nodiscard]] virtual Result<std::vector<std::string>> variable(
      const Variable& variable) const = 0;
  /// Whether `address` matches a line of search_filters/FILE.txt on any level; an Error when no level has the file
  /// (blocklist.txt excepted: false).
  [[nodiscard]] virtual Result<bool> search(std::string_view file,
                                            std::string_view address) const = 0;
  [[nodiscard]] virtual TimePoint now() const = 0;
};

/// One rule that was tried: all that `scenario eval` and `message explain` print of it.
struct TraceStep {
  std::shared_ptr<const Rule> rule;  ///< never null; outlives the Scenario
  std::size_t number = 0;            ///< 1 for the first rule, the block list's included
  /// As written → value; printable. Bodies of the message are given by their size alone (security rule 28).
  std::vector<std::pair<std::string, std::string>> operands;
  std::string result;  ///< "yes", "no", "method smtp not listed", "error: …"
};
struct Decision {
  RuleAction
      action;  ///< reject, reason no-rule-match / error-performing-condition / not-compiled when so
  std::optional<Rule> rule;      ///< the one that matched
  std::vector<TraceStep> trace;  ///< in order; the last is the one that decided
};

/// First rule whose methods hold `method` and whose condition is true. Pure over `facts`.
/// Regexes together get 2 s of processor time; each at most 100,000 steps per starting point and 64 KiB of subject.
/// Whatever exceeds that aborts: reject, error-performing-condition, also under "!".
[[nodiscard]] Decision evaluate(const Scenario& scenario, AuthMethod method, const Facts& facts);
/// What `scenario eval` and `explain` answer for a file that does not compile: reject, not-compiled.
[[nodiscard]] Decision not_compiled();
/// What a scenario that needs a list answers without one: reject, error-performing-condition.
[[nodiscard]] Decision no_list();

/// Names for --help, the linter and doc: one row per condition.
struct ConditionRow {
  std::string_view name;
  std::size_t min_operands, max_operands;
  std::string_view usage;
};
[[nodiscard]] const std::vector<ConditionRow>& condition_table();

}  // namespace paraph::scenario
