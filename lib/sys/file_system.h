#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ports.h"
#include "base/result.h"

namespace paraph::sys {

/// Exclusive right to one file: flock(2) on it, gone with the process or the object.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

struct FileInfo {
  std::string name;  ///< inside the directory asked for
  std::uint64_t size = 0;
  TimePoint modified;
  bool directory = false;
  bool regular =
      true;  ///< false: a directory, link, FIFO, socket or device; no verb below opens one as a file
};

/// Which file stands behind a name, and its state: as long as this is the same, so are the octets. Any change moves
/// the file's ctime, an entry made, renamed or removed moves the mtime of its directory.
struct FileIdentity {
  bool present = false;
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t modified_ns = 0, changed_ns = 0;  ///< since 1970
  /// Stamps have the granularity of the kernel's tick, so that two changes shortly after each other may carry one stamp.
  /// True: the last change lies 20 ms back at this look (2 s where stamps are whole seconds), so a later change will
  /// show. False, "racy" as git calls it: what was read now may be kept only after another look. A clock put back makes
  /// identities racy for so long; an absent file is settled. Not part of the comparison.
  bool settled = true;
  bool alone =
      false;  ///< a regular file without a second hard link; not part of the comparison either

  friend bool operator==(const FileIdentity& a, const FileIdentity& b) {
    return a.present == b.present && a.device == b.device && a.inode == b.inode &&
           a.size == b.size && a.modified_ns == b.modified_ns && a.changed_ns == b.changed_ns;
  }
};

/// Whether anything happened to the entries of one directory: what a look at each of them would show, for one system call.
/// A write through a hard link that was made elsewhere after the last look, or into a mapping whose descriptor is closed,
/// is not seen.
class Watch {
 public:
  virtual ~Watch() = default;
  /// True: since the call before, or since the watch began, no entry was made, written, renamed, removed or given other
  /// attributes, by whomever. False: something was, or perhaps.
  [[nodiscard]] virtual bool quiet() = 0;
};

/// An open file that grows at its end: the journal of a packet.
class AppendFile {
 public:
  virtual ~AppendFile() = default;
  /// Takes the space that appends of `octets` octets will need, so that none of them can find the disk full; size and
  /// content stay. Freed with the file. Where the file system cannot (NFS 3), it promises nothing and is no error.
  [[nodiscard]] virtual Result<void> reserve(std::size_t octets) = 0;
  /// One write(2) of the whole text: after a kill -9 it is there or not.
  [[nodiscard]] virtual Result<void> append(std::string_view text) = 0;
  /// Lines and name survive a power cut: fdatasync, the first time fsync of the directory too, whoever made the file.
  [[nodiscard]] virtual Result<void> sync() = 0;
};

/// Delivers a file's octets piece by piece, an empty piece at the end. A piece lives until the next call.
using NextChunk = std::function<Result<std::string_view>()>;

/// One file for write_new_together(): its octets are the pieces in their order, which live until the call returns.
struct NewFile {
  std::string path;
  std::vector<std::string_view> pieces;
};

/// Files that are written and perhaps not yet on the disk; open as long as this lives.
class Unsynced {
 public:
  virtual ~Unsynced() = default;
  /// fsync of each. After an Error nobody knows which of them survive a power cut.
  [[nodiscard]] virtual Result<void> sync() = 0;
};

/// Every touch of the disk below one root directory, and nothing else. Paths are relative to the root, with `/`; where
/// a directory is asked for, "" or "." is the root itself. No link is followed and none leads out (openat2
/// RESOLVE_BENEATH|RESOLVE_NO_SYMLINKS, security rule 2); a path with "..", an empty component or NUL is Errc::denied,
/// never. Files are made 0600, directories 0700. What is no regular file (a FIFO, a link) is not opened as one
/// (Errc::corrupt or denied) and does not block. Names that begin with "T." are temporary: replace() makes such, every
/// reader skips them.
/// Error messages carry the full path and strerror's words; ENOENT is Errc::not_found, EEXIST Errc::exists,
/// EACCES/EPERM/EROFS Errc::denied, everything of the machine Retry::later.
/// Tests use FaultyFileSystem (tests/unit/support), which fails or "cuts the power" at the n-th call.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  [[nodiscard]] virtual const std::string& root() const = 0;
  [[nodiscard]] virtual std::string full_path(std::string_view path) const = 0;

  /// At most `limit` octets; Errc::limit, never, when the file is larger.
  [[nodiscard]] virtual Result<std::string> read(std::string_view path, std::size_t limit) = 0;
  /// The first `count` octets, or all there are.
  [[nodiscard]] virtual Result<std::string> read_start(std::string_view path,
                                                       std::size_t count) = 0;
  /// Entries of a directory but "." and "..", in no order. An absent directory is Errc::not_found.
  [[nodiscard]] virtual Result<std::vector<FileInfo>> list(std::string_view directory) = 0;
  /// Names of the regular files only, without looking at each: what list() would cost too much for.
  [[nodiscard]] virtual Result<std::vector<std::string>> names(std::string_view directory) = 0;
  [[nodiscard]] virtual Result<FileInfo> info(std::string_view path) = 0;
  [[nodiscard]] virtual Result<bool> exists(std::string_view path) = 0;
  /// One system call and no allocation, for whoever keeps what a file held. Directories ("" is the root) and links too
  /// have an identity; an absent file is a value and no Error.
  [[nodiscard]] virtual Result<FileIdentity> identity(std::string_view path) = 0;

