#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <string>

#include "base/ascii.h"
#include "sys/beneath.h"
#include "sys/file_system.h"
#include "sys/identity.h"
#include "sys/kernel_random.h"
#include "sys/watch.h"

namespace paraph::sys {
namespace {

constexpr mode_t kFileMode = 0600;
constexpr mode_t kDirectoryMode = 0700;
// O_NONBLOCK: opening a FIFO that stands where a file should must not wait for its other end.
constexpr int kFile = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;

class FlockFile final : public FileLock {
 public:
  explicit FlockFile(Descriptor file) : file_(std::move(file)) {}

 private:
  Descriptor file_;
};

class JournalFile final : public AppendFile {
 public:
  JournalFile(Descriptor file, Descriptor new_in, std::string path)
      : file_(std::move(file)), new_in_(std::move(new_in)), path_(std::move(path)) {}

  Result<void> reserve(std::size_t octets) override {
    const off_t end = ::lseek(file_.get(), 0, SEEK_END);
    if (end < 0) return machine_error(errno, "reserve space in", path_);
    struct stat before {};
    const bool timed = ::fstat(file_.get(), &before) == 0;
    while (octets > 0 &&
           ::fallocate(file_.get(), FALLOC_FL_KEEP_SIZE, end, static_cast<off_t>(octets)) != 0) {
      if (errno == EOPNOTSUPP || errno == ENOSYS) break;
      if (errno != EINTR) return machine_error(errno, "reserve space in", path_);
    }
    // Its time stays that of the last line: space alone is no news. Should that fail, only people are misled.
    const std::array<timespec, 2> times{before.st_atim, before.st_mtim};
    if (timed) static_cast<void>(::futimens(file_.get(), times.data()));
    return {};
  }

  Result<void> append(std::string_view text) override {
    const off_t end = ::lseek(file_.get(), 0, SEEK_END);
    if (end < 0) return machine_error(errno, "append to", path_);
    ssize_t wrote = 0;
    do wrote = ::write(file_.get(), text.data(), text.size());
    while (wrote < 0 && errno == EINTR);
    if (wrote == static_cast<ssize_t>(text.size())) return {};
    const int code = wrote < 0 ? errno : ENOSPC;
    // All or nothing: a line half written would swallow the next one's beginning.
    if (wrote > 0 && ::ftruncate(file_.get(), end) != 0)
      return machine_error(errno, "truncate", path_);
    return machine_error(code, "append to", path_);
  }

  Result<void> sync() override {
    while (::fdatasync(file_.get()) != 0)
      if (errno != EINTR) return machine_error(errno, "sync", path_);
    if (!new_in_) return {};
    if (const int code = sync_all(new_in_.get()); code != 0)
      return machine_error(code, "sync directory of", path_);
    new_in_ = Descriptor();
    return {};
  }

 private:
  Descriptor file_;
  Descriptor new_in_;  // the directory, until the file's name in it is known to be durable
  std::string path_;
};

FileInfo to_info(std::string name, const struct stat& st) {
  return {std::move(name), static_cast<std::uint64_t>(st.st_size),
          TimePoint{std::chrono::seconds(st.st_mtim.tv_sec)}, S_ISDIR(st.st_mode),
          S_ISREG(st.st_mode)};
}

class UnsyncedFiles final : public Unsynced {
 public:
  void add(Descriptor file, std::string path) {
    files_.push_back({std::move(file), std::move(path)});
  }
  Result<void> sync() override {
    for (const auto& file : files_)
      if (const int code = sync_all(file.opened.get()); code != 0)
        return machine_error(code, "sync", file.path);
    return {};
  }

 private:
  struct File {
    Descriptor opened;
    std::string path;
  };
  std::vector<File> files_;
};

class PosixFileSystem final : public FileSystem {
 public:
  PosixFileSystem(Descriptor directory, std::string root, Resolve resolve)
      : directory_(std::move(directory)), root_(std::move(root)), resolve_(resolve) {}

