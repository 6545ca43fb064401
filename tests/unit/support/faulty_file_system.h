#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sys/file_system.h"

namespace paraph::testing {

/// What happens at the chosen call.
enum class Fault : unsigned char {
  fail,  ///< the call does nothing and returns an Error; later calls work (a full disk, a passing
         ///< EIO)
  cut_before,  ///< the process is gone before the call: it and all later ones return an Error and
               ///< do nothing
  cut_during,  ///< a write or append does the first half of its octets, then as cut_before; of files written
               ///< together all others are there whole
  cut_after,   ///< the call takes effect, its caller never hears of it, then as cut_before
  fail_after,  ///< the call takes effect and returns an Error all the same; later calls work (a
               ///< rename whose directory cannot be synced). Not one of kEveryFault.
};
constexpr Fault kEveryFault[] = {Fault::fail, Fault::cut_before, Fault::cut_during,
                                 Fault::cut_after};

/// Wraps a FileSystem and breaks it at the n-th call, counted from 1 over everything that can fail:
/// the verbs, and reserve(), append() and sync() of the files that append_to() gave. To walk every
/// call of an operation:
///
///   for (const auto fault : kEveryFault)
///     for (int n = 1;; ++n) {
///       MemoryFileSystem disk;  …                    // the state before
///       FaultyFileSystem faulty(disk, n, fault);
///       operation(faulty);                           // ends with an Error, or the call was not
///       reached if (!faulty.happened()) break;               // walked them all disk.cut_power();
///       // or not: then it was a kill -9 operation(disk); REQUIRE(state of disk);     // the
///       repeat
///     }
///
/// The wrapped file system must live longer; locks are passed through, so drop them before the
/// repeat.
class FaultyFileSystem : public sys::FileSystem {
 public:
  FaultyFileSystem(sys::FileSystem& inner, int at, Fault fault, Errc code = Errc::io);
  /// Another disk of the same process: its calls are counted with those of `first`, and both are gone together.
  FaultyFileSystem(sys::FileSystem& inner, const FaultyFileSystem& first);

  [[nodiscard]] bool happened() const { return state_->calls >= state_->at; }
  [[nodiscard]] int calls() const { return state_->calls; }
  /// The process is gone: nothing else of it may take effect either.
  [[nodiscard]] bool dead() const { return state_->dead; }
  /// "rename_new msg/T.x msg/x", one a call: what to print when a walk fails.
  [[nodiscard]] const std::vector<std::string>& trace() const { return state_->trace; }

  [[nodiscard]] const std::string& root() const override { return inner_.root(); }
  [[nodiscard]] std::string full_path(std::string_view path) const override {
    return inner_.full_path(path);
  }
  [[nodiscard]] Result<std::string> read(std::string_view path, std::size_t limit) override;
  [[nodiscard]] Result<std::string> read_start(std::string_view path, std::size_t count) override;
  [[nodiscard]] Result<std::vector<sys::FileInfo>> list(std::string_view directory) override;
  [[nodiscard]] Result<std::vector<std::string>> names(std::string_view directory) override;
  [[nodiscard]] Result<sys::FileInfo> info(std::string_view path) override;
  [[nodiscard]] Result<bool> exists(std::string_view path) override;
  [[nodiscard]] Result<sys::FileIdentity> identity(std::string_view path) override;
  /// Cannot fail, so it is no call.
  [[nodiscard]] std::unique_ptr<sys::Watch> watch() override { return inner_.watch(); }
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

  /// Shared with the files that append_to() gave.
  struct State {
    int at;
    Fault fault;
    Errc code;
    int calls = 0;
    bool dead = false;
    std::vector<std::string> trace;
  };

 private:
  sys::FileSystem& inner_;
  std::shared_ptr<State> state_;
};

}  // namespace paraph::testing
