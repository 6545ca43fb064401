#pragma once

#include <memory>
#include <string>

#include "delivery/courier.h"

namespace paraph::delivery {

/// Private to `delivery`: one Maildir per recipient, `ROOT/ADDRESS/{tmp,new,cur}`, ADDRESS in lower
/// case and encoded by mail::filesystem_encode. Directories 0700, files 0600, `Return-Path:` first
/// (RFC 5321 §4.4). A file in new/ is complete and synced. ROOT is made when it is missing.
[[nodiscard]] std::unique_ptr<Courier> maildir_courier(std::string root, std::string host,
                                                       const Clock& clock, Random& random);

}  // namespace paraph::delivery
