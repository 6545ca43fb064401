#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/ports.h"
#include "spool/header.h"
#include "sys/file_system.h"

/// Who comes first when several wait.
namespace paraph::spool {

struct Waiting {
  std::string name;
  std::optional<unsigned> priority = kNormalPriority;  ///< 0 first; nullopt (z): never
  std::string list;
  std::string sender;
  TimePoint since;
};

/// The names in the order in which they are worked on: lower priority numbers first; in one priority the lists in turn,
/// inside a list its senders in turn, inside a sender the oldest first, and by name what is equally old. Lists and
/// senders begin with the one whose mail has waited longest. So nobody is kept waiting by somebody else's thousand mails
/// for longer than one of them takes. Priority z is left out.
[[nodiscard]] std::vector<std::string> fair_order(std::vector<Waiting> items);

/// Priority of a mail by the address it was delivered to, nullopt: never (z). The pipeline answers, since the lists'
/// configuration knows.
using PriorityOf = std::function<std::optional<unsigned>(const std::string& address)>;

/// Tells people why mail of priority z waits. Its notes are files, so that it writes a few with each look, and each once.
class NeverNotes {
 public:
  static constexpr std::size_t kEachLook = 100;
  /// All names of priority z there are now, in the order in which they get their notes.
  void note(sys::FileSystem& fs, const std::vector<std::string>& names);

 private:
  std::set<std::string> noted_;
};

}  // namespace paraph::spool
