// RFC 5322 §3.4 with the obsolete forms of §4.4 where they have one reading only.
#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "mail/address.h"
#include "mail/address_syntax.h"
#include "mail/encoded_word.h"
#include "mail/lexer.h"

namespace paraph::mail {

namespace {

constexpr std::size_t kMaxMailboxes = 10'000;

// A word of a phrase or of a local part.
struct Word {
  enum class Kind { atom, dot, quoted, encoded };
  Kind kind;
  std::string text;
  bool spaced;  // white space or a comment stood before it
};
using Words = std::vector<Word>;

}  // namespace

class AddressParser {
 public:
  enum class Style { field, bare };  // bare: no comments, no white space, no phrase
  AddressParser(std::string text, Style style)
      : text_(std::move(text)), in_(text_), style_(style) {}
  AddressParser(const AddressParser&) = delete;
  AddressParser& operator=(const AddressParser&) = delete;

  AddressList list();
  std::optional<Mailbox> only_mailbox();
  std::optional<AddrSpec> only_address();

 private:
  enum class Found { mailbox, group, nothing };

  bool cfws() { return style_ == Style::bare || in_.skip_cfws(); }
  Found element(AddressList& list);
  bool at_separator();
  void end_group(AddressList& list);
  void skip_element();

  std::optional<Words> words();
  std::optional<Word> word();
  std::optional<Mailbox> mailbox(const Words& before);
  std::optional<AddrSpec> address(const Words& before);
  std::optional<AddrSpec> angle_address();
  bool route();
  static std::optional<std::string> local_part(const Words& words);
  static std::string phrase(const Words& words);
  std::optional<std::string> domain();
  std::optional<std::string> literal();

  std::string text_;
  detail::Lexer in_;
  Style style_;
  bool in_group_ = false;
};

AddressList AddressParser::list() {
  AddressList list;
  for (;;) {
    list.well_formed &= cfws();
    if (in_.at_end()) break;
    if (in_.take(',')) continue;  // §4.4: empty elements
    if (in_group_ && in_.take(';')) {
      end_group(list);
      continue;
    }
    if (list.mailboxes.size() == kMaxMailboxes) {
      list.well_formed = false;
      break;
    }
    const std::size_t start = in_.position();
    if (element(list) != Found::nothing) continue;
    list.well_formed = false;
    in_.seek(start);
    skip_element();
  }
  if (in_group_) list.well_formed = false;
  return list;
}

AddressParser::Found AddressParser::element(AddressList& list) {
  const auto before = words();
  if (!before) return Found::nothing;
  if (in_.peek() == ':' && !before->empty() && !in_group_) {
    in_.advance(1);
    list.had_group = in_group_ = true;
    return Found::group;
  }
  auto found = mailbox(*before);
  if (!found || !at_separator()) return Found::nothing;
  list.mailboxes.push_back(*std::move(found));
  return Found::mailbox;
}

bool AddressParser::at_separator() {
  return cfws() && (in_.at_end() || in_.peek() == ',' || (in_group_ && in_.peek() == ';'));
}

void AddressParser::end_group(AddressList& list) {
  in_group_ = false;
  if (at_separator()) return;
  list.well_formed = false;
  skip_element();
}

// To the next comma that is not inside quotes, comments, brackets or an encoded word: else a part
// of a display name could come back as an address. What is opened and never closed swallows the
// rest.
void AddressParser::skip_element() {
  char closer = '\0';
  while (!in_.at_end()) {
    const char c = in_.peek();
    if (closer == '\0' && (c == ',' || (in_group_ && c == ';'))) return;
    if (c == '"') {
      bool closed = true;
      (void)in_.quoted_string(closed);
      continue;
    }
    if (c == '(') {
      (void)in_.skip_cfws();
      continue;
    }
    if (c == closer) {
      closer = '\0';
    } else if (closer == '\0' && (c == '<' || c == '[')) {
      closer = c == '<' ? '>' : ']';
    }
    const auto encoded = c == '=' ? detail::encoded_word_at(in_.rest()).length : 0;
    in_.advance(encoded > 0 ? encoded : c == '\\' ? 2 : 1);
  }
}

// Everything up to the special character that tells what it was; nullopt when a word is broken.
std::optional<Words> AddressParser::words() {
  Words out;
  for (;;) {
    const std::size_t start = in_.position();
    if (!cfws()) return std::nullopt;
    const char c = in_.peek();
    if (c != '"' && c != '.' && !detail::is_atext(c)) return out;
    const bool spaced = in_.position() != start;
    auto next = word();
    if (!next) return std::nullopt;
    next->spaced = spaced;
    out.push_back(*std::move(next));
  }
}

std::optional<Word> AddressParser::word() {
  if (in_.take('.')) return Word{Word::Kind::dot, ".", false};
  if (in_.peek() == '"') {
    bool closed = true;
    std::string content = in_.quoted_string(closed);
    if (!closed) return std::nullopt;
    return Word{Word::Kind::quoted, std::move(content), false};
  }
  if (const auto encoded = detail::encoded_word_at(in_.rest()); encoded.length > 0) {
    // RFC 2047 §5 (3) wants specials encoded. The harmless ones pass; with the others, readers that
    // know encoded words and readers that do not would see different addresses.
    if (encoded.text.find_first_of(",<>@\"") != std::string_view::npos) return std::nullopt;
    std::string text(in_.rest().substr(0, encoded.length));
    in_.advance(encoded.length);
    return Word{Word::Kind::encoded, std::move(text), false};
  }
  return Word{Word::Kind::atom, std::string(in_.run(detail::is_atext)), false};
}

std::optional<Mailbox> AddressParser::mailbox(const Words& before) {
  if (in_.peek() == '@') {
    auto found = address(before);
    if (!found) return std::nullopt;
    return Mailbox{{}, *std::move(found)};
  }
  if (!in_.take('<')) return std::nullopt;
  auto found = angle_address();
  if (!found) return std::nullopt;
  return Mailbox{phrase(before), *std::move(found)};
}

std::optional<AddrSpec> AddressParser::angle_address() {
  if (!cfws()) return std::nullopt;
  if ((in_.peek() == '@' || in_.peek() == ',') && !route()) return std::nullopt;
  const auto local = words();
  if (!local) return std::nullopt;
  auto found = address(*local);
  if (!found || !cfws() || !in_.take('>')) return std::nullopt;
  return found;
}

// §4.4 obs-route: "@a,@b:", to be ignored.
bool AddressParser::route() {
  if (style_ == Style::bare) return false;
  while (in_.peek() == ',' || in_.peek() == '@') {
    if (in_.take('@') ? !domain() : !in_.take(',')) return false;
    if (!cfws()) return false;
  }
  return in_.take(':');
}

std::optional<AddrSpec> AddressParser::address(const Words& before) {
  auto local = local_part(before);
  if (!local || !in_.take('@')) return std::nullopt;
  auto host = domain();
  if (!host || local->size() + 1 + host->size() > detail::kMaxAddress) return std::nullopt;
  return AddrSpec(*std::move(local), *std::move(host));
}

// §3.4.1 local-part, §4.4 obs-local-part: word *("." word).
std::optional<std::string> AddressParser::local_part(const Words& words) {
  std::string content;
  bool quoted = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto& [kind, text, spaced] = words[i];
    if ((kind == Word::Kind::dot) != (i % 2 == 1)) return std::nullopt;
    if (kind == Word::Kind::quoted) {
      if (!detail::is_quotable(text) || (text.empty() && words.size() > 1)) return std::nullopt;
      quoted = true;
    } else if (kind != Word::Kind::dot && !detail::is_dot_atom(text)) {
      return std::nullopt;
    }
    content += text;
  }
  if (words.size() % 2 == 0) return std::nullopt;  // none, or a dot at the end
  if (detail::is_dot_atom(content)) return content;
  return quoted ? std::optional(detail::quote(content)) : std::nullopt;
}

