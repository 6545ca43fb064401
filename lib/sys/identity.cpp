#include "sys/identity.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "sys/sightings.h"

namespace paraph::sys {
namespace {

std::int64_t nanoseconds(const timespec& stamp) {
  return std::int64_t{stamp.tv_sec} * 1'000'000'000 + stamp.tv_nsec;
}

}  // namespace

FileIdentity to_identity(const struct stat& st) {
  FileIdentity out{true,
                   st.st_dev,
                   st.st_ino,
                   static_cast<std::uint64_t>(st.st_size),
                   nanoseconds(st.st_mtim),
                   nanoseconds(st.st_ctim),
                   false};
  constexpr std::int64_t kTick = 20'000'000;           // the coarsest kernel has 10 ms
  constexpr std::int64_t kCoarseTick = 2'000'000'000;  // FAT
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);  // what stamps are made from
  // The ctime alone: it moves with every change, and nobody can set it.
  out.settled = out.changed_ns + (st.st_ctim.tv_nsec == 0 ? kCoarseTick : kTick) < nanoseconds(now);
  out.alone = S_ISREG(st.st_mode) && st.st_nlink == 1;
  return out;
}

Sightings::Sighting Sightings::look(const std::string& path) {
  Sighting seen{path, {}, {}, false};
  struct stat st {};
  if (::lstat(path.c_str(), &st) == 0) {
    seen.entry = to_identity(st);
    const bool link = S_ISLNK(st.st_mode);
    if (!link || ::stat(path.c_str(), &st) == 0)
      seen.target = to_identity(st);
    else
      seen.failed = errno != ENOENT;  // a link that leads nowhere is as good as nothing there
  } else {
    seen.failed = errno != ENOENT && errno != ENOTDIR;
  }
  return seen;
}

void Sightings::note(const std::string& path) {
  Sighting seen = look(path);
  settled_ = settled_ && !seen.failed && seen.entry.settled && seen.target.settled;
  seen_.push_back(std::move(seen));
}

bool Sightings::hold() const {
  return std::all_of(seen_.begin(), seen_.end(), [](const Sighting& then) {
    const Sighting now = look(then.path);
    return !now.failed && now.entry == then.entry && now.target == then.target;
  });
}

}  // namespace paraph::sys
