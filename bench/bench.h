#pragma once

#include <fcntl.h>
#include <fmt/core.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// What every benchmark shares: the format of a row, a clock, and two sides taken in turn. bench/run puts the rows of
/// all programs into one table; each row is a line of fields between tabs:
///
///   row  WORK  OWED  RATIO  OURS  BARE  NOTE
///
/// OWED is "≥ 85 %" or "-"; RATIO what was reached, in the same unit; OURS and BARE say what either side did.
namespace paraph::bench {

/// Ends the program: a benchmark has nothing to fall back on.
[[noreturn]] inline void fail(std::string_view what) {
  fmt::print(stderr, "bench: {}\n", what);
  std::exit(EXIT_FAILURE);
}
inline void must(bool done, std::string_view what) {
  if (!done) fail(what);
}
/// The value of a Result.
template <class R>
auto must(R&& result, std::string_view what) -> std::decay_t<decltype(*result)> {
  if (!result) fail(fmt::format("{}: {}", what, result.error().what()));
  return std::move(*result);
}

inline void row(std::string_view work, std::string_view owed, std::string_view ratio,
                std::string_view ours, std::string_view bare, std::string_view note = "") {
  fmt::print("row\t{}\t{}\t{}\t{}\t{}\t{}\n", work, owed, ratio, ours, bare, note);
  std::fflush(stdout);
}

inline double seconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.at(values.size() / 2);
}

/// Both sides over [0, count) in slices, turn and turn about, so that whatever slows the machine slows both.
struct Sides {
  double ratio = 0;           ///< ours in units of bare: 1 is as fast, median over rounds
  double ours = 0, bare = 0;  ///< items a second
  [[nodiscard]] std::string percent() const { return fmt::format("{:.0f} %", 100 * ratio); }
};
using Slice = std::function<void(std::size_t begin, std::size_t end)>;
inline Sides interleave(std::size_t count, std::size_t slice, int rounds, const Slice& bare,
                        const Slice& ours) {
  std::vector<double> ratios, ours_times, bare_times;
  for (int round = 0; round < rounds; ++round) {
    double with = 0, without = 0;
    for (std::size_t at = 0; at < count; at += slice) {
      const auto end = std::min(at + slice, count);
      // Who goes first changes, for the second finds the caches of the first.
      const bool turn = (at / slice + static_cast<std::size_t>(round)) % 2 == 0;
      if (turn) without += seconds([&] { bare(at, end); });
      with += seconds([&] { ours(at, end); });
      if (!turn) without += seconds([&] { bare(at, end); });
    }
    ratios.push_back(without / with);
    ours_times.push_back(with);
    bare_times.push_back(without);
  }
  const auto items = static_cast<double>(count);
  return {median(ratios), items / median(ours_times), items / median(bare_times)};
}

/// A temporary directory below $TMPDIR, removed with the object.
class Scratch {
 public:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "paraph-bench.XXXXXX").string();
    must(::mkdtemp(name.data()) != nullptr, "no temporary directory");
    path_ = name;
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] std::string operator/(std::string_view name) const {
    return path_ + "/" + std::string(name);
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline void write_file(const std::string& path, std::string_view octets) {
  std::ofstream(path, std::ios::binary) << octets;
}

/// All of both, however often it takes.
inline void write_pieces(int fd, std::string_view front, std::string_view tail) {
  while (!front.empty() || !tail.empty()) {
    const iovec pieces[2] = {{const_cast<char*>(front.data()), front.size()},
                             {const_cast<char*>(tail.data()), tail.size()}};
    const ssize_t wrote = ::writev(fd, pieces, 2);
    must(wrote >= 0, "write");
    auto left = static_cast<std::size_t>(wrote);
    const auto own = std::min(left, front.size());
    front.remove_prefix(own);
    tail.remove_prefix(left - own);
  }
}

}  // namespace paraph::bench
