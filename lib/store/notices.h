#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace paraph::store {

/// A post of which a member got no copy.
struct Missed {
  std::string address, list, mail_id;
  long long at = 0;    ///< epoch
  std::string reason;  ///< "expired"
};

/// Who missed which post, and when he was told: so that one notice a day is enough, and a mended certificate brings the
/// posts. Implemented by Database.
class Notices {
 public:
  virtual ~Notices() = default;
  static constexpr long long kDay = 24 * 3600;

  /// A repeat of the same post counts once. Not waited for by the disk: the packet's journal is the witness.
  [[nodiscard]] virtual Result<void> missed(const Missed& missed) = 0;
  /// How many posts of the list he has missed, and when he was told last (0: never).
  struct Standing {
    std::size_t missed = 0;
    long long told = 0;
  };
  [[nodiscard]] virtual Result<Standing> standing(std::string_view address,
                                                  std::string_view list) = 0;
  /// When a notice of that kind ("missing", "pending", "reminder") went to the address; epoch, 0: never.
  [[nodiscard]] virtual Result<long long> last_told(std::string_view address, std::string_view list,
                                                    std::string_view kind) = 0;
  [[nodiscard]] virtual Result<void> told(std::string_view address, std::string_view list,
                                          std::string_view kind, long long at) = 0;
  /// Whether he is to be told "missing" because of this mail: at most one mail a day gets the turn, whichever worker
  /// asks first, and keeps it for its repeats.
  [[nodiscard]] virtual Result<bool> take_turn(std::string_view address, std::string_view list,
                                               std::string_view mail_id, long long at) = 0;
  /// Of all lists, oldest first.
  [[nodiscard]] virtual Result<std::vector<Missed>> of(std::string_view address) = 0;
  /// Of one mail.
  [[nodiscard]] virtual Result<std::vector<Missed>> of_mail(std::string_view mail_id) = 0;
  [[nodiscard]] virtual Result<void> forget(std::string_view address, std::string_view list,
                                            std::string_view mail_id) = 0;
  /// Everything that was missed before `before`; also what was told before.
  [[nodiscard]] virtual Result<void> expire(long long before) = 0;
};

}  // namespace paraph::store
