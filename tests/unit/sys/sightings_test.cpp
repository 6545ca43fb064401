#include "sys/sightings.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <thread>

#include "support/pki.h"

using namespace paraph;
using paraph::testing::spit;
using paraph::testing::TempDir;

namespace {

sys::Sightings of(const std::vector<std::string>& paths) {
  sys::Sightings seen;
  for (const auto& path : paths) seen.note(path);
  return seen;
}

// Stamps are the kernel's; what was written must grow older than its tick.
void let_settle() {
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

}  // namespace

TEST_CASE("sightings hold until one of the files changes") {
  const TempDir dir;
  spit(dir / "a", "one");
  std::filesystem::create_directory(dir / "d");
  std::filesystem::create_symlink("a", dir / "link");
  let_settle();
  const auto seen = of({dir / "a", dir / "absent", dir / "d", dir / "link"});
  CHECK(seen.settled());
  REQUIRE(seen.hold());
  SECTION("rewritten with as many octets") {
    spit(dir / "a", "two");
  }
  SECTION("replaced by another file") {
    spit(dir / "b", "one");
    std::filesystem::rename(dir / "b", dir / "a");
  }
  SECTION("removed") {
    std::filesystem::remove(dir / "a");
  }
  SECTION("closed to readers") {
    std::filesystem::permissions(dir / "a", std::filesystem::perms::none);
  }
  SECTION("one appears that was not there") {
    spit(dir / "absent", "");
  }
  SECTION("even if it leads nowhere") {
    std::filesystem::create_symlink("nowhere", dir / "absent");
  }
  SECTION("a file is made in a directory") {
    spit(dir / "d/x", "");
  }
  SECTION("a link leads elsewhere") {
    std::filesystem::remove(dir / "link");
    std::filesystem::create_symlink("d", dir / "link");
  }
  CHECK_FALSE(seen.hold());
}

TEST_CASE("what has just changed is not yet to be kept") {
  const TempDir dir;
  spit(dir / "a", "one");
  CHECK_FALSE(of({dir / "a"}).settled());
  let_settle();
  CHECK(of({dir / "a"}).settled());
  CHECK(of({dir / "absent"}).settled());
}

TEST_CASE("a cache of files gives back what still holds, and keeps no racy value") {
  const TempDir dir;
  spit(dir / "a", "one");
  sys::FileCache<std::string> cache(2);
  CHECK(*cache.keep("a", of({dir / "a"}), "one") == "one");
  CHECK(cache.find("a") == nullptr);  // racy
  let_settle();
  const auto kept = cache.keep("a", of({dir / "a"}), "one");
  CHECK(cache.find("a") == kept);
  CHECK(cache.find("b") == nullptr);
  spit(dir / "a", "two");
  CHECK(cache.find("a") == nullptr);
  CHECK(*kept == "one");  // whoever uses it still does
}

TEST_CASE("a full cache of files forgets") {
  const TempDir dir;
  sys::FileCache<int> cache(2);
  const auto first = cache.keep("1", of({dir / "1"}), 1);
  static_cast<void>(cache.keep("2", of({dir / "2"}), 2));
  CHECK(cache.find("1") == first);
  static_cast<void>(cache.keep("3", of({dir / "3"}), 3));
  CHECK(cache.find("1") == nullptr);
  CHECK(*cache.find("3") == 3);
  CHECK(*first == 1);
}

TEST_CASE("a file cache that works in passes looks once in each") {
  const TempDir dir;
  spit(dir / "a", "one");
  let_settle();
  sys::FileCache<int> cache(2);
  static_cast<void>(cache.keep("a", of({dir / "a"}), 1));
  cache.look_again();
  REQUIRE(cache.find("a"));
  spit(dir / "a", "two");
  CHECK(cache.find("a"));  // of this pass, still
  cache.look_again();
  CHECK_FALSE(cache.find("a"));
}
