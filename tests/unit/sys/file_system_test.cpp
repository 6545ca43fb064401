#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <thread>

#include "support/pki.h"
#include "sys/file_system.h"

using namespace paraph;
using namespace std::string_literals;
using namespace paraph::testing;

namespace {

constexpr sys::Resolve kBothWays[] = {sys::Resolve::kernel, sys::Resolve::by_component};

struct Disk {
  explicit Disk(sys::Resolve resolve = sys::Resolve::kernel)
      : fs(*sys::open_root(inside, resolve)) {}
  TempDir outside;
  std::string inside = [this] {
    ::mkdir((outside / "root").c_str(), 0700);
    return outside / "root";
  }();
  std::shared_ptr<sys::FileSystem> fs;
  [[nodiscard]] std::string operator/(const std::string& name) const { return inside + "/" + name; }
};

unsigned mode_of(const std::string& path) {
  return sys::ownership(path)->mode;
}

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

TEST_CASE("files are written new, 0600, octet for octet, and read up to a limit", "[sys]") {
  for (const auto way : kBothWays) {
    Disk disk(way);
    const std::string octets = "\0\r\n\xff mail"s;
    REQUIRE(disk.fs->make_directory("a/b"));
    REQUIRE(mode_of(disk / "a") == 0700);
    REQUIRE(mode_of(disk / "a/b") == 0700);
    REQUIRE(disk.fs->write_new("a/b/x", octets));
    REQUIRE(mode_of(disk / "a/b/x") == 0600);
    REQUIRE(*disk.fs->read("a/b/x", octets.size()) == octets);
    REQUIRE(*disk.fs->read_start("a/b/x", 3) == octets.substr(0, 3));
    const auto limited = disk.fs->read("a/b/x", octets.size() - 1);
    REQUIRE(limited.error().code() == Errc::limit);
    REQUIRE(limited.error().retry() == Retry::never);
    const auto again = disk.fs->write_new("a/b/x", "other");
    REQUIRE(again.error().code() == Errc::exists);
    REQUIRE(*disk.fs->read("a/b/x", 100) == octets);
    REQUIRE(disk.fs->make_directory("a/b"));
    REQUIRE(disk.fs->make_directory("."));
    REQUIRE(disk.fs->write_new("empty", ""));
    REQUIRE(disk.fs->read("empty", 0)->empty());
  }
}

TEST_CASE("an error names the full path and what happened", "[sys]") {
  Disk disk;
  const auto absent = disk.fs->read("no/such", 10);
  REQUIRE(absent.error().code() == Errc::not_found);
  REQUIRE(absent.error().retry() == Retry::later);
  REQUIRE(absent.error().what() == "open " + disk.inside + "/no: No such file or directory");
  REQUIRE(disk.fs->list("no").error().code() == Errc::not_found);
  REQUIRE(disk.fs->names("no").error().code() == Errc::not_found);
  REQUIRE(disk.fs->info("no").error().code() == Errc::not_found);
  REQUIRE(disk.fs->lock("no").error().code() == Errc::not_found);
  REQUIRE_FALSE(*disk.fs->exists("no"));
  REQUIRE_FALSE(*disk.fs->exists("no/such"));
  REQUIRE(disk.fs->remove("no", true));
  REQUIRE(disk.fs->remove("no/such", true));
  REQUIRE(sys::open_root(disk / "no").error().code() == Errc::not_found);
}

TEST_CASE("no path leads out of the root (rule 2)", "[sys]") {
  for (const auto way : kBothWays) {
    Disk disk(way);
    spit(disk.outside / "secret", "canary");
    for (const std::string& path :
         {std::string("../secret"), std::string("a/../../secret"), disk.outside / "secret",
          std::string("/secret"), std::string("."), std::string(".."), std::string(""),
          std::string("a//b"), std::string("a/"), std::string("./a"), "a\0b"s}) {
      INFO(path);
      REQUIRE(disk.fs->read(path, 100).error().code() == Errc::denied);
      REQUIRE(disk.fs->write_new(path, "x").error().code() == Errc::denied);
      REQUIRE(disk.fs->remove(path, false).error().code() == Errc::denied);
      REQUIRE(disk.fs->append_to(path).error().code() == Errc::denied);
      REQUIRE(disk.fs->replace(path, "x").error().code() == Errc::denied);
      REQUIRE(disk.fs->lock(path).error().code() == Errc::denied);
      REQUIRE(disk.fs->set_modified(path, TimePoint{}).error().code() == Errc::denied);
      REQUIRE(disk.fs->rename_new(path, "y").error().code() == Errc::denied);
    }
    for (const std::string& path :
         {std::string(".."), std::string("/"), disk.outside.path().string()}) {
      REQUIRE(disk.fs->list(path).error().code() == Errc::denied);
      REQUIRE(disk.fs->make_directory(path).error().code() == Errc::denied);
      REQUIRE(disk.fs->sync_directory(path).error().code() == Errc::denied);
    }
    REQUIRE(slurp(disk.outside / "secret") == "canary");
  }
}

TEST_CASE("no link is followed, not in the middle and not at the end (rule 2)", "[sys]") {
  for (const auto way : kBothWays) {
    Disk disk(way);
    ::mkdir((disk.outside / "victim").c_str(), 0700);
    spit(disk.outside / "victim/secret", "canary");
    spit(disk / "plain", "plain");
    ::mkdir((disk / "real").c_str(), 0700);
    REQUIRE(::symlink((disk.outside / "victim").c_str(), (disk / "absolute").c_str()) == 0);
    REQUIRE(::symlink("../victim", (disk / "relative").c_str()) == 0);
    REQUIRE(::symlink("real", (disk / "inward").c_str()) == 0);
    REQUIRE(::symlink("plain", (disk / "file").c_str()) == 0);
    REQUIRE(::symlink("nowhere", (disk / "dangling").c_str()) == 0);
    for (const std::string directory : {"absolute", "relative", "inward"}) {
      INFO(directory);
      REQUIRE_FALSE(disk.fs->read(directory + "/secret", 100));
      REQUIRE_FALSE(disk.fs->write_new(directory + "/new", "x"));
      REQUIRE_FALSE(disk.fs->rename_new("plain", directory + "/plain"));
      REQUIRE_FALSE(disk.fs->remove(directory + "/secret", false));
      REQUIRE_FALSE(disk.fs->list(directory));
      REQUIRE_FALSE(disk.fs->make_directory(directory));
      REQUIRE_FALSE(disk.fs->make_directory(directory + "/new"));
    }
    for (const std::string file : {"file", "dangling"}) {
      INFO(file);
      REQUIRE_FALSE(disk.fs->read(file, 100));
      REQUIRE_FALSE(disk.fs->write_new(file, "x"));
      REQUIRE_FALSE(disk.fs->append_to(file));
      REQUIRE_FALSE(disk.fs->lock(file));
      REQUIRE_FALSE(disk.fs->info(file)->regular);
    }
    REQUIRE(disk.fs->replace("file", "new"));  // the link goes, what it named stays
    REQUIRE(slurp(disk / "plain") == "plain");
    REQUIRE_FALSE(*disk.fs->exists("nowhere"));
    REQUIRE(slurp(disk.outside / "victim/secret") == "canary");
    REQUIRE(sorted(*disk.fs->names("")) == std::vector<std::string>{"file", "plain"});
  }
}

TEST_CASE("a directory that another takes the place of is no longer written to", "[sys]") {
  for (const auto resolve : {sys::Resolve::kernel, sys::Resolve::by_component}) {
    const TempDir dir;
    const auto fs = sys::open_root(dir.path(), resolve).value();
    REQUIRE(fs->make_directory("sub"));
    REQUIRE(fs->write_new("sub/one", "1"));
    std::filesystem::rename(dir / "sub", dir / "away");
    CHECK(fs->write_new("sub/two", "2").error().code() == Errc::not_found);
    REQUIRE(fs->make_directory("sub"));
    REQUIRE(fs->write_new("sub/two", "2"));
    CHECK(std::filesystem::exists(dir / "sub/two"));
    std::filesystem::rename(dir / "sub", dir / "gone");
    std::filesystem::create_directory_symlink("away", dir / "sub");
    CHECK_FALSE(fs->write_new("sub/three", "3"));
    CHECK_FALSE(std::filesystem::exists(dir / "away/three"));
  }
}

TEST_CASE("FIFOs and directories named like mail neither block nor open", "[sys]") {
  Disk disk;
  REQUIRE(::mkfifo((disk / "fifo").c_str(), 0600) == 0);
  REQUIRE(::mkdir((disk / "folder").c_str(), 0700) == 0);
  REQUIRE(disk.fs->write_new("mail", "x"));
  for (const std::string name : {"fifo", "folder"}) {
    INFO(name);
    REQUIRE_FALSE(disk.fs->read(name, 10));
    REQUIRE_FALSE(disk.fs->read_start(name, 10));
    REQUIRE_FALSE(disk.fs->lock(name));
    REQUIRE_FALSE(disk.fs->append_to(name));
    REQUIRE_FALSE(disk.fs->info(name)->regular);
  }
  REQUIRE(*disk.fs->names(".") == std::vector<std::string>{"mail"});
  REQUIRE(disk.fs->list("")->size() == 3);
  const auto entries = *disk.fs->list("");
  for (const auto& entry : entries) {
    REQUIRE(entry.regular == (entry.name == "mail"));
    REQUIRE(entry.directory == (entry.name == "folder"));
  }
}

TEST_CASE("rename_new never replaces; replace always does and leaves nothing beside", "[sys]") {
  Disk disk;
  REQUIRE(disk.fs->make_directory("bad"));
  REQUIRE(disk.fs->write_new("a", "1"));
  REQUIRE(disk.fs->write_new("b", "2"));
  REQUIRE(disk.fs->rename_new("a", "b").error().code() == Errc::exists);
  REQUIRE(*disk.fs->read("b", 1) == "2");
  REQUIRE(disk.fs->rename_new("a", "bad/a"));
  REQUIRE(disk.fs->rename_new("a", "c").error().code() == Errc::not_found);
  REQUIRE(*disk.fs->read("bad/a", 1) == "1");
  REQUIRE(disk.fs->replace("b", "3"));
  REQUIRE(disk.fs->replace("bad/new", "4"));
  REQUIRE(disk.fs->replace(std::string(255, 'n'), "5"));
  REQUIRE(*disk.fs->read("b", 1) == "3");
  REQUIRE(sorted(*disk.fs->names("")) == std::vector<std::string>{"b", std::string(255, 'n')});
  REQUIRE(sorted(*disk.fs->names("bad")) == std::vector<std::string>{"a", "new"});
  REQUIRE_FALSE(disk.fs->replace(std::string(256, 'n'), "6"));
  REQUIRE(disk.fs->names("")->size() == 2);
}

TEST_CASE("a stream that fails leaves no file; one that arrives is whole", "[sys]") {
  Disk disk;
  int left = 1000;
  const std::string piece(1000, 'x');
  REQUIRE(disk.fs->write_new_from("whole", [&]() -> Result<std::string_view> {
    return left-- > 0 ? std::string_view(piece) : std::string_view();
  }));
  REQUIRE(disk.fs->info("whole")->size == 1'000'000);
  left = 3;
  const auto broken = disk.fs->write_new_from("broken", [&]() -> Result<std::string_view> {
    if (left-- > 0) return std::string_view(piece);
    return Error::later(Errc::exists, "source");
  });
  REQUIRE(broken.error().what() == "source");
  REQUIRE_FALSE(*disk.fs->exists("broken"));
}

TEST_CASE("a lock is exclusive, ends with its object, and is of the file of that name", "[sys]") {
  Disk disk;
  REQUIRE(disk.fs->write_new("mail", "x"));
  {
    const auto lock = disk.fs->lock("mail");
    REQUIRE(lock);
    REQUIRE(disk.fs->lock("mail").error().code() == Errc::busy);
    // Another process, by another program: flock(1).
    REQUIRE(sh_status("flock -n '" + (disk / "mail") + "' true") == 1);
    REQUIRE(disk.fs->replace("mail", "y"));
    REQUIRE(disk.fs->lock("mail"));  // another file now
  }
  REQUIRE(disk.fs->lock("mail"));
  REQUIRE(sh_status("flock -n '" + (disk / "mail") + "' true") == 0);
}

TEST_CASE("a journal grows by whole lines", "[sys]") {
  Disk disk;
  {
    auto journal = disk.fs->append_to("j");
    REQUIRE((*journal)->append("one\n"));
    REQUIRE((*journal)->sync());
  }
  auto journal = disk.fs->append_to("j");
  REQUIRE((*journal)->append("two\n"));
  REQUIRE((*journal)->sync());
  REQUIRE(*disk.fs->read("j", 100) == "one\ntwo\n");
  REQUIRE(mode_of(disk / "j") == 0600);
}

TEST_CASE("a journal's first sync is the directory's too, whoever made it", "[sys]") {
  Disk disk;
  REQUIRE(disk.fs->make_directory("pct"));
  const auto open_directories = [&] {
    const auto wanted = std::filesystem::canonical(disk / "pct");
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code gone;
      if (std::filesystem::read_symlink(entry.path(), gone) == wanted) ++count;
    }
    return count;
  };
  REQUIRE_FALSE(*disk.fs->exists("pct/none"));
  const std::size_t kept = open_directories();  // by the file system itself, for the next path
  // Nothing in it, and lines that the first one has not synced.
  for (const std::string_view text : {"", "one\n"}) {
    const std::string path = text.empty() ? "pct/empty" : "pct/lines";
    {
      auto killed = disk.fs->append_to(path);
      REQUIRE((*killed)->append(text));
      REQUIRE(open_directories() == kept + 1);
    }
    auto journal = disk.fs->append_to(path);
    REQUIRE((*journal)->append("two\n"));
    REQUIRE(open_directories() == kept + 1);
    REQUIRE((*journal)->sync());
    REQUIRE(open_directories() == kept);  // it is let go when it has been synced
  }
}

