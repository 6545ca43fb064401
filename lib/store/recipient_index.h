#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

/// Finds what is kept for an address; for this module only.
namespace paraph::store {

/// A flat table of pointers to what has a `std::string key`: a look touches one cache line of the table and what it
/// finds. Thousands of recipients do not fit into the processor's caches, and the nodes and strings of
/// std::unordered_map would be waited for one after the other. Keys are unique; the elements belong to the caller.
template <class Element>
class RecipientIndex {
 public:
  [[nodiscard]] Element* find(std::string_view key) const {
    if (slots_.empty()) return nullptr;
    const std::size_t hash = hash_of(key);
    for (std::size_t at = hash & mask();; at = (at + 1) & mask()) {
      const Slot& slot = slots_[at];
      if (slot.element == nullptr) return nullptr;
      if (slot.hash == hash && slot.element->key == key) return slot.element;
    }
  }

  /// Begins to bring in what find() will read, without waiting for it: first its slot, and in a second call, some others
  /// later, the element.
  void fetch_slot(std::string_view key) const {
    if (!slots_.empty()) __builtin_prefetch(&slots_[hash_of(key) & mask()]);
  }
  void fetch_element(std::string_view key) const {
    if (slots_.empty()) return;
    const auto* const at = reinterpret_cast<const char*>(slots_[hash_of(key) & mask()].element);
    for (std::size_t line = 0; line < sizeof(Element); line += kCacheLine)
      __builtin_prefetch(at + line);
  }

  void add(Element& element) {
    if (2 * (count_ + 1) > slots_.size()) grow();
    place({hash_of(element.key), &element});
    ++count_;
  }

  void remove(const Element& element) {
    std::size_t hole = hash_of(element.key) & mask();
    while (slots_[hole].element != &element) hole = (hole + 1) & mask();
    // Whatever stands behind and would not be found across the hole moves into it (Knuth 6.4 R).
    for (std::size_t at = (hole + 1) & mask(); slots_[at].element != nullptr;
         at = (at + 1) & mask()) {
      const std::size_t home = slots_[at].hash & mask();
      if (((at - home) & mask()) < ((at - hole) & mask())) continue;
      slots_[hole] = slots_[at];
      hole = at;
    }
    slots_[hole] = {};
    --count_;
  }

  void clear() {
    slots_.clear();
    count_ = 0;
  }

 private:
  static constexpr std::size_t kCacheLine = 64;
  struct Slot {
    std::size_t hash = 0;
    Element* element = nullptr;
  };
  static std::size_t hash_of(std::string_view key) { return std::hash<std::string_view>()(key); }
  [[nodiscard]] std::size_t mask() const {
    return slots_.size() - 1;
  }  // the size is a power of two

  void place(const Slot& slot) {
    std::size_t at = slot.hash & mask();
    while (slots_[at].element != nullptr) at = (at + 1) & mask();
    slots_[at] = slot;
  }
  void grow() {
    constexpr std::size_t kFirst = 64;
    std::vector<Slot> old(slots_.empty() ? kFirst : 2 * slots_.size());
    old.swap(slots_);
    for (const Slot& slot : old)
      if (slot.element != nullptr) place(slot);
  }

  std::vector<Slot> slots_;
  std::size_t count_ = 0;
};

}  // namespace paraph::store
