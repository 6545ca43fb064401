// Who may run a verb: roles, and the scenario of the verb through the one authorization function (pipeline/authorize.h).

#include <fmt/core.h>

#include <algorithm>

#include "apps/paraph/command.h"
#include "apps/paraph/waiting.h"
#include "base/ascii.h"
#include "pipeline/authorize.h"

namespace paraph::app {
namespace {

Error denied(const std::string& what, const std::string& hint) {
  return Error::never(Errc::denied, what).with_hint(hint);
}

/// What the scenario functions are about: lists, domains, or both.
bool is_function_of_lists(std::string_view function) {
  const auto& rows = config::parameter_table();
  return std::any_of(rows.begin(), rows.end(), [&](const auto& row) {
    return row.type == fmt::format("scenario:{}", function) &&
           (row.scopes & static_cast<unsigned>(config::Scope::list)) != 0;
  });
}

Result<bool> holds(Runtime& runtime, const list::ListAddress& list, list::Role role,
                   const std::string& address) {
  auto admins = runtime.database().directory().admins(list, role);
  if (!admins) return std::move(admins).error();
  return std::any_of(admins->begin(), admins->end(),
                     [&](const list::Admin& admin) { return admin.email == address; });
}

Result<bool> has_role(Runtime& runtime, const list::ListAddress& list, VerbRole role,
                      const std::string& address) {
  auto owner = holds(runtime, list, list::Role::owner, address);
  if (!owner || *owner || role != VerbRole::editor) return owner;
  return holds(runtime, list, list::Role::editor, address);
}

// No file is looked for before the role is known: how long it takes tells nothing about lists of others.
std::optional<list::ListAddress> spelled(const config::Site& site, std::string_view text) {
  const auto at = text.find('@');
  const auto domains = site.domains();
  if (at == std::string_view::npos && domains.size() > 1) return std::nullopt;
  return list::ListAddress::parse(text.substr(0, at), at == std::string_view::npos
                                                          ? std::string_view(domains.front())
                                                          : text.substr(at + 1));
}

// One sentence for a list of somebody else and for none.
Result<void> own_list(Invocation& call) {
  auto runtime = call.runtime();
  if (!runtime) return std::move(runtime).error();
  const std::string word = call.list_word();
  const auto list = spelled((*runtime)->site(), word);
  auto has = list ? has_role(**runtime, *list, call.verb->role, call.actor) : Result<bool>(false);
  if (!has) return std::move(has).error();
  if (*has && (*runtime)->site().resolve_list(list->str())) return {};
  return denied(fmt::format("{}: {} has no list of that name to look after", word, call.actor),
                "paraph-owner help");
}

// Names of files, by how the row of the verb writes them: "[FILE]", "FILE…".
Result<void> only_standard_streams(const Invocation& call) {
  const auto refuse = [&](const std::string& name) {
    return denied(fmt::format("{}: paraph-owner opens no files", name), "give it on stdin, as -");
  };
  const auto is_file = [](std::string_view word) {
    return word.find("FILE") != word.npos || word.find("PATH") != word.npos ||
           word.find("DIR") != word.npos;
  };
  const auto pattern = ascii::split(call.verb->arguments, " ");
  for (std::size_t i = 0; i < call.arguments.size() && !pattern.empty(); ++i) {
    const auto wanted = pattern[std::min(i, pattern.size() - 1)];
    const bool names_mail = ascii::iends_with(wanted, "|ID") && may_begin_an_id(call.arguments[i]);
    if (is_file(wanted) && !names_mail && call.arguments[i] != "-")
      return refuse(call.arguments[i]);
  }
  for (const auto& row : call.verb->options)
    if (is_file(row.argument) && call.has(row.name) && call.option(row.name) != "-")
      return refuse(fmt::format("--{} {}", row.name, call.option(row.name)));
  return {};
}

Result<void> may_run_as_owner(Invocation& call) {
  if (call.verb->list_by_option && !call.has("list"))
    return Error::never(Errc::usage, "--list LIST is needed: which of your lists?");
  if (auto streams = only_standard_streams(call); !streams) return streams;
  return own_list(call);
}

// paraph --as: where no scenario is asked, the role that the row names is all there is.
Result<void> has_role_of(Invocation& call) {
  if (!call.verb->function.empty() || call.verb->role == VerbRole::anybody) return {};
  auto runtime = call.runtime();
  if (!runtime) return std::move(runtime).error();
  const auto listmasters = (*runtime)->site().listmasters();
  if (std::find(listmasters.begin(), listmasters.end(), call.actor) != listmasters.end()) return {};
  if (call.verb->role != VerbRole::listmaster && !call.list_word().empty()) {
    auto list = call.list();
    if (!list) return std::move(list).error();
    auto has = has_role(**runtime, *list, call.verb->role, call.actor);
    if (!has) return std::move(has).error();
    if (*has) return {};
  }
  return denied(fmt::format("{} may not run '{}'", call.actor, call.verb->name),
                "paraph owner list LIST");
}

}  // namespace

Result<void> Invocation::ask(const std::string& email) {
  return verb->function.empty() ? Result<void>() : ask_about(verb->function, email);
}

Result<void> Invocation::ask_about(std::string_view function, const std::string& email) {
  if (actor.empty()) return {};
  auto opened = runtime();
  if (!opened) return std::move(opened).error();
  pipeline::Question question;
  question.function = function;
  question.domain = (*opened)->site().domain();
  if (!list_word().empty() && is_function_of_lists(function)) {
    auto named = list();
    if (!named) return std::move(named).error();
    question.list = *named;
    question.domain = named->domain();
  }
  question.method = scenario::AuthMethod::md5;
  question.sender = actor;
  question.email = email.empty() ? actor : email;
  const auto decision = pipeline::authorize(question, (*opened)->ports());
  if (!decision) return decision.error();
  if (decision->action.action == scenario::Action::do_it) return {};
  const std::string where = decision->rule ? fmt::format(" ({}:{})", decision->rule->place.file,
                                                         decision->rule->place.line)
                                           : std::string();
  return denied(fmt::format("scenario {}{} answers {} {}: {}", function, where, actor, email,
                            scenario::to_string(decision->action)),
                "");
}

Result<void> Invocation::admit(AddressInput& input) {
  std::vector<NamedAddress> admitted;
  for (auto& named : input.good) {
    if (auto asked = ask(named.address); asked)
      admitted.push_back(std::move(named));
    else if (asked.error().code() == Errc::denied)
      input.refused.push_back(named.address + ": " + asked.error().what());
    else
      return asked;
  }
  input.good = std::move(admitted);
  return {};
}

Result<void> may_run(Invocation& call, const Terms& terms) {
  if (call.actor.empty()) return {};
  auto role = terms.owner_program ? may_run_as_owner(call) : has_role_of(call);
  if (!role || call.verb->asked == Asked::each_address) return role;
  return call.ask({});
}

}  // namespace paraph::app
