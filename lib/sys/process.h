#pragma once

#include <chrono>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace paraph::sys {

/// First thing in every main(): umask 077, PR_SET_DUMPABLE 0 (rule 31), core limit 0, SIGPIPE ignored, and a refusal
/// (false) under AT_SECURE, i.e. when somebody made the program set-id (rule 1).
[[nodiscard]] bool harden();

/// Blocks of 1 MB and more go back to the kernel when they are freed. Left alone, malloc keeps those of a big post for
/// the next one, in pieces: a distribution worker with a 10 MB post was measured at 109 to 131 MB, with this at 92.
void return_big_blocks();

/// As uid 0: becomes the owner of `path` (supplementary groups, gid, uid) before anything of the site is opened
/// (rule 2). As anybody else, or when the owner is root: nothing.
[[nodiscard]] Result<void> become_owner_of(const std::string& path);

/// The uid the process runs as now; the login of a uid ("paraph"), or its number.
[[nodiscard]] unsigned current_uid();
[[nodiscard]] std::string user_name(unsigned uid);

struct Finished {
  int status = 0;          ///< exit status; 128 + signal when killed
  std::string err;         ///< first 4 KiB of stderr
  std::size_t unread = 0;  ///< octets of the input that it left
};
/// Runs a program (no shell, closed descriptors but 0-2) with `input`, at most four pieces one after the other, on
/// stdin; kills it after `limit`.
[[nodiscard]] Result<Finished> run(const std::vector<std::string>& argv,
                                   std::initializer_list<std::string_view> input,
                                   std::chrono::seconds limit);

/// SIGTERM and SIGINT ask for an orderly stop, SIGHUP for a reload. Handlers only set flags.
void watch_signals();
[[nodiscard]] bool stop_requested();
[[nodiscard]] bool take_reload_request();

/// Waits until something appears in one of the directories (inotify: moved or written), a signal, or `timeout`.
class DirectoryWatch {
 public:
  explicit DirectoryWatch(const std::vector<std::string>& directories);
  ~DirectoryWatch();
  DirectoryWatch(const DirectoryWatch&) = delete;
  DirectoryWatch& operator=(const DirectoryWatch&) = delete;
  void wait(std::chrono::milliseconds timeout);

 private:
  int fd_ = -1;
};

/// sd_notify(3) without the library: assignments, one a line: "READY=1", "STOPPING=1", "WATCHDOG=1". Nothing without
/// $NOTIFY_SOCKET.
void notify_service_manager(std::string_view state);

}  // namespace paraph::sys
