#include <array>
#include <cassert>

#include "base/ascii.h"
#include "list/list.h"

namespace paraph::list {
namespace {

struct Mode {
  ReceptionMode mode;
  std::string_view word;
  bool copies;  // false: served later (digest, summary) or never
};
constexpr std::array<Mode, 9> modes = {{{ReceptionMode::mail, "mail", true},
                                        {ReceptionMode::notice, "notice", true},
                                        {ReceptionMode::digest, "digest", false},
                                        {ReceptionMode::digestplain, "digestplain", false},
                                        {ReceptionMode::summary, "summary", false},
                                        {ReceptionMode::nomail, "nomail", false},
                                        {ReceptionMode::txt, "txt", true},
                                        {ReceptionMode::urlize, "urlize", true},
                                        {ReceptionMode::not_me, "not_me", true}}};

const Mode& row_of(ReceptionMode mode) {
  for (const Mode& row : modes) {
    if (row.mode == mode) return row;
  }
  assert(false && "a ReceptionMode without a row");
  return modes.front();
}

}  // namespace

std::string_view to_string(ReceptionMode mode) {
  return row_of(mode).word;
}

bool receives_copies(ReceptionMode mode) {
  return row_of(mode).copies;
}

std::optional<ReceptionMode> reception_from(std::string_view word) {
  word = ascii::trim(word);
  if (word.empty() || ascii::iequals(word, "html")) return ReceptionMode::mail;
  for (const Mode& row : modes) {
    if (ascii::iequals(word, row.word)) return row.mode;
  }
  return std::nullopt;
}

std::string_view to_string(Role role) {
  constexpr std::array<std::string_view, 4> words = {"member", "owner", "editor", "listmaster"};
  return words.at(static_cast<std::size_t>(role));
}

}  // namespace paraph::list
