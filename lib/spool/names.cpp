#include "spool/names.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/ascii.h"
#include "base/encode.h"
#include "base/utf8.h"
#include "spool/spool.h"

namespace paraph::spool {
namespace {

constexpr std::size_t kMaxAddress = 150;
constexpr std::size_t kMaxNote = 4096;
constexpr std::size_t kMaxStem = 255 - std::string_view(".999.reason").size();
constexpr std::size_t kIdLength = 20;
constexpr auto kFarthest = std::chrono::hours(1);  // well past what anybody postpones by

// Security rule 44: what is not known to be harmless in a file name is written as _XX.
std::string encode_address(std::string_view address) {
  constexpr std::string_view harmless = "@.-+=";
  const bool temporary = address.substr(0, 2) == "T.";
  std::string name;
  for (std::size_t i = 0; i < address.size(); ++i) {
    const char c = address[i];
    const bool first = i == 0;
    const bool keep = ascii::is_alnum(c) || (!first && harmless.find(c) != std::string_view::npos);
    const std::string piece = keep && !(first && temporary)
                                  ? std::string(1, c)
                                  : fmt::format("_{:02X}", static_cast<unsigned char>(c));
    if (name.size() + piece.size() > kMaxAddress) break;
    name += piece;
  }
  return name;
}

}  // namespace

std::string incoming_name(std::string_view address, TimePoint at, int pid, Random& random) {
  return fmt::format("{}.{}.{},{}", encode_address(address), epoch(at), pid,
                     base32_encode(random.octets(5)));
}

std::string decided_name(const SpoolHeader& header) {
  return fmt::format("{}.{}.0,{}", encode_address(header.address), epoch(header.received),
                     header.id.str());
}

namespace {

struct Dots {
  std::size_t epoch = std::string_view::npos;
  std::size_t pid = std::string_view::npos;
};
// Those before EPOCH and PID: the address may have dots of its own, and a name in bad/ a number after RANDOM.
Dots dots_of(std::string_view name) {
  Dots dots;
  dots.pid = name.rfind('.', name.rfind(','));
  if (dots.pid != std::string_view::npos && dots.pid > 0)
    dots.epoch = name.rfind('.', dots.pid - 1);
  return dots;
}

}  // namespace

std::string_view address_part(std::string_view name) {
  const auto dots = dots_of(name);
  return dots.epoch == std::string_view::npos ? std::string_view() : name.substr(0, dots.epoch);
}

long long accepted_at(std::string_view name) {
  const auto dots = dots_of(name);
  if (dots.epoch == std::string_view::npos) return 0;
  const auto digits = name.substr(dots.epoch + 1, dots.pid - dots.epoch - 1);
  long long value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

std::optional<std::string> decode_address(std::string_view part) {
  constexpr std::size_t longest_piece = 3;
  if (part.empty() || part.size() + longest_piece > kMaxAddress) return std::nullopt;
  std::string address;
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (part[i] != '_') {
      address += part[i];
      continue;
    }
    const auto hex = part.substr(i + 1, 2);
    unsigned value = 0;
    std::from_chars(hex.data(), hex.data() + hex.size(), value, 16);
    address += static_cast<char>(value);
    i += 2;
  }
  return encode_address(address) == part ? std::optional(std::move(address)) : std::nullopt;
}

std::string in(std::string_view directory, std::string_view name, std::string_view suffix) {
  std::string path(directory);
  if (!path.empty()) path += '/';
  return path.append(name).append(suffix);
}

bool is_mail_name(std::string_view name) {
  return !name.empty() && name.front() != '.' && name.substr(0, 2) != "T." &&
         name.find('/') == std::string_view::npos;
}

std::string PacketName::str() const {
  return fmt::format("{}.{:04}", id.str(), serial);
}

std::optional<PacketName> PacketName::parse(std::string_view text) {
  if (text.size() < kIdLength + 5 || text[kIdLength] != '.') return std::nullopt;
  const auto id = QueueId::parse(text.substr(0, kIdLength));
  const auto digits = text.substr(kIdLength + 1);
  unsigned serial = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), serial);
  if (!id || failed != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  PacketName name{*id, serial};
  // One file, one name: "00001" and "0001" must not be the same packet.
  return name.str() == text ? std::optional(name) : std::nullopt;
}

