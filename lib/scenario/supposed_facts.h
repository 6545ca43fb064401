#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenario/message_values.h"
#include "scenario/scenario.h"

namespace paraph::scenario {

/// A role that somebody is supposed to have. Empty `list`: the list in question; empty `address`: the sender.
struct SupposedRole {
  enum class Kind : std::uint8_t { member, owner, editor, listmaster } kind = Kind::member;
  std::string list;
  std::string address;
};
/// "ROLE[:LIST[:ADDRESS]]", several between commas or blanks; "stranger" and "none" have none. An Error names the word.
[[nodiscard]] Result<std::vector<SupposedRole>> parse_roles(std::string_view text);
[[nodiscard]] const std::vector<std::string_view>& role_words();  ///< "member" … "stranger"

/// What a question takes for granted, for tests of scenarios, truth tables and `scenario eval --set`.
struct Supposition {
  /// When set, the roles of the list in question and of whoever is named here come from here alone.
  std::optional<std::vector<SupposedRole>> roles;
  /// By name, "sender" or "msg_header->subject" (lower case): all values.
  std::map<std::string, std::vector<std::string>> variables;
  std::optional<TimePoint> at;
  std::function<Result<bool>(std::string_view file, std::string_view address)> search = {};

  /// "NAME=VALUE", NAME with or without brackets; the same name again adds a value. An Error when there is no "=".
  [[nodiscard]] Result<void> set(std::string_view assignment);
};

/// Suppositions over facts: what is not supposed is asked of `below`. Both outlive the object.
class SupposedFacts final : public Facts {
 public:
  SupposedFacts(const Supposition& supposed, const Facts& below)
      : supposed_(supposed), below_(below) {}
  [[nodiscard]] Result<bool> is_subscriber(std::string_view list,
                                           std::string_view address) const override;
  [[nodiscard]] Result<bool> is_owner(std::string_view list,
                                      std::string_view address) const override;
  [[nodiscard]] Result<bool> is_editor(std::string_view list,
                                       std::string_view address) const override;
  [[nodiscard]] Result<bool> is_listmaster(std::string_view address) const override;
  [[nodiscard]] Result<bool> has_list(std::string_view list) const override;
  [[nodiscard]] Result<std::vector<std::string>> variable(const Variable& variable) const override;
  [[nodiscard]] Result<bool> search(std::string_view file, std::string_view address) const override;
  [[nodiscard]] TimePoint now() const override { return supposed_.at.value_or(below_.now()); }

 private:
  [[nodiscard]] std::string first(std::string_view name) const;
  [[nodiscard]] std::optional<std::string> supposed_row(const Variable& variable) const;
  [[nodiscard]] bool is_the_list(std::string_view list) const;
  [[nodiscard]] bool has(SupposedRole::Kind kind, std::string_view list,
                         std::string_view address) const;
  const Supposition& supposed_;
  const Facts& below_;
};

/// A world in which nobody has a role and only a message, or none, is known. The sender is "nobody", a filter other than
/// blocklist.txt is missing.
class BareFacts final : public Facts {
 public:
  struct World {
    const mail::MimeTree* message = nullptr;
    bool message_encrypted = false;
    TimePoint now{};
    std::string list = "list";  ///< empty: the question is about none
    std::string domain = "example.org";
    /// What [env->V] asks; without it every one is empty.
    std::function<std::string(const std::string& name)> environment = {};
    /// What [conf->P] and [list->P] are where nobody has set them; without it they are empty.
    std::function<std::string(const Variable& variable)> parameter = {};
  };
  explicit BareFacts(World world) : world_(std::move(world)) {}
  [[nodiscard]] Result<bool> is_subscriber(std::string_view, std::string_view) const override {
    return false;
  }
  [[nodiscard]] Result<bool> is_owner(std::string_view, std::string_view) const override {
    return false;
  }
  [[nodiscard]] Result<bool> is_editor(std::string_view, std::string_view) const override {
    return false;
  }
  [[nodiscard]] Result<bool> is_listmaster(std::string_view) const override { return false; }
  [[nodiscard]] Result<bool> has_list(std::string_view list) const override;
  [[nodiscard]] Result<std::vector<std::string>> variable(const Variable& variable) const override;
  [[nodiscard]] Result<bool> search(std::string_view file, std::string_view address) const override;
  [[nodiscard]] TimePoint now() const override { return world_.now; }

 private:
  World world_;
};

}  // namespace paraph::scenario
