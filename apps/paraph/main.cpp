// paraph(1): everything a listmaster may do.

#include "apps/paraph/command.h"
#include "sys/process.h"

namespace {

using namespace paraph;
using namespace paraph::app;

int run(int argc, char** argv) {
  if (!sys::harden())
    return complain(
        Invocation::program,
        Error::never(Errc::denied, "refuses to run set-id").with_hint("remove the set-id bit"));
  return run_command({argv + 1, argv + argc}, {});
}

}  // namespace

int main(int argc, char** argv) {
  return guarded(run, argc, argv);
}
