#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sys/file_system.h"

namespace paraph::sys {

/// What something was made from: the files that were looked at outside any root, those that were not there included.
/// Note every path before it is read, make the thing, and keep it together with its sightings if these may be kept; it is
/// good for as long as they hold. Links are followed, and are part of the sighting, so that neither a new target nor a
/// new link goes unseen. A directory shows what is made, renamed or removed in it, not what is written into its files.
class Sightings {
 public:
  void note(const std::string& path);
  /// Whether a later change of any of them will show. False for a while after a change (FileIdentity::settled), and when
  /// something could not be looked at.
  [[nodiscard]] bool settled() const { return settled_; }
  /// Whether everything looks as it did. One or two system calls per path.
  [[nodiscard]] bool hold() const;

 private:
  struct Sighting {
    std::string path;
    FileIdentity entry;   ///< the link itself, when it is one
    FileIdentity target;  ///< the same as `entry` when it is none
    bool failed = false;  ///< it could not be looked at
  };
  [[nodiscard]] static Sighting look(const std::string& path);
  std::vector<Sighting> seen_;
  bool settled_ = true;
};

/// Things made from files, each good for as long as its sightings hold. Nothing is kept that might hide a change, and no
/// failure. A value taken out lives on when it is dropped here. For one thread.
///
/// Every find() looks at the files, until look_again() is first called: from then on they are looked at once between two
/// such calls. Who works through a directory calls it before each listing and looks nothing up before that is there: what
/// was changed before a file came into the directory then holds for it.
template <class Value>
class FileCache {
 public:
  /// Beyond `capacity` values everything is forgotten: what is in use comes back at once.
  explicit FileCache(std::size_t capacity) : capacity_(capacity) {}

  /// nullptr: not kept, or no longer true.
  [[nodiscard]] std::shared_ptr<const Value> find(const std::string& key) {
    const auto found = kept_.find(key);
    if (found == kept_.end()) return nullptr;
    Kept& kept = found->second;
    if (look_ != 0 && kept.looked == look_) return kept.value;
    if (kept.made_from.hold()) {
      kept.looked = look_;
      return kept.value;
    }
    kept_.erase(found);
    return nullptr;
  }
  void look_again() { ++look_; }
  [[nodiscard]] std::shared_ptr<const Value> keep(const std::string& key, Sightings made_from,
                                                  Value value) {
    auto shared = std::make_shared<const Value>(std::move(value));
    if (!made_from.settled()) return shared;
    if (kept_.size() >= capacity_) kept_.clear();
    kept_.insert_or_assign(key, Kept{std::move(made_from), shared, look_});
    return shared;
  }

 private:
  struct Kept {
    Sightings made_from;
    std::shared_ptr<const Value> value;
    std::uint64_t looked;
  };
  std::size_t capacity_;
  std::uint64_t look_ = 0;
  std::map<std::string, Kept> kept_;
};

}  // namespace paraph::sys
