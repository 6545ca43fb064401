#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/common/runtime.h"
#include "base/result.h"
#include "cms/certificate.h"
#include "list/list.h"

/// The verbs of paraph(1): one table row each, from which the parser, --help and the man page's
/// test come.
namespace paraph::app {

using Json = nlohmann::ordered_json;

/// Who may run a verb: a listmaster (root and the service user are), or an owner of its list too, or also an editor.
enum class VerbRole : unsigned char { anybody, listmaster, owner, editor };
/// How often the scenario of a verb is asked: by the program, before the verb runs, or by the verb, about each address
/// that it was given (Invocation::admit()).
enum class Asked : unsigned char { once, each_address };

struct OptionRow {
  std::string_view name;      ///< without dashes
  std::string_view argument;  ///< "FILE"; empty: a switch; "NAME=VALUE…" may be given several times
  std::string_view help;
};

class Invocation;

struct VerbRow {
  std::string_view name;  ///< "list create"
  VerbRole role;
  bool names_list;             ///< the first argument is its LIST
  std::string_view arguments;  ///< "LIST ADDRESS…", for --help
  std::string_view summary;
  std::size_t min_arguments;
  std::size_t max_arguments;
  std::vector<OptionRow> options;
  Result<int> (*run)(Invocation&);  ///< the exit code; an Error is printed and mapped to one
  /// The function whose scenario decides for whoever does not act as listmaster, "add"; empty: his role alone does.
  std::string_view function = {};
  Asked asked = Asked::once;
  bool list_by_option = false;  ///< --list names its LIST, which an owner has to say
  bool only_asks = false;       ///< runs over what was opened for reading
};
[[nodiscard]] const std::vector<VerbRow>& verb_table();

inline constexpr std::size_t kAny = static_cast<std::size_t>(-1);

struct AddressInput;

/// One call: what the command line said, and the site, opened when first asked for.
class Invocation {
 public:
  explicit Invocation(std::string config);

  const VerbRow* verb = nullptr;
  std::string
      actor;  ///< whose scenarios apply, with method md5; empty: the caller acts as listmaster
  std::vector<std::string> arguments;
  std::map<std::string, std::string, std::less<>>
      options;  ///< switches hold "1"; of several the last
  std::map<std::string, std::vector<std::string>, std::less<>> repeated;  ///< of "…" options, all
  bool json = false;
  bool dry_run = false;
  bool quiet_about_configuration = false;  ///< the verb counts its warnings itself

