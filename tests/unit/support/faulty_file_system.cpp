#include "support/faulty_file_system.h"

namespace paraph::testing {
namespace {

using State = FaultyFileSystem::State;

/// One call: `whole` does it, `half` does its first half.
template <class Whole, class Half>
auto call(State& state, const std::string& what, Whole whole, Half half) -> decltype(whole()) {
  const Error gone = Error::later(state.code, what + ": broken by the test");
  if (state.dead) return gone;
  state.trace.push_back(what);
  if (++state.calls != state.at) return whole();
  state.dead = state.fault != Fault::fail && state.fault != Fault::fail_after;
  if (state.fault == Fault::cut_after || state.fault == Fault::fail_after)
    static_cast<void>(whole());
  if (state.fault == Fault::cut_during) half();
  return gone;
}

template <class Whole>
auto call(State& state, const std::string& what, Whole whole) -> decltype(whole()) {
  return call(state, what, whole, [] {});
}

std::string_view first_half(std::string_view text) {
  return text.substr(0, text.size() / 2);
}

class FaultyJournal final : public sys::AppendFile {
 public:
  FaultyJournal(std::unique_ptr<sys::AppendFile> inner, std::shared_ptr<State> state)
      : inner_(std::move(inner)), state_(std::move(state)) {}
  Result<void> reserve(std::size_t octets) override {
    return call(*state_, "reserve", [&] { return inner_->reserve(octets); });
  }
  Result<void> append(std::string_view text) override {
    return call(
        *state_, "append", [&] { return inner_->append(text); },
        [&] { static_cast<void>(inner_->append(first_half(text))); });
  }
  Result<void> sync() override {
    return call(*state_, "sync", [&] { return inner_->sync(); });
  }

 private:
  std::unique_ptr<sys::AppendFile> inner_;
  std::shared_ptr<State> state_;
};

class FaultyUnsynced final : public sys::Unsynced {
 public:
  explicit FaultyUnsynced(std::shared_ptr<State> state) : state_(std::move(state)) {}
  void add(std::unique_ptr<sys::Unsynced> files) { files_.push_back(std::move(files)); }
  // Half of it: the first file.
  Result<void> sync() override {
    return call(
        *state_, "sync files", [&] { return sync_first(files_.size()); },
        [&] { static_cast<void>(sync_first(1)); });
  }

