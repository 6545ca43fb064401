#pragma once

#include "store/connection.h"
#include "store/notices.h"

namespace paraph::store {

/// paraph_missed and paraph_notice; for this module only.
class SqlNotices final : public Notices {
 public:
  explicit SqlNotices(Connection& connection) : connection_(connection) {}
  Result<void> missed(const Missed& missed) override;
  Result<Standing> standing(std::string_view address, std::string_view list) override;
  Result<long long> last_told(std::string_view address, std::string_view list,
                              std::string_view kind) override;
  Result<void> told(std::string_view address, std::string_view list, std::string_view kind,
                    long long at) override;
  Result<bool> take_turn(std::string_view address, std::string_view list, std::string_view mail_id,
                         long long at) override;
  Result<std::vector<Missed>> of(std::string_view address) override;
  Result<std::vector<Missed>> of_mail(std::string_view mail_id) override;
  Result<void> forget(std::string_view address, std::string_view list,
                      std::string_view mail_id) override;
  Result<void> expire(long long before) override;

 private:
  Connection& connection_;
};

}  // namespace paraph::store
