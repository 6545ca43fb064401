// Laws: check() never crashes; compile() succeeds exactly when check() has no fatal problem; what
// compiles can be evaluated with every method and ends in a decision with a trace; problems stand
// inside the text; the last rule of a trace is the one that decided; an action that is printed and read again is the same.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "scenario/scenario.h"

using namespace paraph;
using namespace paraph::scenario;

namespace {

void require(bool law) {
  if (!law) std::abort();
}

struct AnyFacts final : Facts {
  Result<bool> has_list(std::string_view list) const override { return list.size() % 5 != 0; }
  Result<bool> is_subscriber(std::string_view list, std::string_view) const override {
    return list.size() % 2 == 0;
  }
  Result<bool> is_owner(std::string_view, std::string_view address) const override {
    return address.size() % 3 == 0;
  }
  Result<bool> is_editor(std::string_view, std::string_view) const override { return false; }
  Result<bool> is_listmaster(std::string_view) const override { return false; }
  Result<std::vector<std::string>> variable(const Variable& v) const override {
    if (v.name == "list") return Error::never(Errc::config, "unknown list parameter");
    if (v.name == "msg_header") return std::vector<std::string>{};
    return std::vector<std::string>{"ann@example.org", v.key};
  }
  Result<bool> search(std::string_view file, std::string_view) const override {
    require(file.find('/') == std::string_view::npos);
    return file == "blocklist.txt";
  }
  TimePoint now() const override { return TimePoint(std::chrono::seconds(1'700'000'000)); }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Scenario::Includer include = [&](std::string_view name) -> std::optional<Scenario::Source> {
    if (name == "self") return Scenario::Source{text, "include.self"};
    if (name == "other")
      return Scenario::Source{"include('self')\ntrue() -> do_it\n", "include.other"};
    return std::nullopt;
  };
  bool fatal = false;
  for (const auto& problem : Scenario::check("send", {text, "fuzz"}, include)) {
    fatal = fatal || problem.fatal;
    require(problem.place.line >= 1 && problem.place.column >= 1 && !problem.message.empty());
  }
  const auto scenario = Scenario::compile("send", {text, "fuzz"}, include);
  require(scenario.has_value() == !fatal);
  if (!scenario) return 0;
  for (const auto& rule : scenario->rules()) {
    require(rule.condition.spec != nullptr);
    const auto again =
        Scenario::compile("send", {"true() smtp -> " + to_string(rule.action), "again"}, include);
    require(again && again->rules().front().action == rule.action);
    if (&rule - scenario->rules().data() > 100) break;
  }
  const AnyFacts facts;
  for (const auto method :
       {AuthMethod::smtp, AuthMethod::md5, AuthMethod::smime, AuthMethod::pgp}) {
    const auto decision = evaluate(*scenario, method, facts);
    require(decision.trace.size() <= scenario->rules().size());
    require(decision.rule.has_value() || decision.action.action == Action::reject);
    require(decision.rule.has_value() ==
            (!decision.trace.empty() && decision.trace.back().result == "yes"));
    require(decision.rule.has_value() || !decision.action.reason.empty());
  }
  return 0;
}