TEST_CASE("a journal's reserve changes neither size nor content nor time", "[sys]") {
  Disk disk;
  auto journal = disk.fs->append_to("j");
  REQUIRE((*journal)->reserve(0));
  REQUIRE((*journal)->append("one\n"));
  const TimePoint before = parse_time("2026-01-01").value();
  REQUIRE(disk.fs->set_modified("j", before));
  REQUIRE((*journal)->reserve(100'000));
  REQUIRE(disk.fs->info("j")->size == 4);
  REQUIRE(disk.fs->info("j")->modified == before);
  REQUIRE((*journal)->append("two\n"));
  REQUIRE(*disk.fs->read("j", 100) == "one\ntwo\n");
}

TEST_CASE("on a full disk a write leaves no file and an append no part of a line", "[sys]") {
  TempDir where;
  const std::string mounted = where / "small";
  ::mkdir(mounted.c_str(), 0700);
  if (::geteuid() != 0 || sh_status("mount -t tmpfs -o size=64k none '" + mounted + "'") != 0) {
    WARN("SKIP: a full disk needs root and tmpfs");
    return;
  }
  {
    const auto fs = *sys::open_root(mounted);
    const auto full = fs->write_new("big", std::string(200'000, 'x'));
    REQUIRE(full.error().code() == Errc::io);
    REQUIRE(full.error().retry() == Retry::later);
    REQUIRE(full.error().what() == "write " + mounted + "/big: No space left on device");
    REQUIRE(fs->names("")->empty());
    REQUIRE_FALSE(fs->replace("big", std::string(200'000, 'x')));
    REQUIRE(fs->names("")->empty());
    auto journal = fs->append_to("j");
    const std::string line(9999, 'l');
    while ((*journal)->append(line + "\n")) continue;
    REQUIRE(fs->info("j")->size % 10000 == 0);
    REQUIRE(fs->info("j")->size > 0);
    REQUIRE(fs->remove("j", false));
  }
  {
    const auto fs = *sys::open_root(mounted);
    auto journal = fs->append_to("reserved");
    const auto refused = (*journal)->reserve(200'000);
    REQUIRE(refused.error().code() == Errc::io);
    REQUIRE(refused.error().retry() == Retry::later);
    REQUIRE(refused.error().what() ==
            "reserve space in " + mounted + "/reserved: No space left on device");
    REQUIRE((*journal)->append("before\n"));
    REQUIRE((*journal)->reserve(20'000));
    auto greedy = fs->append_to("greedy");
    const std::string line(999, 'l');
    while ((*greedy)->append(line + "\n")) continue;
    for (int i = 0; i < 20; ++i) REQUIRE((*journal)->append(line + "\n"));
    REQUIRE(fs->info("reserved")->size == 20'007);
  }
  REQUIRE(sh_status("umount '" + mounted + "'") == 0);
}

TEST_CASE("times can be set, into the future too", "[sys]") {
  Disk disk;
  REQUIRE(disk.fs->write_new("a", "x"));
  const TimePoint then{std::chrono::seconds(4102444800)};
  REQUIRE(disk.fs->set_modified("a", then));
  REQUIRE(disk.fs->info("a")->modified == then);
  REQUIRE(disk.fs->list("")->front().modified == then);
}

TEST_CASE("an identity shows every change, and says when it is too young to be kept", "[sys]") {
  Disk disk;
  REQUIRE_FALSE(disk.fs->identity("a")->present);
  const auto empty = *disk.fs->identity("");
  REQUIRE(disk.fs->write_new("a", "one"));
  const auto first = *disk.fs->identity("a");
  REQUIRE(first.present);
  REQUIRE_FALSE(first.settled);
  const auto pause = [] { std::this_thread::sleep_for(std::chrono::milliseconds(30)); };
  pause();
  const auto directory = *disk.fs->identity("");
  REQUIRE_FALSE(directory == empty);  // an entry came
  REQUIRE(directory.settled);
  REQUIRE(disk.fs->identity("a")->settled);
  REQUIRE(*disk.fs->identity("a") == first);

  const std::string path = disk.fs->full_path("a");
  spit(path, "two");  // in place, as long as before
  REQUIRE_FALSE(*disk.fs->identity("a") == first);
  REQUIRE(*disk.fs->identity("") == directory);
  const auto second = *disk.fs->identity("a");
  pause();
  ::chmod(path.c_str(), 0400);
  REQUIRE_FALSE(*disk.fs->identity("a") == second);
  pause();
  REQUIRE(disk.fs->remove("a", false));
  REQUIRE_FALSE(*disk.fs->identity("") == directory);

  REQUIRE(disk.fs->make_directory("d"));
  REQUIRE_FALSE(disk.fs->identity("d/none")->present);
  REQUIRE_FALSE(disk.fs->identity("none/none")->present);
  REQUIRE(disk.fs->identity("d")->present);
  REQUIRE(disk.fs->identity("../a").error().code() == Errc::denied);
}

TEST_CASE("a watch hears of every change to an entry of the directory", "[sys]") {
  Disk disk;
  spit(disk / "kept", "one");
  const auto watch = disk.fs->watch();
  if (!watch) {
    WARN("SKIPPED: no inotify here, or not on this file system");
    return;
  }
  const auto told = [&] {
    const bool changed = !watch->quiet();
    return changed && watch->quiet();  // and only once
  };
  REQUIRE(watch->quiet());
  REQUIRE(disk.fs->read("kept", 100));
  REQUIRE(watch->quiet());  // to read is no change
  spit(disk / "kept", "two");
  REQUIRE(told());
  REQUIRE(::truncate((disk / "kept").c_str(), 1) == 0);
  REQUIRE(told());
  REQUIRE(disk.fs->write_new("new", "x"));
  REQUIRE(told());
  REQUIRE(::rename((disk / "new").c_str(), (disk / "kept").c_str()) == 0);
  REQUIRE(told());
  REQUIRE(::rename((disk / "kept").c_str(), (disk.outside / "away").c_str()) == 0);
  REQUIRE(told());
  REQUIRE(::rename((disk.outside / "away").c_str(), (disk / "kept").c_str()) == 0);
  REQUIRE(told());
  REQUIRE(::chmod((disk / "kept").c_str(), 0644) == 0);
  REQUIRE(told());
  REQUIRE(::link((disk / "kept").c_str(), (disk / "second").c_str()) == 0);
  REQUIRE(told());
  REQUIRE(disk.fs->remove("kept", false));
  REQUIRE(told());
  // More than one read(2) takes.
  for (int i = 0; i < 300; ++i) spit(disk / ("many" + std::to_string(i)), "x");
  REQUIRE(told());
}

TEST_CASE("a watch on a directory that is gone promises nothing", "[sys]") {
  Disk disk;
  const auto watch = disk.fs->watch();
  if (!watch) return;
  REQUIRE(::rename(disk.inside.c_str(), (disk.outside / "moved").c_str()) == 0);
  REQUIRE_FALSE(watch->quiet());
  spit(disk.outside / "moved/x", "x");  // still the directory that was opened
  REQUIRE_FALSE(watch->quiet());
  REQUIRE(disk.fs->remove("x", false));
  REQUIRE(::rmdir((disk.outside / "moved").c_str()) == 0);
  REQUIRE_FALSE(watch->quiet());
}

TEST_CASE("paths join lexically", "[sys]") {
  REQUIRE(sys::join("/a", "b/c") == "/a/b/c");
  REQUIRE(sys::join("/a/", "b") == "/a/b");
  REQUIRE(sys::join("/a", "/b") == "/b");
  REQUIRE(sys::join("", "b") == "b");
  REQUIRE(sys::join("/a", "") == "/a");
  REQUIRE(sys::directory_of("/a/b") == "/a");
  REQUIRE(sys::directory_of("/a") == "/");
  REQUIRE(sys::directory_of("a") == ".");
  REQUIRE(sys::absolute("/a/../b/./c") == "/b/c");
  TempDir where;
  REQUIRE(::symlink("real", (where / "link").c_str()) == 0);
  ::mkdir((where / "real").c_str(), 0700);
  REQUIRE(sys::absolute(where / "link/new") == sys::absolute(where / "real") + "/new");
  REQUIRE(sys::absolute("x").front() == '/');
}

TEST_CASE("read_file follows the administrator's links and keeps its limit", "[sys]") {
  TempDir where;
  spit(where / "f", "1234");
  REQUIRE(::symlink("f", (where / "link").c_str()) == 0);
  REQUIRE(*sys::read_file(where / "link", 4) == "1234");
  REQUIRE(sys::read_file(where / "f", 3).error().code() == Errc::limit);
  REQUIRE(sys::read_file(where / "none", 3).error().code() == Errc::not_found);
  REQUIRE_FALSE(sys::read_file(where.path().string(), 3));
}

TEST_CASE("a private key must be closed to others", "[sys]") {
  TempDir where;
  const std::string key = where / "private_key";
  spit(key, "key");
  struct Row {
    mode_t mode;
    bool fine;
  };
  for (const auto& [mode, fine] :
       {Row{0600, true}, Row{0400, true}, Row{0640, true}, Row{0440, true}, Row{0644, false},
        Row{0660, false}, Row{0604, false}, Row{0700, false}, Row{0666, false}}) {
    INFO(mode);
    REQUIRE(::chmod(key.c_str(), mode) == 0);
    const auto checked = sys::check_key_permissions(key);
    REQUIRE(checked.has_value() == fine);
    if (fine) continue;
    REQUIRE(checked.error().code() == Errc::denied);
    REQUIRE(checked.error().hint() == "chmod 600 " + key);
  }
  if (::geteuid() == 0) {
    REQUIRE(::chown(key.c_str(), 0, ::getegid() + 1) == 0);
    REQUIRE(::chmod(key.c_str(), 0640) == 0);
    REQUIRE_FALSE(sys::check_key_permissions(key));
  }
}

TEST_CASE("a key that cannot be read says what to run", "[sys]") {
  TempDir where;
  const std::string key = where / "private_key";
  spit(key, "key");
  const auto hint = [&] {
    const auto checked = sys::check_key_permissions(key);
    REQUIRE_FALSE(checked);
    REQUIRE(checked.error().code() == Errc::denied);
    REQUIRE(checked.error().retry() == Retry::later);
    REQUIRE(checked.error().what() == "open " + key + ": Permission denied");
    return checked.error().hint();
  };
  const bool root = ::geteuid() == 0;
  REQUIRE(::chmod(where.path().c_str(), 0755) == 0);
  if (root) {  // whom nothing stops: as somebody else
    REQUIRE(::chown(key.c_str(), 65534, 65534) == 0);
    REQUIRE(::seteuid(65534) == 0);
  }
  if (!sys::ownership(key)) {  // $TMPDIR is closed to him
    if (root) REQUIRE(::seteuid(0) == 0);
    return;
  }
  REQUIRE(::chmod(key.c_str(), 0) == 0);
  const std::string mine = hint();
  std::string foreign;
  if (root) {
    REQUIRE(::seteuid(0) == 0);
    REQUIRE(::chown(key.c_str(), 0, 0) == 0);
    REQUIRE(::chmod(key.c_str(), 0600) == 0);
    REQUIRE(::seteuid(65534) == 0);
    foreign = hint();
    REQUIRE(::seteuid(0) == 0);
    REQUIRE(foreign.rfind("chown ", 0) == 0);
    REQUIRE(foreign.find(key + " && chmod 600 " + key) != std::string::npos);
  }
  REQUIRE(mine == "chmod 600 " + key);
}
