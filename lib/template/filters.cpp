#include "template/filters.h"

#include <algorithm>
#include <charconv>

#include "base/ascii.h"
#include "base/utf8.h"
#include "mail/address.h"

namespace paraph::tt2 {
namespace {

using Arguments = std::vector<Ref>;

std::string argument(const Arguments& arguments, std::size_t i, std::string_view otherwise = "") {
  return i < arguments.size() ? text_of(*arguments[i]) : std::string(otherwise);
}

std::size_t count_argument(const Arguments& arguments, std::size_t i, std::size_t otherwise) {
  const std::string text = argument(arguments, i);
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end != text.data() ? std::min<std::size_t>(value, 1000)
                                                    : otherwise;
}

// The text itself until there are catalogues; %1 to %9 are the arguments.
std::string loc(const std::string& text, const Arguments& arguments) {
  std::string out;
  for (std::size_t i = 0; i < text.size() && out.size() <= kMaxText; ++i) {
    const bool place =
        text[i] == '%' && i + 1 < text.size() && text[i + 1] >= '1' && text[i + 1] <= '9';
    if (place) {
      out += argument(arguments, static_cast<std::size_t>(text[++i] - '1'));
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string qencode(const std::string& text, const Arguments&) {
  return mail::encode_words(ascii::trim(text));
}

// RFC 5322 §3.4: the text as display name, the arguments address and comment.
std::string mailbox(const std::string& text, const Arguments& arguments) {
  const auto special = [](char c) {
    return !ascii::is_alnum(c) && c != ' ' &&
           std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) == std::string_view::npos;
  };
  const std::string address = argument(arguments, 0);
  std::string name = mail::encode_words(ascii::trim(text));
  if (name == ascii::trim(text) && std::any_of(name.begin(), name.end(), special)) {
    std::string quoted = "\"";
    for (const char c : name)
      quoted += (c == '"' || c == '\\') ? std::string{'\\', c} : std::string(1, c);
    name = quoted + "\"";
  }
  const std::string comment = mail::encode_words(argument(arguments, 1));
  const bool plain = comment.find_first_of("()\\") == std::string::npos;
  if (!comment.empty() && plain) name += (name.empty() ? "(" : " (") + comment + ")";
  return name.empty() ? address : name + " <" + address + ">";
}

std::string percent(std::string_view text, std::string_view kept) {
  std::string out;
  for (const char c : text) {
    if (ascii::is_alnum(c) || kept.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += "%" + ascii::hex_upper(std::string_view(&c, 1));
    }
  }
  return out;
}
constexpr std::string_view kUnreserved = "-._~";

// RFC 6068: mailto:ADDRESS?key=value&…, keys in order.
std::string mailtourl(const std::string& text, const Arguments& arguments) {
  std::string out = "mailto:" + percent(ascii::trim(text), "-._~@+");
  char joint = '?';
  for (const auto& value : arguments) {
    for (const auto& [key, entry] : value->hash) {
      out += joint + percent(key, kUnreserved) + "=" + percent(text_of(entry), kUnreserved);
      joint = '&';
    }
  }
  return out;
}

// There is no web interface, so there is no URL in it.
std::string no_url(const std::string&, const Arguments&) {
  return {};
}

struct Described {
  std::string_view type, option, text;
};
constexpr Described kOptions[] = {
    {"reception", "mail", "standard (direct reception)"},
    {"reception", "nomail", "no mail"},
    {"reception", "digest", "digest MIME format"},
    {"reception", "digestplain", "digest plain text format"},
    {"reception", "summary", "summary mode"},
    {"reception", "notice", "notice mode"},
    {"reception", "txt", "text-only mode"},
    {"reception", "urlize", "attachments replaced by links"},
    {"reception", "not_me", "you do not receive your own posts"},
    {"visibility", "conceal", "concealed"},
    {"visibility", "noconceal", "listed in the list review page"},
    {"status", "open", "in operation"},
    {"status", "pending", "waiting for approval"},
    {"status", "closed", "closed"},
};

std::string optdesc(const std::string& text, const Arguments& arguments) {
  const std::string type = argument(arguments, 0);
  for (const auto& row : kOptions)
    if (row.type == type && row.option == text) return std::string(row.text);
  return text;
}

std::string upper_of(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - ('a' - 'A'));
  return text;
}
std::string upper(const std::string& text, const Arguments&) {
  return upper_of(text);
}
std::string lower(const std::string& text, const Arguments&) {
  return ascii::to_lower(text);
}
std::string ucfirst(const std::string& text, const Arguments&) {
  return upper_of(text.substr(0, 1)) + text.substr(std::min<std::size_t>(1, text.size()));
}
std::string lcfirst(const std::string& text, const Arguments&) {
  return ascii::to_lower(text.substr(0, 1)) + text.substr(std::min<std::size_t>(1, text.size()));
}
std::string unchanged(const std::string& text, const Arguments&) {
  return text;
}
std::string nothing(const std::string&, const Arguments&) {
  return {};
}
std::string trim(const std::string& text, const Arguments&) {
  return std::string(ascii::trim(text));
}

std::string collapse(const std::string& text, const Arguments&) {
  std::string out;
  for (const auto word : ascii::split(text, " \t\r\n"))
    out += (out.empty() ? "" : " ") + std::string(word);
  return out;
}

struct Entity {
  char character;
  std::string_view name;
};
constexpr Entity kXml[] = {
    {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&apos;"}};

std::string with_entities(const std::string& text, std::string_view which) {
  std::string out;
  for (const char c : text) {
    const auto* const entity = std::find_if(std::begin(kXml), std::end(kXml),
                                            [&](const Entity& e) { return e.character == c; });
    if (entity != std::end(kXml) && which.find(c) != std::string_view::npos) {
      out += entity->name;
    } else {
      out += c;
    }
  }
  return out;
}
std::string html(const std::string& text, const Arguments&) {
  return with_entities(text, "&<>\"");
}
std::string xml(const std::string& text, const Arguments&) {
  return with_entities(text, "&<>\"'");
}
std::string uri(const std::string& text, const Arguments&) {
  return percent(text, kUnreserved);
}
std::string url(const std::string& text, const Arguments&) {
  return percent(text, "-._~!*'();/?:@&=+$,");
}

std::string escape_cstr(const std::string& text, const Arguments&) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else {
      if (c == '"' || c == '\\' || c == '\'') out += '\\';
      out += c;
    }
  }
  return out;
}

std::string indent(const std::string& text, const Arguments& arguments) {
  const std::string argument_text = argument(arguments, 0, "4");
  const bool counted = !argument_text.empty() &&
                       std::all_of(argument_text.begin(), argument_text.end(), ascii::is_digit);
  const std::string pad =
      counted ? std::string(count_argument(arguments, 0, 4), ' ') : argument_text.substr(0, 100);
  std::string out;
  for (std::size_t at = 0; at < text.size() && out.size() <= kMaxText;) {
    const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
    out += pad + text.substr(at, end - at);
    at = end;
  }
  return out;
}

std::size_t width(std::string_view text) {
  std::size_t n = 0;
  for (std::size_t at = 0; at < text.size(); ++n) static_cast<void>(utf8::next(text, at));
  return n;
}

// wrap(first indent, later indents, columns): lines stay lines, long ones break at blanks.
std::string wrap(const std::string& text, const Arguments& arguments) {
  const std::string later = argument(arguments, 1).substr(0, 100);
  const std::size_t columns = std::max<std::size_t>(count_argument(arguments, 2, 78), 10);
  std::string indentation = argument(arguments, 0).substr(0, 100);
  std::string out;
  for (const auto line : ascii::lines(text)) {
    if (out.size() > kMaxText) break;
    std::string current = indentation;
    bool empty = true;
    for (const auto word : ascii::split(line, " \t")) {
      if (out.size() > kMaxText) break;
      if (!empty && width(current) + 1 + width(word) > columns) {
        out += current + "\n";
        current = later;
        empty = true;
      }
      current += (empty ? "" : " ") + std::string(word);
      empty = false;
    }
    out += (empty ? std::string() : current) + "\n";
    indentation = later;
  }
  if (!out.empty() && (text.empty() || text.back() != '\n')) out.pop_back();
  return out;
}

std::string truncate(const std::string& text, const Arguments& arguments) {
  const std::size_t length = count_argument(arguments, 0, 32);
  const std::string dots = argument(arguments, 1, "...");
  if (width(text) <= length) return text;
  const std::size_t keep = length - std::min(length, width(dots));
  std::size_t at = 0;
  for (std::size_t n = 0; n < keep; ++n) static_cast<void>(utf8::next(text, at));
  return text.substr(0, at) + dots;
}

std::string canonic_email(const std::string& text, const Arguments&) {
  const auto address = mail::AddrSpec::parse(ascii::trim(text));
  return address ? address->canonical() : ascii::to_lower(ascii::trim(text));
}

}  // namespace

const std::vector<FilterRow>& filter_table() {
  static const std::vector<FilterRow> table{
      {"loc", loc},
      {"l", loc},
      {"helploc", loc},
      {"qencode", qencode},
      {"wrap", wrap},
      {"mailbox", mailbox},
      {"mailto", mailtourl},
      {"mailtourl", mailtourl},
      {"url_abs", no_url},
      {"url_rel", no_url},
      {"optdesc", optdesc},
      {"canonic_email", canonic_email},
      {"lower", lower},
      {"upper", upper},
      {"ucfirst", ucfirst},
      {"lcfirst", lcfirst},
      {"trim", trim},
      {"collapse", collapse},
      {"indent", indent},
      {"truncate", truncate},
      {"null", nothing},
      {"html", html},
      {"xml", xml},
      {"uri", uri},
      {"url", url},
      {"escape_html", html},
      {"escape_xml", xml},
      {"escape_url", uri},
      {"escape_cstr", escape_cstr},
      {"encode_utf8", unchanged},
      {"decode_utf8", unchanged},
  };
  return table;
}

const FilterRow* find_filter(std::string_view name) {
  for (const auto& row : filter_table())
    if (row.name == name) return &row;
  return nullptr;
}

}  // namespace paraph::tt2
