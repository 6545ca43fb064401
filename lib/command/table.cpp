#include <algorithm>
#include <cassert>

#include "command/command.h"

namespace paraph::command {

const std::vector<Row>& table() {
  using A = Argument;
  static const std::vector<Row> rows{
      {Verb::subscribe,
       {"SUBSCRIBE", "SUB"},
       {A::list, A::name},
       "subscribe",
       "SUBSCRIBE LIST [NAME]",
       "makes you a member of the list"},
      {Verb::signoff,
       {"UNSUBSCRIBE", "SIGNOFF", "SIG", "UNS", "UNSUB"},
       {A::list, A::who},
       "unsubscribe",
       "UNSUBSCRIBE LIST [EMAIL]",
       "ends your membership"},
      {Verb::add,
       {"ADD"},
       {A::list, A::email, A::name},
       "add",
       "ADD LIST EMAIL [NAME]",
       "makes somebody a member (owners)"},
      {Verb::del,
       {"DELETE", "DEL"},
       {A::list, A::email},
       "del",
       "DELETE LIST EMAIL",
       "ends somebody's membership (owners)"},
      {Verb::confirm,
       {"CONFIRM", "CON"},
       {A::key},
       "",
       "CONFIRM KEY",
       "says that a message that waits is yours"},
      {Verb::auth,
       {"AUTH"},
       {A::key, A::request},
       "",
       "AUTH KEY [COMMAND]",
       "confirms a request, or accepts one as an owner"},
      {Verb::distribute,
       {"DISTRIBUTE", "DIS"},
       {A::list, A::key},
       "",
       "DISTRIBUTE LIST KEY",
       "releases a message that waits (editors)"},
      {Verb::reject,
       {"REJECT", "REJ"},
       {A::list, A::key, A::reason},
       "",
       "REJECT LIST KEY [REASON]",
       "refuses a message or a request that waits (editors, owners)"},
      {Verb::help, {"HELP", "HEL", "SOS"}, {}, "", "HELP", "sends these lines"},
      {Verb::finished,
       {"QUIT", "QUI", "END", "STOP", "-"},
       {},
       "",
       "QUIT",
       "what follows is no command"},
  };
  return rows;
}

const Row& row(Verb verb) {
  const auto& rows = table();
  const auto found =
      std::find_if(rows.begin(), rows.end(), [verb](const Row& each) { return each.verb == verb; });
  assert(found != rows.end());
  return *found;
}

}  // namespace paraph::command
