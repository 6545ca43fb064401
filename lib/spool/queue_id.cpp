#include "spool/queue_id.h"

#include <algorithm>
#include <cassert>
#include <cstdint>

namespace paraph::spool {
namespace {

// RFC 4648 §6 in lower case; a character's place is its value.
constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::size_t kLength = 20;  // 36 bits of time and 64 random ones, 5 to a character
constexpr unsigned kTimeBits = 36;
constexpr std::uint64_t kTimeMask = (std::uint64_t{1} << kTimeBits) - 1;

std::uint64_t value_of(std::string_view characters) {
  std::uint64_t value = 0;
  for (const char c : characters) value = value << 5U | kAlphabet.find(c);
  return value;
}

std::uint64_t to_number(std::string_view octets) {
  std::uint64_t value = 0;
  for (const char c : octets.substr(0, 8)) value = value << 8U | static_cast<unsigned char>(c);
  return value;
}

// 7 characters hold 35 bits of time, the eighth its last bit and 4 random ones, 12 the other 60.
std::string write(std::uint64_t time, std::uint64_t random) {
  std::string text;
  for (int shift = kTimeBits - 5; shift > 0; shift -= 5)
    text += kAlphabet[(time >> static_cast<unsigned>(shift)) & 31U];
  text += kAlphabet[(time & 1U) << 4U | random >> 60U];
  for (int shift = 55; shift >= 0; shift -= 5)
    text += kAlphabet[(random >> static_cast<unsigned>(shift)) & 31U];
  return text;
}

}  // namespace

std::optional<QueueId> QueueId::parse(std::string_view text) {
  if (text.size() != kLength) return std::nullopt;
  if (text.find_first_not_of(kAlphabet) != std::string_view::npos) return std::nullopt;
  return QueueId(std::string(text));
}

QueueId QueueId::make(TimePoint at, Random& random) {
  return QueueId(
      write(static_cast<std::uint64_t>(epoch(at)) & kTimeMask, to_number(random.octets(8))));
}

QueueId QueueId::derive(std::string_view purpose, const Digest& digest) const {
  std::string material = text_;
  material += '\0';
  material += purpose;
  return of(material, made_at(), digest);
}

QueueId QueueId::of(std::string_view text, TimePoint at, const Digest& digest) {
  return QueueId(
      write(static_cast<std::uint64_t>(epoch(at)) & kTimeMask, to_number(digest.sha256(text))));
}

TimePoint QueueId::made_at() const {
  return TimePoint{std::chrono::seconds(value_of(std::string_view(text_).substr(0, 8)) >> 4U)};
}

}  // namespace paraph::spool