 private:
  Result<void> sync_first(std::size_t count) {
    for (std::size_t i = 0; i < count && i < files_.size(); ++i)
      if (auto synced = files_[i]->sync(); !synced) return synced;
    return {};
  }
  std::vector<std::unique_ptr<sys::Unsynced>> files_;
  std::shared_ptr<State> state_;
};

std::string words(std::string_view verb, std::string_view path, std::string_view to = {}) {
  return std::string(verb).append(" ").append(path).append(to.empty() ? "" : " ").append(to);
}

}  // namespace

FaultyFileSystem::FaultyFileSystem(sys::FileSystem& inner, int at, Fault fault, Errc code)
    : inner_(inner), state_(std::make_shared<State>(State{at, fault, code, 0, false, {}})) {}

FaultyFileSystem::FaultyFileSystem(sys::FileSystem& inner, const FaultyFileSystem& first)
    : inner_(inner), state_(first.state_) {}

Result<std::string> FaultyFileSystem::read(std::string_view path, std::size_t limit) {
  return call(*state_, words("read", path), [&] { return inner_.read(path, limit); });
}
Result<std::string> FaultyFileSystem::read_start(std::string_view path, std::size_t count) {
  return call(*state_, words("read_start", path), [&] { return inner_.read_start(path, count); });
}
Result<std::vector<sys::FileInfo>> FaultyFileSystem::list(std::string_view directory) {
  return call(*state_, words("list", directory), [&] { return inner_.list(directory); });
}
Result<std::vector<std::string>> FaultyFileSystem::names(std::string_view directory) {
  return call(*state_, words("names", directory), [&] { return inner_.names(directory); });
}
Result<sys::FileInfo> FaultyFileSystem::info(std::string_view path) {
  return call(*state_, words("info", path), [&] { return inner_.info(path); });
}
Result<bool> FaultyFileSystem::exists(std::string_view path) {
  return call(*state_, words("exists", path), [&] { return inner_.exists(path); });
}

Result<sys::FileIdentity> FaultyFileSystem::identity(std::string_view path) {
  return call(*state_, words("identity", path), [&] { return inner_.identity(path); });
}
Result<void> FaultyFileSystem::write_new(std::string_view path, std::string_view octets) {
  return call(
      *state_, words("write_new", path), [&] { return inner_.write_new(path, octets); },
      [&] { static_cast<void>(inner_.write_new(path, first_half(octets))); });
}
Result<void> FaultyFileSystem::write_new_from(std::string_view path, const sys::NextChunk& next) {
  // Half of a stream: its first piece, cut.
  const auto half = [&] {
    const auto piece = next();
    if (piece) static_cast<void>(inner_.write_new(path, first_half(*piece)));
  };
  return call(
      *state_, words("write_new_from", path), [&] { return inner_.write_new_from(path, next); },
      half);
}
Result<void> FaultyFileSystem::write_new_together(const std::vector<sys::NewFile>& files) {
  auto written = write_new_soon(files);
  if (!written) return std::move(written).error();
  auto synced = (*written)->sync();
  for (auto file = files.rbegin(); !synced && !state_->dead && file != files.rend(); ++file)
    static_cast<void>(inner_.remove(file->path, false));
  return synced;
}

// A call a file. Together they are written in one go and synced later, so a cut may leave any of them without the others:
// those before the one it hits, those and that one, or all but half of that one; and of what is written and not synced
// the names may survive without the octets, as the inner file system has it.
Result<std::unique_ptr<sys::Unsynced>> FaultyFileSystem::write_new_soon(
    const std::vector<sys::NewFile>& files) {
  const auto octets = [](const sys::NewFile& file) {
    std::string text;
    for (const auto piece : file.pieces) text += piece;
    return text;
  };
  auto together = std::make_unique<FaultyUnsynced>(state_);
  const auto write = [&](std::size_t i) -> Result<void> {
    auto written = inner_.write_new_soon({files[i]});
    if (!written) return std::move(written).error();
    together->add(std::move(*written));
    return {};
  };
  for (std::size_t i = 0; i < files.size(); ++i) {
    const auto half = [&] {
      const std::string whole = octets(files[i]);
      static_cast<void>(inner_.write_new(files[i].path, first_half(whole)));
      for (std::size_t later = i + 1; later < files.size(); ++later)
        static_cast<void>(write(later));
    };
    auto written = call(
        *state_, words("write_new_soon", files[i].path), [&] { return write(i); }, half);
    if (written) continue;
    for (std::size_t made = i + 1; !state_->dead && made > 0; --made)
      if (made <= i || state_->fault == Fault::fail_after)
        static_cast<void>(inner_.remove(files[made - 1].path, false));
    return std::move(written).error();
  }
  return std::unique_ptr<sys::Unsynced>(std::move(together));
}

Result<void> FaultyFileSystem::rename_new(std::string_view from, std::string_view to) {
  return call(*state_, words("rename_new", from, to), [&] { return inner_.rename_new(from, to); });
}
Result<void> FaultyFileSystem::rename_soon(std::string_view from, std::string_view to) {
  return call(*state_, words("rename_soon", from, to),
              [&] { return inner_.rename_soon(from, to); });
}
Result<void> FaultyFileSystem::replace(std::string_view path, std::string_view octets) {
  return call(*state_, words("replace", path), [&] { return inner_.replace(path, octets); });
}
Result<void> FaultyFileSystem::remove(std::string_view path, bool durably) {
  return call(*state_, words("remove", path), [&] { return inner_.remove(path, durably); });
}
Result<void> FaultyFileSystem::sync_directory(std::string_view directory) {
  return call(*state_, words("sync_directory", directory),
              [&] { return inner_.sync_directory(directory); });
}
Result<void> FaultyFileSystem::make_directory(std::string_view path) {
  return call(*state_, words("make_directory", path), [&] { return inner_.make_directory(path); });
}
Result<std::unique_ptr<sys::AppendFile>> FaultyFileSystem::append_to(std::string_view path) {
  auto file = call(*state_, words("append_to", path), [&] { return inner_.append_to(path); });
  if (!file) return file;
  return std::unique_ptr<sys::AppendFile>(
      std::make_unique<FaultyJournal>(std::move(*file), state_));
}
Result<void> FaultyFileSystem::set_modified(std::string_view path, TimePoint at) {
  return call(*state_, words("set_modified", path), [&] { return inner_.set_modified(path, at); });
}
Result<std::unique_ptr<sys::FileLock>> FaultyFileSystem::lock(std::string_view path) {
  return call(*state_, words("lock", path), [&] { return inner_.lock(path); });
}

}  // namespace paraph::testing
