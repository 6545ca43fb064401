#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"

/// A daemon is a small supervisor with worker processes. It touches no mail itself: it starts workers, passes signals
/// on, ends a worker that is over its limits, and counts the deaths of workers against what they had in hand.
///
/// | what dies                     | counts                                                                        |
/// |-------------------------------|-------------------------------------------------------------------------------|
/// | a worker, mail in hand        | an attempt of that mail; the next one after a pause; after three: condemned   |
/// | a worker, recipient in hand   | the same of that recipient of that packet; condemned, he alone has failed     |
/// | a worker, settling several    | nothing; for some minutes mails are settled singly, so that the next one is named |
/// | a worker, nothing in hand     | nothing; another one is started after a pause that doubles up to a minute     |
/// | the same with `once`          | nothing; after three in a row the place stays empty, and the crew ends with 75 |
/// | a worker while stopping       | nothing                                                                       |
/// | supervisor and workers at once| against what was in hand, apart from attempts and up to ten (security rule 45)|
///
/// A condemned mail is put into quarantine by the next worker that meets it, without being looked at.
namespace paraph::app {

inline constexpr int kMaxAttempts = 3;
inline constexpr int kMaxSupervisorDeaths = 10;

/// Of one worker. Processor and wall time are of one step: from a mail or a recipient to the next.
struct Limits {
  std::size_t memory = 0;  ///< octets of private writable memory (RLIMIT_DATA); 0: none
  std::chrono::seconds cpu{0};
  std::chrono::seconds wall{0};
};

struct Plan {
  std::size_t workers = 1;
  Limits limits;
  std::string state_file;  ///< apps/common/board.h
};

struct Crew {
  std::string_view program;
  bool once = false;  ///< each worker ends by itself when nothing is left
  /// Asked at the start and at each SIGHUP; an Error at SIGHUP keeps the old plan.
  std::function<Result<Plan>()> plan;
  /// The worker's main(), in a child process. kOk: done. kAgain: start another at once.
  std::function<int()> work;
};
inline constexpr int kAgain = 200;

/// Runs until SIGTERM or SIGINT, or with `once` until all workers are done. The exit status of the program.
[[nodiscard]] int supervise(const Crew& crew);

// --- the worker's side ---

/// The worker is up: the service manager hears READY=1.
void report_ready();
/// The first worker of the crew: what needs doing once, it does.
[[nodiscard]] bool is_first_worker();

/// `name` has just been claimed. Death frees a claim before the supervisor has seen it: while another worker's place still
/// shows `name`, a death on it is not counted yet. Waits for that, some seconds at the most; then verdict_on() knows.
void await_count(std::string_view name);
/// What is in hand now, "" for nothing. Survives the worker's death.
void take_in_hand(std::string_view name);
/// What waits for the machine (an MTA, a key, the database) is tried again after `pause`; nullopt: nothing waits. For
/// `paraph status`.
void show_next_try(std::optional<std::chrono::milliseconds> pause);
/// While several gathered mails are ended together: none is in hand, and if the worker dies, mails are settled singly.
class Settling {
 public:
  Settling();
  ~Settling();
  Settling(const Settling&) = delete;
  Settling& operator=(const Settling&) = delete;
};
/// Workers have died while they settled several mails: each is to be settled by itself, in hand.
[[nodiscard]] bool settles_singly();
/// Progress: the limits count anew.
void next_step();
/// While somebody else is waited for (an MTA, with timeouts of its own) no wall time passes.
class Waiting {
 public:
  Waiting();
  ~Waiting();
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
};

struct Verdict {
  enum Kind : unsigned char { go_on, not_yet, condemned };
  Kind kind = go_on;
  std::string reason;
};
/// What to do with the mail or packet `name`, on which workers may have died: with its `label` in hand, which condemns it,
/// or with any other of its labels, which only puts it off.
[[nodiscard]] Verdict verdict_on(std::string_view name, std::string_view label);
/// The label of one recipient of a packet: "NAME/to RECIPIENT".
[[nodiscard]] std::string recipient_label(std::string_view name, std::string_view recipient);
/// All that is held against `name` by label ("NAME", "NAME/after …", "NAME/to …"): why it is condemned, or "".
[[nodiscard]] std::map<std::string, std::string> held_against(std::string_view name);
/// The mails and packets that something is held against.
[[nodiscard]] std::set<std::string> suspected_names();
/// `name` has ended: what is held against it is forgotten. Put back by a person, it is judged anew.
void absolve(std::string_view name);

/// In test builds (PARAPH_TEST_HOOKS), when $PARAPH_TEST_POISON occurs in `name`: dies of SIGSEGV, or does what
/// $PARAPH_TEST_POISON_HOW says (spin, hang, eat memory) until a limit ends it. Otherwise nothing.
void crash_if_poisoned(std::string_view name);

}  // namespace paraph::app
