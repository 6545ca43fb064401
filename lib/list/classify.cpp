#include <array>

#include "base/ascii.h"
#include "list/list.h"

namespace paraph::list {
namespace {

struct SuffixKind {
  std::string_view suffix;
  AddressKind kind;
};
// "owner" is missing on purpose: reached only when return_path_suffix is another one, and then
// nobody's address.
constexpr std::array<SuffixKind, 4> suffix_kinds = {{{"request", AddressKind::owner},
                                                     {"editor", AddressKind::editor},
                                                     {"subscribe", AddressKind::subscribe},
                                                     {"unsubscribe", AddressKind::unsubscribe}}};

// What stands before a non-empty suffix, when something does; empty otherwise.
std::string_view before(std::string_view mailbox, std::string_view suffix) {
  if (suffix.empty() || mailbox.size() <= suffix.size() || !ascii::iends_with(mailbox, suffix))
    return {};
  return mailbox.substr(0, mailbox.size() - suffix.size());
}

struct Split {
  std::string_view head;
  std::string_view suffix;
};
// X-S with S among the suffixes; where several fit, the longest X.
Split split_suffix(std::string_view mailbox, const std::vector<std::string>& suffixes) {
  Split best;
  for (const std::string& suffix : suffixes) {
    const std::string_view head =
        suffix.empty() ? std::string_view() : before(mailbox, "-" + suffix);
    if (head.size() > best.head.size()) best = {head, suffix};
  }
  return best;
}

AddressKind kind_of(std::string_view suffix) {
  for (const SuffixKind& row : suffix_kinds) {
    if (ascii::iequals(suffix, row.suffix)) return row.kind;
  }
  return AddressKind::unknown;
}

}  // namespace

Destination classify(std::string_view local_part, std::string_view domain,
                     const AddressRules& rules) {
  const std::string mailbox = ascii::to_lower(local_part);
  Destination to{AddressKind::unknown, {}, ascii::to_lower(domain)};
  if (mailbox.empty()) return to;
  const bool main = ascii::iequals(domain, rules.main_domain);
  const auto is_command = [&](std::string_view name) { return ascii::iequals(name, rules.email); };
  const auto end = [&](AddressKind kind, std::string_view list_name) {
    to.kind = kind;
    to.list_name = list_name;
    return to;
  };

  // "sympa" of the main domain stays reachable whatever `email` says.
  if (is_command(mailbox) || (main && mailbox == "sympa")) return end(AddressKind::sympa, {});
  if (ascii::iequals(mailbox, rules.listmaster_email)) return end(AddressKind::listmaster, {});
  if (const std::string_view head = before(mailbox, rules.return_path_suffix); !head.empty()) {
    return is_command(head) ? end(AddressKind::sympa_owner, {})
                            : end(AddressKind::return_path, head);
  }
  const Split split = split_suffix(mailbox, rules.list_check_suffixes);
  if (split.head.empty()) return end(AddressKind::post, mailbox);
  const AddressKind kind = kind_of(split.suffix);
  if (kind == AddressKind::unknown) return end(kind, mailbox);
  if (kind == AddressKind::owner && is_command(split.head))
    return end(AddressKind::sympa_owner, {});
  return end(kind, split.head);
}

}  // namespace paraph::list
