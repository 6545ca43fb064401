#include "support/memory_file_system.h"

#include <fmt/core.h>
#include <algorithm>
#include <functional>

#include <functional>
#include <limits>

namespace paraph::testing {

struct MemoryFileSystem::Node {
  using Names = std::map<std::string, std::shared_ptr<Node>, std::less<>>;
  bool directory = false;
  std::string octets, stable_octets;
  Names names, stable_names;
  TimePoint modified{};
  std::weak_ptr<int> locked;
};

struct MemoryFileSystem::Place {
  std::shared_ptr<Node> directory;
  std::string name;
};

namespace {

using Node = MemoryFileSystem::Node;

struct HeldLock final : sys::FileLock {
  explicit HeldLock(std::shared_ptr<int> held) : token(std::move(held)) {}
  std::shared_ptr<int> token;
};

class MemoryJournal final : public sys::AppendFile {
 public:
  MemoryJournal(std::shared_ptr<Node> file, std::shared_ptr<Node> directory,
                std::shared_ptr<std::size_t> room)
      : file_(std::move(file)), directory_(std::move(directory)), room_(std::move(room)) {}
  MemoryJournal(const MemoryJournal&) = delete;
  MemoryJournal& operator=(const MemoryJournal&) = delete;
  ~MemoryJournal() override { *room_ += reserved_; }
  Result<void> reserve(std::size_t octets) override {
    if (octets > *room_) return Error::later(Errc::io, "no space left");
    *room_ -= octets;
    reserved_ += octets;
    return {};
  }
  Result<void> append(std::string_view text) override {
    const std::size_t own = std::min(text.size(), reserved_);
    if (text.size() - own > *room_) return Error::later(Errc::io, "no space left");
    reserved_ -= own;
    *room_ -= text.size() - own;
    file_->octets += text;
    return {};
  }
  Result<void> sync() override {
    file_->stable_octets = file_->octets;
    directory_->stable_names = directory_->names;
    return {};
  }

