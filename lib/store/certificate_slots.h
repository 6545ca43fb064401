#pragma once

#include <array>
#include <string_view>

#include "list/list.h"

/// Sympa's names of certificate files; for this module only.
namespace paraph::store {

struct Slot {
  list::CertificateSlot slot;
  std::string_view suffix;
  bool verifies;
  bool encrypts;
};
inline constexpr std::array<Slot, 3> slots = {
    {{list::CertificateSlot::encrypt, "@enc", false, true},
     {list::CertificateSlot::sign, "@sign", true, false},
     {list::CertificateSlot::both, "", true, true}}};

/// An address may become a longer name than a file can have; then nothing is there. What an address
/// holds never climbs: both encodings turn '/' into something else.
[[nodiscard]] bool is_file_name(std::string_view name);

}  // namespace paraph::store
