#pragma once

#include "list/list.h"
#include "store/connection.h"

namespace paraph::store {

/// Members and roles in Sympa's subscriber_table and admin_table; for this module only.
class SqlDirectory final : public list::Directory {
 public:
  SqlDirectory(Connection& connection, const Clock& clock)
      : connection_(connection), clock_(clock) {}
  Result<std::optional<list::Subscriber>> member(const list::ListAddress& list,
                                                 std::string_view email) override;
  Result<std::vector<list::Subscriber>> members(const list::ListAddress& list,
                                                std::string_view after, std::size_t limit) override;
  Result<std::size_t> count(const list::ListAddress& list) override;
  Result<std::string> member_value(const list::ListAddress& list, std::string_view email,
                                   std::string_view name) override;
  Result<std::string> user_value(std::string_view email, std::string_view name) override;
  Result<std::vector<list::Admin>> admins(const list::ListAddress& list, list::Role role) override;
  Result<bool> add_member(const list::ListAddress& list,
                          const list::Subscriber& subscriber) override;
  Result<bool> remove_member(const list::ListAddress& list, std::string_view email) override;
  Result<bool> add_admin(const list::ListAddress& list, const list::Admin& admin) override;
  Result<bool> remove_admin(const list::ListAddress& list, list::Role role,
                            std::string_view email) override;

 private:
  Connection& connection_;
  const Clock& clock_;
};

}  // namespace paraph::store
