#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sys/file_system.h"

namespace paraph::testing {

/// A disk that knows what is durable. Every file has the octets that a process sees and those that
/// fsync made stable; every directory likewise has two sets of names. cut_power() leaves only the
/// stable ones, which is the worst that POSIX allows; without it, a "crash" is a kill -9.
/// Directories and modification times are durable at once. Locks are released with their object, as
/// flock(2) is.
class MemoryFileSystem final : public sys::FileSystem {
 public:
  MemoryFileSystem();
  ~MemoryFileSystem() override;

  void cut_power();
  /// The time given to whatever is written from now on.
  void set_now(TimePoint now) { now_ = now; }
  /// Octets that journals may still reserve or, without that, append; without end until it is set.
  void set_journal_room(std::size_t octets) { *journal_room_ = octets; }
  /// Every file with its path, sorted: for a look at the whole state.
  [[nodiscard]] std::map<std::string, std::string> files() const;

  [[nodiscard]] const std::string& root() const override { return root_; }
  [[nodiscard]] std::string full_path(std::string_view path) const override;
  [[nodiscard]] Result<std::string> read(std::string_view path, std::size_t limit) override;
  [[nodiscard]] Result<std::string> read_start(std::string_view path, std::size_t count) override;
  [[nodiscard]] Result<std::vector<sys::FileInfo>> list(std::string_view directory) override;
  [[nodiscard]] Result<std::vector<std::string>> names(std::string_view directory) override;
  [[nodiscard]] Result<sys::FileInfo> info(std::string_view path) override;
  [[nodiscard]] Result<bool> exists(std::string_view path) override;
  /// Made from what is there, so that all identities are settled.
  [[nodiscard]] Result<sys::FileIdentity> identity(std::string_view path) override;
  /// None, as on a network: whoever asks looks at each file.
  [[nodiscard]] std::unique_ptr<sys::Watch> watch() override { return nullptr; }
  [[nodiscard]] Result<void> write_new(std::string_view path, std::string_view octets) override;
  [[nodiscard]] Result<void> write_new_from(std::string_view path,
                                            const sys::NextChunk& next) override;
  [[nodiscard]] Result<void> write_new_together(const std::vector<sys::NewFile>& files) override;
  [[nodiscard]] Result<std::unique_ptr<sys::Unsynced>> write_new_soon(
      const std::vector<sys::NewFile>& files) override;
  [[nodiscard]] Result<void> rename_new(std::string_view from, std::string_view to) override;
  [[nodiscard]] Result<void> rename_soon(std::string_view from, std::string_view to) override;
  [[nodiscard]] Result<void> replace(std::string_view path, std::string_view octets) override;
  [[nodiscard]] Result<void> remove(std::string_view path, bool durably) override;
  [[nodiscard]] Result<void> sync_directory(std::string_view directory) override;
  [[nodiscard]] Result<void> make_directory(std::string_view path) override;
  [[nodiscard]] Result<std::unique_ptr<sys::AppendFile>> append_to(std::string_view path) override;
  [[nodiscard]] Result<void> set_modified(std::string_view path, TimePoint at) override;
  [[nodiscard]] Result<std::unique_ptr<sys::FileLock>> lock(std::string_view path) override;

  struct Node;

 private:
  struct Place;
  [[nodiscard]] std::shared_ptr<Node> find(std::string_view path) const;
  [[nodiscard]] Result<std::shared_ptr<Node>> file(std::string_view path) const;
  [[nodiscard]] Result<Place> place(std::string_view path) const;

  std::string root_ = "/memory";
  std::shared_ptr<Node> top_;
  TimePoint now_{};
  std::shared_ptr<std::size_t> journal_room_;
};

}  // namespace paraph::testing
