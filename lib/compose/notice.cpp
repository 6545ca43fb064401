// Service mail from templates. Sympa's rule: leading lines are fields, and missing ones are
// supplied.
#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "compose/authored.h"
#include "compose/compose.h"
#include "compose/writer.h"
#include "mail/address.h"
#include "mail/entity.h"

namespace paraph::compose {
namespace {

constexpr std::size_t kDataDepth = 20;

bool flatten(std::string& text) {
  bool changed = false;
  for (char& c : text)
    if (c == '\n' || c == '\r' || c == '\0') c = ' ', changed = true;
  return changed;
}

// Whether any value had a line end. What lies deeper than templates can reach is dropped.
bool flatten(tt2::Value& value, std::size_t depth) {
  if (depth > kDataDepth) return value = tt2::Value(), true;
  bool changed = flatten(value.text);
  for (auto& item : value.list) changed |= flatten(item, depth + 1);
  for (auto& [key, item] : value.hash) changed |= flatten(item, depth + 1);
  return changed;
}

struct Rendered {
  std::vector<std::pair<std::string, std::string>> fields;  // unfolded
  std::string_view header;
  std::string_view body;
};

bool is_folded(std::string_view line) {
  return !line.empty() && ascii::is_wsp(line.front());
}

// Leading lines that are fields; the first blank or other line ends them.
Rendered split(std::string_view text) {
  Rendered out;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = ascii::trim_right(text.substr(at, end - at));
    const std::size_t colon = line.find(':');
    if (is_folded(line) && !out.fields.empty()) {
      out.fields.back().second += ' ' + std::string(ascii::trim(line));
    } else if (colon != std::string_view::npos && is_field_name(line.substr(0, colon))) {
      out.fields.emplace_back(line.substr(0, colon), ascii::trim(line.substr(colon + 1)));
    } else {
      out.header = text.substr(0, at);
      out.body = text.substr(line.empty() ? std::min(end + 1, text.size()) : at);
      return out;
    }
    at = std::min(end + 1, text.size());
  }
  out.header = text;
  return out;
}

// No value of `data` may end a header line (`Subject: [% mail.subject %]` with "x\nBcc: eve"):
// where a line end of a value shows in the header, the whole mail is made with values on one line.
Result<std::string> render_safely(std::string_view name, const tt2::Loader& loader,
                                  const tt2::Data& data) {
  auto text = tt2::render(name, loader, data);
  tt2::Data flat = data;
  bool changed = false;
  for (auto& [key, value] : flat) changed |= flatten(value, 0);
  if (!text || !changed) return text;
  auto one_line = tt2::render(name, loader, flat);
  if (!one_line || split(*text).header != split(*one_line).header) return one_line;
  return text;
}

// Fields a template cannot set: ours, those of transport, and marks meant for the composer.
bool is_refused(std::string_view name) {
  constexpr std::array<std::string_view, 13> kNames{
      "from",         "sender",         "date",        "message-id", "auto-submitted",
      "mime-version", "in-reply-to",    "references",  "bcc",        "return-path",
      "received",     "dkim-signature", "delivered-to"};
  constexpr std::array<std::string_view, 4> kPrefixes{"content-", "resent-", "x-sympa-",
                                                      "x-paraph-"};
  const std::string lower = ascii::to_lower(name);
  for (const auto refused : kNames)
    if (lower == refused) return true;
  for (const auto prefix : kPrefixes)
    if (ascii::istarts_with(lower, prefix)) return true;
  return false;
}

bool is_address_field(std::string_view name) {
  return ascii::iequals(name, "To") || ascii::iequals(name, "Cc") ||
         ascii::iequals(name, "Reply-To");
}

// nullopt when not all of it is addresses that fit into an ASCII header.
std::optional<HeaderValue> address_value(std::string_view text) {
  const auto list = mail::parse_address_list(text);
  if (!list.well_formed || list.mailboxes.empty()) return std::nullopt;
  std::string joined;
  for (const auto& mailbox : list.mailboxes) {
    auto one = HeaderValue::mailbox(mailbox.display_name, mailbox.address.str());
    if (!one) return std::nullopt;
    joined += (joined.empty() ? "" : ", ") + one->str();
  }
  auto value = HeaderValue::structured(joined);
  return value ? std::optional(*value) : std::nullopt;
}

bool holds(const Fields& fields, std::string_view name) {
  return std::any_of(fields.begin(), fields.end(),
                     [&](const Field& field) { return ascii::iequals(field.name, name); });
}

// The template's own fields, each once (RFC 5322 §3.6), in its order.
Fields template_fields(const Rendered& rendered) {
  Fields fields;
  for (const auto& [name, value] : rendered.fields) {
    if (is_refused(name) || holds(fields, name) || value.empty()) continue;
    if (!is_address_field(name)) {
      fields.push_back({name, HeaderValue::text(value)});
    } else if (auto addresses = address_value(value)) {
      fields.push_back({name, *addresses});
    }
  }
  return fields;
}

Result<void> supply_defaults(Fields& fields, std::string_view name, const tt2::Data& data,
                             const Authored& authored) {
  const auto supply_address = [&](const char* field, const std::string& address) -> Result<void> {
    if (holds(fields, field)) return {};
    auto value = HeaderValue::mailbox("", address);
    if (!value) return std::move(value).error();
    fields.push_back({field, *value});
    return {};
  };
  if (auto done = supply_address("To", authored.to); !done) return done;
  if (!authored.reply_to.empty())
    if (auto done = supply_address("Reply-To", authored.reply_to); !done) return done;
  if (holds(fields, "Subject")) return {};
  const auto subject = data.find("subject");
  const bool given = subject != data.end() && !subject->second.text.empty();
  if (!given && ascii::iends_with(name, ".tt2")) name.remove_suffix(4);
  fields.push_back({"Subject", HeaderValue::text(given ? subject->second.text : name)});
  return {};
}

// A template that lays out its own MIME tree would come out as text with boundaries in it.
Result<void> refuse_mime(std::string_view name, const Rendered& rendered) {
  for (const auto& [field, value] : rendered.fields) {
    if (!ascii::iequals(field, "Content-Type")) continue;
    const auto type = mail::parse_content_type(value);
    if (type && type->is("text", "plain")) continue;
    return Error::later(Errc::config,
                        fmt::format("template {}: Content-Type must be text/plain", name))
        .with_hint("remove the Content-Type line of that template");
  }
  return {};
}

}  // namespace

Result<std::string> from_template(std::string_view name, const tt2::Loader& loader,
                                  const tt2::Data& data, const Authored& authored) {
  auto text = render_safely(name, loader, data);
  if (!text) return text;
  const Rendered rendered = split(*text);
  if (auto fine = refuse_mime(name, rendered); !fine) return fine.error();
  auto fields = own_fields(authored);
  if (!fields) return std::move(fields).error();
  Fields others = template_fields(rendered);
  if (auto done = supply_defaults(others, name, data, authored); !done) return done.error();
  fields->insert(fields->end(), others.begin(), others.end());
  return write(*fields, text_part(rendered.body));
}

}  // namespace paraph::compose
