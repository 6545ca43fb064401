#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

/// Who calls paraph-owner, and with which words.
namespace paraph::app {

/// What the program is started with, before it forgets its environment.
struct Start {
  std::vector<std::string> arguments;  ///< without the program's name
  std::optional<std::string>
      sudo_uid;  ///< $SUDO_UID, $SUDO_USER: sudo sets them, whatever its caller had
  std::optional<std::string> sudo_user;
  std::optional<std::string> ssh_command;  ///< $SSH_ORIGINAL_COMMAND
};

struct Identity {
  std::string address;             ///< canonical
  std::string login;               ///< for the log
  std::vector<std::string> words;  ///< VERB LIST …
};

/// Through sudo the login of SUDO_UID, as `map` (a path) has it, and never --for, unless root calls: a sudoers line lets
/// any argument pass. Otherwise `--for ADDRESS` (or --as) as the first argument, which a forced command of the service
/// user's authorized_keys holds; its words are then those of the ssh command, if the forced command has no more of its
/// own. Errors: denied, config, usage.
[[nodiscard]] Result<Identity> identify(const Start& start, const std::string& map);

}  // namespace paraph::app
