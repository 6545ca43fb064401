#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "config/site.h"
#include "spool/header.h"

namespace paraph::pipeline {

/// Priorities as Sympa gives them: 0 first, 9 last, nullopt for z (never). What is no priority, or of an address or list
/// that cannot be read, is 5: the mail must reach the stage that says so.
[[nodiscard]] std::optional<unsigned> parse_priority(std::string_view text);

/// What a header in the bulk spool says: there nobody looks at the list again, so a "never" would be for ever. z keeps mail
/// out of hand before it is decided about, not after.
[[nodiscard]] unsigned bulk_priority(std::optional<unsigned> priority);

/// For one pass: what it has found out about an address stays.
class Priorities {
 public:
  explicit Priorities(const config::Site& site) : site_(site) {}
  /// Of accepted mail, by the address it was delivered to: the list's `priority`, `request_priority` for LIST-request and
  /// LIST-editor, `owner_priority` for LIST-owner, `sympa_priority` for the command and listmaster addresses.
  [[nodiscard]] std::optional<unsigned> operator()(const std::string& address);

 private:
  const config::Site& site_;
  std::map<std::string, std::optional<unsigned>, std::less<>> known_;
};

}  // namespace paraph::pipeline
