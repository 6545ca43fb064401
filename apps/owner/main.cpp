// paraph-owner(8): the verbs of owners, for their own lists.

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "apps/owner/identity.h"
#include "apps/owner/login_map.h"
#include "apps/paraph/command.h"
#include "sys/log.h"
#include "sys/process.h"

namespace {

using namespace paraph;
using namespace paraph::app;

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

// Whatever the caller had in his environment or directory, it is the same run.
Start take_start(int argc, char** argv) {
  Start start{{argv + std::min(argc, 1), argv + argc},
              environment("SUDO_UID"),
              environment("SUDO_USER"),
              environment("SSH_ORIGINAL_COMMAND")};
  ::clearenv();
  ::setenv("PATH", "/usr/bin:/bin", 1);
  return start;
}

int run(int argc, char** argv) {
  Invocation::program = "paraph-owner";
  if (!sys::harden())
    return complain(
        Invocation::program,
        Error::never(Errc::denied, "refuses to run set-id").with_hint("remove the set-id bit"));
  const Start start = take_start(argc, argv);
  if (::chdir("/") != 0)
    return complain(Invocation::program, Error::later(Errc::io, "chdir /: failed"));
  auto identity = identify(start, kLoginMap);
  if (!identity) {
    sys::open_log(Invocation::program, false, sys::Level::warning)
        ->write(sys::Level::warning, "refused",
                {{"by", start.sudo_user.value_or(sys::user_name(sys::current_uid()))},
                 {"result", identity.error().what()}});
    return complain(Invocation::program, identity.error());
  }
  return run_command(std::move(identity->words), {.owner_program = true,
                                                  .actor = std::move(identity->address),
                                                  .login = std::move(identity->login)});
}

}  // namespace

int main(int argc, char** argv) {
  return guarded(run, argc, argv);
}
