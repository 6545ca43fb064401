#include "spool/header.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <map>

#include "base/ascii.h"
#include "spool/names.h"

namespace paraph::spool {
namespace {

constexpr std::string_view kReturnPath = "Return-Path";
constexpr std::string_view kEnvelope = "X-Paraph-Envelope";
constexpr std::string_view kPriority = "X-Paraph-Priority";
constexpr std::string_view kSender = "X-Paraph-Sender";
constexpr std::string_view kNever = "z";
constexpr std::string_view kUnknown = "unknown";
constexpr std::size_t kMaxFields = 64;
constexpr std::size_t kMaxSender = 320;
constexpr std::size_t kMaxWord = 2000;  // octets, before they are escaped

using Values = std::map<std::string_view, std::string, std::less<>>;

struct TrustedField {
  std::string_view name;
  std::string SpoolHeader::*member;
};
constexpr std::array kTrusted{
    TrustedField{"X-Paraph-Kind", &SpoolHeader::kind},
    TrustedField{"X-Paraph-List", &SpoolHeader::list},
    TrustedField{"X-Paraph-Auth", &SpoolHeader::auth},
    TrustedField{"X-Paraph-Sealed", &SpoolHeader::sealed},
};

struct WordField {
  std::string_view name;
  std::string Word::*member;
};
constexpr std::array kWord{
    WordField{"X-Paraph-Verdict", &Word::verdict},
    WordField{"X-Paraph-By", &Word::by},
    WordField{"X-Paraph-Reason", &Word::reason},
    WordField{"X-Paraph-Judged", &Word::judged},
};

bool clean(std::string_view value) {
  return std::none_of(value.begin(), value.end(), ascii::is_control);
}

Error corrupt(std::string_view what) {
  return Error::never(Errc::corrupt, "spool header: " + std::string(what));
}

void write_field(std::string& out, std::string_view name, std::string_view value) {
  assert(clean(value));
  out.append(name).append(": ").append(value).append("\n");
}

// The fields up to and with our Return-Path, as views into `octets`; `end` is where the message
// begins.
Result<Values> read_fields(std::string_view octets, std::size_t& end) {
  Values values;
  for (end = 0; values.size() < kMaxFields;) {
    const std::size_t eol = octets.find('\n', end);
    if (eol == std::string_view::npos || eol >= kHeaderOctets) return corrupt("has no Return-Path");
    const auto line = octets.substr(end, eol - end);
    end = eol + 1;
    const std::size_t colon = line.find(": ");
    if (colon == std::string_view::npos || !clean(line))
      return corrupt("a line is no field of ours");
    const auto name = line.substr(0, colon);
    const bool ours =
        name == kReturnPath || name.substr(0, 8) == "X-Sympa-" || name.substr(0, 9) == "X-Paraph-";
    if (!ours) return corrupt("a line is no field of ours");
    if (!values.emplace(name, line.substr(colon + 2)).second)
      return corrupt(std::string(name) + " stands twice");
    if (name == kReturnPath) return values;
  }
  return corrupt("too many fields");
}

Result<std::string> take(Values& values, std::string_view name) {
  const auto found = values.find(name);
  if (found == values.end()) return corrupt(std::string(name) + " is missing");
  return std::move(found->second);
}

std::optional<unsigned> read_priority(std::string_view text) {
  if (text == kNever) return std::nullopt;
  const bool digit = text.size() == 1 && text[0] >= '0' && text[0] <= '9';
  return digit ? static_cast<unsigned>(text[0] - '0') : kNormalPriority;
}

/// What decides about the turn only: what is wrong in it makes no mail unreadable.
void read_order(const Values& values, SpoolHeader& header) {
  if (const auto found = values.find(kPriority); found != values.end())
    header.priority = read_priority(found->second);
  if (const auto found = values.find(kSender); found != values.end())
    header.sender = unescape(found->second).value_or("");
}

void write_order(const SpoolHeader& header, std::string& out) {
  if (header.priority != kNormalPriority)
    write_field(out, kPriority,
                header.priority ? std::to_string(*header.priority) : std::string(kNever));
  if (!header.sender.empty())
    write_field(out, kSender, escape(header.sender.substr(0, kMaxSender)));
}

Result<SpoolHeader> interpret(Values values, bool trusted) {
  auto address = take(values, "X-Sympa-To");
  if (!address) return std::move(address).error();
  const auto id_text = take(values, "X-Paraph-Id");
  if (!id_text) return id_text.error();
  const auto id = QueueId::parse(*id_text);
  if (!id) return corrupt("X-Paraph-Id is no id");
  const auto received_text = take(values, "X-Paraph-Received");
  if (!received_text) return received_text.error();
  const auto received = parse_time(*received_text);
  if (!received) return corrupt("X-Paraph-Received is no time");
  const std::string& path = values.find(kReturnPath)->second;
  if (path.size() < 2 || path.front() != '<' || path.back() != '>')
    return corrupt("Return-Path is not in angle brackets");
  SpoolHeader header{.address = std::move(*address),
                     .id = *id,
                     .received = *received,
                     .reverse_path = path.substr(1, path.size() - 2),
                     .unknown_sender = false,
                     .kind = {},
                     .list = {},
                     .auth = {},
                     .sealed = {}};
  const auto envelope = values.find(kEnvelope);
  header.unknown_sender = envelope != values.end() && envelope->second == kUnknown;
  if (!trusted) {
    for (const auto& [name, member] : kWord)
      if (const auto found = values.find(name); found != values.end())
        header.word.*member = unescape(found->second).value_or("");
    return header;
  }
  for (const auto& [name, member] : kTrusted)
    if (const auto found = values.find(name); found != values.end()) header.*member = found->second;
  read_order(values, header);
  return header;
}

}  // namespace

std::string write_header(const SpoolHeader& header, bool trusted) {
  std::string out;
  write_field(out, "X-Sympa-To", header.address);
  write_field(out, "X-Paraph-Id", header.id.str());
  write_field(out, "X-Paraph-Received", iso8601(header.received));
  if (header.unknown_sender) write_field(out, kEnvelope, kUnknown);
  for (const auto& [name, member] : kTrusted)
    if (trusted && !(header.*member).empty()) write_field(out, name, header.*member);
  if (trusted) write_order(header, out);
  for (const auto& [name, member] : kWord)
    if (!trusted && !(header.word.*member).empty())
      write_field(out, name, escape((header.word.*member).substr(0, kMaxWord)));
  write_field(out, kReturnPath, "<" + header.reverse_path + ">");
  return out;
}

Result<Spooled> read_spooled(std::string octets, bool trusted) {
  std::size_t end = 0;
  auto fields = read_fields(octets, end);
  if (!fields) return std::move(fields).error();
  auto header = interpret(std::move(*fields), trusted);
  if (!header) return std::move(header).error();
  octets.erase(0, end);
  return Spooled{std::move(*header), std::move(octets)};
}

Result<SpoolHeader> read_spool_header(std::string_view start, bool trusted) {
  std::size_t end = 0;
  auto fields = read_fields(start, end);
  if (!fields) return std::move(fields).error();
  return interpret(std::move(*fields), trusted);
}

}  // namespace paraph::spool
