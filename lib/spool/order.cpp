#include "spool/order.h"

#include <algorithm>
#include <deque>
#include <map>
#include <tuple>

#include "spool/names.h"

namespace paraph::spool {
namespace {

/// Something whose parts take turns, with the oldest of its items.
using Names = std::deque<std::string>;

/// One from each in turn, until all are empty.
Names take_turns(std::vector<Names> queues) {
  Names order;
  while (!queues.empty()) {
    for (auto& queue : queues) {
      order.push_back(std::move(queue.front()));
      queue.pop_front();
    }
    queues.erase(std::remove_if(queues.begin(), queues.end(),
                                [](const Names& queue) { return queue.empty(); }),
                 queues.end());
  }
  return order;
}

/// Items, oldest first, as queues by key; the queue of the oldest item first.
template <class Key, class Make>
std::vector<Names> split(const std::vector<const Waiting*>& items, Key key, Make make) {
  std::map<std::string, std::size_t, std::less<>> places;
  std::vector<std::vector<const Waiting*>> parts;
  for (const auto* item : items) {
    const auto [place, fresh] = places.try_emplace(key(*item), parts.size());
    if (fresh) parts.emplace_back();
    parts[place->second].push_back(item);
  }
  std::vector<Names> queues;
  for (const auto& part : parts) queues.push_back(make(part));
  return queues;
}

Names in_order(const std::vector<const Waiting*>& items) {
  Names names;
  for (const auto* item : items) names.push_back(item->name);
  return names;
}

Names senders_in_turn(const std::vector<const Waiting*>& items) {
  return take_turns(split(
      items, [](const Waiting& item) { return item.sender; }, in_order));
}

}  // namespace

std::vector<std::string> fair_order(std::vector<Waiting> items) {
  std::sort(items.begin(), items.end(), [](const Waiting& a, const Waiting& b) {
    return std::tie(a.since, a.name) < std::tie(b.since, b.name);
  });
  std::map<unsigned, std::vector<const Waiting*>> by_priority;
  for (const auto& item : items)
    if (item.priority) by_priority[*item.priority].push_back(&item);
  std::vector<std::string> order;
  order.reserve(items.size());
  for (const auto& [priority, same] : by_priority) {
    auto names = take_turns(split(
        same, [](const Waiting& item) { return item.list; }, senders_in_turn));
    std::move(names.begin(), names.end(), std::back_inserter(order));
  }
  return order;
}

void NeverNotes::note(sys::FileSystem& fs, const std::vector<std::string>& names) {
  std::set<std::string> noted;
  std::size_t written = 0;
  for (const auto& name : names) {
    if (noted_.count(name) == 0) {
      if (written == kEachLook) continue;
      ++written;
      if (!write_note(fs, in(kNotes, name), kNeverNote)) continue;
    }
    noted.insert(name);
  }
  noted_ = std::move(noted);
}

}  // namespace paraph::spool
