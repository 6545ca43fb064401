#pragma once

#include <memory>
#include <string>
#include <vector>

#include "delivery/courier.h"

namespace paraph::delivery {

/// Private to `delivery`: pipes a message into
/// `PROGRAM [ARGUMENTS] -oi -f REVERSE-PATH -- RECIPIENT…` and reads its sysexits status. The null
/// sender is `<>`. `command` is the program's absolute path, then its further arguments.
[[nodiscard]] std::unique_ptr<Courier> sendmail_courier(std::vector<std::string> command);

}  // namespace paraph::delivery