 private:
  std::shared_ptr<Node> file_, directory_;
  std::shared_ptr<std::size_t> room_;
  std::size_t reserved_ = 0;
};

Error missing(std::string_view path) {
  return Error::later(Errc::not_found, std::string(path) + ": no such file");
}

void forget_unstable(Node& node) {
  node.octets = node.stable_octets;
  node.names = node.stable_names;
  node.locked.reset();
  for (auto& [name, child] : node.names) forget_unstable(*child);
}

void collect(const Node& node, const std::string& prefix, std::map<std::string, std::string>& out) {
  for (const auto& [name, child] : node.names) {
    if (child->directory)
      collect(*child, prefix + name + "/", out);
    else
      out[prefix + name] = child->octets;
  }
}

}  // namespace

MemoryFileSystem::MemoryFileSystem()
    : top_(std::make_shared<Node>()),
      journal_room_(std::make_shared<std::size_t>(std::numeric_limits<std::size_t>::max())) {
  top_->directory = true;
}
MemoryFileSystem::~MemoryFileSystem() = default;

void MemoryFileSystem::cut_power() {
  forget_unstable(*top_);
}

std::map<std::string, std::string> MemoryFileSystem::files() const {
  std::map<std::string, std::string> out;
  collect(*top_, "", out);
  return out;
}

std::string MemoryFileSystem::full_path(std::string_view path) const {
  return root_ + "/" + std::string(path);
}

std::shared_ptr<Node> MemoryFileSystem::find(std::string_view path) const {
  if (path.empty() || path == ".") return top_;
  auto at = top_;
  for (std::size_t from = 0; at && from <= path.size();) {
    const std::size_t end = std::min(path.find('/', from), path.size());
    const auto next = at->names.find(path.substr(from, end - from));
    at = next == at->names.end() ? nullptr : next->second;
    from = end + 1;
  }
  return at;
}

Result<std::shared_ptr<Node>> MemoryFileSystem::file(std::string_view path) const {
  auto node = find(path);
  if (!node) return missing(path);
  if (node->directory)
    return Error::never(Errc::corrupt, std::string(path) + ": not a regular file");
  return node;
}

Result<MemoryFileSystem::Place> MemoryFileSystem::place(std::string_view path) const {
  const std::size_t slash = path.rfind('/');
  const bool nested = slash != std::string_view::npos;
  auto directory = find(nested ? path.substr(0, slash) : "");
  if (!directory || !directory->directory) return missing(path);
  return Place{std::move(directory), std::string(nested ? path.substr(slash + 1) : path)};
}

Result<std::string> MemoryFileSystem::read(std::string_view path, std::size_t limit) {
  auto octets = read_start(path, limit + 1);
  if (octets && octets->size() > limit)
    return Error::never(Errc::limit, std::string(path) + ": too large");
  return octets;
}

Result<std::string> MemoryFileSystem::read_start(std::string_view path, std::size_t count) {
  const auto node = file(path);
  if (!node) return node.error();
  return (*node)->octets.substr(0, count);
}

Result<std::vector<sys::FileInfo>> MemoryFileSystem::list(std::string_view directory) {
  const auto node = find(directory);
  if (!node || !node->directory) return missing(directory);
  std::vector<sys::FileInfo> found;
  for (const auto& [name, child] : node->names)
    found.push_back(
        {name, child->octets.size(), child->modified, child->directory, !child->directory});
  return found;
}

Result<std::vector<std::string>> MemoryFileSystem::names(std::string_view directory) {
  const auto entries = list(directory);
  if (!entries) return entries.error();
  std::vector<std::string> found;
  for (const auto& entry : *entries)
    if (entry.regular) found.push_back(entry.name);
  return found;
}

Result<sys::FileInfo> MemoryFileSystem::info(std::string_view path) {
  const auto node = find(path);
  if (!node) return missing(path);
  return sys::FileInfo{sys::FileInfo{std::string(path), node->octets.size(), node->modified,
                                     node->directory, !node->directory}};
}

Result<bool> MemoryFileSystem::exists(std::string_view path) {
  return find(path) != nullptr;
}

Result<sys::FileIdentity> MemoryFileSystem::identity(std::string_view path) {
  const auto node = find(path);
  sys::FileIdentity out;
  if (!node) return out;
  out.present = true;
  out.size = node->octets.size();
  out.modified_ns = epoch(node->modified);
  std::string content = node->octets;
  for (const auto& [name, child] : node->names)
    content += name + fmt::format("{}", static_cast<const void*>(child.get()));
  out.inode = std::hash<std::string>()(content);
  return out;
}

Result<void> MemoryFileSystem::write_new_from(std::string_view path, const sys::NextChunk& next) {
  const auto where = place(path);
  if (!where) return where.error();
  if (find(path)) return Error::later(Errc::exists, std::string(path) + ": exists");
  auto node = std::make_shared<Node>();
  for (;;) {
    const auto chunk = next();
    if (!chunk) return chunk.error();
    if (chunk->empty()) break;
    node->octets += *chunk;
  }
  node->stable_octets = node->octets;
  node->modified = now_;
  where->directory->names[where->name] = std::move(node);
  return {};
}

Result<void> MemoryFileSystem::write_new(std::string_view path, std::string_view octets) {
  return write_new_from(path, [left = octets]() mutable -> Result<std::string_view> {
    return std::exchange(left, std::string_view());
  });
}

Result<void> MemoryFileSystem::write_new_together(const std::vector<sys::NewFile>& files) {
  auto written = write_new_soon(files);
  return written ? (*written)->sync() : Result<void>(std::move(written).error());
}

Result<std::unique_ptr<sys::Unsynced>> MemoryFileSystem::write_new_soon(
    const std::vector<sys::NewFile>& files) {
  struct Nodes final : sys::Unsynced {
    std::vector<std::shared_ptr<Node>> all;
    Result<void> sync() override {
      for (const auto& node : all) node->stable_octets = node->octets;
      return {};
    }
  };
  auto nodes = std::make_unique<Nodes>();
  for (std::size_t made = 0; made < files.size(); ++made) {
    std::string octets;
    for (const auto piece : files[made].pieces) octets += piece;
    auto written = write_new(files[made].path, octets);
    if (written) {
      nodes->all.push_back(find(files[made].path));
      nodes->all.back()->stable_octets.clear();
      continue;
    }
    while (made > 0) static_cast<void>(remove(files[--made].path, false));
    return std::move(written).error();
  }
  return std::unique_ptr<sys::Unsynced>(std::move(nodes));
}

Result<void> MemoryFileSystem::rename_new(std::string_view from, std::string_view to) {
  if (auto renamed = rename_soon(from, to); !renamed) return renamed;
  for (const auto path : {from, to}) {
    const auto where = place(path);
    where->directory->stable_names = where->directory->names;
  }
  return {};
}

Result<void> MemoryFileSystem::rename_soon(std::string_view from, std::string_view to) {
  const auto source = place(from);
  const auto target = place(to);
  const auto node = find(from);
  if (!source || !target || !node) return missing(from);
  if (find(to)) return Error::later(Errc::exists, std::string(to) + ": exists");
  target->directory->names[target->name] = node;
  source->directory->names.erase(source->name);
  return {};
}

Result<void> MemoryFileSystem::replace(std::string_view path, std::string_view octets) {
  const auto where = place(path);
  if (!where) return where.error();
  auto node = std::make_shared<Node>();
  node->octets = node->stable_octets = octets;
  node->modified = now_;
  where->directory->names[where->name] = std::move(node);
  where->directory->stable_names = where->directory->names;
  return {};
}

Result<void> MemoryFileSystem::remove(std::string_view path, bool durably) {
  const auto where = place(path);
  if (!where) return {};
  where->directory->names.erase(where->name);
  if (durably) where->directory->stable_names = where->directory->names;
  return {};
}

Result<void> MemoryFileSystem::sync_directory(std::string_view directory) {
  const auto node = find(directory);
  if (!node) return missing(directory);
  node->stable_names = node->names;
  return {};
}

Result<void> MemoryFileSystem::make_directory(std::string_view path) {
  for (std::size_t end = 0; path != "." && end < path.size();) {
    end = std::min(path.find('/', end + 1), path.size());
    const auto where = place(path.substr(0, end));
    if (!where) return where.error();
    if (where->directory->names.count(where->name) != 0) continue;
    auto node = std::make_shared<Node>();
    node->directory = true;
    where->directory->names[where->name] = where->directory->stable_names[where->name] =
        std::move(node);
  }
  return {};
}

Result<std::unique_ptr<sys::AppendFile>> MemoryFileSystem::append_to(std::string_view path) {
  const auto where = place(path);
  if (!where) return where.error();
  auto& node = where->directory->names[where->name];
  if (!node) node = std::make_shared<Node>();
  return std::unique_ptr<sys::AppendFile>(
      std::make_unique<MemoryJournal>(node, where->directory, journal_room_));
}

Result<void> MemoryFileSystem::set_modified(std::string_view path, TimePoint at) {
  const auto node = find(path);
  if (!node) return missing(path);
  node->modified = at;
  return {};
}

Result<std::unique_ptr<sys::FileLock>> MemoryFileSystem::lock(std::string_view path) {
  const auto node = file(path);
  if (!node) return node.error();
  if (!(*node)->locked.expired()) return Error::later(Errc::busy, std::string(path) + ": locked");
  auto token = std::make_shared<int>(0);
  (*node)->locked = token;
  return std::unique_ptr<sys::FileLock>(std::make_unique<HeldLock>(std::move(token)));
}

}  // namespace paraph::testing