std::optional<PacketName> PacketName::parse_quarantined(std::string_view text) {
  if (auto name = parse(text)) return name;
  const std::size_t dot = text.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  unsigned number = 0;
  std::from_chars(text.data() + dot + 1, text.data() + text.size(), number);
  const auto packet = text.substr(0, dot);
  const bool ours = number > 0 && number < kMaxSame && text == numbered(packet, number);
  return ours ? parse(packet) : std::nullopt;
}

std::string escape(std::string_view text) {
  const auto is_escaped = [](char c) { return c == '\\' || ascii::is_control(c); };
  if (std::none_of(text.begin(), text.end(), is_escaped)) return std::string(text);
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_escaped(c))
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  return out;
}

std::optional<std::string> unescape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (ascii::is_control(text[i])) return std::nullopt;
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    const auto hex = text.substr(i, 4);
    unsigned value = 0;
    if (hex.size() != 4 || hex[1] != 'x') return std::nullopt;
    const auto [end, failed] = std::from_chars(hex.data() + 2, hex.data() + 4, value, 16);
    if (failed != std::errc{} || end != hex.data() + 4) return std::nullopt;
    out += static_cast<char>(value);
    i += 3;
  }
  return out;
}

sys::NextChunk pieces(std::string_view first, std::string_view second) {
  return [first, second]() mutable -> Result<std::string_view> {
    if (first.empty()) std::swap(first, second);
    return std::exchange(first, std::string_view());
  };
}

bool postponed(TimePoint modified, TimePoint now) {
  return modified > now && modified <= now + kFarthest;
}

Result<std::vector<std::string>> names_in(sys::FileSystem& fs, std::string_view directory) {
  auto names = fs.names(directory);
  if (!names && names.error().code() == Errc::not_found) return std::vector<std::string>();
  return names;
}

Result<std::vector<sys::FileInfo>> list_in(sys::FileSystem& fs, std::string_view directory) {
  auto entries = fs.list(directory);
  if (!entries && entries.error().code() == Errc::not_found) return std::vector<sys::FileInfo>();
  return entries;
}

std::string numbered(std::string_view name, unsigned number) {
  return number == 0 ? std::string(name) : fmt::format("{}.{}", name, number);
}

Result<std::string> free_name(sys::FileSystem& fs, std::string_view directory,
                              std::string_view name) {
  name = name.substr(0, kMaxStem);
  for (unsigned number = 0; number < kMaxSame; ++number) {
    std::string free = numbered(name, number);
    const std::string path = sys::join(directory, free);
    const auto taken = fs.exists(path);
    if (!taken && taken.error().code() != Errc::not_found) return taken.error();
    if (!taken || !*taken) return free;
  }
  return Error::later(Errc::exists,
                      fmt::format("{}: there are {} of that name",
                                  fs.full_path(sys::join(directory, name)), kMaxSame));
}

std::string read_note(sys::FileSystem& fs, std::string_view path) {
  const auto text = fs.read_start(path, kMaxNote);
  return text ? std::string(ascii::trim_right(*text)) : std::string();
}

Result<void> write_note(sys::FileSystem& fs, std::string_view path, std::string_view reason) {
  const std::string text = utf8::printable(reason, kMaxNote / 8);
  // A mail that waits is looked at again and again for the same reason: no fsync for nothing.
  if (read_note(fs, path) == text) return {};
  if (auto made = fs.make_directory(sys::directory_of(path)); !made) return made;
  return fs.replace(path, text + "\n");
}

}  // namespace paraph::spool
