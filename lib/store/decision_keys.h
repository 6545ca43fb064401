#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace paraph::store {

/// What a key that went out by mail lets its holder say (security rule 16).
enum class KeyAction : unsigned char {
  confirm,                 ///< a post: its author means it
  moderate,                ///< a post: released or refused, by an editor
  moderate_as_owner,       ///< where the rule names owners
  moderate_as_listmaster,  ///< where it names listmasters
  request,                 ///< a request: confirmed by whom it concerns
  approve                  ///< a request: accepted or refused, by an owner
};
[[nodiscard]] std::string_view to_string(KeyAction action);
[[nodiscard]] std::optional<KeyAction> key_action_from(std::string_view word);

/// One key, known by its digest alone: the key itself stands in the mail to `recipient` and nowhere else.
struct DecisionKey {
  std::string sha256;  ///< of the key, hex
  std::string item;    ///< ingest id of what waits
  std::string list;    ///< name@domain
  std::string
      recipient;  ///< who has to have the office still for which he was asked, when it is used
  KeyAction action = KeyAction::confirm;
  std::string request = {};  ///< the command, where it is one that waits
  long long expires = 0;     ///< epoch
};

/// paraph_key. Implemented by Database.
class DecisionKeys {
 public:
  virtual ~DecisionKeys() = default;
  /// On the disk before it returns: the mail with the key leaves after it.
  [[nodiscard]] virtual Result<void> grant(const DecisionKey& key) = 0;
  [[nodiscard]] virtual Result<std::optional<DecisionKey>> find(std::string_view sha256) = 0;
  [[nodiscard]] virtual Result<void> expire(long long before) = 0;
};

}  // namespace paraph::store
