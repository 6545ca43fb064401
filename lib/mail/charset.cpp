#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/ascii.h"
#include "base/utf8.h"
#include "mail/address.h"

namespace paraph::mail {
namespace {

// What mail calls a charset, and the converter that reads it. Where mail programs label text with
// the smaller of two nested charsets, the larger one reads it (GB2312 → GBK, Shift_JIS → CP932).
// Nothing else reaches iconv: its rarer converters have a history of memory faults.
constexpr auto kCharsets = std::to_array<std::pair<std::string_view, const char*>>({
    {"us-ascii", "US-ASCII"},
    {"ascii", "US-ASCII"},
    {"latin1", "ISO-8859-1"},
    {"ks_c_5601-1987", "CP949"},
    {"iso-2022-jp", "ISO-2022-JP"},
    {"euc-jp", "EUC-JP"},
    {"euc-kr", "CP949"},
    {"gb2312", "GBK"},
    {"gbk", "GBK"},
    {"gb18030", "GB18030"},
    {"big5", "BIG5"},
    {"koi8-r", "KOI8-R"},
    {"koi8-u", "KOI8-U"},
    {"shift_jis", "CP932"},
    {"sjis", "CP932"},
});

// "iso-8859-15" → "ISO-8859-15" when the rest is 1 to 16.
std::string numbered(std::string_view name, std::string_view prefix, std::string_view engine,
                     unsigned least, unsigned most) {
  if (name.substr(0, prefix.size()) != prefix) return {};
  const auto digits = name.substr(prefix.size());
  if (digits.empty() || digits.size() > 4 ||
      !std::all_of(digits.begin(), digits.end(), ascii::is_digit))
    return {};
  unsigned number = 0;
  for (const char c : digits) number = number * 10 + static_cast<unsigned>(c - '0');
  if (number < least || number > most) return {};
  return std::string(engine) + std::to_string(number);
}

std::string converter_for(std::string_view charset) {
  const std::string name = ascii::to_lower(ascii::trim(charset));
  for (const auto& [known, engine] : kCharsets)
    if (name == known) return engine;
  if (auto found = numbered(name, "iso-8859-", "ISO-8859-", 1, 16); !found.empty()) return found;
  if (auto found = numbered(name, "windows-", "CP", 1250, 1258); !found.empty()) return found;
  return numbered(name, "cp", "CP", 1250, 1258);
}

class Converter {
 public:
  explicit Converter(const char* from) : handle_(iconv_open("UTF-8", from)) {}
  ~Converter() {
    if (usable()) iconv_close(handle_);
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  [[nodiscard]] bool usable() const {
    return handle_ != reinterpret_cast<iconv_t>(-1);  // NOLINT: iconv.h has it so
  }
  std::optional<std::string> convert(std::string_view octets) {
    std::string out;
    std::string input(octets);
    char* in = input.data();
    std::size_t left = input.size();
    while (left > 0)
      if (!step(&in, &left, out)) return std::nullopt;
    if (!step(nullptr, nullptr, out)) return std::nullopt;  // what a stateful charset holds back
    return out;
  }

 private:
  bool step(char** in, std::size_t* left, std::string& out) {
    std::array<char, 1024> buffer{};
    char* to = buffer.data();
    std::size_t room = buffer.size();
    const std::size_t status = iconv(handle_, in, left, &to, &room);
    out.append(buffer.data(), buffer.size() - room);
    return status != static_cast<std::size_t>(-1) || (errno == E2BIG && room < buffer.size());
  }
  iconv_t handle_;
};

}  // namespace

std::optional<std::string> to_utf8(std::string_view octets, std::string_view charset) {
  const std::string_view name = ascii::trim(charset);
  if (ascii::iequals(name, "utf-8") || ascii::iequals(name, "utf8"))
    return utf8::valid(octets) ? std::optional(std::string(octets)) : std::nullopt;
  const std::string engine = converter_for(name);
  if (engine.empty()) return std::nullopt;
  Converter converter(engine.c_str());
  return converter.usable() ? converter.convert(octets) : std::nullopt;
}

}  // namespace paraph::mail
