// How long the MTA waits for paraph-queue beyond what the disk takes: the program beside this one,
// started 200 times with 10 KB, and in turn with it the bare durable file. On the disk of $TMPDIR.

#include <fcntl.h>
#include <fmt/core.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "bench.h"

namespace fs = std::filesystem;
namespace bench = paraph::bench;
using bench::median;

namespace {

constexpr int kRuns = 200;
constexpr std::size_t kOctets = 10'000;

/// Ends the program: a benchmark has nothing to fall back on.
template <class T>
void check(const T& value, const char* what) {
  if (value) return;
  fmt::print(stderr, "bench_queue: {}\n", what);
  std::exit(EXIT_FAILURE);
}

template <class Work>
double milliseconds(Work work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

void bare(const std::string& directory, const std::string& octets, int number) {
  const std::string name = fmt::format("{}/{}", directory, number);
  const std::string temporary = name + ".T";
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const auto wrote = ::write(fd, octets.data(), octets.size());
  check(wrote == static_cast<ssize_t>(octets.size()) && ::fsync(fd) == 0, "bare file");
  ::close(fd);
  check(::rename(temporary.c_str(), name.c_str()) == 0, "bare rename");
  const int opened = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  check(::fsync(opened) == 0, "bare directory");
  ::close(opened);
}

/// One program with `input` as its standard input; its exit status must be 0.
void run(const std::vector<std::string>& command, const std::string& input) {
  std::vector<char*> words;
  for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, input.c_str(), O_RDONLY, 0);
  pid_t child = 0;
  check(::posix_spawn(&child, words[0], &actions, nullptr, words.data(), environ) == 0, "spawn");
  posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  check(::waitpid(child, &status, 0) == child && status == 0, "the program failed");
}

}  // namespace

int main() {
  const std::string program = fs::read_symlink("/proc/self/exe").parent_path() / "paraph-queue";
  check(fs::exists(program), "build paraph-queue, too");
  std::string directory = fs::temp_directory_path().string() + "/bench.XXXXXX";
  check(::mkdtemp(directory.data()) != nullptr, "no temporary directory");
  fs::create_directories(directory + "/spool/msg");
  fs::create_directories(directory + "/bare");
  std::string post = "From: alice@example.org\nSubject: Words\n\n";
  while (post.size() < kOctets) post += "A line of words, as people write them to lists.\n";
  std::ofstream(directory + "/post") << post;
  std::ofstream(directory + "/paraph.conf") << "domain lists.example.org\n";
  const std::vector<std::string> queue{program, "--config", directory + "/paraph.conf",
                                       "list@lists.example.org"};
  const std::vector<std::string> nothing{"/bin/true"};

  std::vector<double> ours, theirs, starts, differences;
  for (int i = 0; i < kRuns; ++i) {
    theirs.push_back(milliseconds([&] { bare(directory + "/bare", post, i); }));
    ours.push_back(milliseconds([&] { run(queue, directory + "/post"); }));
    starts.push_back(milliseconds([&] { run(nothing, directory + "/post"); }));
    differences.push_back(ours.back() - theirs.back());
  }
  fs::remove_all(directory);
  bench::row("paraph-queue beyond one durable file, 10 KB", "≤ 5 ms",
             fmt::format("{:+.2f} ms", median(differences)), fmt::format("{:.2f} ms", median(ours)),
             fmt::format("{:.2f} ms", median(theirs)),
             fmt::format("/bin/true takes {:.2f} ms", median(starts)));
  return 0;
}
