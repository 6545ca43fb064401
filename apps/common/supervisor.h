#pragma once

#include <functional>
#include <string>
#include <string_view>

/// A daemon is a small supervisor with a worker process. When a worker dies on a mail (a crash, the
/// OOM killer), the supervisor, which touches no mail itself, counts an attempt against what the
/// worker had in hand and starts another one; after three, the next worker is told to put that mail
/// into quarantine. Only deaths reaped by a living supervisor count (security rule 45).
namespace paraph::app {

/// The worker's side: what is in hand now, "" for nothing. Survives the worker's death.
void take_in_hand(std::string_view name);

/// Why `name` must be quarantined without being looked at again, or empty.
[[nodiscard]] std::string condemned(std::string_view name);

/// The worker is up: the service manager hears READY=1.
void report_ready();

/// In test builds (PARAPH_TEST_HOOKS), dies when $PARAPH_TEST_POISON occurs in `name`; otherwise
/// nothing.
void crash_if_poisoned(std::string_view name);

inline constexpr int kMaxAttempts = 3;

/// Runs `work` in a child process until it returns; its return value is the exit status. Restarts
/// it after a death by signal, at once while it is about mail in hand, else with a pause that
/// doubles. SIGTERM, SIGINT and SIGHUP are passed on.
[[nodiscard]] int supervise(std::string_view program, const std::function<int()>& work);

}  // namespace paraph::app
