#pragma once

#include <string>

#include "base/ports.h"

namespace paraph::sys {

/// getrandom(2): for programs that must not carry OpenSSL (paraph-queue).
class KernelRandom final : public Random {
 public:
  [[nodiscard]] std::string octets(std::size_t count) override;
};

}  // namespace paraph::sys
