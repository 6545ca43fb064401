#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mail/entity.h"
#include "scenario/scenario.h"

namespace paraph::scenario {

/// A message as the rules of a list see it.
struct MessageView {
  const mail::MimeTree* message = nullptr;  ///< null: an empty one, as in Sympa
  std::string_view list_name;               ///< for [is_bcc]
  bool encrypted = false;                   ///< for [msg_encrypted]
};

/// The values of [msg_header->F], [header->F], [msg_body], [msg_part->K], [msg->K], [msg_encrypted] and [is_bcc];
/// nullopt for any other variable. Never an empty vector.
///   msg_header  decoded words, unfolded; an index takes one of several
///   msg_body    the octets as they came, of a text/* message
///   msg_part    "type" or, of text parts, the decoded "body", of the direct parts of a multipart
///   msg         "size" in octets, "decoded_subject"
[[nodiscard]] std::optional<std::vector<std::string>> message_values(const Variable& variable,
                                                                     const MessageView& view);

/// What an index makes of several values: one, or the empty text. Without an index all of them, at least one.
[[nodiscard]] std::vector<std::string> indexed(std::vector<std::string> values,
                                               std::optional<int> index);

}  // namespace paraph::scenario