  [[nodiscard]] std::string option(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> all(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const {
    return options.find(name) != options.end();
  }
  [[nodiscard]] const std::string& config() const { return config_; }
  /// The configuration alone: for what must work without the database.
  [[nodiscard]] Result<const config::Site*> site();
  [[nodiscard]] Result<Runtime*> runtime();
  /// The login of the person, also after the program has become the service user: for records of what was done.
  [[nodiscard]] const std::string& caller() const { return caller_; }
  /// The list that argument `index` names.
  [[nodiscard]] Result<list::ListAddress> list(std::size_t index = 0);
  /// How the command line names the list that the verb is about; empty: it names none.
  [[nodiscard]] std::string list_word() const;
  /// Whether the verb's scenario lets the actor do it to `email` (empty: himself); nobody asks a listmaster. What is not
  /// do_it is Errc::denied, with the rule that says so.
  [[nodiscard]] Result<void> ask(const std::string& email);
  /// The same of another function than the verb's.
  [[nodiscard]] Result<void> ask_about(std::string_view function, const std::string& email);
  /// ask() about each address; those that it denies move to `refused`.
  [[nodiscard]] Result<void> admit(AddressInput& input);

  /// Result on stdout: JSON when --json was given, else the text, whose foreign parts table() or
  /// utf8::printable() made safe to show. JSON escapes controls itself; invalid UTF-8 is replaced.
  void print(const Json& value, const std::string& text) const;
  /// Talk on stderr.
  static void say(const std::string& text);
  static void warn(const std::string& text);
  static void hint(const std::string& text);
  inline static std::string_view program =
      "paraph";  ///< how it calls itself on stderr and in the log

 private:
  void name_warnings(const config::Site& site) const;
  [[nodiscard]] Result<std::unique_ptr<Runtime>> open_runtime() const;

  std::string config_;
  std::string caller_;
  std::optional<config::Site> site_;
  std::unique_ptr<Runtime> runtime_;
};

/// Addresses from the arguments from `first` on, or, without any, from stdin: one per line, `#`
/// comments, an optional display name after the address. Bad ones are reported with their line and
/// counted.
struct NamedAddress {
  std::string address;  ///< canonical
  std::string name;
};
struct AddressInput {
  std::vector<NamedAddress> good;
  std::vector<std::string> bad;      ///< "line 3: not an address: …"
  std::vector<std::string> refused;  ///< "eve@example.org: …", by the scenario
};
[[nodiscard]] Result<AddressInput> read_addresses(const Invocation& call, std::size_t first);
[[nodiscard]] AddressInput parse_addresses(std::string_view text);

/// Columns aligned by two spaces; every cell goes through utf8::printable() with that limit.
[[nodiscard]] std::string table(const std::vector<std::vector<std::string>>& rows,
                                std::size_t limit = 400);

/// A certificate as --json shows it everywhere.
[[nodiscard]] Json describe(const cms::Certificate& certificate);

// The verbs, by the file that holds them.
Result<int> site_create(Invocation&);
Result<int> ca_add(Invocation&);
Result<int> ca_list(Invocation&);
Result<int> list_create(Invocation&);
Result<int> list_show(Invocation&);
Result<int> lists(Invocation&);
Result<int> member_add(Invocation&);
Result<int> member_del(Invocation&);
Result<int> member_list(Invocation&);
Result<int> member_import(Invocation&);
Result<int> owner_add(Invocation&);
Result<int> owner_del(Invocation&);
Result<int> owner_list(Invocation&);
Result<int> editor_add(Invocation&);
Result<int> editor_del(Invocation&);
Result<int> editor_list(Invocation&);
Result<int> cert_import(Invocation&);
Result<int> cert_show(Invocation&);
Result<int> cert_history(Invocation&);
Result<int> cert_pin(Invocation&);
Result<int> cert_unpin(Invocation&);
Result<int> cert_accept(Invocation&);
Result<int> cert_remove(Invocation&);
Result<int> cert_set(Invocation&);
Result<int> cert_coverage(Invocation&);
Result<int> cert_expiring(Invocation&);
Result<int> cert_remind(Invocation&);
Result<int> key_generate(Invocation&);
Result<int> key_install(Invocation&);
Result<int> key_show(Invocation&);
Result<int> crl_import(Invocation&);
Result<int> crl_fetch(Invocation&);
Result<int> crl_show(Invocation&);
Result<int> crl_check(Invocation&);
Result<int> key_list(Invocation&);
Result<int> key_request(Invocation&);
Result<int> key_renew(Invocation&);
Result<int> key_announce(Invocation&);
Result<int> key_retire(Invocation&);
Result<int> message_inspect(Invocation&);
Result<int> message_explain(Invocation&);
Result<int> scenario_eval(Invocation&);
Result<int> scenario_check(Invocation&);
Result<int> scenario_table(Invocation&);
Result<int> scenario_test(Invocation&);
Result<int> spool_list(Invocation&);
Result<int> spool_show(Invocation&);
Result<int> spool_cat(Invocation&);
Result<int> spool_hold(Invocation&);
Result<int> spool_release(Invocation&);
Result<int> spool_retry(Invocation&);
Result<int> spool_drop(Invocation&);
Result<int> spool_flush(Invocation&);
Result<int> moderation_list(Invocation&);
Result<int> moderation_show(Invocation&);
Result<int> moderation_distribute(Invocation&);
Result<int> moderation_reject(Invocation&);
Result<int> request_list(Invocation&);
Result<int> request_accept(Invocation&);
Result<int> request_refuse(Invocation&);
Result<int> trace(Invocation&);
Result<int> status(Invocation&);
Result<int> check(Invocation&);
Result<int> fsck(Invocation&);
Result<int> config_show(Invocation&);
Result<int> version(Invocation&);

}  // namespace paraph::app
