#include "scenario/words.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/ascii.h"

namespace paraph::scenario {
namespace {

struct MethodWord {
  std::string_view word;
  AuthMethod method;
};
constexpr std::array kMethods{
    MethodWord{"smtp", AuthMethod::smtp}, MethodWord{"md5", AuthMethod::md5},
    MethodWord{"smime", AuthMethod::smime}, MethodWord{"pgp", AuthMethod::pgp},
    MethodWord{"dkim", AuthMethod::smtp}};

struct ActionWord {
  std::string_view word;
  Action action;
};
constexpr std::array kActions{ActionWord{"do_it", Action::do_it},
                              ActionWord{"reject", Action::reject},
                              ActionWord{"request_auth", Action::request_auth},
                              ActionWord{"owner", Action::owner},
                              ActionWord{"editor", Action::editor},
                              ActionWord{"editorkey", Action::editorkey},
                              ActionWord{"listmaster", Action::listmaster},
                              ActionWord{"ham", Action::ham},
                              ActionWord{"spam", Action::spam},
                              ActionWord{"unsure", Action::unsure}};

constexpr std::array kVariables{VariableRow{"sender", false},
                                VariableRow{"email", false},
                                VariableRow{"current_email", false},
                                VariableRow{"listname", false},
                                VariableRow{"domain", false},
                                VariableRow{"host", false},
                                VariableRow{"remote_host", false},
                                VariableRow{"remote_addr", false},
                                VariableRow{"user_agent", false},
                                VariableRow{"list", true},
                                VariableRow{"conf", true},
                                VariableRow{"user", true},
                                VariableRow{"user_attributes", true},
                                VariableRow{"subscriber", true},
                                VariableRow{"msg_header", true},
                                VariableRow{"header", true},
                                VariableRow{"msg_body", false},
                                VariableRow{"msg_part", true},
                                VariableRow{"msg", true},
                                VariableRow{"msg_encrypted", false},
                                VariableRow{"is_bcc", false},
                                VariableRow{"topic", false},
                                VariableRow{"topic_auto", false},
                                VariableRow{"topic_sender", false},
                                VariableRow{"topic_editor", false},
                                VariableRow{"topic_needed", false},
                                VariableRow{"current_date", false},
                                VariableRow{"execution_date", false},
                                VariableRow{"env", true},
                                VariableRow{"custom_vars", true},
                                VariableRow{"family", true}};

template <class Rows>
std::vector<std::string_view> words_of(const Rows& rows) {
  std::vector<std::string_view> out;
  for (const auto& row : rows) out.push_back(row.word);
  return out;
}

}  // namespace

std::string_view to_string(AuthMethod method) {
  return std::find_if(kMethods.begin(), kMethods.end(),
                      [&](const auto& m) { return m.method == method; })
      ->word;
}

std::optional<AuthMethod> method_from(std::string_view word) {
  for (const auto& row : kMethods)
    if (ascii::iequals(word, row.word)) return row.method;
  return std::nullopt;
}

std::string_view to_string(Action action) {
  return std::find_if(kActions.begin(), kActions.end(),
                      [&](const auto& a) { return a.action == action; })
      ->word;
}

std::optional<Action> action_from(std::string_view word) {
  for (const auto& row : kActions)
    if (ascii::iequals(word, row.word)) return row.action;
  return std::nullopt;
}

const std::vector<std::string_view>& action_words() {
  static const auto words = words_of(kActions);
  return words;
}

const std::vector<std::string_view>& method_words() {
  static const auto words = words_of(kMethods);
  return words;
}

const VariableRow* find_variable(std::string_view name) {
  const auto* const row = std::find_if(kVariables.begin(), kVariables.end(),
                                       [&](const auto& v) { return v.name == name; });
  return row == kVariables.end() ? nullptr : &*row;
}

const std::vector<std::string_view>& variable_words() {
  static const auto words = [] {
    std::vector<std::string_view> out;
    for (const auto& row : kVariables) out.push_back(row.name);
    return out;
  }();
  return words;
}

namespace {

using Functions = std::map<std::string_view, const std::vector<Action>*>;
const Functions& functions() {
  using A = Action;
  static const std::vector<A> yes_no{A::do_it, A::reject};
  static const std::vector<A> confirmed{A::do_it, A::reject, A::request_auth};
  static const std::vector<A> requested{A::do_it, A::reject, A::request_auth, A::owner};
  static const std::vector<A> post{A::do_it, A::reject, A::request_auth,
                                   A::owner, A::editor, A::editorkey};
  static const std::vector<A> creation{A::do_it, A::reject, A::listmaster};
  static const std::vector<A> documents{A::do_it, A::reject, A::editor};
  static const std::vector<A> status{A::ham, A::spam, A::unsure};
  static const Functions rows{{"send", &post},
                              {"subscribe", &requested},
                              {"unsubscribe", &requested},
                              {"add", &requested},
                              {"del", &requested},
                              {"invite", &confirmed},
                              {"remind", &confirmed},
                              {"review", &confirmed},
                              {"info", &confirmed},
                              {"visibility", &yes_no},
                              {"d_read", &yes_no},
                              {"d_edit", &documents},
                              {"tracking", &yes_no},
                              {"archive_web_access", &yes_no},
                              {"archive_mail_access", &confirmed},
                              {"move_user", &confirmed},
                              {"family_signoff", &confirmed},
                              {"global_remind", &confirmed},
                              {"create_list", &creation},
                              {"automatic_list_creation", &creation},
                              {"spam_status", &status},
                              {"topics_visibility", &yes_no}};
  return rows;
}

}  // namespace

const std::vector<Action>* actions_of(std::string_view function) {
  const auto found = functions().find(function);
  return found == functions().end() ? nullptr : found->second;
}

const std::vector<std::string_view>& function_words() {
  static const auto words = [] {
    std::vector<std::string_view> out;
    for (const auto& row : functions()) out.push_back(row.first);
    return out;
  }();
  return words;
}

}  // namespace paraph::scenario
