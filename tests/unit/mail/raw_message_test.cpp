#include "mail/raw_message.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <new>

using paraph::mail::RawMessage;
using namespace std::string_literals;

// Looks at one block at the moment when it is freed: afterwards nobody may.
namespace {
const void* watched = nullptr;
std::size_t watched_size = 0;
bool freed = false;
bool freed_clean = false;

void release(void* block) noexcept {
  if (block != nullptr && block == watched) {
    const auto* octets = static_cast<const char*>(block);
    freed = true;
    freed_clean = std::all_of(octets, octets + watched_size, [](char c) { return c == '\0'; });
  }
  std::free(block);
}
}  // namespace

void* operator new(std::size_t size) {
  if (void* block = std::malloc(size == 0 ? 1 : size)) return block;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* block) noexcept {
  release(block);
}
void operator delete(void* block, std::size_t) noexcept {
  release(block);
}

TEST_CASE("a message keeps its octets and is shared by its copies") {
  const auto octets = "A: b\r\n\r\n\0x\n"s;
  const RawMessage message(octets);
  const RawMessage copy = message;
  CHECK(message.octets() == octets);
  CHECK(copy.octets().data() == message.octets().data());
  CHECK(RawMessage().size() == 0);
}

TEST_CASE("a range is cut at the end of the message") {
  const RawMessage message("abcdef");
  CHECK(message.at({1, 3}) == "bcd");
  CHECK(message.at({4, 100}) == "ef");
  CHECK(message.at({6, 1}).empty());
  CHECK(message.at({7, static_cast<std::size_t>(-1)}).empty());
}

TEST_CASE("the memory of a message is cleansed with the last copy") {
  constexpr std::size_t kSize = 4096;
  {
    std::string octets(2 * kSize, 'S');
    octets.resize(kSize);  // what stood behind the end must go as well
    const RawMessage message(std::move(octets));
    watched = message.octets().data();
    watched_size = 2 * kSize;
    {
      const RawMessage copy = message;
      CHECK(copy.size() == kSize);
    }
    CHECK_FALSE(freed);
  }
  CHECK(freed);
  CHECK(freed_clean);
  watched = nullptr;
}