  const std::string& root() const override { return root_; }
  std::string full_path(std::string_view path) const override { return join(root_, path); }

  Result<std::string> read(std::string_view path, std::size_t limit) override;
  Result<std::string> read_start(std::string_view path, std::size_t count) override;
  Result<std::vector<FileInfo>> list(std::string_view directory) override;
  Result<std::vector<std::string>> names(std::string_view directory) override;
  Result<FileInfo> info(std::string_view path) override;
  Result<bool> exists(std::string_view path) override;
  Result<FileIdentity> identity(std::string_view path) override;
  std::unique_ptr<Watch> watch() override { return watch_directory(directory_.get()); }
  Result<void> write_new(std::string_view path, std::string_view octets) override;
  Result<void> write_new_from(std::string_view path, const NextChunk& next) override;
  Result<void> write_new_together(const std::vector<NewFile>& files) override;
  Result<std::unique_ptr<Unsynced>> write_new_soon(const std::vector<NewFile>& files) override;
  Result<void> rename_new(std::string_view from, std::string_view to) override;
  Result<void> rename_soon(std::string_view from, std::string_view to) override;
  Result<void> replace(std::string_view path, std::string_view octets) override;
  Result<void> remove(std::string_view path, bool durably) override;
  Result<void> sync_directory(std::string_view directory) override;
  Result<void> make_directory(std::string_view path) override;
  Result<std::unique_ptr<AppendFile>> append_to(std::string_view path) override;
  Result<void> set_modified(std::string_view path, TimePoint at) override;
  Result<std::unique_ptr<FileLock>> lock(std::string_view path) override;

 private:
  /// The directory that holds the last component of a path, and that component.
  struct Place {
    std::shared_ptr<const Descriptor>
        opened;  // none for a name in the root itself, which is open already
    std::string name;
    int root = -1;
    [[nodiscard]] int at() const { return opened ? opened->get() : root; }
    [[nodiscard]] const char* c_str() const { return name.c_str(); }
  };
  [[nodiscard]] Error failed(int code, std::string_view verb, std::string_view path) const {
    return machine_error(code, verb, full_path(path));
  }
  [[nodiscard]] Result<Place> locate(std::string_view path) const;
  [[nodiscard]] Result<Descriptor> directory(std::string_view path) const;
  /// The same for a directory that is asked for again and again; never the root.
  [[nodiscard]] Result<std::shared_ptr<const Descriptor>> kept_directory(
      std::string_view path) const;
  [[nodiscard]] Result<Descriptor> open_file(const Place& place, std::string_view path,
                                             int flags) const;
  /// `st` becomes that of the file.
  [[nodiscard]] Result<Descriptor> open_file(const Place& place, std::string_view path, int flags,
                                             struct stat& st) const;
  [[nodiscard]] Result<void> fill(const Descriptor& file, std::string_view path,
                                  const NextChunk& next) const;
  [[nodiscard]] Result<void> sync(const Place& place, std::string_view path) const;
  [[nodiscard]] Result<void> rename(const Place& source, std::string_view from, const Place& target,
                                    std::string_view to) const;
  template <class Visit>
  [[nodiscard]] Result<void> each_entry(std::string_view path, Visit visit) const;

  /// A directory right below the root: its name can lead nowhere else, so one look tells whether it is still the same.
  struct Kept {
    std::string name;
    dev_t device;
    ino_t inode;
    std::shared_ptr<const Descriptor> opened;
  };
  static constexpr std::size_t kMostKept = 8;

