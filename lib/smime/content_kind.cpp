#include <algorithm>
#include <array>

#include "smime/open.h"

namespace paraph::smime {

std::string_view content_kind(const Opened& opened) {
  static constexpr std::array<std::string_view, 12> kNames{"text/plain",
                                                           "text/html",
                                                           "text/calendar",
                                                           "multipart/mixed",
                                                           "multipart/related",
                                                           "multipart/alternative",
                                                           "multipart/report",
                                                           "multipart/encrypted",
                                                           "message/rfc822",
                                                           "application/pdf",
                                                           "application/octet-stream",
                                                           "application/pkcs7-mime"};
  if (!opened.innermost) return {};
  const auto tree = mail::scan(opened.innermost->reveal());
  const auto found = std::find(kNames.begin(), kNames.end(), tree.root().content_type.full());
  return found == kNames.end() ? std::string_view("another type") : *found;
}

}  // namespace paraph::smime