std::string AddressParser::phrase(const Words& words) {
  std::string out;
  for (const auto& word : words) {
    if (word.spaced && !out.empty()) out += ' ';
    out += word.text;
  }
  return decode_words(out);
}

// §3.4.1 domain, §4.4 obs-domain: atom *("." atom), white space and comments around the dots.
std::optional<std::string> AddressParser::domain() {
  if (!cfws()) return std::nullopt;
  if (in_.peek() == '[') return literal();
  const auto in_label = [](char c) { return c != '.' && detail::is_atext(c); };
  std::string out;
  for (;;) {
    out += in_.run(in_label);
    if (!cfws()) return std::nullopt;
    if (!in_.take('.')) break;
    out += '.';
    if (!cfws()) return std::nullopt;
  }
  if (!detail::is_dotted_domain(out)) return std::nullopt;
  return out;
}

std::optional<std::string> AddressParser::literal() {
  const std::string out(in_.run([](char c) { return c != ']'; }));
  if (!in_.take(']') || !detail::is_address_literal(out + ']')) return std::nullopt;
  return out + ']';
}

std::optional<Mailbox> AddressParser::only_mailbox() {
  const auto before = words();
  if (!before) return std::nullopt;
  auto found = mailbox(*before);
  if (!found || !cfws() || !in_.at_end()) return std::nullopt;
  return found;
}

std::optional<AddrSpec> AddressParser::only_address() {
  const bool angle = in_.take('<');
  const auto local = words();
  if (!local) return std::nullopt;
  auto found = address(*local);
  if (!found || (angle && !in_.take('>')) || !in_.at_end()) return std::nullopt;
  return found;
}

std::optional<AddrSpec> AddrSpec::parse(std::string_view text) {
  return AddressParser(std::string(ascii::trim(text)), AddressParser::Style::bare).only_address();
}

AddressList parse_address_list(std::string_view field_body) {
  return AddressParser(detail::unfold(field_body), AddressParser::Style::field).list();
}

std::optional<Mailbox> parse_mailbox(std::string_view text) {
  return AddressParser(detail::unfold(text), AddressParser::Style::field).only_mailbox();
}

}  // namespace paraph::mail