  Descriptor directory_;
  std::string root_;
  Resolve resolve_;
  mutable std::vector<Kept> kept_;
};

Result<Descriptor> PosixFileSystem::directory(std::string_view path) const {
  if (!path.empty() && path != "." && !plain_path(path))
    return Error::never(Errc::denied,
                        fmt::format("{}: not a path below the root", full_path(path)));
  Descriptor found =
      open_directory(directory_.get(), std::string(path == "." ? "" : path), resolve_);
  if (!found) return failed(errno, "open", path);
  return found;
}

Result<PosixFileSystem::Place> PosixFileSystem::locate(std::string_view path) const {
  if (!plain_path(path))
    return Error::never(Errc::denied,
                        fmt::format("{}: not a path below the root", full_path(path)));
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return Place{{}, std::string(path), directory_.get()};
  auto parent = kept_directory(path.substr(0, slash));
  if (!parent) return std::move(parent).error();
  return Place{std::move(*parent), std::string(path.substr(slash + 1)), -1};
}

Result<std::shared_ptr<const Descriptor>> PosixFileSystem::kept_directory(
    std::string_view path) const {
  const auto known = std::find_if(kept_.begin(), kept_.end(),
                                  [path](const Kept& kept) { return kept.name == path; });
  struct stat st {};
  if (known != kept_.end()) {
    if (::fstatat(directory_.get(), known->name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        st.st_dev == known->device && st.st_ino == known->inode)
      return known->opened;
    kept_.erase(known);
  }
  auto found = directory(path);
  if (!found) return std::move(found).error();
  auto opened = std::make_shared<const Descriptor>(std::move(*found));
  if (path.find('/') != std::string_view::npos || ::fstat(opened->get(), &st) != 0) return opened;
  if (kept_.size() >= kMostKept) kept_.clear();
  kept_.push_back({std::string(path), st.st_dev, st.st_ino, opened});
  return opened;
}

Result<Descriptor> PosixFileSystem::open_file(const Place& place, std::string_view path,
                                              int flags) const {
  struct stat unused {};
  return open_file(place, path, flags, unused);
}

Result<Descriptor> PosixFileSystem::open_file(const Place& place, std::string_view path, int flags,
                                              struct stat& st) const {
  Descriptor file(::openat(place.at(), place.c_str(), kFile | flags, kFileMode));
  if (!file) return failed(errno, "open", path);
  if (::fstat(file.get(), &st) != 0) return failed(errno, "stat", path);
  if (!S_ISREG(st.st_mode))
    return Error::never(Errc::corrupt, fmt::format("{}: not a regular file", full_path(path)));
  return file;
}

Result<void> PosixFileSystem::sync(const Place& place, std::string_view path) const {
  if (const int code = sync_all(place.at()); code != 0)
    return failed(code, "sync directory of", path);
  return {};
}

Result<std::string> PosixFileSystem::read(std::string_view path, std::size_t limit) {
  auto octets = read_start(path, limit + 1);
  if (octets && octets->size() > limit)
    return Error::never(Errc::limit,
                        fmt::format("{}: larger than {} octets", full_path(path), limit));
  return octets;
}

Result<std::string> PosixFileSystem::read_start(std::string_view path, std::size_t count) {
  const auto place = locate(path);
  if (!place) return place.error();
  struct stat st {};
  const auto file = open_file(*place, path, O_RDONLY, st);
  if (!file) return file.error();
  std::string octets;
  if (st.st_size > 0)
    octets.reserve(
        std::min(count, static_cast<std::size_t>(st.st_size) + 1));  // 1: to meet the end
  if (const int code = read_up_to(file->get(), count, octets); code != 0)
    return failed(code, "read", path);
  return octets;
}

template <class Visit>
Result<void> PosixFileSystem::each_entry(std::string_view path, Visit visit) const {
  auto opened = directory(path);
  if (!opened) return opened.error();
  const int fd = ::fcntl(opened->get(), F_DUPFD_CLOEXEC, 0);
  DIR* stream = fd < 0 ? nullptr : ::fdopendir(fd);
  if (stream == nullptr) {
    const int code = errno;
    Descriptor(fd).reset();
    return failed(code, "list", path);
  }
  const std::unique_ptr<DIR, int (*)(DIR*)> closer(stream, ::closedir);
  for (errno = 0; const dirent* entry = ::readdir(stream); errno = 0) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") visit(opened->get(), name, entry->d_type);
  }
  if (errno != 0) return failed(errno, "list", path);
  return {};
}

Result<std::vector<FileInfo>> PosixFileSystem::list(std::string_view path) {
  std::vector<FileInfo> found;
  auto walked = each_entry(path, [&](int at, const std::string& name, unsigned char) {
    struct stat st {};
    // Gone since readdir(3): somebody finished it, which is no error.
    if (::fstatat(at, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0)
      found.push_back(to_info(name, st));
  });
  if (!walked) return std::move(walked).error();
  return found;
}

Result<std::vector<std::string>> PosixFileSystem::names(std::string_view path) {
  std::vector<std::string> found;
  auto walked = each_entry(path, [&](int at, const std::string& name, unsigned char type) {
    struct stat st {};
    bool regular = type == DT_REG;
    if (type == DT_UNKNOWN && ::fstatat(at, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0)
      regular = S_ISREG(st.st_mode);
    if (regular) found.push_back(name);
  });
  if (!walked) return std::move(walked).error();
  return found;
}

Result<FileInfo> PosixFileSystem::info(std::string_view path) {
  const auto place = locate(path);
  if (!place) return place.error();
  struct stat st {};
  if (::fstatat(place->at(), place->c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0)
    return failed(errno, "stat", path);
  return to_info(place->name, st);
}

Result<bool> PosixFileSystem::exists(std::string_view path) {
  const auto found = info(path);
  if (found) return true;
  if (found.error().code() == Errc::not_found) return false;
  return found.error();
}

Result<FileIdentity> PosixFileSystem::identity(std::string_view path) {
  const bool root = path.empty() || path == ".";
  if (!root && !plain_path(path))
    return Error::never(Errc::denied,
                        fmt::format("{}: not a path below the root", full_path(path)));
  struct stat st {};
  int done = 0;
  if (root) {
    done = ::fstat(directory_.get(), &st);
  } else if (path.find('/') == std::string_view::npos && path.size() <= NAME_MAX) {
    // A name in the root itself can lead nowhere else; this is asked for each copy of a post.
    std::array<char, NAME_MAX + 1> name{};
    std::copy(path.begin(), path.end(), name.begin());
    done = ::fstatat(directory_.get(), name.data(), &st, AT_SYMLINK_NOFOLLOW);
  } else {
    const auto place = locate(path);
    if (!place && place.error().code() == Errc::not_found) return FileIdentity{};
    if (!place) return place.error();
    done = ::fstatat(place->at(), place->c_str(), &st, AT_SYMLINK_NOFOLLOW);
  }
  if (done == 0) return to_identity(st);
  if (errno == ENOENT) return FileIdentity{};
  return failed(errno, "stat", path);
}

Result<void> PosixFileSystem::fill(const Descriptor& file, std::string_view path,
                                   const NextChunk& next) const {
  for (;;) {
    const auto chunk = next();
    if (!chunk) return chunk.error();
    if (chunk->empty()) break;
    if (const int code = write_all(file.get(), *chunk); code != 0)
      return failed(code, "write", path);
  }
  if (const int code = sync_all(file.get()); code != 0) return failed(code, "sync", path);
  return {};
}

Result<void> PosixFileSystem::write_new_from(std::string_view path, const NextChunk& next) {
  const auto place = locate(path);
  if (!place) return place.error();
  const auto file = open_file(*place, path, O_WRONLY | O_CREAT | O_EXCL);
  if (!file) return file.error();
  auto filled = fill(*file, path, next);
  if (!filled) ::unlinkat(place->at(), place->c_str(), 0);
  return filled;
}

Result<void> PosixFileSystem::write_new(std::string_view path, std::string_view octets) {
  return write_new_from(path, [left = octets]() mutable -> Result<std::string_view> {
    return std::exchange(left, std::string_view());
  });
}

Result<void> PosixFileSystem::write_new_together(const std::vector<NewFile>& files) {
  auto written = write_new_soon(files);
  if (!written) return std::move(written).error();
  auto synced = (*written)->sync();
  for (auto file = files.rbegin(); !synced && file != files.rend(); ++file)
    static_cast<void>(remove(file->path, false));
  return synced;
}

Result<std::unique_ptr<Unsynced>> PosixFileSystem::write_new_soon(
    const std::vector<NewFile>& files) {
  struct Made {
    Place place;
    Descriptor file;
  };
  std::vector<Made> made;
  const auto write = [&](const NewFile& wanted) -> Result<void> {
    auto place = locate(wanted.path);
    if (!place) return place.error();
    auto file = open_file(*place, wanted.path, O_WRONLY | O_CREAT | O_EXCL);
    if (!file) return file.error();
    made.push_back({std::move(*place), std::move(*file)});
    for (const auto piece : wanted.pieces)
      if (const int code = write_all(made.back().file.get(), piece); code != 0)
        return failed(code, "write", wanted.path);
    // Only a hint, where the file system knows it: the fsync later is what counts.
    ::sync_file_range(made.back().file.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
    return {};
  };
  auto written = std::make_unique<UnsyncedFiles>();
  for (const auto& wanted : files) {
    auto done = write(wanted);
    if (done) continue;
    for (auto file = made.rbegin(); file != made.rend(); ++file)
      ::unlinkat(file->place.at(), file->place.c_str(), 0);
    return std::move(done).error();
  }
  for (std::size_t i = 0; i < made.size(); ++i)
    written->add(std::move(made[i].file), full_path(files[i].path));
  return std::unique_ptr<Unsynced>(std::move(written));
}

Result<void> PosixFileSystem::rename(const Place& source, std::string_view from,
                                     const Place& target, std::string_view to) const {
  const auto renamed = [&] {
    if (::renameat2(source.at(), source.c_str(), target.at(), target.c_str(), RENAME_NOREPLACE) ==
        0)
      return 0;
    // A file system without the flag (NFS): link(2) refuses an existing target just as well.
    if (errno != EINVAL && errno != ENOSYS) return errno;
    if (::linkat(source.at(), source.c_str(), target.at(), target.c_str(), 0) != 0) return errno;
    return ::unlinkat(source.at(), source.c_str(), 0) == 0 ? 0 : errno;
  };
  if (const int code = renamed(); code != 0)
    return failed(code, fmt::format("rename {} to", full_path(from)), to);
  return {};
}

Result<void> PosixFileSystem::rename_new(std::string_view from, std::string_view to) {
  const auto source = locate(from);
  if (!source) return source.error();
  const auto target = locate(to);
  if (!target) return target.error();
  if (auto renamed = rename(*source, from, *target, to); !renamed) return renamed;
  if (auto synced = sync(*target, to); !synced) return synced;
  return directory_of(from) == directory_of(to) ? Result<void>() : sync(*source, from);
}

Result<void> PosixFileSystem::rename_soon(std::string_view from, std::string_view to) {
  const auto source = locate(from);
  if (!source) return source.error();
  const auto target = locate(to);
  if (!target) return target.error();
  return rename(*source, from, *target, to);
}

Result<void> PosixFileSystem::replace(std::string_view path, std::string_view octets) {
  const auto place = locate(path);
  if (!place) return place.error();
  const std::string suffix = ascii::hex_lower(KernelRandom().octets(8));
  // The name may be as long as names get; the temporary one must still fit.
  const std::string temporary = fmt::format("T.{}.{}", place->name.substr(0, 200), suffix);
  const bool nested = path.find('/') != std::string_view::npos;
  const std::string beside = nested ? join(directory_of(path), temporary) : temporary;
  if (auto written = write_new(beside, octets); !written) return written;
  if (::renameat(place->at(), temporary.c_str(), place->at(), place->c_str()) != 0) {
    const int code = errno;
    ::unlinkat(place->at(), temporary.c_str(), 0);
    return failed(code, "replace", path);
  }
  return sync(*place, path);
}

Result<void> PosixFileSystem::remove(std::string_view path, bool durably) {
  const auto place = locate(path);
  if (!place && place.error().code() == Errc::not_found) return {};
  if (!place) return place.error();
  if (::unlinkat(place->at(), place->c_str(), 0) != 0 && errno != ENOENT)
    return failed(errno, "remove", path);
  return durably ? sync(*place, path) : Result<void>();
}

Result<void> PosixFileSystem::sync_directory(std::string_view path) {
  const auto opened = directory(path);
  if (!opened) return opened.error();
  if (const int code = sync_all(opened->get()); code != 0) return failed(code, "sync", path);
  return {};
}

Result<void> PosixFileSystem::make_directory(std::string_view path) {
  // Nearly always; a mkdir(2) in vain would lock its parent.
  if (!path.empty() && path != "." && kept_directory(path)) return {};
  for (std::size_t end = 0; path != "." && end < path.size();) {
    end = path.find('/', end + 1);
    const auto step = path.substr(0, end);
    const auto place = locate(step);
    if (!place) return place.error();
    if (::mkdirat(place->at(), place->c_str(), kDirectoryMode) == 0) {
      if (auto synced = sync(*place, step); !synced) return synced;
    } else if (errno != EEXIST) {
      return failed(errno, "make directory", step);
    }
  }
  const auto opened = directory(path);  // what is there already may be no directory
  if (!opened) return opened.error();
  return {};
}

Result<std::unique_ptr<AppendFile>> PosixFileSystem::append_to(std::string_view path) {
  auto place = locate(path);
  if (!place) return place.error();
  auto file = open_file(*place, path, O_RDWR | O_APPEND | O_CREAT);
  if (!file) return file.error();
  // Whoever made it may have been gone before his first sync(), with lines in it or without: nobody can tell.
  Descriptor made_in(::fcntl(place->at(), F_DUPFD_CLOEXEC, 0));
  if (!made_in) return failed(errno, "open directory of", path);
  return std::unique_ptr<AppendFile>(
      std::make_unique<JournalFile>(std::move(*file), std::move(made_in), full_path(path)));
}

Result<void> PosixFileSystem::set_modified(std::string_view path, TimePoint at) {
  const auto place = locate(path);
  if (!place) return place.error();
  const timespec stamp{static_cast<time_t>(epoch(at)), 0};
  const timespec times[2] = {stamp, stamp};
  if (::utimensat(place->at(), place->c_str(), times, AT_SYMLINK_NOFOLLOW) != 0)
    return failed(errno, "set time of", path);
  return {};
}

Result<std::unique_ptr<FileLock>> PosixFileSystem::lock(std::string_view path) {
  const auto place = locate(path);
  if (!place) return place.error();
  struct stat held {
  }, named{};
  auto file = open_file(*place, path, O_RDONLY, held);
  if (!file) return file.error();
  while (::flock(file->get(), LOCK_EX | LOCK_NB) != 0)
    if (errno != EINTR) return failed(errno, "lock", path);
  // Between open and flock the file may have been finished and, under the same name, another have
  // come.
  if (::fstatat(place->at(), place->c_str(), &named, AT_SYMLINK_NOFOLLOW) != 0)
    return failed(errno, "lock", path);
  if (held.st_ino != named.st_ino || held.st_dev != named.st_dev)
    return Error::later(Errc::busy, fmt::format("lock {}: replaced meanwhile", full_path(path)));
  return std::unique_ptr<FileLock>(std::make_unique<FlockFile>(std::move(*file)));
}

}  // namespace

Result<std::shared_ptr<FileSystem>> open_root(const std::string& root, Resolve resolve) {
  Descriptor directory(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return machine_error(errno, "open", root);
  return std::shared_ptr<FileSystem>(
      std::make_shared<PosixFileSystem>(std::move(directory), root, resolve));
}

Result<std::shared_ptr<FileSystem>> open_root(const std::string& root) {
  return open_root(root, Resolve::kernel);
}

}  // namespace paraph::sys
