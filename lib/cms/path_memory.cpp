#include "cms/path_memory.h"

#include <algorithm>
#include <array>

namespace paraph::cms {
namespace {

constexpr std::size_t kMostOctets = 16 * 1024;  // of what is held for one answer

std::size_t octets_of(const PathQuestion& question) {
  std::size_t octets = question.leaf.der().size();
  for (const Certificate& each : question.untrusted) octets += each.der().size();
  return octets;
}

struct Span {
  TimePoint after = TimePoint::min();
  TimePoint before = TimePoint::max();
};

/// False: `at` is such a moment itself.
bool narrow(Span& span, const std::vector<Certificate>& certificates, TimePoint at,
            std::chrono::seconds skew) {
  for (const Certificate& each : certificates) {
    for (const TimePoint moment :
         std::array{each.not_before() - skew, each.not_before(), each.not_after()}) {
      if (moment == at) return false;
      if (moment < at)
        span.after = std::max(span.after, moment);
      else
        span.before = std::min(span.before, moment);
    }
  }
  return true;
}

}  // namespace

bool PathMemory::Entry::answers(const PathQuestion& question) const {
  return after < question.at && question.at < before && purpose == question.purpose &&
         policy == question.policy && untrusted == question.untrusted;
}

std::optional<GoodPath> PathMemory::find(const PathQuestion& question) {
  const std::lock_guard lock(guard_);
  const auto [first, last] = by_leaf_.equal_range(question.leaf.der());
  const auto found =
      std::find_if(first, last, [&](const auto& named) { return named.second->answers(question); });
  if (found == last) return std::nullopt;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->path;
}

void PathMemory::keep(const PathQuestion& question, const std::vector<Certificate>& anchors,
                      const std::vector<Certificate>& issuers, std::chrono::seconds skew,
                      GoodPath path) {
  if (octets_of(question) > kMostOctets) return;
  Span span;
  for (const auto* set : {&anchors, &issuers, &question.untrusted})
    if (!narrow(span, *set, question.at, skew)) return;
  if (!narrow(span, {question.leaf}, question.at, skew)) return;
  const std::lock_guard lock(guard_);
  entries_.push_front({question.leaf, question.untrusted, question.purpose, question.policy,
                       span.after, span.before, path});
  by_leaf_.emplace(entries_.front().leaf.der(), entries_.begin());
  if (entries_.size() <= most_) return;
  const auto oldest = std::prev(entries_.end());
  const auto [first, last] = by_leaf_.equal_range(oldest->leaf.der());
  by_leaf_.erase(
      std::find_if(first, last, [&](const auto& named) { return named.second == oldest; }));
  entries_.pop_back();
}

std::size_t PathMemory::size() const {
  const std::lock_guard lock(guard_);
  return entries_.size();
}

}  // namespace paraph::cms
