#pragma once

#include <memory>
#include <string>

#include "pipeline/authorize.h"

namespace paraph::pipeline {

/// Whether that address has the role now. An editor is also an owner of a list that has no editors (Sympa's "actual editors").
[[nodiscard]] Result<bool> has_role(const list::ListAddress& list, list::Role role,
                                    std::string_view address, const Ports& ports);

/// [env->NAME]: of the program that decides.
[[nodiscard]] std::string environment(const std::string& name);

/// The only Facts that decides about real mail. Nothing from a decrypted layer is reachable here: header and body
/// variables read the outer message (security rule 28).
class SiteFacts final : public scenario::Facts {
 public:
  SiteFacts(const Question& question, const Ports& ports) : question_(question), ports_(ports) {}

  [[nodiscard]] Result<bool> is_subscriber(std::string_view list,
                                           std::string_view address) const override;
  [[nodiscard]] Result<bool> is_owner(std::string_view list,
                                      std::string_view address) const override;
  [[nodiscard]] Result<bool> is_editor(std::string_view list,
                                       std::string_view address) const override;
  [[nodiscard]] Result<bool> is_listmaster(std::string_view address) const override;
  [[nodiscard]] Result<bool> has_list(std::string_view list) const override;
  [[nodiscard]] Result<std::vector<std::string>> variable(
      const scenario::Variable& variable) const override;
  [[nodiscard]] Result<bool> search(std::string_view file, std::string_view address) const override;
  [[nodiscard]] TimePoint now() const override { return ports_.clock.now(); }

  /// The first failure of the machine (database locked, disk) that a condition met. The language knows only
  /// "error, reject"; a mail must not be refused for it, so the caller makes it wait.
  [[nodiscard]] const std::optional<Error>& machine_failure() const { return machine_; }

 private:
  /// One level's search_filters/`file`; nullopt: it has none.
  [[nodiscard]] Result<std::shared_ptr<const FilterPatterns>> patterns_of(
      const std::string& directory, const std::string& file) const;
  [[nodiscard]] Error failed(Error error) const;
  /// The list that a rule names, in the question's domain; nullopt when there is none of that name.
  [[nodiscard]] std::optional<list::ListAddress> named(std::string_view list) const;
  [[nodiscard]] Result<bool> serves(std::string_view list, list::Role role,
                                    std::string_view address) const;

  const Question& question_;
  const Ports& ports_;
  mutable std::optional<Error> machine_;
};

}  // namespace paraph::pipeline
