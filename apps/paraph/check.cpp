// check: whether what administrators and owners wrote is sound, before mail meets it. What a running site has to say of
// itself is status'.

#include <fmt/core.h>

#include "apps/owner/login_map.h"
#include "apps/paraph/finding.h"
#include "sys/file_system.h"

namespace paraph::app {
namespace {

// Security rule 14.
void check_policies(const config::Site& site, Findings& findings, const OnlyList& only) {
  for (const auto& list : lists_of(site, only)) {
    auto config = config::ListConfig::load(site, list);
    if (!config || !config->is_open() || config->get("encrypted_post_policy") != "any") continue;
    findings.push_back(
        {Severity::warning, "encrypted_unsigned",
         fmt::format("{}: encrypted_post_policy any: an encrypted post need not be signed inside",
                     list.str()),
         fmt::format("write `encrypted_post_policy signed_inside` into {}/config",
                     config->directory())});
  }
}

// Absent: nobody comes to paraph-owner through sudo.
void check_login_map(Findings& findings) {
  if (auto there = sys::ownership(kLoginMap); !there && there.error().code() == Errc::not_found)
    return;
  if (auto map = read_login_map(kLoginMap); !map)
    findings.push_back(finding_of(Severity::critical, "login_map", map.error()));
}

}  // namespace

Result<int> check(Invocation& call) {
  call.quiet_about_configuration = true;
  auto opened = call.site();
  if (!opened) return std::move(opened).error();
  const auto& site = **opened;
  OnlyList only;
  if (!call.arguments.empty()) {
    auto list = call.list();
    if (!list) return std::move(list).error();
    only = *list;
  }
  const TimePoint now = sys::SystemClock().now();
  Findings findings;
  check_configuration(site, findings, only);
  check_policies(site, findings, only);
  check_keys(site, now, Severity::warning, findings, only);
  check_scenarios(site, findings, only);
  if (!only) {
    check_crls(site, now, findings);
    check_login_map(findings);
  }
  if (call.has("strict"))
    for (auto& finding : findings) finding.severity = Severity::critical;
  sort_by_severity(findings);
  const Severity severity = worst(findings);
  call.print({{"status", to_string(severity)}, {"findings", to_json(findings)}}, to_text(findings));
  return static_cast<int>(severity);
}

}  // namespace paraph::app
