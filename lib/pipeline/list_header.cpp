#include "pipeline/list_header.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/ascii.h"
#include "mail/edit.h"

namespace paraph::pipeline {
namespace {

// Replaced by ours, or forged by definition when they arrive: at most one of each may leave (RFC
// 2369 §4, RFC 2919 §3).
constexpr std::array<std::string_view, 13> kSuperseded{
    "List-Id",   "List-Help",  "List-Subscribe", "List-Unsubscribe", "List-Unsubscribe-Post",
    "List-Post", "List-Owner", "List-Archive",   "Return-Path",      "Resent-Sender",
    "Sender",    "Errors-To",  "Precedence"};

/// Behind blanks and comments (RFC 5322 §3.2.2), which nest.
std::string_view behind_comments(std::string_view text) {
  std::size_t depth = 0, at = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '(')
      ++depth;
    else if (depth > 0 && c == ')')
      --depth;
    else if (depth > 0 && c == '\\')
      ++at;
    else if (depth == 0 && c != ' ' && c != '\t' && c != '\r' && c != '\n')
      break;
  }
  return text.substr(std::min(at, text.size()));
}

/// Who says so (RFC 8601 §2.2); empty where nobody does.
std::string authserv_id(std::string_view value) {
  value = behind_comments(value);
  const bool quoted = value.starts_with('"');
  if (quoted) value.remove_prefix(1);
  std::string id(value.substr(0, value.find_first_of(quoted ? "\"\r\n" : " \t\r\n;(")));
  id.erase(std::remove(id.begin(), id.end(), '\\'), id.end());
  while (id.ends_with('.')) id.pop_back();
  return ascii::to_lower(id);
}

/// RFC 8601 §5: results in our name that a sender may have written. Whoever wrote them, nobody reads them here, and behind
/// us they would seem to be ours. Those of other domains are their own affair.
bool claims_to_be_ours(std::string_view field, const std::vector<std::string>& domains) {
  const std::string id = authserv_id(field.substr(field.find(':') + 1));
  const auto within = [&](const std::string& domain) {
    return id == domain || id.ends_with("." + domain);
  };
  return id.empty() || std::any_of(domains.begin(), domains.end(), within);
}

/// What stays behind: `remove_headers`, and results in the name of these domains.
struct Withheld {
  std::vector<std::string> removed;
  std::vector<std::string> domains;
};

bool leaves_with_the_post(std::string_view name, std::string_view whole, const Withheld& withheld) {
  const auto& removed = withheld.removed;
  if (ascii::iequals(name, "Authentication-Results") && claims_to_be_ours(whole, withheld.domains))
    return false;
  const auto same = [&](std::string_view other) { return ascii::iequals(name, other); };
  if (ascii::istarts_with(name, "X-Sympa-") || ascii::istarts_with(name, "X-Paraph-")) return false;
  return std::none_of(kSuperseded.begin(), kSuperseded.end(), same) &&
         std::none_of(removed.begin(), removed.end(), same);
}

bool wanted(const std::vector<std::string>& selection, std::string_view field) {
  return std::any_of(selection.begin(), selection.end(),
                     [&](const auto& word) { return ascii::iequals(word, field); });
}

std::string list_fields(const config::ListConfig& config, const config::Site& site,
                        std::string_view eol) {
  const auto& list = config.address();
  const std::string command = site.command_address(list.domain());
  const auto selection = config.get_list("rfc2369_header_fields");
  std::string fields;
  const auto add = [&](std::string_view name, const std::string& value) {
    fields += fmt::format("{}: {}{}", name, value, eol);
  };
  add("X-Loop", list.str());
  add("Errors-To", list.with_suffix(site.get("return_path_suffix")));
  add("Precedence", "list");
  add("Sender", list.with_suffix("-request"));
  add("List-Id", fmt::format("<{}.{}>", list.name(), list.domain()));
  struct Field {
    std::string_view selector, name;
    std::string value;
  };
  const std::string owner = list.with_suffix("-request");
  const std::array<Field, 5> rfc2369{
      Field{"help", "List-Help", fmt::format("<mailto:{}?subject=help>", command)},
      Field{"subscribe", "List-Subscribe",
            fmt::format("<mailto:{}?subject=subscribe%20{}>", command, list.name())},
      Field{"unsubscribe", "List-Unsubscribe",
            fmt::format("<mailto:{}?subject=unsubscribe%20{}>", command, list.name())},
      Field{"post", "List-Post", fmt::format("<mailto:{}>", list.str())},
      Field{"owner", "List-Owner", fmt::format("<mailto:{}>", owner)}};
  for (const auto& field : rfc2369)
    if (wanted(selection, field.selector)) add(field.name, field.value);
  return fields;
}

template <class Wanted>
std::string fields_without_mime(const mail::MimeTree& message, Wanted wanted) {
  std::string header;
  for (const auto& field : message.root().fields) {
    const auto name = message.name(field);
    if (!wanted(field) || ascii::istarts_with(name, "Content-") ||
        ascii::iequals(name, "MIME-Version"))
      continue;
    header += mail::lf_only(message.message().at(field.whole));
    if (header.back() != '\n') header += '\n';
  }
  return header;
}

}  // namespace

std::string_view line_end(const mail::MimeTree& message) {
  const auto octets = message.message().octets();
  const auto end = octets.find('\n');
  return end != std::string_view::npos && end > 0 && octets[end - 1] == '\r' ? "\r\n" : "\n";
}

mail::RawMessage with_list_header(const mail::MimeTree& message, const config::ListConfig& config,
                                  const config::Site& site) {
  const Withheld withheld{config.get_list("remove_headers"), site.domains()};
  const auto& root = message.root();
  mail::Edit edit(message.message());
  for (const auto& field : root.fields)
    if (!leaves_with_the_post(message.name(field), message.message().at(field.whole), withheld))
      edit.remove(field.whole);
  edit.insert(root.header.offset, list_fields(config, site, line_end(message)));
  return edit.apply();
}

std::string sealed_list_header(const mail::MimeTree& message, const config::ListConfig& config,
                               const config::Site& site) {
  const Withheld withheld{config.get_list("remove_headers"), site.domains()};
  return list_fields(config, site, "\n") +
         fields_without_mime(message, [&](const mail::HeaderField& field) {
           return leaves_with_the_post(message.name(field), message.message().at(field.whole),
                                       withheld);
         });
}

std::string outer_fields(const mail::MimeTree& message) {
  return fields_without_mime(message, [](const mail::HeaderField&) { return true; });
}

mail::RawMessage with_loop_mark(const mail::MimeTree& message, std::string_view address) {
  mail::Edit edit(message.message());
  const auto& root = message.root();
  for (const auto* name : {"Return-Path", "Resent-Sender"})
    for (const auto* field : message.find(root, name)) edit.remove(field->whole);
  edit.insert(root.header.offset, fmt::format("X-Loop: {}{}", address, line_end(message)));
  return edit.apply();
}

}  // namespace paraph::pipeline