  /// Over the root directory's own entries, from now on. Null where nobody would tell of every change: on file systems
  /// that others write to as well (NFS) or that are none of ext4, XFS, Btrfs and tmpfs, and where inotify(7) is refused.
  [[nodiscard]] virtual std::unique_ptr<Watch> watch() = 0;

  /// O_EXCL, every write checked, fsync of the file. Removed again when a step fails. The directory is not synced:
  /// publish with rename_new() or replace().
  [[nodiscard]] virtual Result<void> write_new(std::string_view path, std::string_view octets) = 0;
  /// The same for octets that should not stand in memory all at once. An Error of `next` is handed through.
  [[nodiscard]] virtual Result<void> write_new_from(std::string_view path,
                                                    const NextChunk& next) = 0;
  /// Several files as by write_new(), for little more than the price of one: all are written, the disk is set to work on
  /// all, then each is synced. They are made in the order given and, when a step fails, removed in the opposite one; all
  /// are open at once, so a caller with thousands comes in batches.
  [[nodiscard]] virtual Result<void> write_new_together(const std::vector<NewFile>& files) = 0;
  /// The first half of it: all are written and the disk is set to work, so that sync() has little left to wait for when
  /// the caller comes to it with other things done meanwhile. Files whose sync() fails or never comes stay.
  [[nodiscard]] virtual Result<std::unique_ptr<Unsynced>> write_new_soon(
      const std::vector<NewFile>& files) = 0;
  /// RENAME_NOREPLACE, then fsync of both directories. Errc::exists when the target is there.
  [[nodiscard]] virtual Result<void> rename_new(std::string_view from, std::string_view to) = 0;
  /// The same without any fsync: sync_directory() makes several of them durable at the price of one.
  [[nodiscard]] virtual Result<void> rename_soon(std::string_view from, std::string_view to) = 0;
  /// write_new() under a temporary name beside `path`, rename over it, fsync of the directory.
  [[nodiscard]] virtual Result<void> replace(std::string_view path, std::string_view octets) = 0;
  /// Unlinks; an absent file is no error. `durably`: fsync of the directory.
  [[nodiscard]] virtual Result<void> remove(std::string_view path, bool durably) = 0;
  /// fsync of a directory: publishes several write_new() or remove() at the price of one.
  [[nodiscard]] virtual Result<void> sync_directory(std::string_view directory) = 0;
  [[nodiscard]] virtual Result<void> make_directory(
      std::string_view path) = 0;  ///< with parents; present is fine
  [[nodiscard]] virtual Result<std::unique_ptr<AppendFile>> append_to(std::string_view path) = 0;
  [[nodiscard]] virtual Result<void> set_modified(std::string_view path, TimePoint at) = 0;

  /// flock(LOCK_EX|LOCK_NB) on an existing file that is still the one of that name. Errc::busy when somebody
  /// else has it, Errc::not_found when it is gone.
  [[nodiscard]] virtual Result<std::unique_ptr<FileLock>> lock(std::string_view path) = 0;
};

/// How paths are kept below the root. `by_component` is for kernels and sandboxes without openat2(2), which `kernel`
/// falls back to by itself; naming it lets a test walk it.
enum class Resolve : std::uint8_t { kernel, by_component };

/// POSIX, below `root` (which must exist; it alone may be a link).
[[nodiscard]] Result<std::shared_ptr<FileSystem>> open_root(const std::string& root);
[[nodiscard]] Result<std::shared_ptr<FileSystem>> open_root(const std::string& root,
                                                            Resolve resolve);

/// Reads one file outside any root, named by an administrator (configuration, CLI arguments; "-" is stdin).
[[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t limit);

/// Owner, group and permission bits of a file, links followed.
struct Ownership {
  unsigned uid = 0, gid = 0, mode = 0;
};
[[nodiscard]] Result<Ownership> ownership(const std::string& path);

/// A private key file may be used when 0600, or 0640 with this process's own group, and when it can be read; else an Error
/// with the chmod or chown to run (design §5).
[[nodiscard]] Result<void> check_key_permissions(const std::string& path);

/// Joins, lexically: an absolute `path` wins.
[[nodiscard]] std::string join(std::string_view directory, std::string_view path);
[[nodiscard]] std::string directory_of(std::string_view path);
/// Absolute, without links where it exists.
[[nodiscard]] std::string absolute(std::string_view path);

class SystemClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const override;
};

}  // namespace paraph::sys
