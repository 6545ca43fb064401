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

namespace {
template <class Word, std::size_t N>
Word find_word(const std::array<std::string_view, N>& words, std::string_view wanted, Word other) {
  for (std::size_t i = 0; i < N; ++i)
    if (words[i] == wanted) return static_cast<Word>(i);
  return other;
}
constexpr std::array<std::string_view, 4> sources = {"mail", "manual", "import", "ldif"};
constexpr std::array<std::string_view, 4> states = {"current", "history", "pending", "removed"};
}  // namespace

std::string_view to_string(CertificateSource source) {
  return sources.at(static_cast<std::size_t>(source));
}
CertificateSource source_from(std::string_view word) {
  return find_word(sources, word, CertificateSource::manual);
}
std::string_view to_string(CertificateState state) {
  return states.at(static_cast<std::size_t>(state));
}
CertificateState state_from(std::string_view word) {
  return find_word(states, word, CertificateState::history);
}

}  // namespace paraph::list
