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

bool leaves_with_the_post(std::string_view name, const std::vector<std::string>& removed) {
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
  // Membership is the owners' business until mail commands exist: the fields lead to them.
  const std::array<Field, 5> rfc2369{
      Field{"help", "List-Help", fmt::format("<mailto:{}?subject=help>", owner)},
      Field{"subscribe", "List-Subscribe", fmt::format("<mailto:{}?subject=subscribe>", owner)},
      Field{"unsubscribe", "List-Unsubscribe",
            fmt::format("<mailto:{}?subject=unsubscribe>", owner)},
      Field{"post", "List-Post", fmt::format("<mailto:{}>", list.str())},
      Field{"owner", "List-Owner", fmt::format("<mailto:{}>", owner)}};
  for (const auto& field : rfc2369)
    if (wanted(selection, field.selector)) add(field.name, field.value);
  return fields;
}

}  // namespace

std::string_view line_end(const mail::MimeTree& message) {
  const auto octets = message.message().octets();
  const auto end = octets.find('\n');
  return end != std::string_view::npos && end > 0 && octets[end - 1] == '\r' ? "\r\n" : "\n";
}

mail::RawMessage with_list_header(const mail::MimeTree& message, const config::ListConfig& config,
                                  const config::Site& site) {
  const auto removed = config.get_list("remove_headers");
  const auto& root = message.root();
  mail::Edit edit(message.message());
  for (const auto& field : root.fields)
    if (!leaves_with_the_post(message.name(field), removed)) edit.remove(field.whole);
  edit.insert(root.header.offset, list_fields(config, site, line_end(message)));
  return edit.apply();
}

std::string sealed_list_header(const mail::MimeTree& message, const config::ListConfig& config,
                               const config::Site& site) {
  const auto removed = config.get_list("remove_headers");
  std::string header = list_fields(config, site, "\n");
  for (const auto& field : message.root().fields) {
    const auto name = message.name(field);
    if (!leaves_with_the_post(name, removed) || ascii::istarts_with(name, "Content-") ||
        ascii::iequals(name, "MIME-Version"))
      continue;
    header += mail::lf_only(message.message().at(field.whole));
    if (header.back() != '\n') header += '\n';
  }
  return header;
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
