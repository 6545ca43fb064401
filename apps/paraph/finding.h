#pragma once

#include <string>
#include <vector>

#include "apps/common/daemon_state.h"
#include "apps/paraph/waiting.h"
#include "sys/disk_space.h"

/// What `status`, `check` and `fsck` find wrong with a site. Each check looks at one thing and goes on whatever it meets.
namespace paraph::app {

enum class Severity : unsigned char { fine, warning, critical };
[[nodiscard]] std::string_view to_string(Severity severity);  ///< "OK", "WARNING", "CRITICAL"

struct Finding {
  Severity severity = Severity::warning;
  std::string code;     ///< for scripts: "database_locked"
  std::string message;  ///< one line
  std::string command;  ///< what mends it, or empty
};
using Findings = std::vector<Finding>;

[[nodiscard]] Severity worst(const Findings& findings);
[[nodiscard]] Json to_json(const Findings& findings);
/// A line each; the last column names the command, so the messages before it are as wide as they are.
[[nodiscard]] std::string to_text(const Findings& findings);
/// Worst first; within one severity as they were found.
void sort_by_severity(Findings& findings);
/// `message` and `command` from an Error.
[[nodiscard]] Finding finding_of(Severity severity, std::string code, const Error& error);

/// The lists that a check looks at: one, and nothing of the site, or all.
using OnlyList = std::optional<list::ListAddress>;
/// Those of the site. Errors are for check_configuration() to tell.
[[nodiscard]] std::vector<list::ListAddress> lists_of(const config::Site& site,
                                                      const OnlyList& only);

// The site itself (site_checks.cpp).
/// Warnings of the parser, and the files of trusted CAs: mail waits for those that cannot be read. Of one list also what it
/// has from its site and domain.
void check_configuration(const config::Site& site, Findings& findings, const OnlyList& only = {});
/// Absent, locked, damaged, older or newer, not writable.
void check_database(const config::Site& site, Findings& findings);
/// Pairs of the site and of its open lists: unusable, with wrong permissions, expired or about to. `when_none`: how grave it
/// is that the site has none, or a list that is for encrypted mail.
void check_keys(const config::Site& site, TimePoint now, Severity when_none, Findings& findings,
                const OnlyList& only = {});
/// Revocation lists that are stale, will soon be, or cannot be read, and CAs without one, as far as `crl_check` asks for
/// them anywhere (crl.cpp).
void check_crls(const config::Site& site, TimePoint now, Findings& findings);
/// Directories that are missing, are not ours, or open to others; spools that could not be seen for another reason.
void check_directories(const config::Site& site, const WaitingMail& waiting, Findings& findings);

/// The disk of the queue; nullopt: it cannot be asked.
[[nodiscard]] std::optional<sys::DiskSpace> disk_of(const config::Site& site);
void check_disk(const std::optional<sys::DiskSpace>& disk, const config::Site& site,
                Findings& findings);

/// Scenarios that are missing, do not parse, or are doubtful, of every list and domain (scenario_findings.cpp): each file
/// with the includes and search files that the list has which uses it.
void check_scenarios(const config::Site& site, Findings& findings, const OnlyList& only = {});

// Mail and daemons (mail_checks.cpp).
void check_daemons(const std::vector<DaemonState>& daemons, const WaitingMail& waiting,
                   TimePoint now, Findings& findings);
/// Mail that waits for the machine, that has waited for long, that is in quarantine.
void check_mail(const WaitingMail& waiting, const std::vector<DaemonState>& daemons, TimePoint now,
                Findings& findings);

}  // namespace paraph::app
