#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apps/paraph/verb.h"

/// A command line of paraph or paraph-owner, from its words to the exit code.
namespace paraph::app {

/// Which program it is, and who calls it.
struct Terms {
  bool owner_program =
      false;  ///< only verbs of owners and editors, only the actor's lists, no file but - and no --config
  std::string actor = {};  ///< canonical; what paraph-owner found out
  std::string login = {};  ///< who came, for the log; empty: the caller
};

/// Runs the verb that `words` begin with, complains on stderr about what went wrong, logs who did it.
[[nodiscard]] int run_command(std::vector<std::string> words, const Terms& terms);
/// An internal error becomes one line and an exit code; a closed pipe is no error: `paraph lists | head`.
[[nodiscard]] int guarded(int (*body)(int argc, char** argv), int argc, char** argv);

/// Whether the actor may run the verb at all, and on its list: his role, and the scenario where it is asked once. The
/// refusals of paraph-owner are the same for a list that is not his and one that does not exist.
[[nodiscard]] Result<void> may_run(Invocation& call, const Terms& terms);

}  // namespace paraph::app
